"""What subscriptions are told, in which order, and after failures; with real commits, because these decide what is new."""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
from datetime import timedelta

import pytest

from shop import clock
from shop.db import db, transaction
from shop.webhooks.dispatch import WAITS_S
from tests.factories import make_member
from tests.traceability.asking.conftest import QUERY, SECRET
from tests.traceability.asking.questions import capture
from tests.traceability.asking.test_concurrency import from_before
from tests.traceability.events import large, observed, rows, sgtin
from traceability.asking import subscription_tasks, telling
from traceability.repository.storing import Writer

pytestmark = pytest.mark.committed
PATH = f"{QUERY}/subscriptions"


@pytest.fixture
def app(committed_app):
    return committed_app


@pytest.fixture
def session(app):
    return None


@pytest.fixture
def client(app):
    return app.test_client()


@pytest.fixture
def member(app):
    with transaction():
        return make_member("producer")


def due(**changes):
    """Let the time of waiting go by."""
    sets = ", ".join(f"{name} = {value}" for name, value in {"next_at": "'2020-01-01'", **changes}.items())
    with transaction():
        db.session.execute(db.text(f"UPDATE trace_subscriptions SET {sets}"))


def said_to(receiver):
    """The identifiers of the events of each message."""
    bodies = [json.loads(body) for _, body in receiver.got]
    return [
        [each["eventID"] for each in body["epcisBody"]["queryResults"]["resultsBody"]["eventList"]] for body in bodies
    ]


def test_what_is_captured_is_sent_signed_and_once(client, headers, subscribe, receiver, deliver):
    before = observed(sgtin(1))
    capture(client, headers, before)
    address = subscribe()
    shipped, stored, again = observed(sgtin(2)), observed(sgtin(3), bizStep="storing"), observed(sgtin(4))
    capture(client, headers, shipped, stored)
    deliver()

    assert subscription_tasks.send() == 1
    capture(client, headers, again)
    deliver()
    assert subscription_tasks.send() == 1
    assert subscription_tasks.send() == 0

    assert said_to(receiver) == [[shipped["eventID"]], [again["eventID"]]]
    told, body = receiver.got[0]
    assert told["gs1-signature"] == hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
    assert told["content-type"] == "application/json"
    document = json.loads(body)
    assert document["type"] == "EPCISQueryDocument"
    results = document["epcisBody"]["queryResults"]
    assert (results["queryName"], results["subscriptionID"]) == ("ours", address.rpartition("/")[2])
    assert receiver.got[0][0]["webhook-id"] != receiver.got[1][0]["webhook-id"]


def test_a_subscription_is_shown_without_its_secret(client, headers, subscribe, receiver, deliver):
    address = subscribe()
    first = client.get(address, headers=headers)
    capture(client, headers, observed(sgtin(2)))
    deliver()
    subscription_tasks.send()

    shown, listed = client.get(address, headers=headers), client.get(PATH, headers=headers)

    assert "lastNotifiedAt" not in first.get_json()
    assert shown.get_json().keys() - first.get_json().keys() == {"lastNotifiedAt"}
    assert listed.get_json() == [shown.get_json()]
    assert shown.get_json()["dest"] == receiver.url
    assert SECRET not in shown.get_data(as_text=True) + listed.get_data(as_text=True)


def test_an_initial_record_time_brings_what_is_there(client, headers, subscribe, receiver):
    old = [observed(sgtin(number)) for number in range(3)]
    capture(client, headers, *old)

    subscribe(initialRecordTime="2020-01-01T00:00:00Z")
    subscription_tasks.send()

    assert said_to(receiver) == [[event["eventID"] for event in old]]


def test_many_events_are_told_in_messages_in_their_order(client, headers, subscribe, receiver, monkeypatch):
    monkeypatch.setattr(telling, "MOST_EVENTS", 2)
    old = [observed(sgtin(number)) for number in range(5)]
    capture(client, headers, *old)

    subscribe(initialRecordTime="2020-01-01T00:00:00Z")

    assert subscription_tasks.send() == 3
    ids = [event["eventID"] for event in old]
    assert said_to(receiver) == [ids[:2], ids[2:4], ids[4:]]


def test_a_message_that_fails_is_sent_again_before_anything_newer(client, headers, subscribe, receiver, deliver):
    address = subscribe()
    first, second = observed(sgtin(1)), observed(sgtin(2))
    receiver.status = 500
    capture(client, headers, first)
    deliver()
    subscription_tasks.send()
    capture(client, headers, second)
    deliver()
    assert subscription_tasks.send() == 0
    assert client.get(address, headers=headers).get_json()["lastError"] == "HTTP 500"

    receiver.status = 200
    due()
    assert subscription_tasks.send() == 2

    assert said_to(receiver) == [[first["eventID"]], [first["eventID"]], [second["eventID"]]]
    (failed, failed_body), (again, again_body), _ = receiver.got
    assert (failed["webhook-id"], failed_body) == (again["webhook-id"], again_body)
    assert "lastError" not in client.get(address, headers=headers).get_json()


