"""From an event as it came to what is stored of it: columns, identifiers, attributes. Nothing here asks the database."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from traceability.repository.attributes import Attribute, attributes_of
from traceability.repository.fields import MADE_ITEMS, Role
from traceability.standard.contexts import Context
from traceability.standard.fields import EVENTS
from traceability.standard.hashing import declaration_text, event_hash
from traceability.standard.identifiers import canonical, vocabulary
from traceability.standard.keys import GTIN_DIGITS, QUALIFIER_LENGTH
from traceability.standard.links import CANONICAL, escape
from traceability.standard.times import instant

#: Lists and fields that name items, and the role each gives.
_ITEMS = (
    ("epcList", Role.EPC),
    ("childEPCs", Role.CHILD),
    ("inputEPCList", Role.INPUT),
    ("outputEPCList", Role.OUTPUT),
)
_QUANTITIES = (
    ("quantityList", Role.QUANTITY),
    ("childQuantityList", Role.CHILD_QUANTITY),
    ("inputQuantityList", Role.INPUT_QUANTITY),
    ("outputQuantityList", Role.OUTPUT_QUANTITY),
)
#: What packs are called that have a number: their goods, and the number.
_GOODS = f"{CANONICAL}01/"
_GOODS_END = len(_GOODS) + GTIN_DIGITS
#: What CBV calls the lot in ``ilmd``.
LOT_NUMBER = "urn:epcglobal:cbv:mda:lotNumber"
#: What the repository says of an event itself, and so no part of its content.
_OURS = ("recordTime", "eventID")


class Named(NamedTuple):
    """An identifier that an event names: canonical and as captured, in a role, how much of it."""

    uri: str
    captured: str
    role: Role
    quantity: str | None = None
    uom: str | None = None


@dataclass(slots=True)
class Draft:
    """An event ready to be stored."""

    #: Its place in the document.
    place: int
    #: JSON of what it says, without what the repository itself says of an event.
    text: str
    contexts: Sequence[Any]
    event_id: str
    is_declaration: bool
    type: str
    action: str | None
    biz_step: str | None
    disposition: str | None
    read_point: str | None
    biz_location: str | None
    transformation_id: str | None
    event_time: datetime
    tz_offset: str
    declared_at: datetime | None
    declared_reason: str | None
    hash_id: str
    #: SHA-256 of its JSON, and by the hash of what its prefixes mean.
    content: bytes
    #: What its error declaration says, in a form of its own; the hash says the rest. Empty if it has none.
    declared: str
    has_sensors: bool
    named: list[Named] = field(default_factory=list)
    attributes: list[Attribute] = field(default_factory=list)
    #: Lots of which the event says that its packs are.
    lots: list[str] = field(default_factory=list)
    #: It has been declared to be wrong before it came, or together with it.
    is_withdrawn: bool = False

    @property
    def said(self) -> tuple[str, str]:
        """What the event says, equal for every way to write it: what happened, and what was declared of it."""
        return self.hash_id, self.declared

    @property
    def key(self) -> tuple[str, bool]:
        """What is unique in the repository."""
        return self.event_id, self.is_declaration


def draft_of(event: Mapping[str, Any], contexts: Sequence[Any], inherited: Context, place: int = 0) -> Draft:
    """Read a valid event.

    :param contexts: of its document, as they are kept; none if it stands alone.
    :param inherited: the same, merged.
    """
    context = inherited.within(event.get("@context"))
    declaration = event.get("errorDeclaration")
    hash_id = event_hash(event, inherited)
    said = _said_by(event)
    transformation_id = said.get("transformationID")
    text = _text_of(event)
    named = list(_named_in(said, context))
    return Draft(
        place=place,
        text=text,
        contexts=contexts,
        event_id=event.get("eventID") or hash_id,
        is_declaration=declaration is not None,
        type=event["type"] if event["type"] in EVENTS else context.expand(event["type"]) or event["type"],
        action=said.get("action"),
        biz_step=_word(said.get("bizStep"), context, "bizStep"),
        disposition=_word(said.get("disposition"), context, "disposition"),
        read_point=_place(said.get("readPoint"), context),
        biz_location=_place(said.get("bizLocation"), context),
        transformation_id=None if transformation_id is None else same(transformation_id, context),
        event_time=instant(event["eventTime"]),
        tz_offset=event["eventTimeZoneOffset"],
        declared_at=None if declaration is None else instant(declaration["declarationTime"]),
        declared_reason=None if declaration is None else _word(declaration.get("reason"), context, "reason"),
        hash_id=hash_id,
        content=hashlib.sha256(f"{hash_id}\n{text}".encode()).digest(),
        declared=declaration_text(event, inherited),
        has_sensors="sensorElementList" in said,
        named=named,
        attributes=attributes_of(said, context),
        lots=[] if declaration is not None else _lots_of(said, named, context),
    )


def lots_told(event: Mapping[str, Any], contexts: Sequence[Any]) -> list[str]:
    """Return of which lots an event says that the packs are which it brings into being.

    :param contexts: of its document.
    """
    if "errorDeclaration" in event:
        return []
    context, said = Context.of(*contexts).within(event.get("@context")), _said_by(event)
    return _lots_of(said, list(_named_in(said, context)), context)


def _said_by(event: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what the standard gives a meaning: in types that others defined its names may mean anything."""
    return event if event["type"] in EVENTS else {name: value for name, value in event.items() if ":" in name}


def _lots_of(event: Mapping[str, Any], named: Iterable[Named], context: Context) -> list[str]:
    """Return the lots that the packs are of which an event brings into being: goods by their number, each with its lot."""
    # In an order that does not depend on how the event was written.
    said = sorted((event.get("ilmd") or {}).items())
    number = next((value for name, value in said if context.expand(name) == LOT_NUMBER), None)
    if (
        not (isinstance(number, str) and 0 < len(number) <= QUALIFIER_LENGTH["10"])
        or event.get("action", "ADD") != "ADD"
    ):
        return []
    goods = {each.uri[:_GOODS_END]: None for each in named if each.role in MADE_ITEMS and _is_pack(each.uri)}
    return [f"{uri}/10/{escape(number)}" for uri in goods]


def _is_pack(uri: str) -> bool:
    return uri.startswith(_GOODS) and uri.startswith("/21/", _GOODS_END)


def _text_of(event: Mapping[str, Any]) -> str:
    said = {name: value for name, value in event.items() if name not in _OURS}
    return json.dumps(said, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def same(uri: str, context: Context) -> str:
    """Return the canonical form of an identifier, a prefixed one written out."""
    if uri.startswith(("urn:", "http")):
        return canonical(uri)
    return canonical(context.expand(uri) or uri)


def _word(word: str | None, context: Context, field_: str) -> str | None:
    return None if word is None else vocabulary(word, context, field=field_)


def _place(place: Mapping[str, Any] | None, context: Context) -> str | None:
    return None if place is None else same(place["id"], context)


def _named_in(event: Mapping[str, Any], context: Context) -> Iterator[Named]:
    """Yield what an event names, each thing once in a role unless it comes with quantities."""
    if "parentID" in event:
        yield Named(same(event["parentID"], context), event["parentID"], Role.PARENT)
    for name, role in _ITEMS:
        for uri in dict.fromkeys(event.get(name) or ()):
            yield Named(same(uri, context), uri, role)
    for name, role in _QUANTITIES:
        for element in event.get(name) or ():
            quantity, uri = element.get("quantity"), element["epcClass"]
            yield Named(same(uri, context), uri, role, None if quantity is None else str(quantity), element.get("uom"))
