"""Queries while others capture, and queries that take too long; on real connections."""

from __future__ import annotations

import threading

import pytest
from sqlalchemy import text

from shop import clock
from shop.db import db, transaction
from shop.identity import services as identity
from tests.factories import make_member
from tests.traceability.asking.questions import ask, keys_in, problem_of
from tests.traceability.events import CONTEXTS, observed, sgtin, store
from traceability.repository import storing
from traceability.repository.drafts import draft_of
from traceability.repository.storing import Writer
from traceability.standard.contexts import Context

pytestmark = pytest.mark.committed


@pytest.fixture
def asking(committed_app):
    """A client, the headers of a producer's token, and who captures for it."""
    with transaction():
        actor = make_member("producer")
        issued = identity.issue_token(actor.membership_id, "test", ("*",), at=clock.real_now())
    headers = {"Authorization": f"Bearer {issued.secret}"}
    return committed_app.test_client(), headers, Writer(actor.organisation_id, "620421")


def at(minute):
    return observed(sgtin(minute), eventTime=f"2026-07-14T08:{minute:02d}:00Z")


def follow(client, headers, answer):
    return client.get(answer.headers["Link"].partition(";")[0].strip("<>"), headers=headers)


@pytest.mark.parametrize("parameters", [{}, {"MATCH_anyEPC": "urn:epc:idpat:sgtin:4012345.098765.*"}])
def test_what_is_captured_while_somebody_pages_changes_no_page(committed_app, asking, parameters):
    client, headers, writer = asking
    old = [at(minute) for minute in range(10, 50, 10)]
    store(writer, *old)
    slow, begun, go = at(25), threading.Event(), threading.Event()

    def capture_slowly():
        with committed_app.app_context():
            from_before(writer, slow, begun, go)

    thread = threading.Thread(target=capture_slowly)
    thread.start()
    begun.wait(60)
    first = ask(client, headers, perPage=2, **parameters)
    go.set()
    thread.join(60)
    store(writer, at(5), at(15), at(35), at(45))
    second = follow(client, headers, first)

    assert [key for key, _ in keys_in(first) + keys_in(second)] == [event["eventID"] for event in reversed(old)]
    assert "Link" not in second.headers
    assert len(keys_in(ask(client, headers, **parameters))) == 9


def from_before(writer, event, begun, go):
    """Store an event in a transaction that has begun, with its keys taken, and commits only when told."""
    with transaction():
        storing.store_events([draft_of(event, CONTEXTS, Context.of(*CONTEXTS))], writer, at=clock.now())
        db.session.flush()
        begun.set()
        go.wait(60)


def test_a_query_that_takes_too_long_is_ended(committed_app, asking):
    client, headers, writer = asking
    store(writer, at(1))
    committed_app.config["EPCIS_QUERY_MILLISECONDS"] = 200
    usual = db.session.execute(text("SHOW statement_timeout")).scalar_one()
    with db.engine.connect() as other, other.begin():
        other.execute(text("LOCK TABLE trace_events IN ACCESS EXCLUSIVE MODE"))

        refused = ask(client, headers, EQ_action="OBSERVE")

    assert problem_of(refused)[:2] == (413, "QueryTooComplexException")
    assert len(keys_in(ask(client, headers, EQ_action="OBSERVE"))) == 1
    assert db.session.execute(text("SHOW statement_timeout")).scalar_one() == usual != "200ms"
