"""What a shipment and its acceptance tell, written as events and kept for recalls."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from catalog.lots import recalls
from shop.db import db
from shop.identity.models import Organisation
from shop.outbox.services import publish
from traceability.journey import events, writing
from traceability.journey.events import Part
from traceability.journey.goods import LotOfGoods, lots_of
from traceability.journey.models import TraceConsignment, TraceReceipt
from traceability.journey.names import place_uri
from traceability.repository.storing import Writer


def take_shipment(told: Mapping[str, Any], *, recorded_at: datetime) -> None:
    """Write that goods left, and who gets them; the same shipment again changes nothing."""
    at = datetime.fromisoformat(told["shipped_at"])
    consignor, consignee = UUID(told["consignor"]), UUID(told["consignee"])
    order, shipment = UUID(told["order_id"]), UUID(told["shipment_id"])
    ids = keys_of((consignor, consignee))
    lots = lots_of(item["lot_id"] for item in told["items"])
    db.session.execute(
        insert(TraceConsignment)
        .values(
            [
                {
                    "movement_id": item["movement"], "lot_id": item["lot_id"], "consignor_id": ids[consignor],
                    "consignee_id": ids[consignee], "order_ref": order, "order_number": told["number"],
                    "shipment_ref": shipment, "shipment_number": told["shipment_number"],
                    "quantity": Decimal(item["quantity"]), "unit": item["unit"], "shipped_at": at,
                }
                for item in sorted(told["items"], key=lambda each: each["movement"])
            ]
        )
        .on_conflict_do_nothing()
    )  # fmt: skip
    for key in sorted(recalls.in_force(list(lots))):
        publish("traceability.recalled_goods_left", lot_id=str(lots[key].public_id))
    parts = sum_parts(lots, ((item["lot_id"], item["quantity"]) for item in told["items"]))
    left = told.get("place")  # shipments of before tell none
    event = events.shipped(
        parts, at=at, consignor=consignor, consignee=consignee, order=order, shipment=shipment,
        place=place_uri(left["id"], left["gln"]) if left else "",
    )  # fmt: skip
    writing.write([event], writer_of(lots.values(), ids[consignor]), at=recorded_at)
    uris = [part.uri for part in parts]
    for party in ids.values():
        writing.grant(party, uris, by=ids[consignor], reason="shipment", ref=shipment, at=recorded_at)


def take_acceptance(told: Mapping[str, Any], *, recorded_at: datetime) -> None:
    """Write what a buyer accepted and did not accept; the same acceptance again changes nothing."""
    if not told["items"]:
        return
    at = datetime.fromisoformat(told["accepted_at"])
    consignor, consignee = UUID(told["consignor"]), UUID(told["consignee"])
    order, acceptance = UUID(told["order_id"]), UUID(told["acceptance_id"])
    ids = keys_of((consignor, consignee))
    lots = lots_of(item["lot_id"] for item in told["items"])
    _keep_receipts(told["items"], acceptance, at)
    for name, build in (("accepted", events.received), ("rejected", events.rejected)):
        parts = sum_parts(lots, ((item["lot_id"], item[name]) for item in told["items"]))
        if parts:
            event = build(parts, at=at, consignor=consignor, consignee=consignee, order=order, acceptance=acceptance)
            named = {part.uri for part in parts}
            goods = [lot for lot in lots.values() if lot.uri in named]
            writing.write([event], writer_of(goods, ids[consignee]), at=recorded_at)
    uris = [lot.uri for lot in lots.values()]
    for party in ids.values():
        writing.grant(party, uris, by=ids[consignor], reason="acceptance", ref=acceptance, at=recorded_at)


def _keep_receipts(items: Iterable[Mapping[str, Any]], acceptance: UUID, at: datetime) -> None:
    rows = [
        {
            "acceptance_ref": acceptance, "movement_id": item["movement"], "lot_id": item["lot_id"],
            "accepted": Decimal(item["accepted"]), "rejected": Decimal(item["rejected"]), "accepted_at": at,
        }
        for item in sorted(items, key=lambda each: each["movement"])
    ]  # fmt: skip
    db.session.execute(insert(TraceReceipt).values(rows).on_conflict_do_nothing())


def sum_parts(lots: Mapping[int, LotOfGoods], items: Iterable[tuple[int, str]]) -> list[Part]:
    """Add up what is said of each lot; nothing of a lot is no part."""
    totals: dict[int, Decimal] = {}
    for lot_id, quantity in items:
        totals[lot_id] = totals.get(lot_id, Decimal(0)) + Decimal(quantity)
    return [Part(lots[key].uri, total, lots[key].unit) for key, total in sorted(totals.items()) if total]


def keys_of(public_ids: Iterable[UUID]) -> dict[UUID, int]:
    """Return the keys of organisations by their public identifiers."""
    rows = db.session.execute(
        select(Organisation.public_id, Organisation.id).where(Organisation.public_id.in_(list(public_ids)))
    )
    return {row.public_id: row.id for row in rows}


def writer_of(lots: Iterable[LotOfGoods], organisation_id: int) -> Writer:
    """Return the writer, in the counties of the goods: the officials of each see what becomes of them."""
    return writing.writer_for(organisation_id, [lot.county_code for lot in sorted(lots, key=lambda each: each.id)])
