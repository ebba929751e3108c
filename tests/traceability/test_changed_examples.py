"""Whatever the standard lets through is kept and comes back as it came, odd as it may be."""

from urllib.parse import quote
from uuid import UUID

from tests.factories import make_member
from tests.traceability.disagreements import changed_documents
from tests.traceability.examples import needs_examples
from traceability.standard.validation import events_of, problems_of_document


def valid_documents(seed, count):
    """Changed documents that are still valid, each event with an identifier of its own."""
    number = seed << 32
    for document in changed_documents(seed, count):
        if problems_of_document(document):
            continue
        for event in events_of(document):
            event["eventID"] = f"urn:uuid:{UUID(int=number)}"
            number += 1
        yield document


def plain(value):
    """The value with its numbers as doubles: 1e300 may come back with all its zeros."""
    if isinstance(value, dict):
        return {name: plain(each) for name, each in value.items() if name not in ("recordTime", "@context")}
    if isinstance(value, list):
        return [plain(each) for each in value]
    return float(value) if type(value) is int else value


def kept(client, headers, event):
    """The event as the repository has it, without what it added."""
    address = f"/epcis/events/{quote(event['eventID'], safe='')}"
    answer = client.get(address, headers=headers | {"GS1-EPC-Format": "Never_Translates"}).get_json()
    return plain(answer["epcisBody"]["queryResults"]["resultsBody"]["eventList"])


def capture_and_compare(client, headers, seed, count):
    captured = 0
    for document in valid_documents(seed, count):
        taken = client.post("/epcis/capture", json=document, headers=headers)
        job = client.get(taken.headers["Location"], headers=headers).get_json()
        assert (taken.status_code, job["success"], job["errors"]) == (202, True, []), document
        for event in events_of(document):
            assert kept(client, headers, event) == [plain(event)]
            captured += 1
    return captured


@needs_examples
def test_changed_documents_that_are_valid_are_kept_as_they_came(client, bearer):
    assert capture_and_compare(client, bearer(make_member("producer")), seed=31, count=150) > 30
