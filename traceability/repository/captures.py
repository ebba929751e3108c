"""A document that was handed in: its events, their contexts, and what is wrong with each. Nothing here asks the database."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from traceability.repository.drafts import Draft, draft_of
from traceability.repository.refusals import NotValid
from traceability.standard import reading
from traceability.standard.contexts import Context
from traceability.standard.faults import Fault, pointer_of
from traceability.standard.validation import EVENT_PATHS, events_of, problems_of_document, problems_of_event


@dataclass
class Capture:
    """A document whose head is valid."""

    document: dict[str, Any]
    events: Sequence[Any]
    #: As they are kept with each event.
    contexts: list[Any]
    #: Pointer to the list of events; empty for an event that stands alone.
    base: str
    #: What is wrong with events, by their places.
    faults: dict[int, list[Fault]] = field(default_factory=dict)

    @property
    def context(self) -> Context:
        """The document's contexts merged."""
        return Context.of(*self.contexts)

    def drafts(self, first: int = 0, last: int | None = None) -> list[Draft]:
        """Return the valid events of a part of the document."""
        context = self.context
        chosen = range(first, len(self.events) if last is None else min(last, len(self.events)))
        return [
            draft_of(self.events[place], self.contexts, context, place) for place in chosen if place not in self.faults
        ]


def read(raw: bytes) -> dict[str, Any]:
    """Return what a body says.

    :raises NotValid: if it is no JSON object.
    """
    document, fault = reading.read(raw)
    if fault is None and not isinstance(document, dict):
        fault = Fault("", "The body is a JSON object.")
    if fault is not None:
        raise NotValid([fault])
    return dict(document)  # type: ignore[call-overload, no-any-return]


def examine(document: dict[str, Any], *, each_for_itself: bool) -> Capture:
    """Hold a document against the standard.

    :param each_for_itself: faults of single events are kept with them and do not refuse the others.
    :raises NotValid: for what is wrong.
    """
    events = events_of(document)
    path = EVENT_PATHS.get(str(document.get("type")))
    contexts = document.get("@context", []) if path else []
    capture = Capture(
        document, events, contexts if isinstance(contexts, list) else [contexts], pointer_of("", path or ())
    )
    faults = problems_of_document(document)
    if faults and not (each_for_itself and path):
        raise NotValid(faults)
    if faults:
        head = problems_of_document(_emptied(document, path or ()))
        if head:
            raise NotValid(head)
        capture.faults = {
            place: found for place, event in enumerate(events) if (found := _faults_of(capture, place, event))
        }
    return capture


def _faults_of(capture: Capture, place: int, event: Any) -> list[Fault]:
    """Return the faults of an event in a document, whose contexts it shares."""
    alone = {"@context": capture.contexts, **event} if isinstance(event, dict) else event
    pointer = f"{capture.base}/{place}"
    return [Fault(pointer + fault.pointer, fault.detail) for fault in problems_of_event(alone)]


def _emptied(document: dict[str, Any], path: Sequence[str]) -> dict[str, Any]:
    """Return a document without its events."""
    name, rest = path[0], path[1:]
    return document | {name: _emptied(document[name], rest) if rest else []}
