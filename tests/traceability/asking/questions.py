"""Asking the interface, and a set of events that have something of everything."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

from tests.traceability.events import declared, document, lot, observed, packed, sgtin, sscc

EX = {"GS1-Extensions": "ex=https://example.com/ns/"}
PO = "urn:epcglobal:cbv:bt:4012345000009:PO-1"
FARM, FIELD, SHOP = (f"urn:epc:id:sgln:4012345.{number:05d}.0" for number in (10, 11, 20))
GROWER = "urn:epc:id:pgln:4012345.00010"
PALLET = sscc(7)


def everything() -> dict[str, dict[str, Any]]:
    """Events by names of their own, an hour between each and the next."""
    picked = observed(
        sgtin(1), sgtin(2), action="ADD", bizStep="commissioning", disposition="active", readPoint={"id": FIELD},
        bizLocation={"id": FARM}, ilmd={"ex:variety": "Gala", "ex:more": {"ex:sugar": 12.5}}, **{"ex:season": 7},
    )  # fmt: skip
    boxed = packed(PALLET, sgtin(1), sgtin(2), readPoint={"id": FARM, "ex:hall": "north"}, bizLocation={"id": FARM})
    sold = observed(
        type="TransactionEvent", epcList=[sgtin(2)], parentID=PALLET, action="ADD", bizStep="shipping",
        bizTransactionList=[{"type": "po", "bizTransaction": PO}],
        sourceList=[{"type": "owning_party", "source": GROWER}],
        destinationList=[{"type": "possessing_party", "destination": SHOP}], disposition="in_transit",
        readPoint={"id": SHOP},
    )  # fmt: skip
    pressed = {
        **observed(type="TransformationEvent", epcList=None, action=None, bizStep="creating_class_instance"),
        "inputEPCList": [sgtin(3)], "inputQuantityList": [{"epcClass": lot("A"), "quantity": 500, "uom": "GRM"}],
        "outputQuantityList": [{"epcClass": lot("B"), "quantity": 0.45, "uom": "KGM"}],
        "outputEPCList": [sgtin(4)], "transformationID": "urn:uuid:3b1cf2b4-0000-4000-8000-000000000001",
    }  # fmt: skip
    stored = observed(
        epcList=[], quantityList=[{"epcClass": lot("B"), "quantity": 12}], bizStep="storing", disposition=None,
        persistentDisposition={"set": ["completeness_verified"], "unset": ["completeness_inferred"]},
        sensorElementList=[
            {
                "sensorMetadata": {"time": "2026-07-14T11:30:00Z", "deviceID": "urn:epc:id:giai:4000001.111"},
                "sensorReport": [
                    {"type": "Temperature", "value": 4.5, "maxValue": 5, "sDev": 0.5, "uom": "CEL"},
                    {"type": "Illuminance", "booleanValue": True, "stringValue": "dim", "ex:lamp": "off"},
                ],
            }
        ],
    )  # fmt: skip
    wrong = observed(sgtin(1), bizStep="inspecting", disposition="non_conformant")
    events = {"picked": picked, "boxed": boxed, "sold": sold, "pressed": pressed, "stored": stored, "wrong": wrong}
    for hour, event in enumerate(events.values(), 8):
        event["eventTime"] = f"2026-07-14T{hour:02d}:00:00Z"
    events["withdrawn"] = declared(wrong, correctiveEventIDs=["urn:uuid:corrective"], **{"ex:by": "desk"})
    return events


def capture(client: Any, headers: dict[str, str], *events: dict[str, Any], **changes: Any) -> None:
    answer = client.post("/epcis/capture", json=document(*events, **changes), headers=headers)
    job = client.get(answer.headers["Location"], headers=headers).get_json()
    assert (job["running"], job["success"]) == (False, True), job


def ask(client: Any, headers: dict[str, str], path: str = "/epcis/events", **parameters: Any) -> Any:
    return client.get(f"{path}?{urlencode(parameters)}", headers=headers)


def found_in(answer: Any) -> list[dict[str, Any]]:
    """The events of an answer."""
    assert answer.status_code == 200, answer.get_data(as_text=True)
    body = answer.get_json()
    assert body["type"] == "EPCISQueryDocument"
    events: list[dict[str, Any]] = body["epcisBody"]["queryResults"]["resultsBody"]["eventList"]
    return events


def keys_in(answer: Any) -> list[tuple[str, bool]]:
    return [(event["eventID"], "errorDeclaration" in event) for event in found_in(answer)]


def all_pages(client: Any, headers: dict[str, str], **parameters: Any) -> list[list[tuple[str, bool]]]:
    """Follow the links to the last page."""
    pages, answer = [], ask(client, headers, **parameters)
    pages.append(keys_in(answer))
    while "Link" in answer.headers:
        address, relation = answer.headers["Link"].split(";")
        assert relation == ' rel="next"'
        answer = client.get(address.strip("<>"), headers=headers)
        pages.append(keys_in(answer))
    return pages


def problem_of(answer: Any) -> tuple[int, str, str]:
    """Status, exception and parameter of a refusal."""
    assert answer.content_type == "application/problem+json"
    found = json.loads(answer.get_data())
    assert found["status"] == answer.status_code
    return answer.status_code, found["type"].removeprefix("epcisException:"), found.get("parameter", "")
