"""Documents that somebody sends to hurt: too large, too deep, too wide."""

from __future__ import annotations

import json
from io import RawIOBase
from random import Random
from string import ascii_letters, digits
from typing import Any

import pytest

from tests.factories import make_member
from tests.traceability.events import CONTEXTS, digest, document, observed, packed, rows, sgtin
from traceability.repository import tasks

CAPTURE, EVENTS = "/epcis/capture", "/epcis/events"


def random_text(length):
    """A text that no compression makes shorter."""
    return "".join(Random(length).choices(ascii_letters + digits, k=length))  # noqa: S311


class Endless(RawIOBase):
    """A body that never ends, and knows how much of it was read."""

    def __init__(self) -> None:
        self.sent = 0

    def readable(self):
        return True

    def readinto(self, buffer):
        buffer[:] = b" " * len(buffer)
        self.sent += len(buffer)
        return len(buffer)


@pytest.fixture
def headers(app, client, bearer):
    kept = {name: app.config[name] for name in ("EPCIS_CAPTURE_LIMIT", "EPCIS_CAPTURE_FILE_SIZE_LIMIT")}
    app.config.update(EPCIS_CAPTURE_LIMIT=3, EPCIS_CAPTURE_FILE_SIZE_LIMIT=1_000_000)
    yield bearer(make_member("producer"))
    app.config.update(kept)


def refused(answer):
    found = json.loads(answer.get_data())
    assert (answer.status_code, found["type"]) == (413, "epcisException:CaptureLimitExceededException")
    assert answer.headers["GS1-EPCIS-Capture-Limit"] == "3"
    assert answer.headers["GS1-EPCIS-Capture-File-Size-Limit"] == "1000000"


@pytest.mark.parametrize("path", [CAPTURE, EVENTS])
def test_a_giant_document_is_refused_before_a_byte_of_it_is_read(client, headers, path):
    body, before = Endless(), digest()

    answer = client.post(
        path, headers=headers, content_type="application/json",
        environ_overrides={"wsgi.input": body, "CONTENT_LENGTH": "200000000"},
    )  # fmt: skip

    refused(answer)
    assert body.sent == 0
    assert digest() == before


@pytest.mark.parametrize("path", [CAPTURE, EVENTS])
def test_of_a_body_without_length_no_more_is_read_than_a_capture_may_have(client, headers, path):
    body, before = Endless(), digest()

    answer = client.post(
        path, headers=headers, content_type="application/json",
        environ_overrides={"wsgi.input": body, "wsgi.input_terminated": True, "CONTENT_LENGTH": ""},
    )  # fmt: skip

    refused(answer)
    assert body.sent <= 1_000_000 + 65_536
    assert digest() == before


def test_more_events_than_a_capture_may_have_are_refused(client, headers):
    before = digest()

    refused(client.post(CAPTURE, json=document(*(observed(sgtin(n)) for n in range(4))), headers=headers))

    assert digest() == before
    assert client.post(CAPTURE, json=document(observed(), observed(), observed()), headers=headers).status_code == 202


def deep(levels, opening, closing):
    return f'{{"@context": [], "type": "ObjectEvent", "ex:deep": {opening * levels}1{closing * levels}}}'


@pytest.mark.parametrize(("path", "behaviour"), [(CAPTURE, "rollback"), (CAPTURE, "proceed"), (EVENTS, "rollback")])
@pytest.mark.parametrize(
    "body",
    [
        "[" * 400_000, '{"a":' * 150_000, deep(100, "[", "]"), deep(100, '{"ex:a":', "}"), deep(60_000, "[", "]"),
        "{", "", "[]", "null", "1e999999", '"text"', '{"a": NaN}', '{"a": 1, "a": 2}', '{"type": "EPCISDocument"}',
        "9" * 900_000, '{"n": ' + "9" * 5_000 + "}", '{"n": 1e999}', '{"t": "\\u0000"}', '{"t": "\\ud800"}', "\x00",
        '{"type": ["EPCISDocument"]}', '{"type": "EPCISDocument", "epcisBody": []}', b"\xff\xfe{}", b"\xed\xa0\x80",
    ],
    ids=lambda body: str(body[:20]),
)  # fmt: skip
def test_what_is_no_document_is_refused_and_leaves_nothing(client, headers, path, body, behaviour):
    before = digest()
    asked = headers | {"GS1-Capture-Error-Behaviour": behaviour}

    answer = client.post(path, data=body, headers=asked, content_type="application/json")

    assert answer.status_code == 400
    assert json.loads(answer.get_data())["type"] == "epcisException:ValidationException"
    assert digest() == before


