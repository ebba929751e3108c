"""The API layer: strict requests, problems, and a document that says what is answered."""

from __future__ import annotations

import pytest

BODY = {"title": "枸杞", "price": {"amount": "12.30", "currency": "CNY"}, "quantity": {"value": "1.5", "unit": "kg"}}
KEY = {"Idempotency-Key": "k1"}
ONE = "/api/v1/samples/019c5a1e-7b3c-7d2e-8f10-2a6b9c4d5e6f"


def post(client, body, headers=KEY, **options):
    return client.post("/api/v1/samples", json=body, headers=headers, **options)


def test_a_good_request_is_answered(acting):
    answer = post(acting, BODY)

    assert answer.status_code == 201
    assert answer.json == {
        "id": "019c5a1e-7b3c-7d2e-8f10-2a6b9c4d5e6f",
        "title": "枸杞",
        "price": {"amount": "12.30", "currency": "CNY"},
        "made_at": "2026-07-15T12:00:00+08:00",
    }


def test_each_wrong_member_gets_a_pointer(acting):
    answer = post(acting, {"title": "", "price": {"amount": 12.3, "currency": "CNY"}, "extra/~": 1})

    assert answer.status_code == 422
    assert answer.content_type == "application/problem+json"
    assert answer.json["type"] == "/problems/validation"
    assert sorted((error["pointer"], error["detail"]) for error in answer.json["errors"]) == [
        ("#/extra~1~0", "没有这一项。"),
        ("#/price", '金额须写作 {"amount": "12.30", "currency": "CNY"}，至多两位小数。'),
        ("#/quantity", "必填。"),
        ("#/title", "长度须在 1 至 50 之间。"),
    ]


def test_english_callers_get_english_messages(acting):
    answer = post(acting, {**BODY, "title": ""}, {**KEY, "Accept-Language": "en"})

    assert answer.json["errors"] == [{"pointer": "#/title", "detail": "Length must be between 1 and 50."}]


@pytest.mark.parametrize(
    "raw",
    [b"", b"{", b"\xff", b'{"title": NaN}', b'{"title": "a", "title": "b"}', b'{"title": "a\\u0000"}', b'{"title": "\\ud800"}',
     b"[" * 100_000, b"1" * 5000],
)  # fmt: skip
def test_a_body_that_is_no_document_is_malformed(acting, raw):
    answer = acting.post("/api/v1/samples", data=raw, content_type="application/json", headers=KEY)

    assert (answer.status_code, answer.json["type"]) == (400, "/problems/malformed")


@pytest.mark.parametrize("raw", [b"[]", b"null", b'"text"', b"1"])
def test_a_document_that_is_no_object_is_refused(acting, raw):
    answer = acting.post("/api/v1/samples", data=raw, content_type="application/json", headers=KEY)

    assert answer.status_code == 422


def test_another_media_type_is_refused(acting):
    answer = acting.post("/api/v1/samples", data="a=b", content_type="text/plain", headers=KEY)

    assert (answer.status_code, answer.json["type"]) == (415, "/problems/unsupported-media-type")


def test_a_body_may_be_left_out_when_nothing_in_it_is_required(acting):
    answer = acting.patch(ONE, headers={"If-Match": '"3"'})

    assert (answer.status_code, answer.json["title"]) == (200, "")


def test_an_unknown_query_parameter_does_not_pass_unseen(client):
    answer = client.get("/api/v1/samples?conty=620421")

    assert answer.status_code == 422
    assert answer.json["errors"] == [{"pointer": "#/conty", "detail": "没有这一项。"}]
    assert client.get("/api/v1/samples?lang=en").status_code == 200


def test_a_nul_in_address_or_form_is_refused(client):
    assert client.get("/api/v1/samples?county=%00").status_code == 400
    assert client.post("/samples/send", data={"a": "\x00"}).status_code == 400


def test_nobody_is_asked_to_sign_in(client):
    answer = post(client, BODY)

    assert (answer.status_code, answer.json["type"]) == (401, "/problems/unauthenticated")
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="duikou"'


def test_a_refusal_carries_its_code_and_members(acting):
    answer = post(acting, {**BODY, "title": "busy"})

    assert answer.status_code == 409
    assert answer.json == {
        "type": "/problems/sample-is-busy",
        "title": "Conflict",
        "status": 409,
        "detail": "It is busy.",
        "instance": "/api/v1/samples",
        "by": "somebody",
    }


def test_the_wrong_method_is_a_problem(client):
    answer = client.put("/api/v1/samples")

    assert (answer.status_code, answer.content_type) == (405, "application/problem+json")
    assert "GET" in answer.headers["Allow"]


def test_no_content_has_no_body(acting):
    answer = acting.delete(ONE)

    assert (answer.status_code, answer.data, answer.content_type) == (204, b"", None)


def test_the_document_says_what_views_wear(client):
    document = client.get("/api/openapi.json").json
    make = document["paths"]["/api/v1/samples"]["post"]
    change = document["paths"]["/api/v1/samples/{sample_id}"]["patch"]
    look = document["paths"]["/api/v1/samples"]["get"]

    assert document["openapi"] == "3.1.0"
    assert (make["security"], make["x-permission"], look["security"]) == ([{"bearer": []}], "samples:edit", [])
    assert make["parameters"] == [{"$ref": "#/components/parameters/IdempotencyKey"}]
    assert change["parameters"] == [{"$ref": "#/components/parameters/IfMatch"}]
    assert set(make["responses"]) == {"201", "400", "401", "403", "404", "409", "413", "415", "422", "503"}
    assert {"412", "428"} < set(change["responses"])
    assert set(look["responses"]) == {"200", "400", "404", "422"}
    assert (make["requestBody"]["required"], change["requestBody"]["required"]) == (True, False)
    forbidden = document["components"]["responses"]["FORBIDDEN"]["content"]
    assert forbidden["application/problem+json"]["schema"] == {"$ref": "#/components/schemas/Problem"}


def test_the_document_describes_our_fields(client):
    members = client.get("/api/openapi.json").json["components"]["schemas"]["MakeSample"]["properties"]

    assert members["price"]["properties"]["amount"]["pattern"] == r"^-?[0-9]{1,13}(\.[0-9]{1,2})?$"
    assert members["quantity"]["type"] == "object"
    assert members["day"]["type"] == ["string", "null"]
    assert members["day"]["format"] == "date"
