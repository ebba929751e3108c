"""Public example documents: the queries that should find an event find it, and those that should not do not."""

from __future__ import annotations

import json

import pytest

from tests.factories import make_member
from tests.traceability.asking.questions import ask, keys_in
from tests.traceability.examples import EXAMPLES, needs_examples, paths, read
from traceability.repository.drafts import draft_of
from traceability.repository.fields import CLASSES
from traceability.standard.contexts import Context
from traceability.standard.fields import EVENTS
from traceability.standard.identifiers import to_urn
from traceability.standard.validation import events_of, problems_of_document

MOST_NAMED = 3


def chosen():
    """Every valid document with events of the standard's own types."""
    for path in paths() if EXAMPLES.is_dir() else ():
        document = read(path)
        has_events = "epcisBody" in document and any(event["type"] in EVENTS for event in events_of(document))
        if has_events and not problems_of_document(document):
            yield pytest.param(path, id=str(path.relative_to(EXAMPLES)))


def listed(context):
    return context if isinstance(context, list) else [context]


@needs_examples
@pytest.mark.parametrize("path", list(chosen()))
def test_the_first_event_of_a_document_is_found_by_all_that_it_says(client, bearer, path):
    headers = bearer(make_member("producer"))
    document = read(path)
    taken = client.post("/epcis/capture", data=json.dumps(document), headers=headers, content_type="application/json")
    assert client.get(taken.headers["Location"], headers=headers).get_json()["success"]
    contexts = listed(document["@context"])
    event = next(event for event in events_of(document) if event["type"] in EVENTS)
    draft = draft_of(event, contexts, Context.of(*contexts))

    for parameters in questions_about(event, draft):
        keys = keys_in(ask(client, headers, perPage=1000, **parameters))

        assert draft.key in keys, parameters
    assert draft.key not in keys_in(ask(client, headers, perPage=1000, LT_eventTime=event["eventTime"]))


def questions_about(event, draft):
    yield {"EQ_eventID": draft.event_id}
    yield {"GE_eventTime": event["eventTime"], "eventType": event["type"]}
    for name, value in (("EQ_bizStep", draft.biz_step), ("EQ_disposition", draft.disposition)):
        if value:
            yield {name: value}
    for name, value in (("EQ_readPoint", draft.read_point), ("EQ_bizLocation", draft.biz_location)):
        if value:
            yield {name: value}
            yield {name: to_urn(value)}
    for named in draft.named[:MOST_NAMED]:
        name = "MATCH_anyEPCClass" if named.role in CLASSES else "MATCH_anyEPC"
        if ":" in named.captured:
            yield {name: named.uri}
            yield {name: to_urn(named.uri, named.captured), "EQ_eventID": draft.event_id}
