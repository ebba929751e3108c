"""Stored events as the standard sends them: an EPCISQueryDocument, identifiers in the form that was asked for."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

from traceability.standard.identifiers import canonical, to_urn

CONTEXT = "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"
FORMATS = ("No_Preference", "Always_GS1_Digital_Link", "Always_EPC_URN", "Never_Translates")
#: Fields that hold identifiers: alone or in a list, or in members of objects in a list or alone.
_PLAIN = ("parentID", "epcList", "childEPCs", "inputEPCList", "outputEPCList")
_IN_OBJECTS: Mapping[str, str] = MappingProxyType(
    {
        "quantityList": "epcClass", "childQuantityList": "epcClass", "inputQuantityList": "epcClass",
        "outputQuantityList": "epcClass", "readPoint": "id", "bizLocation": "id", "bizTransactionList": "bizTransaction",
        "sourceList": "source", "destinationList": "destination",
    }
)  # fmt: skip
#: Members of sensor elements that may hold identifiers.
_SENSOR_FIELDS = ("deviceID", "deviceMetadata", "rawData", "dataProcessingMethod", "bizRules")
Write = Callable[[str], str]


@dataclass(frozen=True)
class Stored:
    """An event as it is stored."""

    event_id: str
    record_time: datetime
    document: Mapping[str, Any]
    #: Of the document that it came in.
    contexts: Sequence[Any]


def query_document(
    events: Sequence[Stored],
    *,
    at: datetime,
    form: str = "Never_Translates",
    urns: Mapping[str, str] = MappingProxyType({}),
    query_name: str = "SimpleEventQuery",
    subscription_id: str | None = None,
) -> dict[str, Any]:
    """Return events as the result of a query.

    :param urns: canonical form to the URN that was captured, where ``form`` asks for URNs.
    """
    results: dict[str, Any] = {"queryName": query_name}
    if subscription_id is not None:
        results["subscriptionID"] = subscription_id
    common = _common_contexts(events)
    results["resultsBody"] = {"eventList": [render(each, form, urns, is_alone=common is None) for each in events]}
    return {
        "@context": common or [CONTEXT],
        "type": "EPCISQueryDocument",
        "schemaVersion": "2.0",
        "creationDate": written(at),
        "epcisBody": {"queryResults": results},
    }


def _common_contexts(events: Sequence[Stored]) -> list[Any] | None:
    """Return the contexts that all events share, or ``None`` if each has to bring its own."""
    lists = {
        json.dumps(each, sort_keys=True) for each in {id(event.contexts): event.contexts for event in events}.values()
    }
    if len(lists) != 1 or not events[0].contexts:
        return None
    return list(events[0].contexts)


def render(
    event: Stored, form: str, urns: Mapping[str, str] = MappingProxyType({}), *, is_alone: bool = False
) -> dict[str, Any]:
    """Return one event with its identifier and the instant of recording.

    :param is_alone: it brings the contexts of its document.
    """
    said = dict(event.document)
    if is_alone and event.contexts:
        own = said.get("@context", [])
        said["@context"] = [*event.contexts, *(own if isinstance(own, list) else [own])]
    said["eventID"], said["recordTime"] = event.event_id, written(event.record_time)
    write = _writer(form, urns)
    return said if write is None else _translated(said, write)


def _writer(form: str, urns: Mapping[str, str]) -> Write | None:
    if form == "Always_GS1_Digital_Link":
        return lambda uri: canonical(uri) if uri.startswith("urn:epc:") else uri
    if form == "Always_EPC_URN":
        return lambda uri: uri if uri.startswith("urn:") else _as_urn(uri, urns)
    return None


def _as_urn(uri: str, urns: Mapping[str, str]) -> str:
    form = canonical(uri)
    urn = to_urn(form, urns.get(form))
    return urn if urn.startswith("urn:") else uri


def _translated(event: dict[str, Any], write: Write) -> dict[str, Any]:
    for name in _PLAIN:
        value = event.get(name)
        if isinstance(value, str):
            event[name] = write(value)
        elif isinstance(value, list):
            event[name] = [write(each) if isinstance(each, str) else each for each in value]
    for name, member in _IN_OBJECTS.items():
        value = event.get(name)
        if isinstance(value, dict):
            event[name] = _member_translated(value, member, write)
        elif isinstance(value, list):
            event[name] = [_member_translated(each, member, write) for each in value]
    if isinstance(event.get("sensorElementList"), list):
        event["sensorElementList"] = [_sensor_translated(each, write) for each in event["sensorElementList"]]
    return event


def _sensor_translated(element: Any, write: Write) -> Any:
    """Translate the identifiers of a sensor element, of its metadata and of each report."""
    if not isinstance(element, dict):
        return element
    metadata, reports = element.get("sensorMetadata"), element.get("sensorReport")
    said = {"sensorMetadata": _sensor_fields(metadata, write)} if isinstance(metadata, dict) else {}
    if isinstance(reports, list):
        said["sensorReport"] = [_sensor_fields(each, write) if isinstance(each, dict) else each for each in reports]
    return element | said


def _sensor_fields(said: Mapping[str, Any], write: Write) -> Any:
    found = {name: write(said[name]) for name in _SENSOR_FIELDS if isinstance(said.get(name), str)}
    return {**said, **found}


def _member_translated(value: Any, member: str, write: Write) -> Any:
    if isinstance(value, dict) and isinstance(value.get(member), str):
        return value | {member: write(value[member])}
    return value


def written(at: datetime) -> str:
    """Return an instant as the standard's documents have it: UTC, to the millisecond."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
