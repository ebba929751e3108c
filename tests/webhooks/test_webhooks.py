"""Endpoints, signatures, deliveries and what becomes of each try."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import timedelta

import pytest
from sqlalchemy import select, text

from shop import clock
from shop.db import db, transaction
from shop.outbox import services as outbox
from shop.outbox.services import publish
from shop.webhooks import dispatch, tasks
from shop.webhooks.models import WebhookDelivery, WebhookEndpoint
from tests import factories
from tests.conftest import NOON, count


@pytest.fixture
def owner(session):
    return factories.make_member("institution")


@pytest.fixture
def call(client, bearer, owner):
    """Call the webhooks' API as the owner, each time with a new key."""
    header = bearer(owner)
    keys = iter(range(1000))

    def send(method, path="", **options):
        headers = {**header, "Idempotency-Key": f"k{next(keys)}", **options.pop("headers", {})}
        return client.open(f"/api/v1/webhooks{path}", method=method, headers=headers, **options)

    return send


@pytest.fixture
def endpoint(call, receiver):
    answer = call("POST", json={"url": receiver.url, "topics": ["samples.sample_made"]})
    assert answer.status_code == 201
    return answer.json


def tell(*actors, title="枸杞"):
    with transaction():
        publish("samples.sample_made", organisations=[actor.organisation_id for actor in actors], title=title)


def make_due():
    with transaction():
        db.session.execute(
            text("UPDATE webhook_deliveries SET next_try_at = '2020-01-01' WHERE next_try_at IS NOT NULL")
        )


def the_delivery():
    db.session.rollback()
    return db.session.scalars(select(WebhookDelivery)).one()


def test_an_event_arrives_signed(owner, receiver, endpoint, deliver):
    tell(owner)
    deliver(times=2)

    assert tasks.send() == 1
    assert tasks.send() == 0
    [(headers, body)] = receiver.got
    document = json.loads(body)
    assert (document["type"], document["timestamp"], document["data"]) == (
        "samples.sample_made",
        NOON.astimezone(clock.SHANGHAI).isoformat(),
        {"title": "枸杞"},
    )
    assert headers["webhook-id"] == document["id"]
    assert headers["content-type"] == "application/json"
    key = base64.b64decode(endpoint["secret"].removeprefix("whsec_"))
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    expected = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    assert headers["webhook-signature"] == f"v1,{expected}"
    row = the_delivery()
    assert (row.tries, row.last_status, row.dead_at, row.next_try_at) == (1, 200, None, None)


def test_only_the_organisations_concerned_hear_it(owner, receiver, endpoint, deliver):
    stranger = factories.make_member("producer")

    tell(stranger)
    tell()
    deliver()

    assert (tasks.send(), receiver.got, count("webhook_deliveries")) == (0, [], 0)


def test_other_topics_are_not_heard_unless_all_are(owner, call, receiver, endpoint, deliver):
    change = call(
        "PATCH", f"/{endpoint['id']}", json={"topics": ["webhooks.endpoint_disabled"]}, headers={"If-Match": '"1"'}
    )
    tell(owner)
    deliver()
    assert (change.status_code, change.json["version"], tasks.send()) == (200, 2, 0)

    call("PATCH", f"/{endpoint['id']}", json={"topics": ["*"]}, headers={"If-Match": '"2"'})
    tell(owner)
    deliver()
    assert tasks.send() == 1


def test_during_a_rotation_both_secrets_sign(owner, call, receiver, endpoint, deliver):
    rotated = call("POST", f"/{endpoint['id']}/rotate-secret").json
    tell(owner)
    deliver()
    tasks.send()

    assert rotated["secret"] != endpoint["secret"]
    assert len(receiver.got[0][0]["webhook-signature"].split(" ")) == 2
    with transaction():
        db.session.execute(text("UPDATE webhook_endpoints SET previous_until = previous_until - interval '25 hours'"))
    tell(owner)
    deliver()
    tasks.send()
    assert len(receiver.got[1][0]["webhook-signature"].split(" ")) == 1


def test_a_failed_try_waits_longer_each_time_until_a_day_has_passed(owner, receiver, endpoint, deliver):
    receiver.status = 500
    tell(owner)
    deliver()

    waits = []
    for _ in range(10):
        tasks.send()
        row = the_delivery()
        assert (row.last_status, row.last_error, row.dead_at) == (500, "HTTP 500", None)
        waits.append(round((row.next_try_at - clock.real_now()).total_seconds()))
        make_due()
    tasks.send()

    assert [abs(wait - planned) <= 2 for wait, planned in zip(waits, dispatch.WAITS_S, strict=True)] == [True] * 10
    row = the_delivery()
    assert (row.tries, row.dead_at is None, row.next_try_at) == (11, False, None)
    assert timedelta(hours=20) < timedelta(seconds=sum(dispatch.WAITS_S)) < timedelta(hours=26)