#: What may stand where a list of events belongs, and is none.
NO_LISTS: tuple[Any, ...] = (None, "x", 5, {}, True, {"eventList": []})
NO_BODIES: tuple[Any, ...] = (None, "x", 5, [], True)


@pytest.mark.parametrize("behaviour", ["rollback", "proceed"])
@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        *(({"epcisBody": {"eventList": each}}, "#/epcisBody/eventList") for each in NO_LISTS),
        *(({"epcisBody": each}, "#/epcisBody") for each in NO_BODIES),
        ({"epcisBody": {}}, "#/epcisBody/eventList"),
        ({"type": "EPCISQueryDocument", "epcisBody": {}}, "#/epcisBody/queryResults"),
        ({"type": "EPCISQueryDocument", "epcisBody": {"queryResults": {"queryName": "x"}}}, "#/epcisBody/queryResults/resultsBody"),
        *(
            (
                {"type": "EPCISQueryDocument", "epcisBody": {"queryResults": {"queryName": "x", "resultsBody": {"eventList": each}}}},
                "#/epcisBody/queryResults/resultsBody/eventList",
            )
            for each in NO_LISTS
        ),
    ],
    ids=str,
)  # fmt: skip
def test_a_document_without_a_list_of_events_is_refused_where_it_is_wrong(client, headers, change, pointer, behaviour):
    before = digest()

    answer = client.post(CAPTURE, json=document(**change), headers=headers | {"GS1-Capture-Error-Behaviour": behaviour})

    assert answer.status_code == 400
    assert [error["pointer"] for error in json.loads(answer.get_data())["errors"]] == [pointer]
    assert digest() == before


@pytest.mark.parametrize("behaviour", ["rollback", "proceed"])
def test_a_document_without_a_body_is_refused(client, headers, behaviour):
    before = digest()
    sent = document()
    del sent["epcisBody"]

    answer = client.post(CAPTURE, json=sent, headers=headers | {"GS1-Capture-Error-Behaviour": behaviour})

    assert answer.status_code == 400
    assert [error["pointer"] for error in json.loads(answer.get_data())["errors"]] == ["#/epcisBody"]
    assert digest() == before


#: Times that the schema takes and no calendar has.
BEYOND = ("0000-01-01T00:00:00Z", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "9999-12-31T23:59:60Z")


@pytest.mark.parametrize("at", BEYOND)
def test_a_time_outside_the_calendar_is_the_fault_of_its_event(client, headers, at):
    before = digest()
    late = observed(eventTime=at)
    wrong = observed(errorDeclaration={"declarationTime": at})

    refused_ = client.post(CAPTURE, json=document(observed(), late, wrong), headers=headers)
    alone = client.post(EVENTS, json={"@context": [], **late}, headers=headers)

    assert (refused_.status_code, alone.status_code) == (400, 400)
    assert [error["pointer"] for error in json.loads(refused_.get_data())["errors"]] == [
        "#/epcisBody/eventList/1/eventTime", "#/epcisBody/eventList/2/errorDeclaration/declarationTime",
    ]  # fmt: skip
    assert [error["pointer"] for error in json.loads(alone.get_data())["errors"]] == ["#/eventTime"]
    assert digest() == before


def test_under_proceed_a_time_outside_the_calendar_costs_its_event_and_no_other(client, headers):
    client.application.config["EPCIS_CAPTURE_LIMIT"] = 501
    events = [observed(sgtin(n)) for n in range(501)]
    events[250]["eventTime"] = BEYOND[0]

    answer = client.post(CAPTURE, json=document(*events), headers=headers | {"GS1-Capture-Error-Behaviour": "proceed"})
    tasks.work_on_jobs()

    job = client.get(answer.headers["Location"], headers=headers).get_json()
    assert (job["running"], job["success"], job["stored"]) == (False, False, 500)
    assert [(error["pointer"], error["eventID"]) for error in job["errors"]] == [
        ("#/epcisBody/eventList/250", events[250]["eventID"])
    ]


@pytest.mark.parametrize("said", ["x", 5, [1], {"set": [1]}, {"set": None}, {"set": "active"}, None, {"unset": [{}]}])
def test_a_persistent_disposition_of_any_form_is_kept_where_the_schema_takes_it(client, headers, said):
    event = packed("urn:epc:id:sscc:4012345.0000000001", sgtin(1), persistentDisposition=said or {})

    answer = client.post(CAPTURE, json=document(event), headers=headers)

    assert answer.status_code == 202
    assert rows("SELECT document -> 'persistentDisposition' FROM trace_events") == [(said or {},)]
    assert rows("SELECT count(*) FROM trace_event_attributes") == [(0,)]


