"""Freezing: what each order and each line of it carries from the moment it is placed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from uuid6 import uuid7

from catalog.products.offers import Offer
from orders.ledger.books import DimensionFacts
from orders.purchase import numbers
from orders.purchase.buyers import Buyer, Keys
from orders.purchase.pricing import PricedLine
from shop.geo import partners


@dataclass(frozen=True, slots=True)
class Placing:
    """What is being placed: the procurement's keys and what all its orders share."""

    procurement_id: int
    number: str
    public_id: UUID
    fund_source: str | None
    payment_mode: str
    channel: str


@dataclass(frozen=True, slots=True)
class PlacedLine:
    """A line as frozen."""

    id: int
    public_id: UUID
    order_id: int
    position: int
    offer: Offer
    quantity: Decimal
    unit_price_fen: int
    amount_fen: int
    partner: partners.PartnerMatch


@dataclass(frozen=True, slots=True)
class PlacedOrder:
    """An order as placed with its lines."""

    id: int
    public_id: UUID
    number: str
    reference_code: str
    producer_id: int
    confirm_by: datetime
    lines: tuple[PlacedLine, ...]

    @property
    def goods_fen(self) -> int:
        """The sum of the lines."""
        return sum(line.amount_fen for line in self.lines)


def county_of(offer: Offer) -> str:
    """Return the county that a sale counts to: that of its eligibility."""
    return offer.eligibility.county_code if offer.eligibility else offer.county_code


def draft_orders(
    what: Placing, priced: Sequence[PricedLine], buyer: Buyer, *, keys: Keys, on: date, confirm_by: datetime
) -> list[PlacedOrder]:
    """Draw up one order per producer, in the order in which producers first come up; nothing is written."""
    by_producer: dict[int, list[tuple[PricedLine, Offer]]] = defaultdict(list)
    for line in priced:
        if line.offer is not None:
            by_producer[line.offer.producer_id].append((line, line.offer))
    east = buyer.unit_division_code or buyer.division_code
    counties = {county_of(line.offer) for line in priced if line.offer}
    matches = partners.match_partners(east, counties, on, organisation_id=buyer.organisation_id)
    line_keys = iter(keys.lines)
    orders = []
    for n, (key, lines) in enumerate(zip(keys.orders, by_producer.values(), strict=False), 1):
        frozen = tuple(
            PlacedLine(
                next(line_keys), uuid7(), key, position, offer, line.wanted.quantity, line.unit_price_fen,
                line.amount_fen, matches[county_of(offer)],
            )
            for position, (line, offer) in enumerate(lines, 1)
        )  # fmt: skip
        number, reference = f"{what.number}-{n}", numbers.make_reference(key)
        orders.append(PlacedOrder(key, uuid7(), number, reference, lines[0][1].producer_id, confirm_by, frozen))
    return orders


def dimension_of(what: Placing, line: PlacedLine, buyer: Buyer, *, is_verified: bool) -> DimensionFacts:
    """Return what each fen of a line will carry in the books; it counts if the buyer is verified."""
    division, basis = buyer.unit_division_code or buyer.division_code, line.offer.eligibility
    return DimensionFacts(
        line_id=line.id,
        order_id=line.order_id,
        county_code=county_of(line.offer),
        category_code=line.offer.category_code,
        kind=line.offer.kind,
        product_id=line.offer.product_id,
        eligibility_id=basis.id if basis else None,
        eligibility_scheme=basis.scheme if basis else None,
        producer_id=line.offer.producer_id,
        buyer_id=buyer.organisation_id,
        buyer_division_code=division,
        finance_division_code=buyer.finance_division_code or division,
        unit_id=buyer.unit_id,
        fund_source=what.fund_source,
        mode=buyer.mode,
        helper_name=buyer.helper_name,
        channel=what.channel,
        partner_level=line.partner.level,
        pairing_id=line.partner.pairing_id,
        rule_version=buyer.rule_version or 0,
        counts=is_verified,
        not_counted_reason="" if is_verified else "buyer_not_verified",
    )


def line_row(line: PlacedLine, dimension_id: int, buyer: Buyer) -> dict[str, Any]:
    """Return a line's row for the set-based insert."""
    offer = line.offer
    basis = offer.eligibility
    return {
        "id": line.id, "public_id": line.public_id, "order_id": line.order_id, "position": line.position,
        "listing_id": offer.listing_id, "sku_id": offer.sku_id, "dimension_id": dimension_id, "title": offer.title,
        "pack_spec": offer.pack_spec, "unit": offer.unit, "tax_rate": offer.tax_rate, "county_code": county_of(offer),
        "eligibility_id": basis.id if basis else None, "certificates": [c.frozen() for c in offer.certificates],
        "mode": buyer.mode,
        "partner_level": line.partner.level, "quantity": line.quantity, "unit_price_fen": line.unit_price_fen,
        "amount_fen": line.amount_fen,
    }  # fmt: skip
