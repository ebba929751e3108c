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


def list_rules(actor: Actor) -> list[RuleRow]:
    """Return the last hundred rules that were entered, newest first.

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

    order: UUID
    number: str
    producer: str
    open_fen: int
    due_on: date
    held_at: datetime | None
    why: str


_HOLDS = text(f"""
    SELECT o.public_id, o.number, g.name, {OPEN_SQL}::bigint, s.due_on, s.held_at, s.held_why
    FROM order_settlements s JOIN orders o ON o.id = s.order_id JOIN organisations g ON g.id = o.producer_id
    WHERE s.held_at IS NOT NULL OR {OPEN_SQL} > 0
    ORDER BY s.held_at NULLS LAST, s.due_on, o.id LIMIT 200""")


def list_holds(actor: Actor) -> list[HoldRow]:
    """Return held orders, then those that will be paid next.

    :raises NotFound: for anybody but the operator.
    """
    if actor.organisation_kind != "operator":
        raise NotFound(_("没有这个页面。"))
    return [HoldRow(*row) for row in db.session.execute(_HOLDS)]
