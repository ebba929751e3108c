"""Reads of payments by card: what a buyer asked for, disputes, calls that wait, events that came."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import RowMapping, select, text

from orders.online import configuration
from orders.online.models import Dispute, IntentShare, PaymentIntent, ProviderEvent
from orders.payments.models import Charge
from orders.purchase.models import Order, Procurement
from shop.db import db
from shop.paging import Page, decode_cursor, make_page


@dataclass(frozen=True)
class ShareRow:
    """How much of a payment is for an order."""

    order: UUID
    number: str
    amount_fen: int


@dataclass(frozen=True)
class IntentRow:
    """A payment that was asked for, with what its buyer needs to make it."""

    id: UUID
    procurement: UUID
    number: str
    mode: str
    status: str
    amount_fen: int
    client_secret: str | None = field(repr=False)
    publishable_key: str | None
    hosted_url: str | None
    failure: str
    created_at: datetime
    closed_at: datetime | None
    shares: list[ShareRow]


@dataclass(frozen=True)
class DisputeRow:
    """A dispute with its charge and what it holds."""

    id: UUID
    reference: str
    charge: str
    procurement: str
    amount_fen: int
    held_fen: int
    reason: str
    status: str
    opened_at: datetime
    evidence_due_at: datetime | None
    closed_at: datetime | None
    evidence: str
    submitted_at: datetime | None


def list_intents(
    buyer_id: int, *, procurement_id: int | None = None, limit: int, cursor: str | None = None
) -> Page[IntentRow]:
    """Return an organisation's payments by card, the latest first; three statements."""
    query = (
        select(PaymentIntent, Procurement)
        .join(Procurement, Procurement.id == PaymentIntent.procurement_id)
        .where(PaymentIntent.buyer_id == buyer_id)
    )
    if procurement_id is not None:
        query = query.where(PaymentIntent.procurement_id == procurement_id)
    if key := decode_cursor(cursor, UUID):
        query = query.where(PaymentIntent.public_id < key[0])
    found = db.session.execute(query.order_by(PaymentIntent.public_id.desc()).limit(limit + 1)).all()
    shares = _shares([intent.id for intent, _procurement in found])
    rows = [_intent_row(intent, procurement, shares.get(intent.id, [])) for intent, procurement in found]
    return make_page(rows, limit, lambda row: (row.id,))


def get_intent_row(public_id: UUID) -> IntentRow:
    """Return a payment; the caller has checked whose it is."""
    intent, procurement = db.session.execute(
        select(PaymentIntent, Procurement)
        .join(Procurement, Procurement.id == PaymentIntent.procurement_id)
        .where(PaymentIntent.public_id == public_id)
        .execution_options(populate_existing=True)
    ).one()
    return _intent_row(intent, procurement, _shares([intent.id]).get(intent.id, []))


def _shares(intent_ids: Sequence[int]) -> dict[int, list[ShareRow]]:
    found: dict[int, list[ShareRow]] = {}
    rows = db.session.execute(
        select(IntentShare.intent_id, Order.public_id, Order.number, IntentShare.amount_fen)
        .join(Order, Order.id == IntentShare.order_id)
        .where(IntentShare.intent_id.in_(intent_ids))
        .order_by(IntentShare.intent_id, IntentShare.order_id)
    )
    for intent_id, order, number, fen in rows:
        found.setdefault(intent_id, []).append(ShareRow(order, number, fen))
    return found


def _intent_row(intent: PaymentIntent, procurement: Procurement, shares: list[ShareRow]) -> IntentRow:
    is_open = intent.status == "open"
    on_our_page = is_open and intent.mode == "element"
    return IntentRow(
        id=intent.public_id, procurement=procurement.public_id, number=procurement.number, mode=intent.mode,
        status=intent.status, amount_fen=intent.amount_fen,
        client_secret=intent.client_secret if on_our_page else None,
        publishable_key=configuration.card_settings().publishable_key if on_our_page else None,
        hosted_url=intent.hosted_url or None if is_open else None, failure=intent.failure,
        created_at=intent.created_at, closed_at=intent.closed_at, shares=shares,
    )  # fmt: skip


_DISPUTES = """
    SELECT d.public_id AS id, d.dispute_ref AS reference, c.charge_ref AS charge, p.number AS procurement, d.amount_fen,
           (SELECT coalesce(sum(amount_fen), 0)::bigint FROM dispute_holds h WHERE h.dispute_id = d.id) AS held_fen,
           d.reason, d.status, d.opened_at, d.evidence_due_at, d.closed_at, d.evidence, d.submitted_at
    FROM disputes d JOIN charges c ON c.id = d.charge_id JOIN procurements p ON p.id = c.procurement_id"""


