"""What every answer and every page has: versions, pages of lists, security headers, CSRF, figures, log lines."""

from __future__ import annotations

import base64
import json
import logging
import subprocess
import sys
from uuid import UUID

import pytest
from sqlalchemy.exc import DataError, OperationalError

from shop import etag, layout, problems
from shop.errors import DomainError, TooMany
from shop.paging import BadCursor, decode_cursor, encode_cursor, make_page
from tests.test_architecture import ROOT

ONE = "/api/v1/samples/019c5a1e-7b3c-7d2e-8f10-2a6b9c4d5e6f"


def test_an_edit_needs_the_version_that_was_read(acting):
    without = acting.patch(ONE, json={})
    other = acting.patch(ONE, json={}, headers={"If-Match": '"2"'})
    strange = [acting.patch(ONE, json={}, headers={"If-Match": value}) for value in ("*", '"x"', '"' + "9" * 30 + '"')]

    assert (without.status_code, without.json["type"]) == (428, "/problems/precondition-required")
    assert (other.status_code, other.json["type"]) == (412, "/problems/version-changed")
    assert [answer.status_code for answer in strange] == [412, 412, 412]
    assert acting.patch(ONE, json={}, headers={"If-Match": 'W/"3"'}).status_code == 200
    assert etag.format_etag(3) == '"3"'


def test_pages_of_a_list_join_without_gap_or_repeat(client):
    seen, cursor = [], ""
    while cursor is not None:
        answer = client.get(f"/api/v1/samples?limit=3&cursor={cursor}").json
        seen.append(answer["items"])
        cursor = answer["next"]

    assert seen == [[1, 2, 3], [4, 5, 6], [7]]


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=101", "limit=x", "cursor=%F0", "cursor=abc", "cursor=" + "a" * 501]
)
def test_a_page_that_cannot_be_is_refused(client, query):
    assert client.get(f"/api/v1/samples?{query}").status_code == 422


@pytest.mark.parametrize(
    "cursor", ["e30", encode_cursor("a", "b"), encode_cursor("x"), encode_cursor(2**63), encode_cursor("")]
)
def test_a_cursor_of_another_list_is_refused(cursor):
    with pytest.raises(BadCursor):
        decode_cursor(cursor, int)


@pytest.mark.parametrize("document", [b"[5]", b"[null]", b"[[]]", b"[" * 20_000])
def test_a_cursor_made_by_hand_is_refused(document):
    with pytest.raises(BadCursor):
        decode_cursor(base64.urlsafe_b64encode(document).decode(), UUID)


def test_a_cursor_keeps_its_key():
    assert decode_cursor(encode_cursor("枸杞", 7), str, int) == ["枸杞", 7]
    assert decode_cursor("", str) is None
    assert make_page([1, 2, 3], 3, lambda n: (n,)).next is None


def test_a_pages_links_to_itself_never_lead_to_a_site_named_in_its_address(app):
    with app.test_request_context(environ_overrides={"PATH_INFO": "//example.org/x"}):
        assert layout.address_with(lang="en") == "/example.org/x?lang=en"


def test_every_answer_has_the_security_headers(client):
    for path in ("/healthz", "/nothing", "/api/v1/samples", "/api/v1/nothing"):
        headers = client.get(path).headers
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["X-Frame-Options"] == "DENY"
        assert "script-src 'self'" in headers["Content-Security-Policy"]
        assert "unsafe" not in headers["Content-Security-Policy"]
        assert headers["Referrer-Policy"] == "same-origin"


def test_pages_refuse_a_form_without_its_token_and_the_api_needs_none(app, acting):
    page = acting.post("/samples/send", data={"a": "b"})

    assert app.config.get("WTF_CSRF_ENABLED", True) is True
    assert page.status_code == 400
    assert "CSRF" in page.text
    assert acting.delete(ONE).status_code == 204


def test_the_request_id_is_given_back_and_made_up_when_it_is_odd(client):
    assert client.get("/healthz", headers={"X-Request-Id": "request-0001"}).headers["X-Request-Id"] == "request-0001"
    for odd in ("short", "with space in it", "a" * 65):
        made = client.get("/healthz", headers={"X-Request-Id": odd}).headers["X-Request-Id"]
        assert (len(made), made.isalnum()) == (32, True)


def test_who_asks_too_often_is_told_for_how_long(app):
    with app.test_request_context("/api/v1/sessions"):
        answer = problems.answer_domain_error(TooMany("慢一点。", retry_after_s=7))

    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "7")
    assert (answer.json["type"], answer.json["retry_after_s"]) == ("/problems/too-many-requests", 7)


def test_a_database_that_is_away_is_a_503(app):
    with app.test_request_context("/api/v1/samples"):
        answer = problems.answer_bug(OperationalError("SELECT 1", {}, ConnectionError("gone")))

    assert (answer.status_code, answer.json["type"], answer.headers["Retry-After"]) == (503, "/problems/busy", "1")


def test_a_sum_that_no_column_holds_is_the_callers_mistake(app):
    class OutOfRange(Exception):
        sqlstate = "22003"

    with app.test_request_context("/api/v1/samples"):
        answer = problems.answer_bug(DataError("UPDATE 1", {}, OutOfRange()))

    assert (answer.status_code, answer.json["type"]) == (422, "/problems/out-of-range")


def test_a_text_that_no_index_holds_is_the_callers_mistake_and_not_a_busy_server(app):
    class TooLong(Exception):
        sqlstate = "54000"

    with app.test_request_context("/api/v1/samples"):
        answer = problems.answer_bug(OperationalError("INSERT 1", {}, TooLong()))

    assert (answer.status_code, answer.json["type"]) == (422, "/problems/out-of-range")
    assert "Retry-After" not in answer.headers


def test_a_bug_is_a_bare_500_outside_tests(app, client, caplog):
    app.testing = False
    try:
        answer = client.post("/api/v1/samples/bug")
    finally:
        app.testing = True

    assert (answer.status_code, answer.json["detail"]) == (500, "")
    assert "a bug" not in answer.text
    assert [record.levelno for record in caplog.records if record.message == "unexpected error"] == [logging.ERROR]


def test_reserved_members_cannot_be_taken():
    with pytest.raises(ValueError, match="title"):
        DomainError("no", title="x")


def test_metrics_count_answers_and_what_waits(client):
    client.get("/api/v1/samples")
    figures = client.get("/metrics").text

    assert 'duikou_requests_total{status="2xx"}' in figures
    assert "duikou_outbox_open 0.0" in figures
    assert "duikou_outbox_dead 0.0" in figures
    assert "duikou_broker_up 1.0" in figures
    assert 'duikou_queue_messages{queue="outgoing"} 0.0' in figures


def test_log_lines_are_json_with_the_request_id_also_from_libraries():
    script = """
import logging
from shop import logs
logs.configure()
logs.request_id.set("request-0001")
logs.log.info("told", county="靖远")
try:
    1 / 0
except ZeroDivisionError:
    logging.getLogger("library").exception("fell %s", "over")
"""
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, check=True, capture_output=True, text=True)
    told, fell = (json.loads(line) for line in done.stderr.splitlines())

    assert (told["event"], told["county"], told["request_id"], told["level"]) == (
        "told",
        "靖远",
        "request-0001",
        "info",
    )
    assert (fell["event"], fell["request_id"], fell["level"]) == ("fell over", "request-0001", "error")
    assert "ZeroDivisionError" in fell["exception"]