def test_a_delivery_given_up_is_sent_again_by_hand(owner, call, receiver, endpoint, deliver):
    receiver.status = 410
    tell(owner)
    deliver()
    tasks.send()
    dead = call("GET", f"/{endpoint['id']}/deliveries?state=dead").json["items"][0]
    retry = f"/{endpoint['id']}/deliveries/{dead['id']}/retry"
    receiver.status = 204

    off = call("POST", retry)
    call("PATCH", f"/{endpoint['id']}", json={"is_enabled": True}, headers={"If-Match": '"2"'})
    again = call("POST", retry)
    sent = tasks.send()
    late = call("POST", retry)

    assert (off.status_code, off.json["type"]) == (409, "/problems/endpoint-disabled")
    assert (again.status_code, again.json["state"], again.json["tries"], sent) == (200, "open", 0, 1)
    assert (late.status_code, late.json["type"]) == (409, "/problems/delivery-not-dead")
    assert call("GET", f"/{endpoint['id']}/deliveries?state=done").json["items"][0]["last_status"] == 204


def test_a_receiver_that_says_gone_is_switched_off(owner, call, receiver, endpoint, deliver):
    receiver.status = 410
    tell(owner)
    deliver()
    tasks.send()

    shown = call("GET", f"/{endpoint['id']}").json
    assert (shown["is_enabled"], shown["disabled_reason"]) == (False, "gone")
    topics = db.session.execute(text("SELECT topic FROM outbox_events ORDER BY id")).scalars().all()
    assert topics == ["samples.sample_made", "webhooks.endpoint_disabled"]


def test_redirects_are_not_followed(owner, receiver, endpoint, deliver):
    receiver.status, receiver.location = 307, receiver.url
    tell(owner)
    deliver()
    tasks.send()

    assert len(receiver.got) == 1
    assert the_delivery().last_error == "HTTP 307"


def test_what_a_killed_sender_held_is_sent_again(owner, receiver, endpoint, deliver):
    tell(owner)
    deliver()
    with transaction():
        claimed = dispatch.claim_due(clock.real_now())

    assert len(claimed) == 1
    assert tasks.send() == 0
    with transaction():
        late = dispatch.claim_due(clock.real_now() + timedelta(seconds=61))
    assert [sending.delivery_id for sending in late] == [claimed[0].delivery_id]


def test_one_slow_endpoint_does_not_hold_up_the_others(owner, call, receiver, endpoint, deliver):
    call("POST", json={"url": receiver.url, "topics": ["*"]})
    for _ in range(6):
        tell(owner)
    deliver()

    with transaction():
        claimed = dispatch.claim_due(clock.real_now())

    assert len(claimed) == 8


def test_an_organisation_has_its_share_and_the_longest_due_go_first(owner, call, receiver, endpoint, deliver):
    for _ in range(4):
        call("POST", json={"url": receiver.url, "topics": ["*"]})
    other = factories.make_member("producer")
    with transaction():
        db.session.execute(
            text("""INSERT INTO webhook_endpoints (id, public_id, organisation_id, url, topics, secret, created_by, created_at, version)
                    SELECT 999999, gen_random_uuid(), :other, url, topics, secret, :user, created_at, 1
                    FROM webhook_endpoints LIMIT 1"""),
            {"other": other.organisation_id, "user": other.user_id},
        )
    for _ in range(4):
        tell(owner)
    tell(other)
    deliver()

    with transaction():
        claimed = dispatch.claim_due(clock.real_now())
    mine = select(WebhookDelivery.endpoint_id).where(WebhookDelivery.id.in_([one.delivery_id for one in claimed]))
    endpoints = db.session.scalars(mine).all()

    assert (len(endpoints), endpoints.count(999999)) == (9, 1)


def test_test_events_are_limited(call, endpoint, deliver):
    answers = [call("POST", f"/{endpoint['id']}/ping") for _ in range(11)]

    assert [answer.status_code for answer in answers] == [202] * 10 + [429]
    assert answers[-1].json["type"] == "/problems/too-many-tries"


def test_senders_have_a_queue_of_their_own_and_periodic_jobs_do_not_pile_up(app):
    celery = app.extensions["celery"]

    assert celery.amqp.router.route({}, "webhooks.send")["queue"].name == "outgoing"
    assert celery.amqp.router.route({}, "outbox.deliver")["queue"].name == "celery"
    assert celery.conf.beat_schedule["webhooks.send"] == {
        "task": "webhooks.send", "schedule": 5.0, "options": {"expires": 5.0},
    }  # fmt: skip