def test_what_a_killed_worker_had_is_sent_by_another_with_the_same_id(client, headers, subscribe, receiver):
    capture(client, headers, observed(sgtin(1)))
    subscribe(initialRecordTime="2020-01-01T00:00:00Z")
    [had] = subscription_tasks._look()

    assert subscription_tasks.send() == 0
    due(claimed_until="'2020-01-01'")
    assert subscription_tasks.send() == 1

    [(told, body)] = receiver.got
    assert (told["webhook-id"], body) == (str(had.message_id), had.body)


@pytest.mark.parametrize(("status", "tries", "reason"), [(410, 0, "gone"), (500, len(WAITS_S), "unanswered")])
def test_who_does_not_answer_is_told_no_more(client, headers, subscribe, receiver, status, tries, reason):
    address = subscribe(initialRecordTime="2020-01-01T00:00:00Z")
    capture(client, headers, observed(sgtin(1)))
    receiver.status = status
    due(tries=tries)

    assert subscription_tasks.send() == 1
    due()
    assert subscription_tasks.send() == 0

    shown = client.get(address, headers=headers).get_json()
    assert (shown["disabledReason"], shown["lastError"]) == (reason, f"HTTP {status}")
    told = rows("SELECT payload ->> 'reason' FROM outbox_events WHERE topic = :topic", topic=telling.DISABLED)
    assert told == [(reason,)]


def test_who_has_left_is_told_no_more(client, headers, subscribe, receiver, member):
    subscribe(initialRecordTime="2020-01-01T00:00:00Z")
    capture(client, headers, observed(sgtin(1)))
    with transaction():
        db.session.execute(
            db.text("UPDATE memberships SET valid_from = '2020-01-01', valid_to = '2020-01-01' WHERE id = :id"),
            {"id": member.membership_id},
        )

    assert subscription_tasks.send() == 0

    assert receiver.got == []
    assert rows("SELECT disabled_reason FROM trace_subscriptions") == [("not_allowed",)]


def test_nobody_is_told_of_another_organisations_events(client, headers, subscribe, receiver, bearer):
    subscribe(initialRecordTime="2020-01-01T00:00:00Z")
    capture(client, bearer(make_member("producer")), observed(sgtin(1)))

    assert subscription_tasks.send() == 0
    assert receiver.got == []


def test_a_schedule_reports_also_nothing_if_asked_to(client, headers, subscribe, receiver):
    event = observed(sgtin(1))
    subscribe(stream=None, schedule={"second": "0", "minute": "0", "hour": "3"}, reportIfEmpty=True)
    assert subscription_tasks.send() == 0
    due()
    assert subscription_tasks.send() == 1
    capture(client, headers, event)
    assert subscription_tasks.send() == 0
    due()
    assert subscription_tasks.send() == 1

    assert said_to(receiver) == [[], [event["eventID"]]]
    [(next_at,)] = rows("SELECT next_at FROM trace_subscriptions")
    assert clock.real_now() < next_at <= clock.real_now() + timedelta(days=1)


def test_two_workers_at_once_send_once(app, client, headers, subscribe, receiver):
    capture(client, headers, observed(sgtin(1)))
    subscribe(initialRecordTime="2020-01-01T00:00:00Z")
    together, sent = threading.Barrier(2), []

    def work():
        with app.app_context():
            together.wait(60)
            sent.append(subscription_tasks.send())
            db.session.remove()

    workers = [threading.Thread(target=work) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)

    assert sorted(sent) == [0, 1]
    assert len(receiver.got) == 1


def test_what_commits_late_is_neither_left_out_nor_told_twice(app, client, headers, subscribe, receiver, member):
    capture(client, headers, observed(sgtin(3)))  # both share its contexts and values, and wait for nobody
    subscribe()
    slow, quick = observed(sgtin(1)), observed(sgtin(2))
    begun, go = threading.Event(), threading.Event()

    def capture_slowly():
        with app.app_context():
            from_before(Writer(member.organisation_id, "620421"), slow, begun, go)

    thread = threading.Thread(target=capture_slowly)
    thread.start()
    begun.wait(60)
    capture(client, headers, quick)
    due()
    assert subscription_tasks.send() == 1
    go.set()
    thread.join(60)
    due()
    assert subscription_tasks.send() == 1
    due()
    assert subscription_tasks.send() == 0

    assert said_to(receiver) == [[quick["eventID"]], [slow["eventID"]]]


def test_a_database_from_another_server_tells_rather_twice_than_never(client, headers, subscribe, receiver):
    subscribe()
    event = observed(sgtin(1))
    due(told="'900000000000:900000000000:'")
    capture(client, headers, event)

    assert subscription_tasks.send() == 1
    due()
    assert subscription_tasks.send() == 0

    assert said_to(receiver) == [[event["eventID"]]]


def test_a_message_of_large_events_ends_early_and_the_next_goes_on(client, headers, subscribe, receiver):
    subscribe()
    events = [large(sgtin(n)) for n in range(7)]
    capture(client, headers, *events)

    due()
    subscription_tasks.send()

    said = said_to(receiver)
    assert [len(each) for each in said] == [5, 2]
    assert [each for message in said for each in message] == [event["eventID"] for event in events]
