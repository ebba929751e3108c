"""Events leave with the commit, reach each subscriber once, and are not lost with a worker."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import text

from shop import clock
from shop.db import db, transaction
from shop.errors import NotFound
from shop.jobs import Relay
from shop.logs import request_id
from shop.outbox import queries, services, tasks
from tests.conftest import count
from tests.kernel.conftest import SOMEBODY
from tests.kernel.sample import tasks as sample

OPERATOR = type(SOMEBODY)(**{**SOMEBODY.__dict__, "permissions": frozenset({"outbox:manage"})})
NAME = "tests.kernel.sample.tasks.on_sample_made"


@pytest.fixture(autouse=True)
def quiet_subscriber():
    sample.heard.clear()
    sample.poison.clear()
    yield
    sample.poison.clear()


def publish(title="枸杞"):
    with transaction():
        services.publish("samples.sample_made", title=title)
    return db.session.execute(text("SELECT id FROM outbox_events ORDER BY id DESC LIMIT 1")).scalar_one()


def claim(after_s=0):
    with transaction():
        return services.claim_deliveries(clock.real_now() + timedelta(seconds=after_s))


def delivery():
    return db.session.execute(text(f"SELECT * FROM outbox_deliveries WHERE subscriber = '{NAME}'")).one()


def fail(event_id, times):
    sample.poison.add("枸杞")
    for n in range(times):
        assert claim(after_s=3600 * (n + 1)) == [(event_id, NAME)]
        assert tasks.deliver_one(event_id, NAME) is False


def test_publishing_needs_a_transaction(session):
    with pytest.raises(RuntimeError, match="open transaction"):
        services.publish("samples.sample_made", title="枸杞")


def test_what_is_rolled_back_is_not_told(session):
    def fail_after_publishing():
        with transaction():
            services.publish("samples.sample_made", title="枸杞")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_after_publishing()

    assert (count("outbox_events"), count("outbox_deliveries")) == (0, 0)


def test_a_delivery_made_twice_is_heard_once(session, deliver):
    publish()

    assert deliver(times=2) == 1
    assert [title for title, _ in sample.heard] == ["枸杞"]


def test_the_request_id_reaches_the_subscriber(acting, deliver):
    body = {"title": "枸杞", "price": {"amount": "1", "currency": "CNY"}, "quantity": {"value": "1"}}
    headers = {"Idempotency-Key": "k", "X-Request-Id": "request-0001"}

    assert acting.post("/api/v1/samples", json=body, headers=headers).status_code == 201
    request_id.set("another")
    deliver()

    assert sample.heard == [("枸杞", "request-0001")]


def test_what_a_killed_worker_held_is_free_again_after_30_seconds(session):
    event_id = publish()

    assert claim() == [(event_id, NAME)]
    assert claim(after_s=29) == []
    assert claim(after_s=31) == [(event_id, NAME)]
    assert claim(after_s=31 + 59) == []


def test_a_failure_is_noted_undone_and_tried_again(session):
    event_id = publish()
    fail(event_id, 1)

    row = delivery()
    assert (row.done_at, row.dead_at, row.tries) == (None, None, 1)
    assert row.last_error == "Poisoned('枸杞')"
    sample.poison.clear()
    assert claim(after_s=11) == [(event_id, NAME)]
    assert tasks.deliver_one(event_id, NAME) is True
    assert delivery().last_error is None


def test_the_tenth_failure_makes_a_dead_letter_which_a_person_revives(session):
    event_id = publish()
    fail(event_id, 10)

    assert claim(after_s=10**6) == []
    assert [(letter.event_id, letter.subscriber) for letter in queries.list_dead_letters(20, None).items] == [
        (event_id, NAME)
    ]
    sample.poison.clear()
    with transaction():
        services.revive_dead_letter(event_id, NAME, SOMEBODY)
    assert claim() == [(event_id, NAME)]
    assert tasks.deliver_one(event_id, NAME) is True
    assert queries.get_state() == queries.OutboxState(open=0, dead=0, oldest_open_at=None)


def test_a_delivery_that_kills_its_worker_ten_times_is_buried(session):
    event_id = publish()
    for n in range(10):
        assert claim(after_s=3600 * n) == [(event_id, NAME)]

    with transaction():
        buried = services.bury_lost(clock.real_now() + timedelta(days=1))

    assert (buried, delivery().last_error) == (1, "no worker survived it")


def test_only_a_dead_letter_is_revived(session):
    event_id = publish()

    with pytest.raises(NotFound), transaction():
        services.revive_dead_letter(event_id, NAME, SOMEBODY)

    assert count("audit_entries") == 0


def test_a_broker_that_is_away_is_logged_and_nothing_is_lost(session, capsys):
    class AwayBroker:
        def send_task(self, *_args, **_options):
            relay.stop()
            raise ConnectionError("away")

    relay = Relay(AwayBroker())
    relay.wake()
    relay.join()

    said = capsys.readouterr()
    assert "broker is away" in said.out + said.err
    event_id = publish()
    assert claim() == [(event_id, NAME)]


def test_done_deliveries_are_forgotten_in_the_end(session, deliver):
    publish()
    deliver()

    with transaction():
        early = services.forget_done(clock.real_now() - timedelta(days=1))
    with transaction():
        late = services.forget_done(clock.real_now() + timedelta(seconds=1))

    assert (early, late, count("outbox_deliveries"), count("outbox_events")) == (0, 1, 0, 1)


def test_the_operators_page_and_api_show_and_revive_dead_letters(app, session, client):
    event_id = publish()
    fail(event_id, 10)
    app.extensions["load_actor"] = lambda: OPERATOR
    address = f"/dead-letters/{event_id}/{NAME}/retry"

    page = client.get("/operator/outbox").text
    listed = client.get("/api/v1/outbox/dead-letters").json
    answer = client.post("/api/v1/outbox" + address, headers={"Idempotency-Key": "k"})

    assert "Poisoned" in page
    assert NAME in page
    assert [item["event_id"] for item in listed["items"]] == [str(event_id)]
    assert (answer.status_code, answer.json["open"], answer.json["dead"]) == (200, 1, 0)
    again = client.post("/api/v1/outbox" + address, headers={"Idempotency-Key": "k2"})
    assert again.status_code == 404
    assert count("audit_entries") == 1


def test_who_may_not_manage_the_outbox_is_refused(acting):
    assert acting.get("/operator/outbox").status_code == 403
    assert acting.get("/api/v1/outbox").status_code == 403
    assert acting.get("/api/v1/outbox/dead-letters").status_code == 403


def test_old_idempotency_keys_are_forgotten(acting):
    body = {"title": "枸杞", "price": {"amount": "1", "currency": "CNY"}, "quantity": {"value": "1"}}
    acting.post("/api/v1/samples", json=body, headers={"Idempotency-Key": "k"})

    tasks.tidy()
    assert count("idempotency_keys") == 1
    with transaction():
        db.session.execute(text("UPDATE idempotency_keys SET created_at = created_at - interval '49 hours'"))
    tasks.tidy()
    assert count("idempotency_keys") == 0


def test_events_go_when_all_of_them_is_delivered_and_old_and_dead_letters_stay(app, session, deliver):
    dead = publish()
    fail(dead, 10)
    delivered, fresh = publish("核桃"), publish("核桃")
    deliver()
    month_ago = clock.real_now() - timedelta(days=31)
    with transaction():
        for event in (delivered, dead):
            age(event, month_ago)

    tasks.tidy()
    tasks.tidy()

    left = db.session.execute(text("SELECT id FROM outbox_events")).scalars().all()
    assert (delivered in left, fresh in left, len(left)) == (False, True, 2)
    assert (
        db.session.execute(text("SELECT count(*) FROM outbox_deliveries WHERE dead_at IS NOT NULL")).scalar_one() == 1
    )


def age(event_id: UUID, at: datetime) -> None:
    """Make an event one that was recorded, and if it was delivered, done at ``at``."""
    old = UUID(int=services.first_id_at(at).int + event_id.int % 2**64)
    values = {"old": old, "id": event_id, "at": at}
    for statement in (
        "INSERT INTO outbox_events SELECT :old, topic, payload, organisation_ids, request_id, :at FROM outbox_events WHERE id = :id",
        "UPDATE outbox_deliveries SET event_id = :old, done_at = CASE WHEN done_at IS NULL THEN NULL ELSE :at END WHERE event_id = :id",
        "DELETE FROM outbox_events WHERE id = :id",
    ):
        db.session.execute(text(statement), values)