def test_a_ping_reaches_its_endpoint_only(owner, call, receiver, endpoint, deliver):
    call("POST", json={"url": receiver.url, "topics": ["*"]})

    answer = call("POST", f"/{endpoint['id']}/ping")
    deliver()

    assert (answer.status_code, tasks.send()) == (202, 1)
    assert json.loads(receiver.got[0][1])["data"] == {"endpoint_id": endpoint["id"]}


def test_unknown_topics_are_refused(call, receiver):
    answer = call("POST", json={"url": receiver.url, "topics": ["no.such_topic"]})

    assert (answer.status_code, answer.json["type"]) == (422, "/problems/unknown-topic")
    assert "samples.sample_made" in answer.json["topics"]
    assert count("webhook_endpoints") == 0


def test_the_secret_is_shown_once(call, endpoint):
    assert endpoint["secret"].startswith("whsec_")
    assert "secret" not in call("GET", f"/{endpoint['id']}").json
    assert "secret" not in call("GET").json["items"][0]


def test_an_edit_of_another_version_is_refused(call, endpoint):
    path = f"/{endpoint['id']}"

    assert call("PATCH", path, json={"is_enabled": False}).status_code == 428
    assert call("PATCH", path, json={"is_enabled": False}, headers={"If-Match": '"7"'}).status_code == 412
    assert call("GET", path).json["is_enabled"] is True
    assert call("GET", path).headers["ETag"] == '"1"'


def test_another_organisations_endpoint_is_not_there(client, bearer, endpoint):
    header = {**bearer(factories.make_member("producer")), "Idempotency-Key": "k", "If-Match": '"1"'}
    path = f"/api/v1/webhooks/{endpoint['id']}"

    answers = [
        client.get(path, headers=header),
        client.patch(path, headers=header, json={"is_enabled": False}),
        client.delete(path, headers=header),
        client.get(f"{path}/deliveries", headers=header),
        client.post(f"{path}/ping", headers=header),
        client.post(f"{path}/rotate-secret", headers={**header, "Idempotency-Key": "k2"}),
    ]

    assert [answer.status_code for answer in answers] == [404] * 6
    assert (count("outbox_events"), count("webhook_endpoints")) == (0, 1)
    assert db.session.scalars(select(WebhookEndpoint)).one().version == 1


def test_an_endpoint_is_deleted_with_its_log(owner, call, receiver, endpoint, deliver):
    tell(owner)
    deliver()

    assert call("DELETE", f"/{endpoint['id']}").status_code == 204
    assert (count("webhook_endpoints"), count("webhook_deliveries")) == (0, 0)
    assert tasks.send() == 0


def test_there_are_at_most_twenty_endpoints(call, receiver, endpoint):
    for _ in range(19):
        assert call("POST", json={"url": receiver.url, "topics": ["*"]}).status_code == 201

    answer = call("POST", json={"url": receiver.url, "topics": ["*"]})

    assert (answer.status_code, answer.json["type"], count("webhook_endpoints")) == (
        409,
        "/problems/too-many-endpoints",
        20,
    )


def test_the_pages_make_show_switch_and_delete_an_endpoint(owner, login, receiver, deliver):
    browser = login(owner)
    made = browser.post("/account/webhooks/new", data={"url": receiver.url, "topics": ["*"]})
    address = made.location
    first = browser.get(address).text
    second = browser.get(address).text

    assert made.status_code == 302
    assert "whsec_" in first
    assert "whsec_" not in second
    browser.post(f"{address}/ping")
    deliver()
    tasks.send()
    assert "已送达" in browser.get(address).text
    browser.post(f"{address}/switch", data={"on": "0"})
    assert "已停用" in browser.get("/account/webhooks").text
    browser.post(f"{address}/delete")
    assert "还没有推送地址" in browser.get("/account/webhooks").text


def test_the_page_says_what_is_wrong_with_an_address(owner, login):
    answer = login(owner).post("/account/webhooks/new", data={"url": "ftp://example.com", "topics": ["*"]})

    assert answer.status_code == 200
    assert "网址须以 https:// 开头。" in answer.text
    assert count("webhook_endpoints") == 0


def test_what_was_sent_long_ago_is_forgotten_and_until_then_keeps_its_event(owner, endpoint, deliver, receiver):
    tell(owner)
    deliver()
    tasks.send()
    month_ago = clock.real_now() - timedelta(days=31)

    assert (forget_events(), tasks.tidy(), count("webhook_deliveries"), len(receiver.got)) == (1, 0, 1, 1)
    with transaction():
        db.session.execute(text("UPDATE webhook_deliveries SET done_at = :at"), {"at": month_ago})
    assert (tasks.tidy(), count("webhook_deliveries"), forget_events()) == (1, 0, 0)


def forget_events() -> int:
    """Forget every event that nothing keeps; return how many are left."""
    with transaction():
        outbox.forget_done(clock.real_now() + timedelta(seconds=1))
        outbox.forget_events(clock.real_now() + timedelta(days=1))
    return count("outbox_events")
