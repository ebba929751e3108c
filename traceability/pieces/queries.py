"""Reads of pieces: what is known of a serial number, runs of numbers, and scans by lot."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import select, text

from catalog.lots.models import Lot
from catalog.producers.queries import producers_of
from catalog.products.models import Product, Sku
from shop import hotreads
from shop.auth import Actor
from shop.db import db
from shop.errors import NotFound
from shop.i18n import _
from traceability.pieces.models import LotSerial, SerialRun


class NoSuchRun(NotFound):
    """There is no such run of serial numbers, or it is another producer's."""

    code = "no-such-run"


@dataclass(frozen=True, slots=True)
class Piece:
    """What is known of a serial number that a label of a lot carries."""

    serial: str
    #: We issued it for this lot.
    is_issued: bool
    #: Somebody whose goods these are named it in an event of his own.
    is_recorded: bool
    scans: int
    first_at: datetime | None

    @property
    def is_known(self) -> bool:
        """Whether anybody ever gave this number to a pack."""
        return self.is_issued or self.is_recorded

    @property
    def is_repeated(self) -> bool:
        """Whether the label was scanned before, so that it may be a copy."""
        return self.scans > 1


_PIECE = """
    SELECT n.serial IS NOT NULL, trace_is_recorded(%(uri)s), coalesce(c.scans, 0), c.first_at
    FROM (SELECT) one LEFT JOIN lot_serials n ON n.serial = %(serial)s AND n.lot_id = %(lot)s
    LEFT JOIN serial_scans c ON c.serial = n.serial"""


def get_piece(serial: str, lot_key: int, uri: str) -> Piece:
    """Return what is known of a pack.

    :param uri: what events call it.
    """
    [row] = hotreads.fetch(_PIECE, {"serial": serial, "lot": lot_key, "uri": uri})
    return Piece(serial, *row)


_COUNTS = text("""
    SELECT (SELECT coalesce(floor(sum(quantity)), 0)::bigint FROM lot_movements WHERE lot_id = :lot AND kind = 'born'),
           (SELECT coalesce(sum(pieces), 0)::bigint FROM serial_runs WHERE lot_id = :lot)""")


def count_pieces(lot_key: int) -> tuple[int, int]:
    """Return how many packs a lot was born with, and how many serial numbers it has."""
    held, issued = db.session.execute(_COUNTS, {"lot": lot_key}).one()
    return held, issued


def list_runs(lot_key: int) -> Sequence[SerialRun]:
    """Return the runs of a lot, newest first: as many as there can be are few."""
    query = select(SerialRun).where(SerialRun.lot_id == lot_key).order_by(SerialRun.id.desc())
    return db.session.scalars(query.limit(100)).all()


def get_run(run_id: UUID, actor: Actor, on: date) -> tuple[SerialRun, UUID]:
    """Return a run of a producer for whom the actor may act, and its lot.

    :raises NoSuchRun: if there is none.
    """
    row = db.session.execute(
        select(SerialRun, Lot.public_id)
        .join(Lot, Lot.id == SerialRun.lot_id)
        .join(Sku, Sku.id == Lot.sku_id)
        .join(Product, Product.id == Sku.product_id)
        .where(SerialRun.public_id == run_id, Product.producer_id.in_(producers_of(actor, on)))
    ).one_or_none()
    if row is None:
        raise NoSuchRun(_("没有找到。"))
    return row[0], row[1]


def list_serials(run: SerialRun, *, first: int, last: int) -> Sequence[str]:
    """Return the numbers of a run from one place to another."""
    query = select(LotSerial.serial).where(LotSerial.run_id == run.id, LotSerial.place.between(first, last))
    return db.session.scalars(query.order_by(LotSerial.place)).all()