def list_disputes(*, limit: int, cursor: str | None = None, statuses: Sequence[str] = ()) -> Page[DisputeRow]:
    """Return disputes, the latest first."""
    key = decode_cursor(cursor, UUID)
    rows = db.session.execute(
        text(f"""{_DISPUTES} WHERE (cast(:before AS uuid) IS NULL OR d.public_id < :before)
                 AND (cast(:statuses AS text[]) = '{{}}' OR d.status = ANY(:statuses))
                 ORDER BY d.public_id DESC LIMIT :limit"""),
        {"before": key[0] if key else None, "statuses": list(statuses), "limit": limit + 1},
    ).mappings()
    return make_page([DisputeRow(**row) for row in rows], limit, lambda row: (row.id,))


def get_dispute_row(dispute: Dispute) -> DisputeRow:
    """Return a dispute that the caller may see."""
    row = db.session.execute(text(f"{_DISPUTES} WHERE d.id = :id"), {"id": dispute.id}).mappings().one()
    return DisputeRow(**row)


@dataclass(frozen=True)
class CallRow:
    """A call to the provider that is not done."""

    id: int
    kind: str
    key: str
    status: str
    tries: int
    error: str
    created_at: datetime
    claimed_until: datetime | None


def list_calls(*, limit: int = 100) -> list[CallRow]:
    """Return the calls that wait, the oldest first, and the refused ones that nobody has tried again or seen to."""
    rows = db.session.execute(
        text("""SELECT id, kind, idempotency_key AS key, status, tries, error, created_at, claimed_until
                FROM provider_calls c WHERE status = 'pending' OR (status = 'failed' AND noted_at IS NULL
                    AND NOT EXISTS (SELECT FROM provider_calls n WHERE n.kind = c.kind AND n.subject_id = c.subject_id
                                    AND n.attempt > c.attempt))
                ORDER BY status DESC, id LIMIT :limit"""),
        {"limit": limit},
    ).mappings()
    return [CallRow(**row) for row in rows]


@dataclass(frozen=True)
class EventRow:
    """An event of the provider's with what came of it, and the delivery that has given up on it, if it has."""

    id: UUID
    reference: str
    type: str
    object: str
    outcome: str
    occurred_at: datetime
    received_at: datetime
    dead_event: UUID | None
    subscriber: str | None
    last_error: str | None


_EVENTS = text("""
    SELECT e.public_id AS id, e.event_ref AS reference, e.type, e.object_ref AS object, e.outcome, e.occurred_at,
           e.received_at, d.event_id AS dead_event, d.subscriber, d.last_error
    FROM (SELECT * FROM provider_events
          WHERE (cast(:before AS uuid) IS NULL OR public_id < :before) AND (NOT :waiting OR applied_at IS NULL)
          ORDER BY public_id DESC LIMIT :limit) e
    LEFT JOIN outbox_events o ON e.applied_at IS NULL AND o.topic = 'orders.provider_event_received'
         AND o.payload ->> 'event' = e.public_id::text AND o.occurred_at >= e.received_at - interval '1 minute'
    LEFT JOIN outbox_deliveries d ON d.event_id = o.id AND d.dead_at IS NOT NULL AND d.done_at IS NULL
    ORDER BY e.public_id DESC""")


def list_events(*, limit: int, cursor: str | None = None, waiting: bool = False) -> Page[EventRow]:
    """Return the provider's events, the latest first; ``waiting`` only those that are not applied."""
    key = decode_cursor(cursor, UUID)
    asked: dict[str, Any] = {"before": key[0] if key else None, "waiting": waiting, "limit": limit + 1}
    rows: Sequence[RowMapping] = db.session.execute(_EVENTS, asked).mappings().all()
    return make_page([EventRow(**row) for row in rows], limit, lambda row: (row.id,))


def count_waiting() -> tuple[int, int]:
    """Return how many calls wait, and how many events are not applied yet."""
    calls = db.session.execute(text("SELECT count(*) FROM provider_calls WHERE status = 'pending'")).scalar_one()
    query = select(ProviderEvent.id).where(ProviderEvent.applied_at.is_(None))
    return int(calls), len(db.session.scalars(query.limit(1000)).all())


def charges_of(procurement_id: int) -> list[Charge]:
    """Return the charges that were taken for a procurement, oldest first."""
    query = select(Charge).where(Charge.procurement_id == procurement_id).order_by(Charge.id)
    return list(db.session.scalars(query))


def dead_deliveries(event_id: UUID) -> list[tuple[UUID, str]]:
    """Return the deliveries that have given up on an event of the provider's: event of the outbox and subscriber."""
    rows = db.session.execute(
        text("""SELECT d.event_id, d.subscriber FROM provider_events e
                JOIN outbox_events o ON o.topic = 'orders.provider_event_received'
                     AND o.payload ->> 'event' = e.public_id::text AND o.occurred_at >= e.received_at - interval '1 minute'
                JOIN outbox_deliveries d ON d.event_id = o.id AND d.dead_at IS NOT NULL AND d.done_at IS NULL
                WHERE e.public_id = :event"""),
        {"event": event_id},
    )
    return [(row[0], row[1]) for row in rows]
