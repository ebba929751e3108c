"""EPCIS events of what producers do with batches before and at packing; pure functions.

Births are ObjectEvents that add a batch, what makes one thing of another is a TransformationEvent, what is lost is taken
away. The event of an act is called by the act, so that undoing it can declare exactly that event to be wrong.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Any, Final

from traceability.journey.events import Event, when
from traceability.journey.names import place_uri, uuid_uri

#: CBV has no word for mixing and processing: what comes out of them is a new instance of a class.
_STEPS: Final = MappingProxyType(
    {
        "harvest": "creating_class_instance", "slaughter": "creating_class_instance", "received": "receiving",
        "process": "creating_class_instance", "split": "repackaging", "mix": "repackaging", "pack": "packing",
        "unpack": "unpacking", "discard": "destroying",
    }
)  # fmt: skip
BIRTHS: Final = frozenset({"harvest", "slaughter", "received"})


@dataclass(frozen=True, slots=True)
class Goods:
    """A batch in kilograms or a lot in packs, as an act took or made it."""

    uri: str
    code: str
    quantity: Decimal
    #: ``KGM``, or nothing for packs, which are counted.
    uom: str = ""
    produced_on: str = ""
    expires_on: str = ""


def event_of(told: Mapping[str, Any], taken: Iterable[Goods], made: Iterable[Goods]) -> Event:
    """Return the event of an act.

    :param told: what the catalogue published of it.
    """
    kind, place = told["kind"], told["place"]
    here = {"id": place_uri(place["id"], place["gln"]) if place else uuid_uri(told["producer_id"])}
    event: Event = {
        "eventID": act_uri(told["act_id"]),
        "bizStep": _STEPS[kind],
        "readPoint": here,
        "bizTransactionList": [{"type": "prodorder", "bizTransaction": act_uri(told["act_id"])}],
    } | when(datetime.fromisoformat(told["occurred_at"]))
    if kind in BIRTHS:
        return event | _born(list(made), here)
    if kind == "discard":
        elements = [_element(each) for each in taken]
        return event | {
            "type": "ObjectEvent", "action": "DELETE", "disposition": "destroyed", "quantityList": elements
        }  # fmt: skip
    return event | _transformed(list(taken), list(made), here)


def declared_wrong(event: Event, at: datetime, reason: str = "did_not_occur") -> Event:
    """Return the error declaration of an event: it never happened as it was recorded."""
    declaration = {"declarationTime": when(at)["eventTime"], "reason": reason}
    return {**event, "errorDeclaration": declaration}


def act_uri(act_id: str) -> str:
    """Return what the event of an act is called."""
    return uuid_uri(act_id)


def _born(made: list[Goods], here: Event) -> Event:
    return {
        "type": "ObjectEvent",
        "action": "ADD",
        "disposition": "active",
        "bizLocation": here,
        "quantityList": [_element(each) for each in made],
    } | _ilmd(made)


def _transformed(taken: list[Goods], made: list[Goods], here: Event) -> Event:
    return {
        "type": "TransformationEvent",
        "disposition": "active",
        "bizLocation": here,
        "inputQuantityList": [_element(each) for each in taken],
        "outputQuantityList": [_element(each) for each in made],
    } | _ilmd(made)


def _ilmd(made: list[Goods]) -> Event:
    """Return what is said of what came to be; only where it is one thing, because it would hold for each."""
    if len(made) != 1:
        return {}
    (goods,) = made
    said = {
        "cbvmda:lotNumber": goods.code,
        "cbvmda:productionDate": goods.produced_on,
        "cbvmda:itemExpirationDate": goods.expires_on,
    }
    return {"ilmd": {name: value for name, value in said.items() if value}}


def _element(goods: Goods) -> Event:
    whole = goods.quantity == goods.quantity.to_integral_value()
    quantity = int(goods.quantity) if whole else float(goods.quantity)
    return {"epcClass": goods.uri, "quantity": quantity} | ({"uom": goods.uom} if goods.uom else {})
