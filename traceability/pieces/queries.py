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
from traceability.pieces.models import LotSerial, RecordedScan, SerialRun
from traceability.repository.fields import MADE_ITEMS, Field

#: How events name what they bring into being.
_MADE = tuple(role.value for role in MADE_ITEMS)


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
    #: Recorded, but for another lot: by its producer's events, or by the first label that was scanned.
    is_elsewhere: bool

    @property
    def is_known(self) -> bool:
        """Whether anybody ever gave this number to a pack."""
        return self.is_issued or self.is_recorded

    @property
    def is_repeated(self) -> bool:
        """Whether the label was scanned before, so that it may be a copy."""
        return self.scans > 1


#: Lots that a number was given to by events of who makes the goods, if no declaration took them back.
_TOLD = f"""
    SELECT a.value AS lot
    FROM trace_epcs t JOIN trace_event_epcs x ON x.epc_id = t.id AND x.role IN {_MADE}
    JOIN trace_events e ON e.id = x.event_id AND NOT e.is_declaration
    JOIN trace_event_attributes a ON a.event_id = e.id AND a.field = {Field.ILMD.value}
    JOIN trace_names k ON k.id = a.name_id AND k.name = 'urn:epcglobal:cbv:mda:lotNumber'
    WHERE t.uri = %(uri)s AND trace_is_maker(e.organisation_id, t.id)
      AND NOT EXISTS (SELECT FROM trace_events w WHERE w.event_id = e.event_id AND w.is_declaration)
    LIMIT 20"""
_PIECE = f"""
    WITH told AS MATERIALIZED ({_TOLD})
    SELECT n.serial IS NOT NULL, trace_is_recorded(%(uri)s), coalesce(c.scans, r.scans, 0),
           coalesce(c.first_at, r.first_at), CASE WHEN n.serial IS NOT NULL THEN false ELSE coalesce(
               (SELECT true FROM lot_serials WHERE serial = %(serial)s),
               (SELECT NOT bool_or(told.lot IN (l.code, 'DK_' || l.id)) FROM told), r.lot_id <> l.id, false) END
    FROM lots l LEFT JOIN lot_serials n ON n.serial = %(serial)s AND n.lot_id = l.id
    LEFT JOIN serial_scans c ON c.serial = n.serial
    LEFT JOIN recorded_scans r ON n.serial IS NULL AND r.sku_id = l.sku_id AND r.serial = %(serial)s
    WHERE l.id = %(lot)s"""


def get_piece(serial: str, lot_key: int, uri: str) -> Piece:
    """Return what is known of a pack beside a lot.

    :param uri: what events call it.
    """
    [row] = hotreads.fetch(_PIECE, {"serial": serial, "lot": lot_key, "uri": uri})
    return Piece(serial, *row)


def told_lot(uri: str) -> str | None:
    """Return the number of the lot that a pack belongs to, if events of who makes it name one and no other."""
    lots = {lot for (lot,) in hotreads.fetch(_TOLD, {"uri": uri})}
    return lots.pop() if len(lots) == 1 else None


def count_recorded(sku_id: int, serial: str) -> tuple[int, datetime | None]:
    """Return how often the label of a pack was scanned that its producer numbered, and when first."""
    query = select(RecordedScan.scans, RecordedScan.first_at)
    row = db.session.execute(query.where(RecordedScan.sku_id == sku_id, RecordedScan.serial == serial)).one_or_none()
    return (row[0], row[1]) if row else (0, None)


_COUNTS = text("""
    SELECT (SELECT coalesce(floor(sum(quantity)), 0)::bigint FROM lot_movements
            WHERE lot_id = :lot AND (kind = 'born' OR act_id IS NOT NULL)),
           (SELECT coalesce(sum(pieces), 0)::bigint FROM serial_runs WHERE lot_id = :lot)""")


def count_pieces(lot_key: int) -> tuple[int, int]:
    """Return how many packs a lot was born with, less those that were opened, and how many serial numbers it has."""
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
