"""One lot from which, twelve levels further down, 10,000 things have come: split, processed, packed, put on pallets."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sqlalchemy import text

from bench.trace_history import CONTEXT
from shop.app import create_app
from shop.config import Settings
from shop.db import db, transaction
from traceability.repository.drafts import draft_of
from traceability.repository.storing import Writer, store_events
from traceability.standard.contexts import Context

#: Six times every lot is split in two, four times it becomes another, then packs come of each and go into cases.
SPLITS, PROCESSED, PACKS, CASES = 6, 4, 150, 2
_BEGAN = datetime(2026, 5, 1, tzinfo=UTC)
_LINK = "https://id.gs1.org"
_GOODS = "04012345123456"

Event = dict[str, Any]


def root() -> str:
    """Return the identifier that everything came of."""
    return _lot("0-0")


def _lot(name: str) -> str:
    return f"{_LINK}/01/{_GOODS}/10/T{name}"


def events() -> Iterator[Event]:
    """Yield the events in the order of their time."""
    yield {
        "type": "ObjectEvent", "action": "ADD", "bizStep": "commissioning", "quantityList": [_amount(root(), 9000)], **_at(0)
    }  # fmt: skip
    level = [root()]
    for depth in range(1, SPLITS + PROCESSED + 1):
        parts = 2 if depth <= SPLITS else 1
        below = []
        for place, lot in enumerate(level):
            made = [_lot(f"{depth}-{place * parts + n}") for n in range(parts)]
            yield _became(
                [_amount(lot, 90)], outputQuantityList=[_amount(each, 90 / parts) for each in made], depth=depth
            )
            below += made
        level = below
    for place, lot in enumerate(level):
        yield from _packed(place, lot, SPLITS + PROCESSED + 1)


def _packed(place: int, lot: str, depth: int) -> Iterator[Event]:
    packs = [f"{_LINK}/01/{_GOODS}/21/T{place}-{n}" for n in range(PACKS)]
    yield _became([_amount(lot, 90)], outputEPCList=packs, depth=depth)
    share = PACKS // CASES
    for n in range(CASES):
        case = f"{_LINK}/00/06901235{place:07d}{n:03d}"
        yield {
            "type": "AggregationEvent", "action": "ADD", "bizStep": "packing", "parentID": case,
            "childEPCs": packs[n * share : (n + 1) * share], **_at(depth + 1),
        }  # fmt: skip
        yield {"type": "ObjectEvent", "action": "OBSERVE", "bizStep": "shipping", "epcList": [case], **_at(depth + 2)}


def _amount(uri: str, quantity: float) -> Event:
    return {"epcClass": uri, "quantity": quantity, "uom": "KGM"}


def _became(inputs: list[Event], *, depth: int, **outputs: Any) -> Event:
    return {
        "type": "TransformationEvent",
        "bizStep": "commissioning",
        "inputQuantityList": inputs,
        **outputs,
        **_at(depth),
    }


def _at(day: int) -> Event:
    return {
        "eventTime": (_BEGAN + timedelta(days=day)).isoformat(timespec="milliseconds"),
        "eventTimeZoneOffset": "+08:00",
    }


def plant(url: str) -> None:
    """Capture the events as the first producer's."""
    address = url.replace("postgresql://", "postgresql+psycopg://")
    with TemporaryDirectory() as folder:
        settings = Settings(
            DATABASE_URL=address, BROKER_URL="memory://", SECRET_KEY="bench" * 8, DATA_DIR=Path(folder), TESTING=True
        )
        with create_app(settings).app_context():
            context = Context.of(CONTEXT)
            drafts = [draft_of(event, [CONTEXT], context, n) for n, event in enumerate(events())]
            with transaction():
                row = db.session.execute(
                    text("SELECT organisation_id, county_code FROM producers ORDER BY organisation_id LIMIT 1")
                ).one()
                store_events(drafts, Writer(row[0], row[1]), at=_BEGAN + timedelta(days=20))
            db.session.remove()
            db.engine.dispose()
