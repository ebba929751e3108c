"""What a wanted quantity of a listing costs on a day, and what stands against ordering it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

from catalog.lots import services as lots
from catalog.products import queries as products
from catalog.products.offers import Offer, QuantityNotOffered, price_for
from shop import money
from shop.i18n import _


@dataclass(frozen=True, slots=True)
class Wanted:
    """A quantity of a listing that somebody wants; ``unit`` empty takes the listing's."""

    listing_id: UUID
    quantity: Decimal
    unit: str = ""


@dataclass(frozen=True, slots=True)
class LineProblem:
    """Why a wanted line cannot be ordered now; ``field`` is what of it is wrong."""

    code: str
    field: str
    detail: str


@dataclass(frozen=True, slots=True)
class PricedLine:
    """A wanted line at the day's price; without an offer the listing is gone."""

    wanted: Wanted
    offer: Offer | None
    unit_price_fen: int
    amount_fen: int
    problems: tuple[LineProblem, ...]
    #: What is left to order, where it was asked for.
    available: Decimal | None = None


def price_lines(wanted: Sequence[Wanted], on: date, *, check_stock: bool = True) -> list[PricedLine]:
    """Price lines in their order at the offers of the day, each with what stands against it.

    :param check_stock: also say where less is left; placing leaves that to the reservation.
    """
    offers = {o.public_id: o for o in products.list_offers_by_public_id({line.listing_id for line in wanted}, on)}
    free = lots.free_stock([offer.sku_id for offer in offers.values()]) if check_stock else {}
    seen: set[UUID] = set()
    priced = []
    for line in wanted:
        offer = offers.get(line.listing_id)
        left = free.get(offer.sku_id) if offer else None
        priced.append(_price(line, offer, available=left, repeated=line.listing_id in seen))
        seen.add(line.listing_id)
    return priced


def _price(line: Wanted, offer: Offer | None, *, available: Decimal | None, repeated: bool) -> PricedLine:
    if offer is None:
        return PricedLine(line, None, 0, 0, (LineProblem("unavailable", "listing_id", _("没有这个商品。")),))
    found = list(_problems(line, offer, available=available, repeated=repeated))
    try:
        price = price_for(offer, line.quantity)
    except QuantityNotOffered as error:
        return PricedLine(line, offer, 0, 0, (*found, LineProblem("quantity", "quantity", error.detail)), available)
    amount = money.line_fen(price, line.quantity)
    if not 0 < amount <= money.MAX_FEN:
        found.append(LineProblem("amount", "quantity", _("金额超出可以下单的范围。")))
    return PricedLine(line, offer, price, amount, tuple(found), available)


def _problems(line: Wanted, offer: Offer, *, available: Decimal | None, repeated: bool) -> Iterator[LineProblem]:
    if offer.refusal is not None:
        code = "unavailable" if offer.eligibility else "not_eligible"
        yield LineProblem(code, "listing_id", offer.refusal)
    if repeated:
        yield LineProblem("repeated", "listing_id", _("同一商品请合并为一行。"))
    if line.unit and line.unit != offer.unit:
        yield LineProblem("wrong_unit", "quantity", _("计量单位应为 %(unit)s。", unit=offer.unit))
    if available is not None and line.quantity > available:
        left = f"{available.normalize():f}"
        yield LineProblem("out_of_stock", "quantity", _("库存不足，余 %(left)s。", left=left))