@pytest.mark.parametrize("more", ["x", 5, {"resultsBody": {"vocabularyList": [{}]}}, {"resultsBody": "x"}])
def test_what_others_add_to_a_body_is_no_master_data(client, headers, more):
    body = {"eventList": [observed()], "queryResults": more}

    assert client.post(CAPTURE, json=document(epcisBody=body), headers=headers).status_code == 202

    assert rows("SELECT count(*) FROM trace_master_data") == [(0,)]


@pytest.mark.parametrize("header", ["x", 5, {"epcisMasterData": {"vocabularyList": [{}]}}])
def test_a_foreign_event_may_call_a_field_like_the_header_of_a_document(client, headers, header):
    times = {name: value for name, value in observed().items() if name.startswith("eventTime")}
    event = {"@context": CONTEXTS, "type": "ex:Pressing", **times, "epcisHeader": header}

    assert client.post(CAPTURE, json=event, headers=headers).status_code == 202

    assert rows("SELECT type FROM trace_events") == [("https://example.com/ns/Pressing",)]
    assert rows("SELECT count(*) FROM trace_master_data") == [(0,)]


@pytest.mark.parametrize("behaviour", ["rollback", "proceed"])
@pytest.mark.parametrize(
    "element",
    [
        {"id": "urn:x:1", "children": ["urn:x:2", "urn:x:" + random_text(6_000)]},
        {"id": "urn:x:" + random_text(6_000)},
        {"id": "urn:x:" + random_text(1_980)},
    ],
    ids=["child", "element", "element with its vocabulary"],
)
def test_master_data_that_no_index_holds_is_refused(client, headers, element, behaviour):
    before = digest()
    vocabulary = {
        "type": "urn:epcglobal:epcis:vtype:BusinessLocation",
        "vocabularyElementList": [{"id": "urn:x:0"}, element],
    }
    sent = document(observed(), epcisHeader={"epcisMasterData": {"vocabularyList": [vocabulary]}})

    answer = client.post(CAPTURE, json=sent, headers=headers | {"GS1-Capture-Error-Behaviour": behaviour})

    assert answer.status_code == 400
    assert [error["pointer"] for error in json.loads(answer.get_data())["errors"]] == [
        "#/epcisHeader/epcisMasterData/vocabularyList/0/vocabularyElementList/1"
    ]
    assert digest() == before


@pytest.mark.parametrize(
    "context",
    [
        [{f"p{n}": "urn:x:" for n in range(1_001)}], [{f"p{n}": "urn:x:" for n in range(600)}, {f"q{n}": "urn:x:" for n in range(600)}],
        [f"https://example.com/{n}" for n in range(1_001)], [{"p" * 250_000: "urn:x:"}], [{"p" * 99_000 + str(n): "urn:x:"} for n in range(3)],
    ],
    ids=["prefixes", "in two", "addresses", "long name", "long names"],
)  # fmt: skip
def test_contexts_that_declare_more_than_anybody_needs_are_refused(client, headers, context):
    before = digest()
    sent = document(observed())
    sent["@context"] = context

    answer = client.post(CAPTURE, json=sent, headers=headers)

    assert answer.status_code == 400
    assert json.loads(answer.get_data())["errors"][0]["pointer"] in ("#", "#/@context")
    assert digest() == before


def test_an_event_may_bring_a_context_for_each_of_its_parts(client, headers):
    prefixes = {f"p{n}": f"https://example.com/{n}/" for n in range(900)}
    parts = [{"@context": {"x": f"https://example.com/x{n}/"}, "x:a": n, "p7:b": n} for n in range(2_000)]
    sent = document(observed(**{"ex:parts": parts}))
    sent["@context"] = [{**prefixes, "ex": "https://example.com/ns/"}]

    assert client.post(CAPTURE, json=sent, headers=headers).status_code == 202

    found = rows("""SELECT n.name, a.value FROM trace_event_attributes a JOIN trace_names n ON n.id = a.name_id
                    WHERE a.value = '1999' ORDER BY n.name""")
    assert found == [("https://example.com/7/b", "1999"), ("https://example.com/x1999/a", "1999")]


