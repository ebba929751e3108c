"""Traces on the wire."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from marshmallow import fields, validate

from shop.api import Schema
from shop.clock import SHANGHAI
from shop.fields import Instant
from traceability.genealogy.answers import Amount, Node, Step
from traceability.genealogy.gaps import Gap

_URI = {"example": "https://id.gs1.org/01/04012345123456/10/A1"}
_DECIMAL = {"description": "A decimal string", "example": "12.5"}
MOST_EVENTS = 1000


class _Number(fields.String):
    """A decimal without an exponent or needless zeros."""

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> Any:
        return super()._serialize(_shown(value), attr, obj, **kwargs)


class _Many(fields.List[Any]):
    """A list that may hold ten thousand things of one shape: the schema documents them, and a function writes each.

    Asked field by field, they take longer than finding them did. A test holds each function against its schema.
    """

    def __init__(self, shape: type[Schema], write: Callable[[Any], dict[str, Any]], **kwargs: Any) -> None:
        super().__init__(fields.Nested(shape), **kwargs)
        self._write = write

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> Any:  # noqa: ARG002
        write = self._write
        return [write(each) for each in value]


def _shown(value: Decimal | None) -> str | None:
    """Return a decimal without an exponent or needless zeros."""
    shown = None if value is None else f"{value:f}"
    return shown.rstrip("0").rstrip(".") if shown and "." in shown else shown


class HandoverQuery(Schema):
    """Which way."""

    direction = fields.String(
        required=True,
        validate=validate.OneOf(("up", "down")),
        metadata={"description": "`up`: where it came from; `down`: where it went"},
    )


class TraceQuery(HandoverQuery):
    """Which way, and how many events."""

    max_events = fields.Integer(
        load_default=MOST_EVENTS,
        validate=validate.Range(1, MOST_EVENTS),
        metadata={"description": "Events that the document holds at most; the rest is counted"},
    )


class TraceNodeSchema(Schema):
    """An identifier that was reached."""

    id = fields.String(attribute="uri", required=True, metadata=_URI)
    captured = fields.String(required=True, metadata={"description": "As it was captured"})
    kind = fields.String(required=True, metadata={"description": "`instance`, `lot`, `class` …"})
    part = fields.String(
        required=True,
        validate=validate.OneOf(("self", "thing", "carrier", "class")),
        metadata={
            "description": "`carrier`: it or another was in or on it for a while. `class`: no lot, not followed."
        },
    )
    depth = fields.Integer(
        required=True, metadata={"description": "Transformations and containers in between, by the shortest way"}
    )


class TraceAmountSchema(Schema):
    """What goes into or comes out of a transformation."""

    id = fields.String(attribute="uri", required=True, metadata=_URI)
    quantity = _Number(required=True, allow_none=True, metadata=_DECIMAL)
    uom = fields.String(required=True, allow_none=True, metadata={"example": "KGM"})
    reached = fields.Boolean(required=True, metadata={"description": "Whether the trace goes through it"})


def _node(node: Node) -> dict[str, Any]:
    return {"id": node.uri, "captured": node.captured, "kind": node.kind, "part": node.part, "depth": node.depth}


def _amount(amount: Amount) -> dict[str, Any]:
    return {"id": amount.uri, "quantity": _shown(amount.quantity), "uom": amount.uom, "reached": amount.reached}


def _step(step: Step) -> dict[str, Any]:
    return {
        "event": step.event_id,
        "at": step.at.astimezone(SHANGHAI).isoformat(),
        "biz_step": step.biz_step,
        "transformation_id": step.transformation_id,
        "inputs": [_amount(each) for each in step.inputs],
        "outputs": [_amount(each) for each in step.outputs],
    }


def _gap(gap: Gap) -> dict[str, Any]:
    expected, found = _shown(gap.expected), _shown(gap.found)
    return {"kind": gap.kind, "subject": gap.subject, "expected": expected, "found": found, "uom": gap.uom}


class TraceStepSchema(Schema):
    """A transformation; events that share a transformationID are one process."""

    event = fields.String(attribute="event_id", required=True, metadata={"description": "Its eventID"})
    at = Instant(required=True)
    biz_step = fields.String(required=True, allow_none=True)
    transformation_id = fields.String(required=True, allow_none=True)
    inputs = _Many(TraceAmountSchema, _amount, required=True)
    outputs = _Many(TraceAmountSchema, _amount, required=True)


class TraceGapSchema(Schema):
    """Something that is missing or cannot be."""

    kind = fields.String(
        required=True,
        validate=validate.OneOf(
            ("never_made", "never_opened", "class_without_lot", "more_out_than_in", "more_used_than_made")
        ),
    )
    subject = fields.String(
        required=True,
        metadata={"description": "The identifier, or the event or transformationID that does not balance"},
    )
    expected = _Number(required=True, allow_none=True, metadata={"description": "What went in or was made"})
    found = _Number(required=True, allow_none=True, metadata={"description": "What came out, was used, or is inside"})
    uom = fields.String(required=True, allow_none=True)


class TraceSchema(Schema):
    """Where something came from or went."""

    identifier = fields.String(required=True)
    direction = fields.String(required=True)
    nodes = _Many(TraceNodeSchema, _node, required=True)
    steps = _Many(TraceStepSchema, _step, required=True)
    gaps = _Many(TraceGapSchema, _gap, required=True)
    packs = fields.Integer(
        required=True,
        metadata={
            "description": "Packs of the lot that have numbers: those of which nothing else is told are no nodes"
        },
    )
    events = fields.Dict(required=True, metadata={"description": "The events as an EPCISQueryDocument"})
    events_left_out = fields.Integer(required=True)


class HandoverSchema(Schema):
    """Goods change hands: one step up for who receives, one step down for who gives."""

    event = fields.String(attribute="event_id", required=True)
    at = Instant(required=True)
    biz_step = fields.String(required=True, allow_none=True)
    thing = fields.String(required=True, metadata={"description": "What of the trace was handed over"})
    carrier = fields.String(
        required=True, allow_none=True, metadata={"description": "In what, if the event names only that"}
    )
    sources = fields.List(fields.String(), required=True)
    destinations = fields.List(fields.String(), required=True)
    documents = fields.List(fields.String(), required=True, metadata={"description": "Business transactions"})


class HandoverListSchema(Schema):
    """The nearest changes of hands on each way."""

    identifier = fields.String(required=True)
    direction = fields.String(required=True)
    items = fields.List(fields.Nested(HandoverSchema), required=True)
