"""Packs that got numbers of the platform, written as commissioning events: each of them is then of its lot."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select

from shop.db import db
from traceability.journey import events, names, writing
from traceability.journey.goods import lots_of
from traceability.pieces.models import LotSerial, SerialRun

#: Packs that one event names at most.
MOST_PACKS = 500


def take_run(told: Mapping[str, Any], *, recorded_at: datetime) -> None:
    """Write the events of a run of numbers; a repeat changes nothing."""
    run = db.session.scalars(select(SerialRun).where(SerialRun.public_id == UUID(told["run_id"]))).one()
    lot = lots_of([run.lot_id])[run.lot_id]
    query = select(LotSerial.serial).where(LotSerial.run_id == run.id).order_by(LotSerial.place)
    uris = [names.piece_uri(lot.number, serial) for serial in db.session.scalars(query)]
    number = names.lot_number(lot.code, lot.id)
    written = [
        events.numbered(uris[first : first + MOST_PACKS], at=run.issued_at, producer=lot.producer_ref, lot=number)
        for first in range(0, len(uris), MOST_PACKS)
    ]
    writing.write(written, writing.writer_for(lot.producer_id, [lot.county_code]), at=recorded_at)
