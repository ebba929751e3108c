"""Where an address of goods may lead: whoever has a page or a service for them offers it here."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from uuid import UUID

#: Namespace of GS1's link types.
VOC = "https://gs1.org/voc/"


@dataclass(frozen=True)
class Goods:
    """What an address names: a pack, and perhaps a lot of it and one piece."""

    sku_id: int
    #: 14 digits: the GTIN, or our own number.
    number: str
    product_name: str
    pack_spec: str
    producer_name: str
    county_name: str
    #: As the address has it, whether we know it or not.
    lot: str | None
    serial: str | None
    #: The lot that we know by that code, or by the serial number.
    lot_id: UUID | None
    produced_on: date | None
    expires_on: date | None
    #: Its offer in the shop.
    listing_id: UUID | None
    #: We issued the serial number, for this lot.
    is_issued: bool
    #: The serial number is ours, or named in an event by somebody whose goods these are.
    is_known_piece: bool
    #: We know the lot, or an event names it by somebody whose goods these are.
    is_known_lot: bool = True
    #: Proof that the serial number was scanned and counted just now; no program gets one.
    check: str | None = None


@dataclass(frozen=True)
class Target:
    """A page or service about goods."""

    #: Local name of GS1's link type: ``pip``, ``traceability``, ``epcis``, ``certificationInfo``.
    link_type: str
    #: Path on this platform, from ``/`` on.
    path: str
    title: str
    media_type: str = "text/html"
    languages: tuple[str, ...] = ("zh", "en")

    @property
    def is_page(self) -> bool:
        """Whether people read it: nobody who scans a label is led to anything else unasked."""
        return self.media_type == "text/html"


_OFFERS: list[Callable[[Goods], Iterable[Target]]] = []


def offer(function: Callable[[Goods], Iterable[Target]]) -> Callable[[Goods], Iterable[Target]]:
    """Register who has targets for goods; asked in the order of registration."""
    if function not in _OFFERS:
        _OFFERS.append(function)
    return function


def targets_of(goods: Goods) -> list[Target]:
    """Return every target of the goods; the trace page is the first, then what tells of the product."""
    found = [target for function in _OFFERS for target in function(goods)]
    return sorted(
        found, key=lambda target: _ORDER.index(target.link_type) if target.link_type in _ORDER else len(_ORDER)
    )


_ORDER = ("traceability", "pip")
