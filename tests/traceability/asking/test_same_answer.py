"""The database's answer is that of a filter over the same events in memory, whatever is asked."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.conftest import examples
from tests.factories import make_member
from tests.traceability.asking.questions import all_pages, capture
from tests.traceability.events import lot, observed, packed, sgtin, sscc

STEPS, ACTIONS = ("shipping", "receiving", "packing"), ("ADD", "OBSERVE", "DELETE")
PLACES = [f"urn:epc:id:sgln:4012345.{number:05d}.0" for number in range(3)]
TIMES = [f"2026-07-14T{hour:02d}:00:00Z" for hour in range(6)]
EPCS = [sgtin(number) for number in range(4)] + [sscc(1)]
LOTS = [lot("A"), lot("B")]


def made():
    """Events in which values come together in many ways."""
    for number in range(36):
        epcs = [EPCS[number % 4], EPCS[(number * 3 + 1) % 4]]
        common: dict[str, Any] = {"readPoint": {"id": PLACES[number % 2]}}
        if number % 4 == 0:
            yield packed(EPCS[4], *epcs, at=TIMES[number % 5], **common)
        else:
            elements = [{"epcClass": LOTS[number % 2], "quantity": number % 7}] if number % 5 else None
            said = {"action": ACTIONS[number % 3], "bizStep": STEPS[number // 3 % 3], "eventTime": TIMES[number % 5]}
            yield observed(*epcs, quantityList=elements, **said, **common, **{"ex:rank": number % 6})


def some(values):
    return st.lists(st.sampled_from(values), min_size=1, max_size=2, unique=True).map("|".join)


QUESTIONS = st.fixed_dictionaries(
    {},
    optional={
        "EQ_action": some(ACTIONS), "EQ_bizStep": some(STEPS), "EQ_readPoint": some(PLACES),
        "GE_eventTime": st.sampled_from(TIMES), "LT_eventTime": st.sampled_from(TIMES),
        "eventType": some(["ObjectEvent", "AggregationEvent"]), "MATCH_epc": some(EPCS), "MATCH_anyEPC": some(EPCS),
        "MATCH_parentID": some(EPCS), "MATCH_epcClass": some(LOTS), "GT_quantity": st.sampled_from("135"),
        "LE_ex:rank": st.sampled_from("024"),
    },
)  # fmt: skip


def holds(event, name, value):
    """Whether an event is as a parameter says, by the standard's words."""
    values = value.split("|")
    items = [*event.get("epcList", ()), *event.get("childEPCs", ())]
    elements = event.get("quantityList", ())
    return {
        "EQ_action": lambda: event["action"] in values,
        "EQ_bizStep": lambda: event.get("bizStep") in values,
        "EQ_readPoint": lambda: event["readPoint"]["id"] in values,
        "GE_eventTime": lambda: event["eventTime"] >= value,
        "LT_eventTime": lambda: event["eventTime"] < value,
        "eventType": lambda: event["type"] in values,
        "MATCH_epc": lambda: bool(set(items) & set(values)),
        "MATCH_anyEPC": lambda: bool({*items, event.get("parentID")} & set(values)),
        "MATCH_parentID": lambda: event.get("parentID") in values,
        "MATCH_epcClass": lambda: any(each["epcClass"] in values for each in elements),
        "GT_quantity": lambda: any(each["quantity"] > int(value) for each in elements),
        "LE_ex:rank": lambda: event.get("ex:rank", 99) <= int(value),
    }[name]()


@pytest.fixture
def stored(client, bearer):
    headers = bearer(make_member("producer"))
    events = list(made())
    capture(client, headers, *events)
    return headers | {"GS1-Extensions": "ex=https://example.com/ns/"}, events


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=examples(40))
@given(question=QUESTIONS, per_page=st.integers(3, 40), direction=st.sampled_from(["ASC", "DESC"]))
def test_the_answer_is_that_of_a_filter_in_memory(client, stored, question, per_page, direction):
    headers, events = stored
    fitting = [event for event in events if all(holds(event, name, value) for name, value in question.items())]
    expected = sorted(fitting, key=lambda event: datetime.fromisoformat(event["eventTime"]))

    order = {"orderBy": "eventTime", "orderDirection": direction}
    pages = all_pages(client, headers, perPage=per_page, **order, **question)

    found = [event_id for page in pages for event_id, _ in page]
    ids = [event["eventID"] for event in expected]
    assert found == (ids if direction == "ASC" else [event["eventID"] for event in reversed(expected)])
    assert all(len(page) == per_page for page in pages[:-1])
