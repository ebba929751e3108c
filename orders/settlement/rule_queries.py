"""Fees and days as they were entered and decided."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import select, text

from orders.settlement.models import RuleProposal
from orders.settlement.standing import OPEN_SQL
from shop.auth import Actor
from shop.db import db
from shop.errors import NotFound
from shop.i18n import _
from shop.identity.models import Organisation
from shop.paging import Page, decode_cursor, make_page

_SHOWN = 100


@dataclass(frozen=True)
class RuleRow:
    """A rule with whom it is for: a producer, or all that have none of their own."""

    public_id: UUID
    kind: str
    value: int
    producer: UUID | None
    producer_name: str
    valid_from: date
    valid_to: date | None
    note: str
    status: str
    reason: str
    proposed_by: int
    proposed_at: datetime


def list_rules(actor: Actor, *, status: str = "") -> list[RuleRow]:
    """Return the last hundred rules that were entered, newest first; ``status`` narrows them.

    :raises NotFound: for anybody but the operator.
    """
    if actor.organisation_kind != "operator":
        raise NotFound(_("没有这个页面。"))
    query = (
        select(RuleProposal, Organisation)
        .outerjoin(Organisation, Organisation.id == RuleProposal.producer_id)
        .order_by(RuleProposal.id.desc())
        .limit(_SHOWN)
    )
    if status:
        query = query.where(RuleProposal.status == status)
    return [_row(rule, producer) for rule, producer in db.session.execute(query)]


def row_of(rule: RuleProposal) -> RuleRow:
    """Return a rule as the list shows it."""
    return _row(rule, db.session.get(Organisation, rule.producer_id) if rule.producer_id else None)


def _row(rule: RuleProposal, producer: Organisation | None) -> RuleRow:
    return RuleRow(
        rule.public_id, rule.kind, rule.value, producer.public_id if producer else None,
        producer.name if producer else "", rule.valid_from, rule.valid_to, rule.note, rule.status, rule.reason,
        rule.proposed_by, rule.proposed_at,
    )  # fmt: skip


@dataclass(frozen=True)
class HoldRow:
    """An order with money open that is due or held."""

    key: int
    order: UUID
    number: str
    producer: str
    open_fen: int
    due_on: date
    held_at: datetime | None
    why: str


_HELD = f"""
    FROM order_settlements s JOIN orders o ON o.id = s.order_id JOIN organisations g ON g.id = o.producer_id
    WHERE (s.held_at IS NOT NULL OR {OPEN_SQL} > 0)
      AND (:q = '' OR position(:q IN g.name) > 0 OR position(upper(:q) IN o.number) > 0)"""
#: Held ones first, the longest held first; then by their due day.
_HOLDS = text(f"""
    SELECT id, public_id, number, name, open_fen, due_on, held_at, held_why FROM (
        SELECT o.id, o.public_id, o.number, g.name, {OPEN_SQL}::bigint AS open_fen, s.due_on, s.held_at, s.held_why,
               coalesce(s.held_at, 'infinity') AS place {_HELD}) h
    WHERE cast(:place AS timestamptz) IS NULL
       OR (place, due_on, id) > (cast(:place AS timestamptz), cast(:due_on AS date), cast(:id AS bigint))
    ORDER BY place, due_on, id LIMIT :limit""")
_HOLD_TOTALS = text(f"SELECT count(*), coalesce(sum({OPEN_SQL}), 0)::bigint, count(s.held_at) {_HELD}")


@dataclass(frozen=True)
class HoldTotals:
    """How many orders a list has in all, what is open of them together, and how many are held."""

    count: int
    open_fen: int
    held: int


def list_holds(actor: Actor, *, limit: int, cursor: str | None = None, q: str = "") -> tuple[Page[HoldRow], HoldTotals]:
    """Return a page of held orders, then of those that will be paid next, and the sums of all of them.

    :param q: a part of the producer's name or of the order's number.
    :raises NotFound: for anybody but the operator.
    """
    if actor.organisation_kind != "operator":
        raise NotFound(_("没有这个页面。"))
    after = decode_cursor(cursor, _place, date.fromisoformat, int) or [None, None, None]
    values = {"q": q, "limit": limit + 1, "place": after[0], "due_on": after[1], "id": after[2]}
    rows = [HoldRow(*row) for row in db.session.execute(_HOLDS, values)]
    totals = HoldTotals(*db.session.execute(_HOLD_TOTALS, {"q": q}).one())
    return make_page(rows, limit, lambda row: (row.held_at or "infinity", row.due_on, row.key)), totals


def _place(written: str) -> str:
    """Read where in the order of holding a row stands: an instant, or after all of them."""
    return written if written == "infinity" else datetime.fromisoformat(written).isoformat()
