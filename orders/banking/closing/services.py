"""Keeping the closing days of treasuries, and finding those that concern an institution."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import select, text

from orders.banking.closing.models import TreasuryClosingDay
from orders.payments.queries import is_owing
from orders.purchase.models import Order
from orders.purchase.party import is_party
from shop import audit, clock
from shop.auth import Actor
from shop.constraints import refusing
from shop.db import db
from shop.errors import Conflict, Invalid, NotFound
from shop.geo.models import Division
from shop.i18n import _
from shop.outbox.services import publish


class ClosingDayThere(Conflict):
    """The finance authority has a closing day for this year already; change that one."""

    code = "closing-day-there"


class DivisionUnknown(Invalid):
    """There is no such division."""

    code = "division-unknown"


@dataclass(frozen=True)
class Closing:
    """A finance authority's last day of treasury payments, how many days are left (below zero: over), whom it pays."""

    division_code: str
    division: str
    last_on: date
    days_left: int
    buyers: int = 1


#: Of each finance authority that pays units of these organisations: the nearest closing day of the year at or above it.
_DAYS_OF = text("""
    WITH paying AS (
        SELECT DISTINCT p.finance_division_code AS code, u.organisation_id
        FROM unit_placements p JOIN units u ON u.id = p.unit_id
        WHERE u.organisation_id = ANY(:organisations) AND u.closed_at IS NULL AND p.budget_level <> 'none'
          AND p.valid_from <= :on AND coalesce(p.valid_to, :on) >= :on
    ),
    levels AS (
        SELECT code, n, above FROM (SELECT DISTINCT code FROM paying) p CROSS JOIN LATERAL (
            VALUES (1, code), (2, left(code, 4) || '00'), (3, left(code, 2) || '0000')) AS v (n, above)
    ),
    nearest AS (
        SELECT DISTINCT ON (l.code) l.code, c.division_code, c.last_on FROM levels l
        JOIN treasury_closing_days c ON c.division_code = l.above AND c.year = :year ORDER BY l.code, l.n
    )
    SELECT n.division_code, d.name, n.last_on, count(DISTINCT p.organisation_id) AS buyers
    FROM nearest n JOIN divisions d ON d.code = n.division_code JOIN paying p ON p.code = n.code
    GROUP BY 1, 2, 3 ORDER BY n.last_on, n.division_code""")
#: Institutions whose units a finance authority pays, itself or one below it that has no day of its own.
_PAID_BY = text("""
    SELECT DISTINCT u.organisation_id FROM unit_placements p JOIN units u ON u.id = p.unit_id
    WHERE u.closed_at IS NULL AND p.budget_level <> 'none' AND p.valid_from <= :on AND coalesce(p.valid_to, :on) >= :on
      AND (p.finance_division_code = :code
           OR (p.finance_division_code LIKE :below AND NOT EXISTS (
               SELECT FROM treasury_closing_days c
               WHERE c.year = :year AND c.division_code <> :code AND length(rtrim(c.division_code, '0')) > length(rtrim(:code, '0'))
                 AND c.division_code IN (p.finance_division_code, left(p.finance_division_code, 4) || '00'))))
    ORDER BY 1""")
#: Days before a closing day from which it is shown to who is to be paid.
SHOWN_BEFORE = timedelta(days=60)


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
    there = ClosingDayThere(_("该财政部门这一年的截止日已经登记，请修改那一条。"))
    with refusing(uq_treasury_closing_days_division_code_year=there):
        db.session.add(made)
    audit.record(
        actor, "banking.closing_day_entered", "treasury_closing_day", made.id, last_on=[None, last_on.isoformat()]
    )
    _publish(made, at)
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
    if before != last_on:
        _publish(found, at)
    return found


def remove(public_id: UUID, actor: Actor) -> None:
    """Take a closing day away that was entered by mistake; then the authority above it tells again.

    :raises NotFound: if there is none.
    """
    found = db.session.scalars(
        select(TreasuryClosingDay).where(TreasuryClosingDay.public_id == public_id).with_for_update()
    ).one_or_none()
    if found is None:
        raise NotFound(_("没有这个截止日。"))
    audit.record(
        actor, "banking.closing_day_removed", "treasury_closing_day", found.id, last_on=[found.last_on.isoformat(), None],
        division_code=[found.division_code, None],
    )  # fmt: skip
    db.session.delete(found)


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
    """Return this year's closing days of the finance authorities that pay an institution's units, also when they are over.

    One without a day of its own follows the authority above it: a county its prefecture, that its province.
    """
    if actor is None or actor.organisation_kind != "institution":
        return []
    return _days([actor.organisation_id], on, on.year)


def days_of_debtors(actor: Actor | None, on: date) -> Sequence[Closing]:
    """Return the closing days, near or over this year, of who owes a producer, or anybody for the operator."""
    if actor is None or actor.organisation_kind == "institution":
        return []
    owing = select(Order.buyer_id).where(is_owing(), is_party(actor, Order.buyer_id, Order.producer_id, on)).distinct()
    found = _days(list(db.session.scalars(owing)), on, on.year)
    return [one for one in found if one.last_on <= on + SHOWN_BEFORE]


def warnings_of(buyer_id: int, planned_on: date, on: date) -> list[str]:
    """Return, in words, which treasuries pay no more on the day that a buyer plans to pay."""
    late = [one for one in _days([buyer_id], on, planned_on.year) if planned_on > one.last_on]
    return [
        _(
            "计划付款日 %(planned)s 晚于%(place)s财政集中支付截止日 %(day)s：由国库支付的，当年不能再付，请提前或改用其他资金。",
            planned=planned_on.isoformat(), place=one.division, day=one.last_on.isoformat(),
        )
        for one in late
    ]  # fmt: skip


def _days(organisations: Sequence[int], on: date, year: int) -> list[Closing]:
    if not organisations:
        return []
    rows = db.session.execute(_DAYS_OF, {"organisations": list(organisations), "on": on, "year": year})
    return [Closing(code, name, last_on, (last_on - on).days, buyers) for code, name, last_on, buyers in rows]


def _publish(found: TreasuryClosingDay, at: datetime) -> None:
    """Tell the institutions whose units the authority pays."""
    on = clock.business_day(at)
    code = found.division_code
    below = f"{code[:4] if code.endswith('00') else code}%" if not code.endswith("0000") else f"{code[:2]}%"
    values = {"code": code, "below": below, "on": on, "year": found.year}
    paid = db.session.scalars(_PAID_BY, values).all()
    place = db.session.get_one(Division, code).name
    if paid and found.last_on >= on:
        publish(
            "orders.treasury_closing_day_set", organisations=list(paid), division_code=code, place=place,
            last_on=found.last_on.isoformat(),
        )  # fmt: skip
