"""EPCIS events of what happens to lots in the market; pure functions, the same facts always give the same event."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Any, Final
from uuid import UUID

from shop.clock import SHANGHAI
from traceability.journey.names import place_uri, uuid_uri

#: Of every event that is written here; never fetched.
CONTEXTS: Final = ("https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld",)
#: UN/CEFACT codes (recommendation 20) of units that measure; packs are counted, and EPCIS counts without a unit.
_MEASURED: Final = MappingProxyType({"kg": "KGM"})

Event = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Part:
    """A quantity of a lot."""

    uri: str
    quantity: Decimal
    #: The SKU's unit, such as ``bag`` or ``kg``.
    unit: str


def shipped(
    parts: Iterable[Part],
    *,
    at: datetime,
    consignor: UUID,
    consignee: UUID,
    order: UUID,
    shipment: UUID,
    place: str = "",
) -> Event:
    """Return that goods have left a producer for a buyer.

    :param place: the identifier of where they left, if that was told.
    """
    papers = [_paper("po", order), _paper("desadv", shipment)]
    return _object(parts, at, "OBSERVE", "shipping", "in_transit") | {
        "readPoint": {"id": place or uuid_uri(consignor)},
        "bizTransactionList": papers,
        "sourceList": [{"type": "possessing_party", "source": uuid_uri(consignor)}],
        "destinationList": [{"type": "possessing_party", "destination": uuid_uri(consignee)}],
    }


def received(
    parts: Iterable[Part], *, at: datetime, consignor: UUID, consignee: UUID, order: UUID, acceptance: UUID
) -> Event:
    """Return that a buyer has taken goods in and accepted them."""
    return _taken_in(parts, "in_progress", at, consignor, consignee, (order, acceptance))


def rejected(
    parts: Iterable[Part], *, at: datetime, consignor: UUID, consignee: UUID, order: UUID, acceptance: UUID
) -> Event:
    """Return that a buyer has taken goods in and not accepted them."""
    return _taken_in(parts, "returned", at, consignor, consignee, (order, acceptance))


def sent_back(
    parts: Iterable[Part], *, at: datetime, consignor: UUID, consignee: UUID, order: UUID, goods_return: UUID
) -> Event:
    """Return that a buyer sends goods back that it had accepted; the order's consignee is who sends."""
    return _object(parts, at, "OBSERVE", "shipping", "returned") | {
        "readPoint": {"id": uuid_uri(consignee)}, **_back(consignor, consignee, order, goods_return)
    }  # fmt: skip


def taken_back(
    parts: Iterable[Part], *, at: datetime, consignor: UUID, consignee: UUID, order: UUID, goods_return: UUID
) -> Event:
    """Return that goods which a buyer had accepted are at the producer again."""
    here = {"id": uuid_uri(consignor)}
    return _object(parts, at, "OBSERVE", "receiving", "returned") | {
        "readPoint": here, "bizLocation": here, **_back(consignor, consignee, order, goods_return)
    }  # fmt: skip


def _back(consignor: UUID, consignee: UUID, order: UUID, goods_return: UUID) -> Event:
    return {
        "bizTransactionList": [_paper("po", order), _paper("rma", goods_return)],
        "sourceList": [{"type": "possessing_party", "source": uuid_uri(consignee)}],
        "destinationList": [{"type": "possessing_party", "destination": uuid_uri(consignor)}],
    }


def put_in_stock(part: Part, *, at: datetime, producer: UUID, code: str) -> Event:
    """Return that a lot is there whose origin was not recorded."""
    here = {"id": uuid_uri(producer)}
    return _object([part], at, "ADD", "creating_class_instance", "active") | {
        "readPoint": here, "bizLocation": here, "ilmd": {"cbvmda:lotNumber": code}
    }  # fmt: skip


def numbered(uris: Sequence[str], *, at: datetime, producer: UUID, lot: str) -> Event:
    """Return that packs of a lot got their numbers."""
    here = {"id": uuid_uri(producer)}
    return {
        "type": "ObjectEvent", "action": "ADD", "bizStep": "commissioning", "disposition": "active", "epcList": list(uris),
        "readPoint": here, "bizLocation": here, "ilmd": {"cbvmda:lotNumber": lot},
    } | when(at)  # fmt: skip


def came_back(part: Part, *, at: datetime, producer: UUID, movement: UUID) -> Event:
    """Return that goods that a buyer did not accept, or sent back later, are back in their lot at the producer."""
    here = {"id": uuid_uri(producer)}
    return _object([part], at, "OBSERVE", "accepting", "returned") | {
        "readPoint": here,
        "bizLocation": here,
        # Tells one return from another of as much at the same moment.
        "bizTransactionList": [{"bizTransaction": uuid_uri(movement)}],
        "destinationList": [{"type": "possessing_party", "destination": uuid_uri(producer)}],
    }


def taken_away(part: Part, *, at: datetime, producer: UUID, disposition: str, movement: UUID) -> Event:
    """Return that a part of a lot is no more: ``destroyed`` or ``expired``."""
    return _object([part], at, "DELETE", "destroying", disposition) | {
        "readPoint": {"id": uuid_uri(producer)},
        # Two of as much may be taken away at the same moment.
        "bizTransactionList": [{"bizTransaction": uuid_uri(movement)}],
    }


def _taken_in(
    parts: Iterable[Part], disposition: str, at: datetime, consignor: UUID, consignee: UUID, papers: tuple[UUID, UUID]
) -> Event:
    place = {"id": uuid_uri(consignee)}
    return _object(parts, at, "OBSERVE", "receiving", disposition) | {
        "readPoint": place,
        "bizLocation": place,
        "bizTransactionList": [_paper("po", papers[0]), _paper("recadv", papers[1])],
        "sourceList": [{"type": "possessing_party", "source": uuid_uri(consignor)}],
        "destinationList": [{"type": "possessing_party", "destination": uuid_uri(consignee)}],
    }


