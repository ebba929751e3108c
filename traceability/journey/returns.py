"""What goes back after it was accepted, written as events and kept for recalls; the lot's own movements are told apart."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert

from shop.db import db
from traceability.journey import events, writing
from traceability.journey.consignments import keys_of, sum_parts, writer_of
from traceability.journey.goods import lots_of
from traceability.journey.models import TraceReturn


def take_sending(told: Mapping[str, Any], *, recorded_at: datetime) -> None:
    """Write that a buyer sends goods back; the same again changes nothing."""
    _write(told, datetime.fromisoformat(told["sent_at"]), events.sent_back, writer="consignee", recorded_at=recorded_at)


def take_return(told: Mapping[str, Any], *, recorded_at: datetime) -> None:
    """Write that a producer has goods back, and keep of which consignments they were."""
    at = datetime.fromisoformat(told["received_at"])
    rows = [
        {
            "return_ref": UUID(told["goods_return_id"]), "movement_id": item["movement"], "lot_id": item["lot_id"],
            "quantity": Decimal(item["quantity"]), "destroyed": Decimal(item["destroyed"]), "returned_at": at,
        }
        for item in sorted(told["items"], key=lambda each: each["movement"])
    ]  # fmt: skip
    db.session.execute(insert(TraceReturn).values(rows).on_conflict_do_nothing())
    _write(told, at, events.taken_back, writer="consignor", recorded_at=recorded_at)


def _write(told: Mapping[str, Any], at: datetime, build: Any, *, writer: str, recorded_at: datetime) -> None:
    consignor, consignee = UUID(told["consignor"]), UUID(told["consignee"])
    lots = lots_of(item["lot_id"] for item in told["items"])
    parts = sum_parts(lots, ((item["lot_id"], item["quantity"]) for item in told["items"]))
    event = build(
        parts, at=at, consignor=consignor, consignee=consignee, order=UUID(told["order_id"]),
        goods_return=UUID(told["goods_return_id"]),
    )  # fmt: skip
    by = keys_of((consignor, consignee))[UUID(told[writer])]
    writing.write([event], writer_of(lots.values(), by), at=recorded_at)
