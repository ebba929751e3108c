"""Public example documents: what is valid comes back as it came, what is not leaves nothing behind."""

from __future__ import annotations

import json
from urllib.parse import quote

import pytest

from tests.factories import make_member
from tests.traceability.events import digest
from tests.traceability.examples import EXAMPLES, expected_hashes, needs_examples, paths, published_schema, read
from traceability.standard.validation import EVENT_PATHS, events_of

AS_CAPTURED = {"GS1-EPC-Format": "Never_Translates"}


def is_good(path):
    """Tell what GS1's schema says, never ours; an event that stands for a document brings its context."""
    document = read(path)
    if not isinstance(document, dict) or "Invalid" in path.parts or "invalid" in path.parts:
        return False
    return published_schema().is_valid(document) and (document.get("type") in EVENT_PATHS or "@context" in document)


def chosen(*, good):
    found = [path for path in (paths() if EXAMPLES.is_dir() else ()) if is_good(path) == good]
    return [pytest.param(path, id=str(path.relative_to(EXAMPLES))) for path in found]


def without_ours(event):
    return {name: value for name, value in event.items() if name not in ("recordTime", "eventID")}


@needs_examples
@pytest.mark.parametrize("path", chosen(good=True))
def test_a_valid_document_is_captured_and_its_events_come_back_equal(client, bearer, path):
    headers = bearer(make_member("producer"))
    document = read(path)
    events = events_of(document)

    taken = client.post("/epcis/capture", data=path.read_bytes(), headers=headers, content_type="application/json")

    assert taken.status_code == 202, taken.get_data(as_text=True)
    job = client.get(taken.headers["Location"], headers=headers).get_json()
    assert (job["running"], job["success"], job["errors"]) == (False, True, [])
    assert job["stored"] + job["duplicates"] == len(events)
    expected = expected_hashes().get(
        str(path.relative_to(EXAMPLES / "data")) if path.is_relative_to(EXAMPLES / "data") else ""
    )
    for place, event in enumerate(events):
        if "eventID" in event:
            event_id = event["eventID"]
        elif expected and not expected["quirk"][place]:
            event_id = expected["ids"][place]
        else:
            continue
        answer = client.get(f"/epcis/events/{quote(event_id, safe='')}", headers=headers | AS_CAPTURED)
        assert answer.status_code == 200, event_id
        found = answer.get_json()
        assert published_schema().is_valid(found)
        listed = found["epcisBody"]["queryResults"]["resultsBody"]["eventList"]
        assert without_ours(event) in [without_ours(each) for each in listed]
        assert all("recordTime" in each for each in listed)


@needs_examples
@pytest.mark.parametrize("path", chosen(good=True))
def test_what_was_answered_is_the_same_when_it_comes_back(client, bearer, path):
    headers = bearer(make_member("producer"))
    client.post("/epcis/capture", data=path.read_bytes(), headers=headers, content_type="application/json")
    before = digest("trace_events", "trace_event_epcs", "trace_event_attributes")

    for form in ("Always_GS1_Digital_Link", "Never_Translates"):
        answered = client.get("/epcis/events?perPage=1000", headers=headers | {"GS1-EPC-Format": form}).get_json()
        again = client.post("/epcis/capture", json=answered, headers=headers)
        job = client.get(again.headers["Location"], headers=headers).get_json()
        assert (job["success"], job["stored"], job["errors"]) == (True, 0, [])

    assert digest(*before) == before


@needs_examples
def test_every_example_that_has_a_hash_is_good():
    hashed = [path for path in paths() if str(path.relative_to(EXAMPLES)).removeprefix("data/") in expected_hashes()]

    assert len(hashed) == 29
    assert [path for path in hashed if not is_good(path)] == []


@needs_examples
@pytest.mark.parametrize("path", chosen(good=False))
def test_an_invalid_document_is_refused_with_pointers_and_leaves_nothing(client, bearer, path):
    headers = bearer(make_member("producer"))
    before = digest()

    refused = client.post("/epcis/capture", data=path.read_bytes(), headers=headers, content_type="application/json")

    assert refused.status_code == 400
    assert refused.content_type == "application/problem+json"
    problem = json.loads(refused.get_data())
    assert problem["type"] == "epcisException:ValidationException"
    assert all(error["pointer"].startswith("#") and error["detail"] for error in problem["errors"])
    assert digest() == before
