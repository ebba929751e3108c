"""What happens to one lot from the harvest to its last delivery: 125 events, made of the lot's own names and days.

Four batches are harvested, tested, dried together and packed; the packs go into 36 cases, the cases onto pallets and, one
by one, to six buyers, who take them in. Every lot of a variant has the same steps on days of its own, so that its rows can
be written from a pattern (:mod:`bench.trace_pattern`).
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

EVENTS, BATCHES, CASES, PALLETS, PACKS, BUYERS, DAYS = 125, 4, 36, 3, 8, 6, 60
CONTEXT = "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"
_LINK = "https://id.gs1.org"
_SENSED = 4
#: Packs of a case that a delivery names beside the case.
_TOLD = 5

Event = dict[str, Any]
Names = Mapping[str, str]


def names_of_cases() -> list[str]:
    """Return by which names a lot's cases and pallets are asked for, in the order of their numbers."""
    return [f"unit{n:02d}" for n in range(CASES + PALLETS)]


def lot_uri(names: Names) -> str:
    """Return what events call the lot."""
    return f"{_LINK}/01/{names['gtin']}/10/L{names['lot']}"


def pack_uri(names: Names, case: int, place: int) -> str:
    """Return what events call one of its packs."""
    return f"{_LINK}/01/{names['gtin']}/21/{names['lot']}{case:02d}{place}"


def case_uri(names: Names, number: int) -> str:
    """Return what events call one of its cases; the pallets have the numbers behind."""
    return f"{_LINK}/00/{names[f'unit{number:02d}']}"


def batch_uri(names: Names, number: int) -> str:
    """Return what events call one of its batches; the dried one has the number behind."""
    return f"{_LINK}/01/{names['product']}/10/B{names['lot']}-{number}"


def history(names: Names, variant: int) -> list[tuple[str, Event]]:
    """Return the events in the order of their time, each with who records it: ``producer``, or a buyer's name."""
    chance = random.Random(variant)
    told = [*_made(names, chance), *_packed(names), *_kept(names, chance), *_delivered(names, chance)]
    return sorted(told, key=lambda each: str(each[1]["eventTime"]))


def _at(names: Names, day: int, hour: int) -> Event:
    time = f"{names[f'day{day:02d}']}T{hour:02d}{names['minute']}.000+08:00"
    return {"eventTime": time, "eventTimeZoneOffset": "+08:00"}


def _here(names: Names, who: str = "producer") -> Event:
    return {"readPoint": {"id": f"urn:uuid:{names[who]}"}, "bizLocation": {"id": f"urn:uuid:{names[who]}"}}


def _kilograms(uri: str, quantity: float) -> Event:
    return {"epcClass": uri, "quantity": quantity, "uom": "KGM"}


def _made(names: Names, chance: random.Random) -> list[tuple[str, Event]]:
    harvested = [_kilograms(batch_uri(names, n), chance.randrange(40, 90)) for n in range(BATCHES)]
    dried = _kilograms(batch_uri(names, BATCHES), round(sum(each["quantity"] for each in harvested) * 0.6, 1))
    events = [
        {
            "type": "ObjectEvent", "action": "ADD", "bizStep": "creating_class_instance", "disposition": "active",
            "quantityList": [each], **_at(names, 0, 9 + n), **_here(names),
        }
        for n, each in enumerate(harvested)
    ]  # fmt: skip
    events += [
        {
            "type": "ObjectEvent", "action": "OBSERVE", "bizStep": "inspecting", "certificationInfo": [f"urn:uuid:{names['report']}"],
            "quantityList": [{"epcClass": harvested[0]["epcClass"]}], **_at(names, 1, 10), **_here(names),
        },
        {
            "type": "TransformationEvent", "bizStep": "commissioning", "inputQuantityList": harvested,
            "outputQuantityList": [dried], **_at(names, 2, 11), **_here(names),
        },
        {
            "type": "TransformationEvent", "bizStep": "commissioning", "inputQuantityList": [dried],
            "outputQuantityList": [{"epcClass": lot_uri(names), "quantity": CASES * PACKS}],
            "ilmd": {"cbvmda:lotNumber": f"L{names['lot']}", "cbvmda:itemExpirationDate": names["expiry"]},
            **_at(names, 5, 9), **_here(names),
        },
    ]  # fmt: skip
    return [("producer", event) for event in events]


def _packed(names: Names) -> list[tuple[str, Event]]:
    """Put packs into cases, cases onto pallets, and take them off again."""
    events = [
        {
            "type": "AggregationEvent", "action": "ADD", "bizStep": "packing", "disposition": "in_progress",
            "parentID": case_uri(names, n), "childEPCs": [pack_uri(names, n, place) for place in range(PACKS)],
            "childQuantityList": [{"epcClass": lot_uri(names), "quantity": PACKS}],
            **_at(names, 6 + n // 10, 9 + n % 10), **_here(names),
        }
        for n in range(CASES)
    ]  # fmt: skip
    share = CASES // PALLETS
    for action, step, day in (("ADD", "loading", 10), ("DELETE", "unloading", 12)):
        events += [
            {
                "type": "AggregationEvent", "action": action, "bizStep": step, "parentID": case_uri(names, CASES + n),
                "childEPCs": [case_uri(names, each) for each in range(n * share, (n + 1) * share)],
                **_at(names, day, 9 + n), **_here(names),
            }
            for n in range(PALLETS)
        ]  # fmt: skip
    return [("producer", event) for event in events]


def _kept(names: Names, chance: random.Random) -> list[tuple[str, Event]]:
    """Tell how warm the store was."""
    return [
        ("producer", {
            "type": "ObjectEvent", "action": "OBSERVE", "bizStep": "sensor_reporting",
            "quantityList": [{"epcClass": lot_uri(names)}],
            "sensorElementList": [{"sensorReport": [
                {"type": "Temperature", "uom": "CEL", "minValue": 1.5, "maxValue": chance.randrange(4, 9), "meanValue": 3.2}
            ]}],
            **_at(names, 11, 9 + n), **_here(names),
        })
        for n in range(_SENSED)
    ]  # fmt: skip


def _delivered(names: Names, chance: random.Random) -> list[tuple[str, Event]]:
    told: list[tuple[str, Event]] = []
    for n in range(CASES):
        buyer = f"buyer{n % BUYERS}"
        parties = {
            "epcList": [case_uri(names, n), *(pack_uri(names, n, place) for place in range(_TOLD))],
            "quantityList": [{"epcClass": lot_uri(names), "quantity": PACKS}],
            "sourceList": [{"type": "possessing_party", "source": f"urn:uuid:{names['producer']}"}],
            "destinationList": [{"type": "possessing_party", "destination": f"urn:uuid:{names[buyer]}"}],
        }
        papers = [
            {"type": kind, "bizTransaction": f"urn:uuid:{n:08d}-{place:04d}-4000-8000-00000{names['lot']}"}
            for place, kind in enumerate(("po", "desadv"))
        ]
        shared = {"type": "ObjectEvent", "action": "OBSERVE", "bizTransactionList": papers, **parties}
        sent = _at(names, 13 + n, 9 + chance.randrange(4))
        taken = _at(names, 14 + n, 14 + chance.randrange(4))
        told.append(("producer", shared | {
            "bizStep": "shipping", "disposition": "in_transit", "readPoint": {"id": f"urn:uuid:{names['producer']}"}, **sent,
        }))  # fmt: skip
        told.append((buyer, shared | {
            "bizStep": "receiving", "disposition": "in_progress", **taken, **_here(names, buyer),
        }))  # fmt: skip
    return told
