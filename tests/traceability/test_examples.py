"""Public example documents: what is valid comes back as it came, what is not leaves nothing behind."""

from __future__ import annotations

import json
from urllib.parse import quote

import pytest

from tests.factories import make_member
from tests.traceability.events import digest
from tests.traceability.examples import EXAMPLES, needs_examples, paths, published_schema, read
from traceability.standard.validation import events_of, problems_of_document

AS_CAPTURED = {"GS1-EPC-Format": "Never_Translates"}


def is_good(path):
    document = read(path)
    return not problems_of_document(document) and (events_of(document) != [document] or "@context" in document)


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
    for event in events:
        if "eventID" not in event:
            continue
        answer = client.get(f"/epcis/events/{quote(event['eventID'], safe='')}", headers=headers | AS_CAPTURED)
        found = answer.get_json()
        assert published_schema().is_valid(found)
        listed = found["epcisBody"]["queryResults"]["resultsBody"]["eventList"]
        assert without_ours(event) in [without_ours(each) for each in listed]
        assert all("recordTime" in each for each in listed)


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
