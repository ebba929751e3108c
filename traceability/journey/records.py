"""What producers record of the state of goods, written as events: tests and temperatures."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select

from catalog.lots.batches.models import Batch
from catalog.lots.models import Lot
from catalog.products.numbers import product_number
from shop.db import db
from shop.identity.models import Organisation
from traceability.journey import events, names, writing
from traceability.journey.goods import lots_of
from traceability.repository.storing import Writer


def take_test(told: Mapping[str, Any], *, recorded_at: datetime) -> None:
    """Write that goods were tested; a repeat changes nothing."""
    at, producer = datetime.fromisoformat(told["recorded_at"]), UUID(told["producer_id"])
    _write(events.tested(_uri_of(told), at=at, producer=producer, report=told["report_id"]), told, recorded_at)


def take_temperatures(told: Mapping[str, Any], *, recorded_at: datetime) -> None:
    """Write what a logger saw; a repeat changes nothing."""
    _write(events.temperature_seen(_uri_of(told), told, producer=UUID(told["producer_id"])), told, recorded_at)


def _write(event: events.Event, told: Mapping[str, Any], recorded_at: datetime) -> None:
    key = db.session.scalars(select(Organisation.id).where(Organisation.public_id == UUID(told["producer_id"]))).one()
    writing.write([event], Writer(key, told["county"]), at=recorded_at)
    uri = event["quantityList"][0]["epcClass"]
    writing.grant(key, [uri], by=key, reason="own", ref=None, at=recorded_at)


def _uri_of(told: Mapping[str, Any]) -> str:
    """Return what events call the batch or lot that a record is about."""
    if told["lot_id"]:
        key = db.session.scalars(select(Lot.id).where(Lot.public_id == UUID(told["lot_id"]))).one()
        return lots_of([key])[key].uri
    row = db.session.execute(
        select(Batch.id, Batch.code, Batch.product_id).where(Batch.public_id == UUID(told["batch_id"]))
    ).one()
    return names.batch_uri(product_number(row.product_id), row.code, row.id)
