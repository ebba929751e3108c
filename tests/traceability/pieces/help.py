"""A producer with a lot of ten packs, some of them numbered, and a phone that scans."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from catalog.lots.models import Lot
from catalog.products.models import Product, Sku
from shop.auth import Actor
from shop.db import db, transaction
from tests import factories
from tests.conftest import NOON
from tests.traceability.events import rows
from traceability.pieces import services

GTIN = "06901234567892"
PHONE = {"User-Agent": "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 MicroMessenger/8.0.50"}


@dataclass
class Shelf:
    """What the tests scan."""

    producer: Actor
    lot: Lot
    other: Lot
    sku: Sku
    product: Product

    def number(self, pieces: int) -> list[str]:
        """Issue numbers and return them in their order."""
        with transaction():
            run = services.issue(self.lot.public_id, pieces, self.producer, at=NOON)
            key = run.id
        return [serial for (serial,) in rows(f"SELECT serial FROM lot_serials WHERE run_id = {key} ORDER BY place")]

    def label(self, serial: str, lot: str = "L-7") -> str:
        """Return the address on a pack."""
        return f"/01/{GTIN}/10/{lot}/21/{serial}"


def make_shelf() -> Shelf:
    """Make it."""
    with transaction():
        producer = factories.make_producer(name="靖远合作社")
        product = factories.make_product(producer)
        sku = factories.make_sku(product, producer, gtin=GTIN)
        lot, other = (factories.make_lot(sku, producer, "10", lot_code=code) for code in ("L-7", "L-8"))
    return Shelf(producer, lot, other, sku, product)


def scan(client: Any, address: str, **headers: str) -> Any:
    """Scan a label with a phone, and open what it leads to."""
    return client.get(address, headers={**PHONE, **headers}, follow_redirects=True)


def piece_scans() -> list[tuple[str, int]]:
    """Return the packs that were scanned, and how often."""
    db.session.rollback()
    return [(serial, scans) for serial, scans in rows("SELECT serial, scans FROM serial_scans ORDER BY serial")]


def recorded_scans() -> list[tuple[str, int | None, int]]:
    """Return the packs that their producer numbered: their lot, and how often they were scanned."""
    db.session.rollback()
    return [tuple(row) for row in rows("SELECT serial, lot_id, scans FROM recorded_scans ORDER BY serial")]


def lot_scans() -> list[tuple[int, int]]:
    """Return the lots whose own label was scanned, and how often."""
    db.session.rollback()
    return [(lot, scans) for lot, scans in rows("SELECT lot_id, scans FROM lot_scans ORDER BY lot_id")]
