"""What was made of lots: by the acts on them, which is certain at once, and by events, whoever recorded them; both at any depth."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from sqlalchemy import select, text, tuple_

from catalog.lots import lineage
from catalog.lots.batches.models import Batch
from catalog.lots.models import Lot
from catalog.products import numbers
from catalog.products.models import Sku
from shop.db import db
from shop.i18n import _
from traceability.genealogy.bounded import TraceTooLarge
from traceability.genealogy.walk import DOWN, UP, Kind, walk
from traceability.journey import names
from traceability.pieces.models import LotSerial
from traceability.repository.fields import Field, Role
from traceability.standard.links import Link, link_of

#: Lots that one answer may hold.
MOST_LOTS = 5_000


def made_of(lot_ids: Collection[int], *, batch: int | None = None) -> list[int]:
    """Return lots and every lot that was made of them, and of a batch if one is named, the given first.

    A lot is followed under each of its numbers and through its packs: as it is, in a pallet or a box that was used up,
    and as single packs with serial numbers. An event of who neither had the goods nor makes what came out leads nowhere.

    :raises TraceTooLarge: past the bounds of a walk, or of lots.
    :raises TraceTooSlow: if it takes too long.
    """
    lot_ids = [*lot_ids, *(_lots_of_batch(batch) if batch is not None else ())]
    found, open_ = dict.fromkeys(lot_ids), list(dict.fromkeys(lot_ids))
    while open_:
        lots = lineage.made_of(open_)[0]
        walked = [lot for lot in lots if lot in open_ or lot not in found]
        found |= dict.fromkeys(walked)
        epcs = _epcs_of(walked)
        reached = walk(epcs, DOWN) if epcs else None
        things = [reached.names[key][::2] for key in reached.of(Kind.THING)] if reached else []
        open_ = [lot for lot in _lots_of(things) if lot not in found]
        found |= dict.fromkeys(open_)
        if len(found) > MOST_LOTS:
            raise TraceTooLarge(_("由它制成的批次太多，超过 %(most)s 个。", most=MOST_LOTS), most=MOST_LOTS)
    return list(found)


def _lots_of_batch(batch_id: int) -> list[int]:
    """Return the lots that were made of a batch, and of batches made of it, as acts and events say."""
    lots, batches = lineage.made_of([], [batch_id])
    rows = db.session.execute(select(Batch.id, Batch.code, Batch.product_id).where(Batch.id.in_(batches)))
    uris = {names.batch_uri(numbers.product_number(row.product_id), row.code, row.id) for row in rows}
    epcs = list(db.session.scalars(_EPCS, {"uris": sorted(uris)}))
    reached = walk(epcs, DOWN) if epcs else None
    things = [reached.names[key][::2] for key in reached.of(Kind.THING)] if reached else []
    return list(dict.fromkeys([*lots, *_lots_of(things)]))


def made_from(epcs: Sequence[int]) -> tuple[list[int], list[int]]:
    """Return the lots and the batches that things are, are packs of, or were made of, as events say whose writers are believed.

    :param epcs: keys of identifiers.
    :raises TraceTooLarge: past the bounds of a walk.
    """
    reached = walk(epcs, UP)
    things = [reached.names[key][::2] for key in reached.of(Kind.START, Kind.THING)]
    return list(dict.fromkeys(_lots_of(things))), _batches_of([uri for uri, _kind in things])


def _batches_of(uris: Sequence[str]) -> list[int]:
    """Return the batches that identifiers name: by the products' own numbers."""
    links = [link for uri in uris if (link := link_of(uri)) is not None and link.ai == "01" and link.qualifier == "10"]
    codes = [link.qualified for link in links]
    keys = [key for code in codes if (key := names.key_of(code)) is not None]
    rows = db.session.execute(
        select(Batch.id, Batch.code, Batch.product_id).where(Batch.code.in_(codes) | Batch.id.in_(keys))
    )
    named = set(uris)
    return [
        row.id for row in rows if names.batch_uri(numbers.product_number(row.product_id), row.code, row.id) in named
    ]


def _epcs_of(lot_ids: Sequence[int]) -> list[int]:
    """Return the keys of what events call lots, by each of their numbers; the walk itself goes on to their packs."""
    rows = db.session.execute(
        select(Lot.id, Lot.code, Lot.sku_id, Sku.gtin).join(Sku, Sku.id == Lot.sku_id).where(Lot.id.in_(lot_ids))
    )
    uris = {
        names.lot_uri(number, row.code, row.id)
        for row in rows
        for number in (numbers.trade_number(row.sku_id, row.gtin), numbers.own_number(row.sku_id))
    }
    return list(db.session.scalars(_EPCS, {"uris": sorted(uris)}))


_EPCS = text("SELECT id FROM trace_epcs WHERE uri = ANY(CAST(:uris AS text[])) ORDER BY id")


def _lots_of(things: Iterable[tuple[str, str]]) -> list[int]:
    """Return the lots that identifiers name, or to which the packs belong that they name."""
    links = [link for uri, _kind in things if (link := link_of(uri)) is not None and link.ai == "01"]
    skus = {number: numbers.sku_of(number) for number in {link.value for link in links}}
    lots = [(skus[link.value], link.qualified) for link in links if link.qualifier == "10"]
    found = _lots_named([(sku, number) for sku, number in lots if sku is not None])
    return [*found, *_lots_of_packs([link for link in links if link.qualifier == "21"])]


def _lots_named(called: Sequence[tuple[int, str]]) -> list[int]:
    by_key = [(sku, key) for sku, number in called if (key := names.key_of(number)) is not None]
    by_code = [(sku, number) for sku, number in called if names.key_of(number) is None]
    query = select(Lot.id).where(
        Lot.status != "undone",
        tuple_(Lot.sku_id, Lot.code).in_(by_code) | tuple_(Lot.sku_id, Lot.id).in_(by_key),
    )
    return list(db.session.scalars(query.order_by(Lot.id))) if called else []


def _lots_of_packs(packs: Sequence[Link]) -> list[int]:
    if not packs:
        return []
    serials = [pack.qualified for pack in packs]
    issued = db.session.scalars(select(LotSerial.lot_id).where(LotSerial.serial.in_(serials)).distinct())
    told = db.session.execute(_TOLD, {"uris": [pack.uri for pack in packs]}).all()
    skus = {number: numbers.sku_of(number) for number in {row.number for row in told}}
    called = [(sku, row.lot) for row in told if (sku := skus[row.number]) is not None]
    return sorted({*issued, *_lots_named(called)})


_TOLD = text(f"""
    SELECT DISTINCT substr(t.uri, 23, 14) AS number, a.value AS lot
    FROM trace_epcs t JOIN trace_event_epcs x ON x.epc_id = t.id AND x.role IN ({Role.EPC.value}, {Role.OUTPUT.value})
    JOIN trace_events e ON e.id = x.event_id AND NOT e.is_declaration
    JOIN trace_event_attributes a ON a.event_id = e.id AND a.field = {Field.ILMD.value}
    JOIN trace_names k ON k.id = a.name_id AND k.name = 'urn:epcglobal:cbv:mda:lotNumber'
    WHERE t.uri = ANY(CAST(:uris AS text[])) AND trace_is_maker(e.organisation_id, t.id)""")
