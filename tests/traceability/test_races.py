"""Captures at the same time, on real connections: each event once, nobody waits in a circle, pages stand still."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from random import Random
from threading import Barrier, Event

import pytest
from sqlalchemy import select

from shop import clock
from shop.db import db, transaction
from shop.identity import services as identity
from tests.conftest import NOON
from tests.factories import make_member, make_organisation
from tests.traceability.events import CONTEXTS, document, lot, observed, packed, rows, sgtin, sscc, store
from traceability.repository import bounds, storing
from traceability.repository.drafts import draft_of
from traceability.repository.models import TraceEvent
from traceability.repository.storing import Writer
from traceability.standard.contexts import Context

pytestmark = pytest.mark.committed
CAPTURES = 20


@pytest.fixture
def headers(committed_app):
    member = make_member("producer")
    with transaction():
        secret = identity.issue_token(member.membership_id, "test", ("*",), at=clock.real_now()).secret
    db.session.remove()
    return {"Authorization": f"Bearer {secret}"}


def at(minute):
    return f"2026-07-14T08:{minute:02d}:00Z"


def pool_of_events():
    """Events that share identifiers, names and parents, so that captures meet everywhere."""
    events = [observed(sgtin(n % 7), sgtin(50 + n), **{f"ex:field{n % 5}": n}) for n in range(30)]
    events += [packed(sscc(n % 3), sgtin(n % 7), sgtin(100 + n), at=at(n)) for n in range(20)]
    events += [packed(sscc(n % 3), sgtin(n % 7), action="DELETE", at=at(20 + n)) for n in range(10)]
    element = {"epcClass": lot("IN"), "quantity": 1, "uom": "KGM"}
    events += [
        observed(
            type="TransformationEvent", action=None, epcList=None, inputQuantityList=[element], outputEPCList=[sgtin(n)]
        )
        for n in range(10)
    ]
    return events


def together(app, headers, documents):
    """Capture the documents at once; return the jobs."""
    start = Barrier(len(documents))

    def run(body):
        with app.app_context():
            client = app.test_client()
            start.wait()
            taken = client.post("/epcis/capture", json=body, headers=headers)
            assert taken.status_code == 202
            return client.get(taken.headers["Location"], headers=headers).get_json()

    with ThreadPoolExecutor(len(documents)) as pool:
        return list(pool.map(run, documents))


@pytest.mark.parametrize("behaviour", ["rollback", "proceed"])
def test_overlapping_documents_are_captured_at_once_and_each_event_is_stored_once(committed_app, headers, behaviour):
    events, chance = pool_of_events(), Random(7)  # noqa: S311  the same again
    documents = [document(*chance.sample(events, 45)) for _ in range(CAPTURES)]

    jobs = together(committed_app, headers | {"GS1-Capture-Error-Behaviour": behaviour}, documents)

    wanted = {event["eventID"] for body in documents for event in body["epcisBody"]["eventList"]}
    assert [(job["success"], job["stored"] + job["duplicates"]) for job in jobs] == [(True, 45)] * CAPTURES
    assert sum(job["stored"] for job in jobs) == len(wanted)
    assert {event_id for (event_id,) in rows("SELECT event_id FROM trace_events")} == wanted
    assert (
        rows("SELECT count(*), count(DISTINCT uri) FROM trace_epcs")[0]
        == rows("SELECT count(DISTINCT epc_id), count(DISTINCT epc_id) FROM trace_event_epcs")[0]
    )
    assert contained() == contained_alone([event for event in events if event["eventID"] in wanted])


def contained():
    found = rows("""SELECT c.captured, p.captured, o.event_id, e.event_id FROM trace_containments t
                    JOIN trace_epcs c ON c.id = t.child_id JOIN trace_epcs p ON p.id = t.parent_id
                    JOIN trace_events o ON o.id = t.opened_by LEFT JOIN trace_events e ON e.id = t.closed_by""")
    return sorted(found, key=str)


def contained_alone(events):
    """What the rules make of the acts of each pair, in the order of time."""
    acts: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for event in sorted(events, key=lambda event: event["eventTime"]):
        for child in event.get("childEPCs", ()):
            acts.setdefault((child, event["parentID"]), []).append((event["action"], event["eventID"]))
    found: list[tuple[str, str, str, str | None]] = []
    for pair, group in acts.items():
        opened = None
        for action, event_id in group:
            if action == "ADD":
                opened = opened or event_id
            elif opened:
                found.append((*pair, opened, event_id))
                opened = None
        if opened:
            found.append((*pair, opened, None))
    return sorted(found, key=str)


def test_of_two_documents_that_give_one_identifier_to_two_events_one_is_stored_whole(committed_app, headers):
    chance = Random(3)  # noqa: S311  the same again
    shared = [observed(sgtin(n)) for n in range(12)]
    documents = []
    for number in range(CAPTURES):
        own = [observed(sgtin(f"own{number}-{n}")) for n in range(3)]
        said = [event | {"ex:by": number % 2} for event in shared]
        documents.append(document(*chance.sample(said + own, 15)))

    jobs = together(committed_app, headers, documents)

    [(kept,)] = rows("SELECT DISTINCT document ->> 'ex:by' FROM trace_events WHERE document ? 'ex:by'")
    winners = [job for number, job in enumerate(jobs) if number % 2 == int(kept)]
    losers = [job for number, job in enumerate(jobs) if number % 2 != int(kept)]
    assert {(job["success"], job["stored"] + job["duplicates"], len(job["errors"])) for job in winners} == {
        (True, 15, 0)
    }
    assert {(job["success"], job["stored"], len(job["errors"])) for job in losers} == {(False, 0, 12)}
    assert rows("SELECT count(*) FROM trace_events") == [(12 + 3 * len(winners),)]


def test_a_page_does_not_see_what_a_slower_capture_commits_below_it(committed_app):
    with transaction():
        writer = Writer(make_organisation("producer").id, "620421")
    store(writer, observed(), observed(sgtin(2)))  # what both will name is there
    [(before,)] = rows("SELECT max(id) FROM trace_events")
    inserted, may_commit = Event(), Event()

    def slow():
        with committed_app.app_context():
            with transaction():
                draft = draft_of(observed(), CONTEXTS, Context.of(*CONTEXTS))
                storing.store_events([draft], writer, at=NOON)
                inserted.set()
                may_commit.wait()
            db.session.remove()

    with ThreadPoolExecutor(1) as pool:
        slower = pool.submit(slow)
        inserted.wait()
        quick = store(writer, observed(), observed())
        bound = bounds.current_bound()
        db.session.rollback()
        may_commit.set()
        slower.result()

    everything = select(TraceEvent.id).where(TraceEvent.id > before).order_by(TraceEvent.id)
    within = db.session.scalars(everything.where(bounds.within(bound))).all()
    assert len(db.session.scalars(everything).all()) == 3
    assert within == sorted(quick.stored)
    assert db.session.scalars(everything.where(bounds.within(bounds.current_bound()))).all()[0] < within[0]
    db.session.rollback()


def test_events_of_a_restored_database_are_within_every_bound(committed_app):
    with transaction():
        writer = Writer(make_organisation("producer").id, "620421")
    key = next(iter(store(writer, observed()).stored))
    with transaction():
        db.session.execute(db.text("ALTER TABLE trace_events DISABLE TRIGGER USER"))  # a restore fires none
        db.session.execute(
            db.text(
                'INSERT INTO trace_events SELECT (jsonb_populate_record(e, \'{"id": 900, "event_id": "urn:x:1", "xid": "99999999"}\')).* FROM trace_events e'
            )
        )
        db.session.execute(db.text("ALTER TABLE trace_events ENABLE TRIGGER USER"))

    bound = bounds.current_bound()

    found = db.session.scalars(select(TraceEvent.id).where(bounds.within(bound)).order_by(TraceEvent.id)).all()
    db.session.rollback()
    assert found == [key, 900]
