"""The EPCIS interface behind the server that runs it: addresses, sizes, bodies that come in pieces."""

from __future__ import annotations

import http.client
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, suppress
from time import monotonic, sleep
from urllib.parse import quote, urlsplit

import psutil
import pytest

from shop import clock
from shop.app import create_app
from shop.db import db, transaction
from shop.identity import services as identity
from tests.conftest import make_settings
from tests.factories import make_member
from tests.system.test_up import free_port
from tests.test_architecture import ROOT
from tests.traceability.events import CONTEXTS, document, observed, rows

pytestmark = [pytest.mark.system, pytest.mark.committed]
PATIENCE_S = 90
LIMIT = 1_000_000


@pytest.fixture(scope="module")
def url(cluster) -> Iterator[str]:
    """A database of all these tests: each starts with what the ones before have stored."""
    with cluster.database() as address:
        yield address


@pytest.fixture
def here(url, tmp_path) -> Iterator[None]:
    """The application on that database, in this process."""
    app = create_app(make_settings(url, DATA_DIR=tmp_path))
    with app.app_context():
        yield
        db.session.remove()
        db.engine.dispose()


@pytest.fixture(scope="module")
def server(url, tmp_path_factory) -> Iterator[tuple[int, psutil.Process]]:
    """Granian with one web process; yields its port and that process."""
    port = free_port()
    environment = {
        **os.environ, "DATABASE_URL": url, "BROKER_URL": "memory://", "SECRET_KEY": "x" * 20,
        "DUIKOU_DATA": str(tmp_path_factory.mktemp("data")), "EPCIS_CAPTURE_FILE_SIZE_LIMIT": str(LIMIT),
    }  # fmt: skip
    command = [sys.executable, "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port)]
    command += ["--workers", "1", "--no-ws", "--log-level", "warning", "--blocking-threads", "4", "wsgi:app"]
    process = subprocess.Popen(command, cwd=ROOT, env=environment)
    try:
        end = monotonic() + PATIENCE_S
        while not answers(port):
            assert monotonic() < end, "the server does not answer"
            sleep(0.2)
        yield port, psutil.Process(process.pid).children(recursive=True)[-1]
    finally:
        process.terminate()
        process.wait()


def answers(port: int) -> bool:
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=5)) as connection:
        with suppress(OSError, http.client.HTTPException):
            connection.request("GET", "/healthz")
            return connection.getresponse().status == 200
        return False


@pytest.fixture
def call(server, here):
    """Send one request; returns status, headers and what the body says."""
    member = make_member("producer")
    with transaction():
        secret = identity.issue_token(member.membership_id, "test", ("*",), at=clock.real_now()).secret
    db.session.remove()

    def send(method, path, body=None, **headers):
        given = {"Authorization": f"Bearer {secret}", "Content-Type": "application/json", **headers}
        with closing(http.client.HTTPConnection("127.0.0.1", server[0], timeout=60)) as connection:
            connection.request(method, path, body, given, encode_chunked="Transfer-Encoding" in given)
            with closing(connection.getresponse()) as answer:
                raw = answer.read()
                return answer.status, answer.headers, json.loads(raw) if raw else None

    return send


IDENTIFIERS = (
    "https://id.example.org/a/b//c?x=1&y=2#z", "ni:///sha-256;abc?ver=CBV2.0", "urn:x:a%2Fb", "urn:x:%E5%86%9C",
    "https://id.example.org/", "http://user@host:1/;p?q",
)  # fmt: skip


def test_an_event_is_found_under_any_identifier_percent_encoded_in_the_path(call):
    found = {}
    for event_id in IDENTIFIERS:
        event = {"@context": CONTEXTS, **observed(eventID=event_id)}
        made, headers, _ = call("POST", "/epcis/events", json.dumps(event))
        by_location = call("GET", urlsplit(headers["Location"]).path)
        by_identifier = call("GET", f"/epcis/events/{quote(event_id, safe='')}")
        [told] = by_identifier[2]["epcisBody"]["queryResults"]["resultsBody"]["eventList"]
        found[event_id] = made, by_location[0], by_identifier[0], told["eventID"]

    assert found == {event_id: (201, 200, 200, event_id) for event_id in IDENTIFIERS}


def test_a_document_that_comes_in_pieces_is_captured(call):
    body = json.dumps(document(observed(eventID="urn:x:in-pieces"))).encode()

    status, _, _ = call("POST", "/epcis/capture", iter([body[:50], body[50:]]), **{"Transfer-Encoding": "chunked"})

    assert (status, rows("SELECT count(*) FROM trace_events WHERE event_id = 'urn:x:in-pieces'")) == (202, [(1,)])


def test_a_giant_is_refused_and_the_server_does_not_grow(call, server):
    call("GET", "/epcis/")
    jobs = rows("SELECT count(*) FROM trace_jobs")
    before = server[1].memory_info().rss

    def pieces():
        for _ in range(200):
            yield b" " * 1_000_000

    with suppress(OSError):  # the server may hang up before it has heard everything
        status, _, problem = call("POST", "/epcis/capture", pieces(), **{"Content-Length": "200000000"})
        assert (status, problem["type"]) == (413, "epcisException:CaptureLimitExceededException")
    with suppress(OSError):
        status, _, problem = call("POST", "/epcis/capture", pieces(), **{"Transfer-Encoding": "chunked"})
        assert (status, problem["type"]) == (413, "epcisException:CaptureLimitExceededException")

    assert server[1].memory_info().rss - before < 60_000_000
    assert rows("SELECT count(*) FROM trace_jobs") == jobs
    assert call("GET", "/epcis/")[0] == 200
