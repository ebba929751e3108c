"""Our judgement of changed documents beside that of the published schema."""

import json
from functools import cache
from random import Random

from tests.traceability.examples import paths, published_schema, read
from tests.traceability.mutations import mutated
from traceability.standard.validation import events_of, problems_of_document

#: What is more than the schema, and said so.
BEYOND = "parentID is missing: it must be there"
#: Larger documents have no more kinds of places, only more of them.
MAX_CHARACTERS = 40_000


@cache
def beginnings():
    """Valid documents and single events to change, and all documents to take pieces from."""
    every = [document for path in paths() if len(json.dumps(document := read(path))) < MAX_CHARACTERS]
    valid = [document for document in every if published_schema().is_valid(document)]
    alone = [
        {"@context": document["@context"], **event}
        for document in valid
        if "epcisBody" in document
        for event in events_of(document)
    ]
    return valid + alone, every


def changed_documents(seed, count):
    rng = Random(seed)  # noqa: S311
    valid, every = beginnings()
    for _ in range(count):
        yield mutated(rng.choice(valid), rng, every)


def disagreements(seed, count):
    """Return the changed documents on which the two schemas differ, and how many the published one takes."""
    differing, taken = [], 0
    for document in changed_documents(seed, count):
        faults = [fault for fault in problems_of_document(document) if not fault.detail.startswith(BEYOND)]
        theirs = published_schema().is_valid(document)
        taken += theirs
        if theirs == bool(faults):
            differing.append((document, faults))
    return differing, taken
