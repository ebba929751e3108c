"""Documents that somebody sends to hurt: too large, too deep, too wide."""

from __future__ import annotations

import json
from io import RawIOBase

import pytest

from tests.factories import make_member
from tests.traceability.events import digest, document, observed, rows, sgtin

CAPTURE, EVENTS = "/epcis/capture", "/epcis/events"


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


@pytest.mark.parametrize("path", [CAPTURE, EVENTS])
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
def test_what_is_no_document_is_refused_and_leaves_nothing(client, headers, path, body):
    before = digest()

    answer = client.post(path, data=body, headers=headers, content_type="application/json")

    assert answer.status_code == 400
    assert json.loads(answer.get_data())["type"] == "epcisException:ValidationException"
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
