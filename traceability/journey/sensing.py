"""What loggers saw of goods, as sensor reports: the sum, each stretch outside the range, and so many of the readings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, Final, NamedTuple
from urllib.parse import quote
from uuid import UUID

from traceability.journey.events import RECORD_CONTEXT, Event, seen, when
from traceability.journey.names import uuid_uri

#: Readings in an event: a logger has tens of thousands, and its file has them all.
MOST_READINGS: Final = 100
_MEASURED: Final = {"type": "Temperature", "uom": "CEL"}


class Seen(NamedTuple):
    """A reading, in degrees Celsius."""

    at: datetime
    celsius: Decimal


def temperature_seen(uri: str, told: Mapping[str, Any], readings: Sequence[Seen], *, producer: UUID) -> Event:
    """Return what a logger saw of goods, in degrees Celsius; called by the record, for its file may come again."""
    device = {"deviceID": device_uri(told["device"])} if told["device"] else {}
    sums = {
        "minValue": float(told["least_c"]), "maxValue": float(told["most_c"]), "meanValue": float(told["mean_c"]),
    }  # fmt: skip
    metadata = _between(told) | {"rawData": uuid_uri(told["file_id"])} | device
    elements = [
        {"sensorMetadata": metadata, "sensorReport": [_MEASURED | sums]},
        *(_outside(stretch, device) for stretch in told["stretches"]),
        {"sensorMetadata": metadata, "sensorReport": [_reading(each) for each in some_of(readings)]},
    ]
    event = seen(uri, datetime.fromisoformat(told["ended_at"]), "sensor_reporting", producer)
    return event | {
        "eventID": uuid_uri(told["record_id"]), "@context": list(RECORD_CONTEXT), "sensorElementList": elements,
        "duikou:fileSha256": told["file_sha256"],
    }  # fmt: skip


def device_uri(device: str) -> str:
    """Return what events call a logger: what it calls itself, if that is a URI."""
    return (
        device
        if device.startswith(("urn:", "https://")) and " " not in device
        else f"urn:duikou:device:{quote(device, safe='')}"
    )


def some_of(readings: Sequence[Seen]) -> list[Seen]:
    """Return at most :data:`MOST_READINGS`: evenly spread, the first and last, and where it was coldest and warmest."""
    if len(readings) <= MOST_READINGS:
        return list(readings)
    last, spread = len(readings) - 1, MOST_READINGS - 3
    places = {last * n // spread for n in range(spread + 1)}
    ends = [pick(range(len(readings)), key=lambda place: readings[place].celsius) for pick in (min, max)]
    return [readings[place] for place in sorted(places.union(ends))]


def _between(told: Mapping[str, Any]) -> Event:
    start, end = (when(datetime.fromisoformat(told[name]))["eventTime"] for name in ("started_at", "ended_at"))
    return {"startTime": start, "endTime": end}


def _outside(stretch: Mapping[str, Any], device: Mapping[str, str]) -> Event:
    """Return a stretch outside the range of the goods: an alarm, with how far it went."""
    far = {"maxValue" if stretch["side"] == "above" else "minValue": float(stretch["extreme_c"])}
    return {
        "sensorMetadata": {**_between(stretch), **device},
        "sensorReport": [_MEASURED | far | {"exception": "ALARM_CONDITION"}],
    }


def _reading(each: Seen) -> Event:
    return _MEASURED | {"time": when(each.at)["eventTime"], "value": float(each.celsius)}
