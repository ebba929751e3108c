"""What is told about procurements and orders: frozen values, read in a constant number of statements."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import text

from orders.purchase import due
from orders.purchase.checkout import Placed
from orders.purchase.freezing import PlacedLine, PlacedOrder, county_of
from shop.db import db


@dataclass(frozen=True, slots=True)
class Named:
    """A thing by its public identifier and name."""

    id: UUID
    name: str


@dataclass(frozen=True, slots=True)
class LineAnswer:
    """A line with everything frozen at placing, and what became of it."""

    id: UUID
    position: int
    listing_id: UUID
    title: str
    pack_spec: str
    unit: str
    tax_rate: str
    quantity: Decimal
    unit_price_fen: int
    amount_fen: int
    county_code: str
    county_name: str
    eligibility_scheme: str | None
    eligibility_number: str | None
    certificates: list[Any]
    mode: str
    helper_name: str
    partner_level: str
    counts: bool
    not_counted_reason: str
    rule_version: int
    shipped: Decimal = Decimal(0)
    accepted: Decimal = Decimal(0)
    #: Not kept: rejected, or accepted and come back later.
    rejected: Decimal = Decimal(0)
    cancelled: Decimal = Decimal(0)
    accepted_fen: int = 0
    paid_fen: int = 0
    counted_fen: int = 0
    #: Of what is rejected: so much was accepted first.
    returned: Decimal = Decimal(0)

    @property
    def open_quantity(self) -> Decimal:
        """What is still to be shipped."""
        return self.quantity - self.cancelled - self.shipped


@dataclass(frozen=True, slots=True)
class OrderAnswer:
    """An order with its lines, its days and its money."""

    id: UUID
    number: str
    procurement_id: UUID
    procurement_number: str
    status: str
    payment_mode: str
    buyer: Named
    producer: Named
    unit: Named | None
    fund_source: str | None
    goods_fen: int
    freight_fen: int
    total_fen: int
    due_fen: int
    received_fen: int
    refunded_fen: int
    held_fen: int
    reference_code: str
    placed_at: datetime
    confirm_by: datetime
    confirmed_at: datetime | None
    promised_on: date | None
    first_shipped_at: datetime | None
    accepted_at: datetime | None
    pay_due_on: date | None
    version: int
    #: To whose account it is to be paid: ``direct`` (the producer's) or ``supervised``; just placed it says the first.
    clearing: str = "direct"
    lines: tuple[LineAnswer, ...] = ()

    @property
    def payment_state(self) -> str:
        """The state of payment, derived from the sums."""
        return due.payment_state(
            due_fen=self.due_fen,
            received_fen=self.received_fen,
            refunded_fen=self.refunded_fen,
            held_fen=self.held_fen,
        )

    @property
    def unpaid_fen(self) -> int:
        """What of the due is not there yet."""
        return max(self.due_fen - self.received_fen + self.refunded_fen + self.held_fen, 0)


_ORDERS = text("""
    SELECT o.id AS key, o.public_id, o.number, p.public_id, p.number, o.status, o.payment_mode,
           b.public_id, b.name, s.public_id, s.name, u.public_id, u.name, o.fund_source,
           o.goods_fen, o.freight_fen, o.total_fen, o.due_fen, o.received_fen, o.refunded_fen, o.held_fen,
           o.reference_code, o.placed_at, o.confirm_by, o.confirmed_at, o.promised_on, o.first_shipped_at, o.accepted_at,
           o.pay_due_on, o.version, o.clearing
    FROM orders o
    JOIN procurements p ON p.id = o.procurement_id
    JOIN organisations b ON b.id = o.buyer_id
    JOIN organisations s ON s.id = o.producer_id
    LEFT JOIN units u ON u.id = o.unit_id
    WHERE o.id = ANY(:ids)""")
_LINES = text("""
    SELECT l.order_id, l.public_id, l.position, g.public_id, l.title, l.pack_spec, l.unit, l.tax_rate, l.quantity,
           l.unit_price_fen, l.amount_fen, l.county_code, c.name, e.scheme, e.number, l.certificates, l.mode,
           d.helper_name, l.partner_level, d.counts, d.not_counted_reason, d.rule_version,
           l.shipped, l.accepted, l.rejected, l.cancelled, l.accepted_fen, l.paid_fen, l.counted_fen, l.returned
    FROM order_lines l
    JOIN listings g ON g.id = l.listing_id
    JOIN assisted_counties c ON c.code = l.county_code
    JOIN ledger_dimensions d ON d.id = l.dimension_id
    LEFT JOIN eligibility_bases e ON e.id = l.eligibility_id
    WHERE l.order_id = ANY(:ids) ORDER BY l.order_id, l.position""")


def order_answers(ids: Sequence[int], *, with_lines: bool = True) -> list[OrderAnswer]:
    """Return orders by key, in the order asked for, in two statements."""
    if not ids:
        return []
    db.session.flush()  # the statements below read what this transaction has changed
    lines: dict[int, list[LineAnswer]] = defaultdict(list)
    if with_lines:
        for row in db.session.execute(_LINES, {"ids": list(ids)}):
            lines[row[0]].append(LineAnswer(*row[1:]))
    found = {row.key: _order(row, tuple(lines[row.key])) for row in db.session.execute(_ORDERS, {"ids": list(ids)})}
    return [found[key] for key in ids if key in found]


def _order(row: Any, lines: tuple[LineAnswer, ...]) -> OrderAnswer:
    buyer, producer = Named(*row[7:9]), Named(*row[9:11])
    unit = Named(*row[11:13]) if row[11] else None
    values: list[Any] = [*row[1:7], buyer, producer, unit, *row[13:], lines]
    return OrderAnswer(*values)


def order_answer(order_id: int) -> OrderAnswer:
    """Return one order by key."""
    return order_answers([order_id])[0]


def placed_answers(placed: Placed) -> tuple[OrderAnswer, ...]:
    """Return the orders that were just placed from memory, without reading them again."""
    return tuple(_placed_order(placed, order) for order in placed.orders)


def _placed_order(placed: Placed, order: PlacedOrder) -> OrderAnswer:
    buyer, goods = placed.buyer, order.goods_fen
    first = order.lines[0].offer
    return OrderAnswer(
        id=order.public_id,
        number=order.number,
        procurement_id=placed.public_id,
        procurement_number=placed.number,
        status="awaiting_confirmation",
        payment_mode=placed.head.payment_mode,
        buyer=Named(buyer.public_id, buyer.name),
        producer=Named(first.producer_public_id, first.producer_name),
        unit=Named(buyer.unit_public_id, buyer.unit_name or "") if buyer.unit_public_id else None,
        fund_source=placed.head.fund_source,
        goods_fen=goods,
        freight_fen=0,
        total_fen=goods,
        due_fen=goods,
        received_fen=0,
        refunded_fen=0,
        held_fen=0,
        reference_code=order.reference_code,
        placed_at=placed.placed_at,
        confirm_by=order.confirm_by,
        confirmed_at=None,
        promised_on=None,
        first_shipped_at=None,
        accepted_at=None,
        pay_due_on=None,
        version=1,
        lines=tuple(_placed_line(placed, line) for line in order.lines),
    )


def _placed_line(placed: Placed, line: PlacedLine) -> LineAnswer:
    offer, counts = line.offer, placed.buyer.counts_at(placed.placed_at)
    return LineAnswer(
        id=line.public_id,
        position=line.position,
        listing_id=offer.public_id,
        title=offer.title,
        pack_spec=offer.pack_spec,
        unit=offer.unit,
        tax_rate=offer.tax_rate,
        quantity=line.quantity,
        unit_price_fen=line.unit_price_fen,
        amount_fen=line.amount_fen,
        county_code=county_of(offer),
        county_name=offer.county_name,
        eligibility_scheme=offer.eligibility.scheme if offer.eligibility else None,
        eligibility_number=offer.eligibility.number if offer.eligibility else None,
        certificates=[certificate.frozen() for certificate in offer.certificates],
        mode=placed.buyer.mode,
        helper_name=placed.buyer.helper_name,
        partner_level=line.partner.level,
        counts=counts,
        not_counted_reason="" if counts else "buyer_not_verified",
        rule_version=placed.buyer.rule_version or 0,
    )
