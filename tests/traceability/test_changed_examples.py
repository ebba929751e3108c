"""Whatever the standard lets through is kept and comes back as it came, odd as it may be."""

from copy import deepcopy
from urllib.parse import quote
from uuid import UUID

from tests.factories import make_member
from tests.traceability.disagreements import changed_documents
from tests.traceability.examples import needs_examples
from traceability.repository import captures, masterdata
from traceability.repository.captures import Capture
from traceability.repository.refusals import NotValid
from traceability.standard.validation import EVENT_PATHS, events_of, problems_of_document


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


def with_events(document, events):
    """The document with these events instead of its own."""
    path = EVENT_PATHS[document["type"]]
    changed = deepcopy(document)
    holder = changed
    for name in path[:-1]:
        holder = holder[name]
    holder[path[-1]] = events
    return changed


def examined(document, *, each_for_itself) -> Capture | None:
    """A capture as it is before anything is stored, or nothing if it is refused."""
    try:
        found = captures.examine(deepcopy(document), each_for_itself=each_for_itself)
    except NotValid:
        return None
    found.drafts()
    masterdata.require_short_names(found)
    return found


def has_blameless_head(document):
    """Whether a document with events would be valid without them."""
    has_events = str(document.get("type")) in EVENT_PATHS and events_of(document)
    return bool(has_events) and not problems_of_document(with_events(document, []))


def misjudged(seed, count):
    """Changed documents of which a capture takes other than what is valid; and how many it takes in part."""
    wrong, in_part = [], 0
    for document in changed_documents(seed, count):
        whole, each = (examined(document, each_for_itself=one) for one in (False, True))
        if (whole is None) != bool(problems_of_document(document)) or (whole and (each is None or each.faults)):
            wrong.append(document)
        elif whole is None and each is not None:
            in_part += 1
            good = [event for place, event in enumerate(each.events) if place not in each.faults]
            if problems_of_document(with_events(document, good)) or not each.faults:
                wrong.append(document)
        elif whole is None and has_blameless_head(document):
            wrong.append(document)
    return wrong, in_part


@needs_examples
def test_under_both_behaviours_a_capture_takes_of_changed_documents_what_is_valid():
    wrong, in_part = misjudged(seed=47, count=1_500)

    assert wrong == []
    assert in_part > 300


@needs_examples
def test_changed_documents_that_are_valid_are_kept_as_they_came(client, bearer):
    assert capture_and_compare(client, bearer(make_member("producer")), seed=31, count=150) > 30
