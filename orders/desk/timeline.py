"""What happened to an order: every move of its machines and every acceptance, with who and why."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text

from orders.fulfilment.answers import AcceptanceAnswer
from orders.purchase.labels import event_label
from shop import money
from shop.auth import Actor
from shop.db import db
from shop.i18n import _, mark

#: The moves of the order itself, of the approval it was placed by, of its contract, invoices, receipts and refunds.
_MOVES = text("""
    WITH subjects(machine, subject_id) AS (
        SELECT 'order', cast(:order AS bigint)
        UNION ALL SELECT 'approval', procurement_id FROM orders WHERE id = :order AND :sees_approval
        UNION ALL SELECT 'contract', id FROM contracts WHERE order_id = :order
        UNION ALL SELECT 'invoice', invoice_id FROM invoice_orders WHERE order_id = :order
        UNION ALL SELECT DISTINCT 'receipt', payment_id FROM payment_allocations WHERE order_id = :order
        UNION ALL SELECT 'goods_return', id FROM goods_returns WHERE order_id = :order
        UNION ALL SELECT 'refund', id FROM refunds WHERE order_id = :order)
    SELECT m.machine, m.event, m.to_state, m.at, m.why, m.facts, o.name AS organisation, o.id AS organisation_id, u.name AS person
    FROM moves m JOIN subjects s ON s.machine = m.machine AND s.subject_id = m.subject_id
    LEFT JOIN organisations o ON o.id = m.organisation_id LEFT JOIN users u ON u.id = m.user_id
    ORDER BY m.at, m.id""")


_OF_PROCUREMENT = text("""
    SELECT m.machine, m.event, m.to_state, m.at, m.why, m.facts, o.name AS organisation, o.id AS organisation_id, u.name AS person
    FROM moves m JOIN procurements p ON p.id = m.subject_id
    LEFT JOIN organisations o ON o.id = m.organisation_id LEFT JOIN users u ON u.id = m.user_id
    WHERE m.machine IN ('procurement', 'approval') AND p.public_id = :procurement
      AND (m.machine, m.event) NOT IN (('procurement', 'submit'))
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
    """Return what happened, first first; persons are named to their own organisation only.

    The producer does not read how the buyer came to order.
    """
    sees_approval = actor is not None and actor.organisation_kind not in ("producer", "agent")
    moves = db.session.execute(_MOVES, {"order": order_id, "sees_approval": sees_approval})
    found = [_happening(row, actor) for row in moves]
    found += [
        Happening(
            one.accepted_at, "order", "accept", "", _("验收 %(number)s", number=one.number), buyer,
            mark(";").join(item.reason for item in one.items if item.reason),
        )
        for one in acceptances
    ]  # fmt: skip
    return sorted(found, key=lambda one: one.at)


def timeline_of_procurement(procurement: UUID, actor: Actor) -> list[Happening]:
    """Return what happened to a procurement and its approval, first first: who asked, who decided, on which sum and why.

    The caller has checked that the actor may see it.
    """
    return [_happening(row, actor) for row in db.session.execute(_OF_PROCUREMENT, {"procurement": procurement})]


def _happening(row: Row[Any], actor: Actor | None) -> Happening:
    is_own = actor is not None and row.organisation_id == actor.organisation_id
    why = " · ".join(part for part in (_told(row), row.why if is_own or row.machine != "approval" else "") if part)
    return Happening(
        row.at, row.machine, row.event, row.to_state, event_label(row.machine, row.event),
        _who(row.organisation, row.person, is_own=is_own), why,
    )  # fmt: skip


def _told(row: Row[Any]) -> str:
    """Return what a move's facts say, in words: the sum approved, or what a confirmation changed."""
    if row.machine == "approval" and row.facts:
        return " · ".join(_decided(row.facts))
    return _changed(row.event, row.facts)


def _decided(facts: dict[str, Any]) -> list[str]:
    told = [_("第 %(n)s 级 %(name)s", n=facts["level"], name=facts["level_name"])] if "level" in facts else []
    if "passed_fen" in facts:
        told.append(_("合计 %(sum)s 元", sum=money.show_yuan(facts["passed_fen"])))
    if "approved_fen" in facts:
        told.append(_("以 %(sum)s 元为上限", sum=money.show_yuan(facts["approved_fen"])))
    return told


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