@pytest.mark.parametrize("unit", ["{},", "[],", '{"a":1},', "0,", "[[[[[[["])
def test_a_body_of_more_values_than_any_document_has_is_refused_before_they_are_made(client, headers, unit):
    client.application.config["EPCIS_CAPTURE_FILE_SIZE_LIMIT"] = 20_000_000
    before = digest()
    body = '{"type":"ObjectEvent","ex:a":[' + unit * (19_000_000 // len(unit))

    answer = client.post(CAPTURE, data=body, headers=headers, content_type="application/json")

    # It does not even end: nobody has come to where that shows.
    assert answer.status_code == 400
    assert json.loads(answer.get_data())["errors"] == [
        {"pointer": "#", "detail": "The text holds more objects, lists or values than are read at once."}
    ]
    assert digest() == before


def test_an_event_of_more_than_a_million_bytes_is_refused(client, headers):
    client.application.config["EPCIS_CAPTURE_FILE_SIZE_LIMIT"] = 20_000_000
    before = digest()
    large = {"ex:a": ["x" * 99_000] * 11}

    whole = client.post(CAPTURE, json=document(observed(), observed(**large)), headers=headers)
    alone = client.post(EVENTS, json={"@context": CONTEXTS, **observed(**large)}, headers=headers)
    giant = client.post(
        EVENTS, json={"@context": CONTEXTS, **observed(**{"ex:a": ["x" * 99_000] * 21})}, headers=headers
    )

    assert [answer.status_code for answer in (whole, alone, giant)] == [400, 400, 413]
    assert json.loads(whole.get_data())["errors"][0]["pointer"] == "#/epcisBody/eventList/1"
    assert giant.headers["GS1-EPCIS-Capture-File-Size-Limit"] == "2000000"
    assert digest() == before


def test_a_hundred_thousand_extension_keys_are_refused(client, headers):
    event = observed() | {f"ex:{n}": n for n in range(100_000)}
    client.application.config["EPCIS_CAPTURE_FILE_SIZE_LIMIT"] = 10_000_000

    answer = client.post(CAPTURE, json=document(event), headers=headers)

    assert answer.status_code == 400
    assert rows("SELECT count(*) FROM trace_names") == [(0,)]


@pytest.mark.parametrize(
    "change",
    [
        {"eventID": "urn:x:" + "a" * 2_000}, {"bizStep": "https://example.com/" + "b" * 2_000},
        {"readPoint": {"id": "urn:x:" + "c" * 2_000}}, {"epcList": ["urn:x:" + "d" * 2_000]},
        {"ex:" + "e" * 2_000: 1}, {"ex:a": {"ex:" + "f" * 2_000: [1]}}, {"type": "ex:" + "g" * 2_000},
        {"bizTransactionList": [{"type": "ex:" + "h" * 2_000, "bizTransaction": "urn:x:1"}]},
    ],
)  # fmt: skip
def test_names_longer_than_an_index_holds_are_refused(client, headers, change):
    before = digest()

    answer = client.post(CAPTURE, json=document(observed(**change)), headers=headers)

    assert answer.status_code == 400
    assert digest() == before


def test_long_values_are_kept(client, headers):
    long = "长" * 30_000
    event = observed(**{"ex:story": long}, bizTransactionList=[{"bizTransaction": "urn:x:" + "a" * 5_000}])

    assert client.post(CAPTURE, json=document(event), headers=headers).status_code == 202

    assert rows("SELECT max(length(value)) FROM trace_event_attributes") == [(30_000,)]


@pytest.mark.parametrize("quantity", [1e300, -0.0, 10**40, 1e-300, 0.1])
def test_any_number_that_json_has_is_kept(client, headers, quantity):
    element = {"epcClass": "urn:epc:class:lgtin:4012345.012345.A", "quantity": quantity}
    event = observed(epcList=None, quantityList=[element], **{"ex:number": quantity})

    answer = client.post(CAPTURE, json=document(event), headers=headers)

    assert answer.status_code == 202
    assert rows("SELECT count(*) FROM trace_event_epcs WHERE quantity IS NOT NULL") == [(1,)]
    assert rows("SELECT count(*) FROM trace_event_attributes WHERE num IS NOT NULL") == [(1,)]


@pytest.mark.parametrize(
    "text", ["a\tb", "a\nb", "a\\Nb", "\\.", "\r", "'; DROP TABLE trace_events; --", "%s {x} :y", "\x1f"]
)
def test_texts_that_mean_something_elsewhere_are_texts(client, headers, text):
    event = observed(**{"ex:note": text})

    assert client.post(CAPTURE, json=document(event), headers=headers).status_code == 202

    assert rows("SELECT value, document ->> 'ex:note' FROM trace_event_attributes, trace_events") == [(text, text)]
