"""Keeping the closing days of treasuries, and finding those that concern an institution."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import select, text

from orders.banking.closing.models import TreasuryClosingDay
from shop import audit
from shop.auth import Actor
from shop.constraints import refusing
from shop.db import db
from shop.errors import Conflict, Invalid, NotFound
from shop.geo.models import Division
from shop.i18n import _


class ClosingDayThere(Conflict):
    """The finance authority has a closing day for this year already; change that one."""

    code = "closing-day-there"


class DivisionUnknown(Invalid):
    """There is no such division."""

    code = "division-unknown"


@dataclass(frozen=True)
class Closing:
    """A finance authority's last day of treasury payments, and how many days are left."""

    division_code: str
    division: str
    last_on: date
    days_left: int


_DAYS_OF = text("""
    WITH paying AS (
        SELECT DISTINCT p.finance_division_code AS code FROM unit_placements p JOIN units u ON u.id = p.unit_id
        WHERE u.organisation_id = :organisation AND u.closed_at IS NULL AND p.budget_level <> 'none'
          AND p.valid_from <= :on AND coalesce(p.valid_to, :on) >= :on
    ),
    levels AS (
        SELECT code, n, above FROM paying CROSS JOIN LATERAL (
            VALUES (1, code), (2, left(code, 4) || '00'), (3, left(code, 2) || '0000')) AS v (n, above)
    ),
    nearest AS (
        SELECT DISTINCT ON (l.code) c.division_code, c.last_on FROM levels l
        JOIN treasury_closing_days c ON c.division_code = l.above AND c.year = :year ORDER BY l.code, l.n
    )
    SELECT DISTINCT n.division_code, d.name, n.last_on FROM nearest n JOIN divisions d ON d.code = n.division_code
    WHERE n.last_on >= :on ORDER BY n.last_on, n.division_code""")


def add(division_code: str, last_on: date, actor: Actor, at: datetime) -> TreasuryClosingDay:
    """Enter the last day on which a division's treasury pays in the day's year.

    :raises DivisionUnknown: if there is no such division.
    :raises ClosingDayThere: if one is entered for that year.
    """
    if db.session.get(Division, division_code) is None:
        raise DivisionUnknown(_("没有这个行政区划代码。"), division_code=division_code)
    made = TreasuryClosingDay(
        division_code=division_code, year=last_on.year, last_on=last_on, entered_by=actor.user_id, entered_at=at
    )
    there = ClosingDayThere(_("该财政部门这一年的截止日已经登记,请修改那一条。"))
    with refusing(uq_treasury_closing_days_division_code_year=there):
        db.session.add(made)
    audit.record(
        actor, "banking.closing_day_entered", "treasury_closing_day", made.id, last_on=[None, last_on.isoformat()]
    )
    return made


def change(public_id: UUID, last_on: date, actor: Actor, at: datetime) -> TreasuryClosingDay:
    """Move a closing day within its year.

    :raises NotFound: if there is none.
    :raises ClosingDayThere: if the day lies in another year.
    """
    found = db.session.scalars(
        select(TreasuryClosingDay).where(TreasuryClosingDay.public_id == public_id).with_for_update()
    ).one_or_none()
    if found is None:
        raise NotFound(_("没有这个截止日。"))
    if last_on.year != found.year:
        raise ClosingDayThere(_("截止日须在 %(year)s 年内。", year=found.year))
    before, found.last_on = found.last_on, last_on
    found.entered_by, found.entered_at = actor.user_id, at
    audit.record(
        actor, "banking.closing_day_changed", "treasury_closing_day", found.id,
        last_on=[before.isoformat(), last_on.isoformat()],
    )  # fmt: skip
    return found


def list_days(year: int | None = None) -> list[tuple[TreasuryClosingDay, str]]:
    """Return closing days with their divisions' names, by year and code."""
    query = (
        select(TreasuryClosingDay, Division.name)
        .join(Division, Division.code == TreasuryClosingDay.division_code)
        .order_by(TreasuryClosingDay.year.desc(), TreasuryClosingDay.division_code)
        .limit(5000)
    )
    if year is not None:
        query = query.where(TreasuryClosingDay.year == year)
    return [(row[0], row[1]) for row in db.session.execute(query)]


def days_of(actor: Actor | None, on: date) -> Sequence[Closing]:
    """Return the closing days, not yet over this year, of the finance authorities that pay an institution's units.

    One without a day of its own follows the authority above it: a county its prefecture, that its province.
    """
    if actor is None or actor.organisation_kind != "institution":
        return []
    rows = db.session.execute(_DAYS_OF, {"organisation": actor.organisation_id, "on": on, "year": on.year})
    return [Closing(code, name, last_on, (last_on - on).days) for code, name, last_on in rows]
