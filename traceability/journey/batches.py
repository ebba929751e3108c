"""What producers record of batches, written as events; a repeat changes nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import select

from catalog.lots.batches.models import Batch
from catalog.lots.models import Lot
from catalog.products.models import Product, Sku
from catalog.products.numbers import product_number
from shop.db import db
from shop.identity.models import Organisation
from traceability.journey import acts, described, names, writing
from traceability.journey.acts import Goods
from traceability.journey.goods import LotOfGoods, lots_of
from traceability.repository.models import TraceEvent

_PACKS_COME_OUT = frozenset({"pack"})


class ActUnknown(LookupError):
    """What is undone has not been told yet; the delivery is tried again."""


def take_act(told: Mapping[str, Any], *, recorded_at: datetime) -> None:
    """Write the event of an act: harvest, slaughter, processing, packing …; undoing one declares its event wrong."""
    producer_id, county = _producer(UUID(told["producer_id"]))
    writer = writing.writer_for(producer_id, _counties(told) or [county])
    if told["kind"] == "undo":
        writing.write([acts.declared_wrong(_event_of(told["undoes"]), recorded_at)], writer, at=recorded_at)
        return
    taken = _batches(told["inputs"])
    made = _batches(told["outputs"])
    packs = _lots(told["lots"])
    is_out = told["kind"] in _PACKS_COME_OUT
    event = acts.event_of(told, taken if is_out else [*taken, *packs], [*made, *packs] if is_out else made)
    writing.write([event], writer, at=recorded_at)
    described.keep_place(producer_id, told["producer_id"], told["place"], at=recorded_at)
    uris = [each.uri for each in (*taken, *made, *packs)]
    writing.grant(producer_id, uris, by=producer_id, reason="own", ref=None, at=recorded_at)
    writing.grant_origins([each.uri for each in (packs if is_out else made)], at=recorded_at)


def _event_of(act_id: str) -> dict[str, Any]:
    """Return the event of an act as it was written.

    :raises ActUnknown: if it was not yet.
    """
    query = select(TraceEvent.document).where(
        TraceEvent.event_id == acts.act_uri(act_id), TraceEvent.is_declaration.is_(False)
    )
    document: dict[str, Any] | None = db.session.scalars(query).one_or_none()
    if document is None:
        raise ActUnknown(act_id)
    return {**document, "eventID": acts.act_uri(act_id)}


def _batches(told: Sequence[Mapping[str, Any]]) -> list[Goods]:
    """Return the batches that an act took or made."""
    query = select(Batch.public_id, Batch.id, Batch.code, Batch.product_id).where(
        Batch.public_id.in_([UUID(each["batch_id"]) for each in told])
    )
    known = {str(row.public_id): row for row in db.session.execute(query)}
    found = []
    for each in told:
        row = known[each["batch_id"]]
        uri = names.batch_uri(product_number(row.product_id), row.code, row.id)
        found.append(Goods(uri, row.code, Decimal(each["quantity_kg"]), "KGM"))
    return found


def _lots(told: Iterable[Mapping[str, Any]]) -> list[Goods]:
    """Return the lots that an act filled or emptied."""
    rows = {UUID(each["lot_id"]): each for each in told}
    query = select(Lot.public_id, Lot.id).where(Lot.public_id.in_(rows))
    keys = {row.public_id: row.id for row in db.session.execute(query)}
    lots = lots_of(keys.values())
    return [_packs(lots[keys[public_id]], each) for public_id, each in rows.items()]


def _packs(lot: LotOfGoods, told: Mapping[str, Any]) -> Goods:
    uom = "KGM" if lot.unit == "kg" else ""
    expires = lot.expires_on.isoformat() if lot.expires_on else ""
    return Goods(lot.uri, lot.code, abs(Decimal(told["quantity"])), uom, lot.produced_on.isoformat(), expires)


def _producer(public_id: UUID) -> tuple[int, str]:
    """Return a producer's key, and where it is."""
    row = db.session.execute(
        select(Organisation.id, Organisation.division_code).where(Organisation.public_id == public_id)
    ).one()
    return row.id, row.division_code


def _counties(told: Mapping[str, Any]) -> list[str]:
    """Return the counties of an act's goods, those that were made first: the officials of each see what was done."""
    made = [*told["outputs"], *told["inputs"]]
    products = [UUID(each["product_id"]) for each in made]
    skus = [UUID(each["sku_id"]) for each in told["lots"]]
    of_products = select(Product.public_id, Product.county_code).where(Product.public_id.in_(products))
    of_skus = (
        select(Sku.public_id, Product.county_code)
        .join(Product, Product.id == Sku.product_id)
        .where(Sku.public_id.in_(skus))
    )
    counties = {row.public_id: row.county_code for query in (of_skus, of_products) for row in db.session.execute(query)}
    return [counties[each] for each in (*skus, *products)]