def _object(parts: Iterable[Part], at: datetime, action: str, step: str, disposition: str) -> Event:
    return {
        "type": "ObjectEvent",
        "action": action,
        "bizStep": step,
        "disposition": disposition,
        "quantityList": [_element(part) for part in sorted(parts, key=lambda each: each.uri)],
    } | when(at)


def when(at: datetime) -> Event:
    """Return an event's time, with the zone of the people who were there."""
    there = at.astimezone(SHANGHAI)
    return {"eventTime": there.isoformat(timespec="milliseconds"), "eventTimeZoneOffset": "+08:00"}


def _element(part: Part) -> Mapping[str, Any]:
    quantity = int(part.quantity) if part.quantity == part.quantity.to_integral_value() else float(part.quantity)
    uom = _MEASURED.get(part.unit)
    return {"epcClass": part.uri, "quantity": quantity} | ({"uom": uom} if uom else {})


def _paper(kind: str, public_id: UUID) -> Event:
    return {"type": kind, "bizTransaction": uuid_uri(public_id)}


#: What CBV has no words for of a record; its words are told by the event's own context.
RECORD_CONTEXT: Final = ({"duikou": "urn:duikou:record:"},)


def tested(uri: str, told: Mapping[str, Any], *, at: datetime, producer: UUID) -> Event:
    """Return that goods were tested, with the report's name and all that it says: changed afterwards, it is not what was logged."""
    plain = {
        "kind": told["kind"], "laboratory": told["laboratory"], "number": told["number"], "testedOn": told["tested_on"],
        "expiresOn": told["expires_on"], "hasPassed": told["has_passed"], "fileSha256": told.get("file_sha256"),
    }  # fmt: skip
    words = {"name": "name", "allowed": "allowed", "result": "result", "has_passed": "hasPassed"}
    items = [{f"duikou:{words[name]}": value for name, value in item.items() if value != ""} for item in told["items"]]
    return seen(uri, at, "inspecting", producer) | {
        "@context": list(RECORD_CONTEXT),
        "certificationInfo": [uuid_uri(told["report_id"])],
        **{f"duikou:{name}": value for name, value in plain.items() if value is not None},
        "duikou:items": items,
    }


def certified(uri: str, said: Mapping[str, Any], *, paper: str, at: datetime, producer: UUID) -> Event:
    """Return that a paper was issued for goods, or came with them: a commitment certificate, papers of meat.

    :param paper: its public identifier; ``said`` is what it says, by the names of :data:`RECORD_CONTEXT`.
    """
    return seen(uri, at, "inspecting", producer) | {
        "@context": list(RECORD_CONTEXT), "disposition": "conformant", "certificationInfo": [uuid_uri(paper)],
        **{f"duikou:{name}": value for name, value in said.items() if value is not None},
    }  # fmt: skip


def bought(uri: str, told: Mapping[str, Any], *, producer: UUID) -> Event:
    """Return that goods came from a seller outside the platform; of a household its county and township alone are told."""
    seller = uuid_uri(told["supplier_id"])
    plain = {
        "seller": told["kind"], "name": told["name"] or None, "creditCode": told["credit_code"], "division": told["division"],
        "township": told["township"] or None, "documentNumber": told["document_number"], "fileSha256": told["file_sha256"],
    }  # fmt: skip
    here = {"id": uuid_uri(producer)}
    event = _object([Part(uri, Decimal(told["quantity"]), "kg")], datetime.fromisoformat(told["received_at"]),
                    "OBSERVE", "arriving", "active")  # fmt: skip
    return event | {
        "@context": list(RECORD_CONTEXT), "readPoint": here, "bizLocation": here,
        "sourceList": [{"type": "possessing_party", "source": seller}],
        "destinationList": [{"type": "possessing_party", "destination": uuid_uri(producer)}],
        **{f"duikou:{name}": value for name, value in plain.items() if value is not None},
    }  # fmt: skip


#: What CBV calls a passage: step, disposition, whether the goods are at the place afterwards.
_PASSAGES: Final = MappingProxyType(
    {
        "arrived": ("arriving", "in_progress", True), "stored": ("storing", "in_progress", True),
        "left": ("departing", "in_transit", False),
    }
)  # fmt: skip


def passed(uri: str, told: Mapping[str, Any]) -> Event:
    """Return that goods arrived at a place, were stored there or left it; called by the passage."""
    step, disposition, is_there = _PASSAGES[told["kind"]]
    here = {"id": place_uri(told["place"]["id"], told["place"]["gln"])}
    part = Part(uri, Decimal(told["quantity"]), told["unit"])
    event = _object([part], datetime.fromisoformat(told["occurred_at"]), "OBSERVE", step, disposition)
    return (
        event
        | {"eventID": uuid_uri(told["passage_id"]), "readPoint": here}
        | ({"bizLocation": here} if is_there else {})
        | _measured(told.get("celsius"))
    )


def _measured(celsius: str | None) -> Event:
    """Return what a thermometer showed; events of before tell nothing of it."""
    if celsius is None:
        return {}
    report = {"type": "Temperature", "value": float(celsius), "uom": "CEL"}
    return {"sensorElementList": [{"sensorReport": [report]}]}


def seen(uri: str, at: datetime, step: str, producer: UUID) -> Event:
    """Return that goods were looked at where they were."""
    return {
        "type": "ObjectEvent", "action": "OBSERVE", "bizStep": step, "readPoint": {"id": uuid_uri(producer)},
        "quantityList": [{"epcClass": uri}],
    } | when(at)  # fmt: skip
