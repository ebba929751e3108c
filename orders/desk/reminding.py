"""Who forgets is reminded once: of goods to accept, of a contract to sign, of an invoice to check."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import text

from orders.purchase import changes
from orders.purchase.models import Order
from shop import clock
from shop.db import db
from shop.outbox.services import publish

#: What was over longer ago is told to nobody, as after a long standstill.
_OVER_WITHIN_DAYS = 30
#: The longest time that a contract gives to accept goods.
_LONGEST_DAYS = 90

_SHIPMENTS = """
    SELECT s.id, s.day, s.order_id AS owner_id, s.public_id, s.number FROM (
        SELECT s.id, s.order_id, s.public_id, s.number, cast(s.shipped_at AT TIME ZONE 'Asia/Shanghai' AS date)
               + coalesce(cast(c.terms #>> '{acceptance,within_days}' AS integer), 15) AS day
        FROM shipments s JOIN orders o ON o.id = s.order_id AND o.payment_mode = 'goods_first'
        LEFT JOIN contracts c ON c.order_id = o.id AND c.status = 'signed'
        WHERE s.shipped_at >= :since) s
    WHERE s.day BETWEEN :first AND :last AND EXISTS (
        SELECT FROM shipment_items i WHERE i.shipment_id = s.id AND i.accepted + i.rejected < i.quantity)"""
_CONTRACTS = """
    SELECT c.id, cast(c.sign_by AT TIME ZONE 'Asia/Shanghai' AS date) AS day, c.order_id AS owner_id, c.public_id, c.number
    FROM contracts c JOIN orders o ON o.id = c.order_id AND o.status = 'confirmed'
    WHERE c.status = :status AND c.sign_by > :at AND c.sign_by < :until"""
_INVOICES = """
    SELECT i.id, cast(i.recorded_at AT TIME ZONE 'Asia/Shanghai' AS date) + cast(:after AS integer) AS day, i.buyer_id AS owner_id,
           i.public_id, i.number
    FROM invoices i WHERE i.status = 'recorded' AND i.recorded_at <= :before"""
#: ``{found}`` is one of the above, all of our own code.
_NEW = """
    WITH found AS ({found}), new AS (
        INSERT INTO desk_reminders (kind, subject_id, "on", sent_at)
        SELECT :kind, f.id, f.day, :at FROM found f
        WHERE NOT EXISTS (SELECT FROM desk_reminders r WHERE (r.kind, r.subject_id, r."on") = (cast(:kind AS text), f.id, f.day))
        ORDER BY f.day, f.id LIMIT :limit
        ON CONFLICT DO NOTHING RETURNING subject_id, "on")
    SELECT f.id, f.day, f.owner_id, f.public_id, f.number FROM found f JOIN new n ON n.subject_id = f.id AND n."on" = f.day
    ORDER BY f.id"""


@dataclass(frozen=True)
class Waits:
    """How many days before a deadline, and after an invoice came, somebody is reminded."""

    before_days: int = 3
    unchecked_days: int = 7


def remind(at: datetime, waits: Waits, *, limit: int = 200) -> int:
    """Tell once of goods, contracts and invoices that wait for somebody; returns of how many."""
    return _accept(at, waits, limit) + _sign(at, waits, limit) + _check(at, waits, limit)


def _accept(at: datetime, waits: Waits, limit: int) -> int:
    """Remind of goods that nobody has decided on before they count as accepted, and on the day on which they do."""
    on, told = clock.business_day(at), 0
    for kind, topic, first, last in (
        ("accept_soon", "orders.acceptance_due_soon", on + timedelta(days=1), on + timedelta(days=waits.before_days)),
        ("accept_over", "orders.acceptance_overdue", on - timedelta(days=_OVER_WITHIN_DAYS), on),
    ):
        since = at - timedelta(days=_OVER_WITHIN_DAYS + _LONGEST_DAYS)
        rows = _new(_SHIPMENTS, kind=kind, at=at, limit=limit, since=since, first=first, last=last)
        for row in rows:
            order = db.session.get_one(Order, row.owner_id)
            changes.tell(
                topic, order, shipment_id=str(row.public_id), shipment=row.number, accept_by=row.day.isoformat()
            )
        told += len(rows)
    return told


def _sign(at: datetime, waits: Waits, limit: int) -> int:
    """Remind the side whose turn it is before a contract lapses."""
    told = 0
    for kind, status, side in (
        ("sign_producer", "offered", "by_producer"), ("sign_buyer", "signed_by_producer", "by_buyer"),
    ):  # fmt: skip
        rows = _new(
            _CONTRACTS, kind=kind, at=at, limit=limit, status=status, until=at + timedelta(days=waits.before_days)
        )
        for row in rows:
            order = db.session.get_one(Order, row.owner_id)
            changes.tell(
                "orders.contract_unsigned",
                order,
                contract_id=str(row.public_id),
                sign_by=row.day.isoformat(),
                **{side: side},
            )
        told += len(rows)
    return told


def _check(at: datetime, waits: Waits, limit: int) -> int:
    """Remind the buyer of an invoice that was recorded some days ago and nobody has checked."""
    before = at - timedelta(days=waits.unchecked_days)
    rows = _new(_INVOICES, kind="invoice", at=at, limit=limit, after=waits.unchecked_days, before=before)
    for row in rows:
        publish(
            "orders.invoice_unchecked", organisations=[row.owner_id], invoice_id=str(row.public_id), number=row.number,
            days=waits.unchecked_days,
        )  # fmt: skip
    return len(rows)


def _new(found: str, **values: Any) -> list[Any]:
    return list(db.session.execute(text(_NEW.replace("{found}", found)), values).all())
