"""Named queries: made, shown, answered, deleted; each organisation has its own."""

from __future__ import annotations

import pytest

from tests.factories import make_member
from tests.traceability.asking.questions import EX, ask, capture, everything, found_in, keys_in, problem_of
from tests.traceability.events import digest, sgtin

QUERIES = "/epcis/queries"
QUERY = {"eventType": ["ObjectEvent"], "MATCH_epc": [sgtin(1)], "GE_eventTime": "2026-07-14T09:00:00Z"}


@pytest.fixture
def headers(client, bearer):
    return bearer(make_member("producer"))


def make(client, headers, name="ours", query=None, **changes):
    return client.post(
        QUERIES, json={"name": name, "query": QUERY if query is None else query} | changes, headers=headers
    )


def test_a_query_is_kept_and_answered_under_its_name(client, headers):
    events = everything()
    capture(client, headers, *events.values())

    made = make(client, headers)

    assert (made.status_code, made.headers["Location"]) == (201, "http://localhost/epcis/queries/ours")
    assert client.get(f"{QUERIES}/ours", headers=headers).get_json() == {"name": "ours", "query": QUERY}
    assert client.get(QUERIES, headers=headers).get_json() == [{"name": "ours", "query": QUERY}]
    answer = ask(client, headers, f"{QUERIES}/ours/events")
    assert keys_in(answer) == [(events["wrong"]["eventID"], True), (events["wrong"]["eventID"], False)]
    assert answer.get_json()["epcisBody"]["queryResults"]["queryName"] == "ours"
    narrowed = ask(client, headers, f"{QUERIES}/ours/events", EXISTS_errorDeclaration="true")
    assert keys_in(narrowed) == [(events["wrong"]["eventID"], True)]


def test_a_query_brings_the_prefixes_of_its_fields(client, headers):
    capture(client, headers, *everything().values())

    make(client, headers | EX, "by header", {"EQ_ILMD_ex:variety": ["Gala"]})
    make(client, headers, "by context", {"@context": [{"mine": EX["GS1-Extensions"][3:]}], "LE_mine:season": 7})

    found = [found_in(ask(client, headers, f"{QUERIES}/{name}/events")) for name in ("by%20header", "by%20context")]
    assert [len(each) for each in found] == [1, 1]


def test_a_query_is_deleted(client, headers):
    make(client, headers)

    gone = client.delete(f"{QUERIES}/ours", headers=headers)

    assert gone.status_code == 204
    for answer in (
        client.get(f"{QUERIES}/ours", headers=headers),
        client.delete(f"{QUERIES}/ours", headers=headers),
        ask(client, headers, f"{QUERIES}/ours/events"),
    ):
        assert problem_of(answer)[:2] == (404, "NoSuchNameException")


def test_a_name_is_taken_once_an_organisation(client, bearer, headers):
    make(client, headers)
    before = digest("trace_queries")

    again = make(client, headers, query={"EQ_action": ["ADD"]})
    predefined = make(client, headers, "SimpleEventQuery")

    assert [problem_of(each)[:2] for each in (again, predefined)] == [(409, "ResourceAlreadyExistsException")] * 2
    assert digest("trace_queries") == before
    assert make(client, bearer(make_member("producer"))).status_code == 201


def test_another_organisation_does_not_see_the_query(client, bearer, headers):
    make(client, headers)
    stranger = bearer(make_member("producer"))

    assert client.get(QUERIES, headers=stranger).get_json() == []
    assert problem_of(client.get(f"{QUERIES}/ours", headers=stranger))[:2] == (404, "NoSuchNameException")
    assert client.delete(f"{QUERIES}/ours", headers=stranger).status_code == 404
    assert client.get(f"{QUERIES}/ours", headers=headers).status_code == 200


@pytest.mark.parametrize(
    "body",
    [
        [], "query", {}, {"name": "q"}, {"name": "q", "query": []}, {"query": {}}, {"name": "", "query": {}},
        {"name": 7, "query": {}}, {"name": "a/b", "query": {}}, {"name": " q", "query": {}}, {"name": "x" * 201, "query": {}},
        {"name": "q", "query": {}, "more": 1}, {"name": "q", "query": {"EQ_nothing": ["x"]}},
        {"name": "q", "query": {"EQ_bizStep": ["shiping"]}}, {"name": "q", "query": {"EQ_bizStep": [{}]}},
        {"name": "q", "query": {"GE_eventTime": "yesterday"}}, {"name": "q", "query": {"perPage": 5}},
        {"name": "q", "query": {"eventCountLimit": 5}}, {"name": "q", "query": {"EQ_un:known": "x"}},
        {"name": "q", "query": {f"EQ_ex{number}:f": "x" for number in range(101)}},
    ],
)  # fmt: skip
def test_what_is_no_query_is_refused_and_leaves_nothing(client, headers, body):
    before = digest("trace_queries")

    refused = client.post(QUERIES, json=body, headers=headers)

    assert problem_of(refused)[:2] == (400, "QueryValidationException")
    assert digest("trace_queries") == before


def test_only_json_is_taken(client, headers):
    refused = client.post(QUERIES, data="<query/>", headers=headers, content_type="application/xml")

    assert problem_of(refused)[:2] == (415, "UnsupportedMediaTypeException")


def test_queries_are_paged(client, headers):
    for number in range(3):
        make(client, headers, f"q{number}")

    first = ask(client, headers, QUERIES, perPage=2)
    second = client.get(first.headers["Link"].partition(";")[0].strip("<>"), headers=headers)

    assert [each["name"] for each in first.get_json() + second.get_json()] == ["q0", "q1", "q2"]
    assert "Link" not in second.headers
