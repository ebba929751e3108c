"""Events that were captured when their hash was counted otherwise: the same content again is one event."""

from __future__ import annotations

from dataclasses import replace

import pytest

from shop.db import transaction
from tests.conftest import NOON
from tests.factories import make_organisation
from tests.traceability.disagreements import changed_documents
from tests.traceability.events import CONTEXTS, declared, digest, observed, rows, sgtin, store
from tests.traceability.examples import needs_examples
from traceability.repository.drafts import draft_of
from traceability.repository.earlier import earlier_hash_of
from traceability.repository.storing import Writer, store_events
from traceability.standard.contexts import Context
from traceability.standard.earlier_hashing import earlier_hash, may_differ
from traceability.standard.hashing import event_hash
from traceability.standard.validation import events_of, problems_of_document

PLACE = {"id": "urn:epc:id:sgln:4012345.00001.0", "https://a.b/door": "3"}
#: Each kind of event whose hash is another today, and the hash of before.
OTHERWISE = (
    ({"readPoint": PLACE}, "fca0adc32b377d6a1979a4820fa6b6c96861a7cf02c110c4702e94fb5c25f052"),
    ({"ex:link": "https://a.b/01/04012345111118/21/a%2Fb"}, "700388bfd3195d6a485f6abc64a2ab47b909dad1d42fb5ba82ed1adc3e5b45a6"),
    ({"ex:count": "１２"}, "d4265e86cc3b9481b56f43ba08ff6e24a057bf518d170fa79fa0f42e26f65724"),
    ({"type": "ex:Weighing"}, "2b8e08f5cb590be9138f2adcdfc050124e435db1db87fb13c144dca906b1ae81"),
    ({"sensorElementList": [{"sensorReport": [{"type": "Temperature", "value": 4, "uom": "CEL"}], "https://a.b/n": 1}]}, "d24f1ce05ddbc81980d1aa15c0628003d64ec21d50c42752b2065c40837545b8"),
)  # fmt: skip


@pytest.fixture
def writer(session):
    with transaction():
        return Writer(make_organisation("producer").id, "620421")


def stored_before(writer, event):
    """Store an event as it was stored when the hash of before was counted, and return that hash."""
    draft = draft_of(event, CONTEXTS, Context.of(*CONTEXTS))
    hash_id = earlier_hash_of(draft) or ""
    named = hash_id if draft.event_id == draft.hash_id else draft.event_id
    with transaction():
        store_events([replace(draft, event_id=named, hash_id=hash_id, content=b"0" * 32)], writer, at=NOON)
    return hash_id


@pytest.mark.parametrize(("changes", "hashed"), OTHERWISE, ids=str)
@pytest.mark.parametrize("has_id", [True, False])
def test_what_was_captured_under_the_hash_of_before_is_known(writer, changes, hashed, has_id):
    event = observed(**changes, **({} if has_id else {"eventID": None}))
    hash_id = stored_before(writer, event)
    before = digest()

    again = store(writer, event, dict(reversed(event.items())))

    assert hash_id == f"ni:///sha-256;{hashed}?ver=CBV2.0"
    assert (again.stored, len(again.known), again.taken) == ({}, 2, [])
    assert {draft.event_id for draft in again.known} == {event.get("eventID", hash_id)}
    assert digest() == before


def test_it_is_known_by_the_identifier_that_it_was_given_then_and_nothing_else_is(writer):
    event = observed(readPoint=PLACE, eventID=None)
    hash_id = stored_before(writer, event)
    before = digest()

    again = store(writer, event | {"eventID": hash_id})
    other = store(writer, event | {"eventID": hash_id, "action": "ADD"})

    assert (len(again.known), len(other.taken), again.stored, other.stored) == (1, 1, {}, {})
    assert digest() == before


def test_its_error_declaration_finds_it(writer):
    event = observed(readPoint=PLACE, eventID=None, type="AggregationEvent", action="ADD", parentID=sgtin(9))
    event = event | {"childEPCs": event.pop("epcList")}
    hash_id = stored_before(writer, event)

    outcome = store(writer, declared(event))

    assert [draft.event_id for draft in outcome.stored.values()] == [hash_id]
    assert rows("SELECT is_declaration, hash_id = event_id FROM trace_events ORDER BY id") == [
        (False, True),
        (True, False),
    ]
    assert rows("SELECT count(*) FROM trace_containments") == [(0,)]


def test_the_same_event_of_another_organisation_is_taken_as_it_was_before(writer):
    event = observed(readPoint=PLACE, eventID=None)
    stored_before(writer, event)
    with transaction():
        other = Writer(make_organisation("producer").id, "620421")

    outcome = store(other, event)

    assert (len(outcome.taken), outcome.stored) == (1, {})
    assert rows("SELECT count(*) FROM trace_events") == [(1,)]


@needs_examples
def test_no_event_whose_hash_changed_is_passed_over():
    differing = 0
    for document in changed_documents(11, 400):
        if problems_of_document(document):
            continue
        inherited = Context.of(document.get("@context"))
        for event in events_of(document):
            draft = draft_of(event, [document.get("@context")], inherited)
            if earlier_hash(event, inherited) != event_hash(event, inherited):
                assert may_differ(draft.type, draft.text, inherited)
                differing += 1

    assert differing == 4


def test_most_events_have_one_hash_and_are_not_hashed_twice():
    draft = draft_of(observed(sgtin(1), "https://id.gs1.org/01/04012345987652/21/7"), CONTEXTS, Context.of(*CONTEXTS))

    assert not may_differ(draft.type, draft.text, Context.of(*CONTEXTS))
    assert earlier_hash_of(draft) is None
