"""What happened to an order: every move of its machines and every acceptance, with who and why."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import text

from orders.fulfilment.answers import AcceptanceAnswer
from orders.purchase.labels import event_label
from shop import money
from shop.auth import Actor
from shop.db import db
from shop.i18n import _

#: The moves of the order itself, of its contract, invoices, receipts and refunds.
_MOVES = text("""
    WITH subjects(machine, subject_id) AS (
        SELECT 'order', cast(:order AS bigint)
        UNION ALL SELECT 'contract', id FROM contracts WHERE order_id = :order
        UNION ALL SELECT 'invoice', invoice_id FROM invoice_orders WHERE order_id = :order
        UNION ALL SELECT DISTINCT 'receipt', payment_id FROM payment_allocations WHERE order_id = :order
        UNION ALL SELECT 'refund', id FROM refunds WHERE order_id = :order)
    SELECT m.machine, m.event, m.to_state, m.at, m.why, m.facts, o.name AS organisation, o.id AS organisation_id, u.name AS person
    FROM moves m JOIN subjects s ON s.machine = m.machine AND s.subject_id = m.subject_id
    LEFT JOIN organisations o ON o.id = m.organisation_id LEFT JOIN users u ON u.id = m.user_id
    ORDER BY m.at, m.id""")


@dataclass(frozen=True, slots=True)
class Happening:
    """One thing that happened: when, what, who, why."""

    at: datetime
    machine: str
    event: str
    to: str
    what: str
    who: str
    why: str


def timeline_of(
    order_id: int, acceptances: list[AcceptanceAnswer], *, buyer: str, actor: Actor | None
) -> list[Happening]:
    """Return what happened, first first; persons are named to their own organisation only."""
    found = [
        Happening(
            row.at, row.machine, row.event, row.to_state, event_label(row.machine, row.event),
            _who(row.organisation, row.person, is_own=actor is not None and row.organisation_id == actor.organisation_id),
            row.why or _changed(row.event, row.facts),
        )
        for row in db.session.execute(_MOVES, {"order": order_id})
    ]  # fmt: skip
    found += [
        Happening(
            one.accepted_at, "order", "accept", "", _("验收 %(number)s", number=one.number), buyer,
            ";".join(item.reason for item in one.items if item.reason),
        )
        for one in acceptances
    ]  # fmt: skip
    return sorted(found, key=lambda one: one.at)


def _changed(event: str, facts: dict[str, Any]) -> str:
    """Return what a confirmation changed, in words: ``改价 2 行 · 运费 300.00 元``."""
    if event != "confirm" or "prices" not in facts:
        return ""
    told = [_("改价 %(n)s 行", n=len(facts["prices"]))] if facts["prices"] else []
    if facts["freight_fen"]:
        told.append(_("运费 %(sum)s 元", sum=money.show_yuan(facts["freight_fen"])))
    return " · ".join(told)


def _who(organisation: str | None, person: str | None, *, is_own: bool) -> str:
    if organisation is None:
        return _("系统")
    return f"{organisation} · {person}" if is_own and person else organisation
