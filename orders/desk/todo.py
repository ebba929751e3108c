"""The first screens: what an institution or a producer has to do today."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, func, select, text

from orders.contracts.models import Contract
from orders.desk.piles import waiting_for
from orders.fulfilment.models import Acceptance
from orders.purchase.access import own_orders
from orders.purchase.answers import OrderAnswer, order_answers
from orders.purchase.listing import ProcurementFilter, procurements_where
from orders.purchase.models import Order, Procurement
from orders.purchase.parties import producers_of
from orders.purchase.sums import sums_of
from shop import clock
from shop.auth import Actor
from shop.db import db

SHOWN = 10


@dataclass(frozen=True, slots=True)
class Pile:
    """Orders that wait for the same thing: how many, and the first of them."""

    total: int
    orders: list[OrderAnswer]


@dataclass(frozen=True, slots=True)
class Waiting:
    """A procurement that waits for somebody, with its sum at the day's prices."""

    id: UUID
    number: str
    title: str
    created_at: datetime
    total_fen: int


@dataclass(frozen=True, slots=True)
class Procurements:
    """Procurements that wait for the same thing: how many, and the first of them."""

    total: int = 0
    rows: list[Waiting] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class LowStock:
    """A pack of which little is left to sell, or a lot that expires soon."""

    listing_id: UUID | None
    title: str
    free: Decimal
    unit: str
    lot_code: str
    expires_on: date | None


@dataclass(frozen=True, slots=True)
class EndingPaper:
    """A paper in force that ends soon: an eligibility basis (``kind`` ``eligibility``) or a ``certificate``."""

    kind: str
    id: UUID
    scheme: str
    number: str
    product: str
    valid_to: date


def _pile(stage: str, actor: Actor, at: datetime, *, by: ColumnElement[Any] | None = None) -> Pile:
    where = (own_orders(actor, at), waiting_for(stage, actor, at))
    total = db.session.scalar(select(func.count()).select_from(Order).where(*where)) or 0
    order = [by, Order.id] if by is not None else [Order.id]
    keys = db.session.scalars(select(Order.id).where(*where).order_by(*order).limit(SHOWN)).all() if total else []
    return Pile(total, order_answers(keys, with_lines=False))


def to_confirm(actor: Actor, at: datetime) -> Pile:
    """Return a producer's orders that wait to be confirmed, the next to lapse first."""
    return _pile("to_confirm", actor, at, by=Order.confirm_by.expression)


def to_sign(actor: Actor, at: datetime) -> Pile:
    """Return the orders whose contract waits for the actor's side, the next to lapse first."""
    return _pile(
        "to_sign", actor, at, by=select(Contract.sign_by).where(Contract.order_id == Order.id).scalar_subquery()
    )


def to_ship(actor: Actor, at: datetime) -> Pile:
    """Return a producer's orders that can be shipped, the earliest promise first."""
    return _pile("to_ship", actor, at, by=Order.promised_on.expression)


def to_accept(actor: Actor, at: datetime) -> Pile:
    """Return an institution's orders of which something delivered is not decided."""
    return _pile("to_accept", actor, at)


def to_invoice(actor: Actor, at: datetime) -> Pile:
    """Return a producer's orders that were accepted within a year and are not all invoiced, the oldest first."""
    return _pile("to_invoice", actor, at, by=Order.accepted_at.expression)


def to_approve(actor: Actor, on: date) -> Procurements:
    """Return procurements that wait for approval, but not those that the actor drew up."""
    return _submitted(actor, ProcurementFilter(approvals=("pending",), decided_by=actor.user_id), on)


def to_witness(actor: Actor) -> list[tuple[UUID, str]]:
    """Return the orders with an acceptance that waits for the actor as its second person, by id and number."""
    rows = db.session.execute(
        select(Order.public_id, Order.number)
        .join(Acceptance, Acceptance.order_id == Order.id)
        .where(
            Acceptance.witness_id == actor.user_id,
            Acceptance.witnessed_at.is_(None),
            Order.buyer_id == actor.organisation_id,
        )
        .order_by(Acceptance.id)
        .limit(SHOWN)
    )
    return [(key, number) for key, number in rows]


def to_place(actor: Actor, on: date) -> Procurements:
    """Return procurements that are approved and wait to be placed."""
    return _submitted(actor, ProcurementFilter(approvals=("approved",)), on)


def to_mend(actor: Actor, on: date) -> Procurements:
    """Return procurements that were sent back and wait to be changed or given up."""
    return _submitted(actor, ProcurementFilter(approvals=("rejected",)), on)


def _submitted(actor: Actor, wanted: ProcurementFilter, on: date) -> Procurements:
    where = procurements_where(actor, wanted)
    total = db.session.scalar(select(func.count()).select_from(Procurement).where(*where)) or 0
    found = db.session.scalars(select(Procurement).where(*where).order_by(Procurement.id).limit(SHOWN)).all()
    sums = sums_of(found, on)
    rows = [Waiting(row.public_id, row.number, row.title, row.created_at, sums[row.id]) for row in found]
    return Procurements(total, rows)


_LOW = text("""
    SELECT l.public_id, l.title, greatest(coalesce(k.on_hand - k.reserved, 0), 0), s.unit, '', cast(NULL AS date)
    FROM listings l JOIN skus s ON s.id = l.sku_id LEFT JOIN sku_stock k ON k.sku_id = s.id
    WHERE l.producer_id = ANY(:producers) AND l.status = 'listed'
      AND coalesce(k.on_hand - k.reserved, 0) < 3 * l.min_quantity
    ORDER BY 3, l.id LIMIT :limit""")
_EXPIRING = text("""
    SELECT NULL, p.name || ' ' || s.pack_spec, t.on_hand, s.unit, t.code, t.expires_on
    FROM lots t JOIN skus s ON s.id = t.sku_id JOIN products p ON p.id = s.product_id
    WHERE p.producer_id = ANY(:producers) AND t.status = 'open' AND t.on_hand > 0 AND t.expires_on <= :until
    ORDER BY t.expires_on, t.id LIMIT :limit""")


def running_out(actor: Actor, at: datetime) -> list[LowStock]:
    """Return what a producer will soon not have: packs nearly sold out, lots that expire within thirty days."""
    on = clock.business_day(at)
    values = {"producers": list(producers_of(actor, on)), "until": on + timedelta(days=30), "limit": SHOWN}
    rows = [*db.session.execute(_LOW, values), *db.session.execute(_EXPIRING, values)]
    return [LowStock(*row) for row in rows]


_ENDING = text("""
    SELECT 'eligibility', e.public_id, e.scheme, e.number, p.name, e.valid_to
    FROM eligibility_bases e JOIN products p ON p.id = e.product_id
    WHERE p.producer_id = ANY(:producers) AND e.status = 'in_force' AND e.valid_to BETWEEN :on AND :until
    UNION ALL
    SELECT 'certificate', c.public_id, c.scheme, c.number, coalesce(p.name, ''), c.valid_to
    FROM certificates c LEFT JOIN products p ON p.id = c.product_id
    WHERE c.producer_id = ANY(:producers) AND c.status = 'in_force' AND c.valid_to BETWEEN :on AND :until
    ORDER BY 6, 4 LIMIT :limit""")


def ending_papers(actor: Actor, at: datetime) -> list[EndingPaper]:
    """Return a producer's papers that end within sixty days, the first to end first."""
    on = clock.business_day(at)
    values = {"producers": list(producers_of(actor, on)), "on": on, "until": on + timedelta(days=60), "limit": SHOWN}
    return [EndingPaper(*row) for row in db.session.execute(_ENDING, values)]
