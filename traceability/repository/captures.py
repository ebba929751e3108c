"""A document that was handed in: its events, their contexts, and what is wrong with each. Nothing here asks the database."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from traceability.repository.drafts import Draft, draft_of
from traceability.repository.refusals import NotValid
from traceability.standard import reading, validation
from traceability.standard.contexts import Context
from traceability.standard.faults import MAX_FAULTS, Fault, pointer_of
from traceability.standard.validation import EVENT_PATHS, events_of


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
    found = validation.examine(document, most=None if each_for_itself else MAX_FAULTS)
    if found.head or (found.events and not each_for_itself):
        raise NotValid(found.all[:MAX_FAULTS] if not each_for_itself else found.head)
    capture.faults = found.events
    return capture
