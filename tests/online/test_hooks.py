"""What the provider posts: signed rightly and lately it is kept once, otherwise nothing of it is."""

import time

import pytest
from sqlalchemy import text
from stripe import WebhookSignature

from orders.online import queries
from orders.online.hooks import MOST_BYTES
from shop import clock
from shop.db import db, transaction
from shop.outbox import services as outbox
from shop.outbox.tasks import deliver_one
from tests.conftest import count
from tests.factories import make_member
from tests.online.help import ask, make_purchase, outcomes, settle
from tests.stripe_double import webhooks
from tests.stripe_double.double import through

pytestmark = pytest.mark.usefixtures("session", "card")
WEBHOOKS, THIN = "/stripe/webhooks", "/stripe/events"


def event(**changes):
    return {
        "id": "evt_1", "object": "event", "type": "payment_intent.created", "created": 1784088000,
        "data": {"object": {"id": "pi_1", "object": "payment_intent"}}, **changes,
    }  # fmt: skip


def post(client, body, headers, path=WEBHOOKS):
    return client.post(path, data=body, headers=headers).status_code


def test_an_event_is_kept_once_and_applied_by_a_job(client, card, deliver):
    purchase = make_purchase()
    intent = ask(purchase)
    card.pay(intent.intent_ref)

    first = card.deliver(through(client, WEBHOOKS), card.told("platform"))
    again = card.deliver(through(client, WEBHOOKS), card.told("platform"))
    told = len(card.told("platform"))

    assert (first, again) == ([200] * told, [200] * told)
    assert count("provider_events") == told
    assert purchase.sums() == [(0, 0, 0, 0), (0, 0, 0, 0)]
    settle(deliver)
    assert purchase.sums() == [(10000, 0, 0, 0), (6000, 0, 0, 0)]
    assert sorted(set(outcomes().values())) == ["applied", "nothing_new"]


def test_nothing_personal_and_no_secret_of_a_payment_is_kept(client, card):
    thing = {"id": "ch_1", "billing_details": {"email": "a@b.cn"}, "client_secret": "s", "nested": [{"shipping": 1}]}
    body, headers = webhooks.signed(event(type="charge.pending", data={"object": thing}))

    assert post(client, body, headers) == 200

    with transaction():
        kept = db.session.execute(text("SELECT body FROM provider_events")).scalar_one()
    assert kept["data"]["object"] == {"id": "ch_1", "nested": [{}]}


def test_the_previous_secret_is_good_while_it_is_replaced(client, card):
    body, headers = webhooks.signed(event(), secret="whsec_before")

    assert post(client, body, headers) == 200


@pytest.mark.parametrize(
    ("secret", "age", "change"),
    [("whsec_strange", 0, b""), (None, 301, b""), (None, 0, b" "), ("", 0, b"")],
    ids=["wrong secret", "too old", "changed body", "empty secret"],
)
def test_what_is_not_signed_rightly_and_lately_leaves_nothing(client, card, secret, age, change):
    body, headers = webhooks.signed(
        event(), secret=secret or "x" if secret is not None else None, at=int(time.time()) - age
    )

    assert post(client, body + change, headers) == 400

    assert (count("provider_events"), count("outbox_events")) == (0, 0)


@pytest.mark.parametrize("body", [b"[]", b"{}", b"no json", b'{"id": 1, "type": 2}'])
def test_what_is_no_event_leaves_nothing(client, card, body):
    stamp = WebhookSignature.generate_signature_header(body.decode(), webhooks.SECRETS["platform"], int(time.time()))

    assert post(client, body, {"Stripe-Signature": stamp}) == 400
    assert post(client, body, {}) == 400

    assert count("provider_events") == 0


def test_a_giant_body_is_not_read(client, card):
    body, headers = webhooks.signed(event(padding="x" * MOST_BYTES))

    assert post(client, body, headers) == 413

    assert count("provider_events") == 0


def test_each_endpoint_has_secrets_of_its_own(client, card):
    body, headers = webhooks.signed(event())

    assert post(client, body, headers, THIN) == 400


def test_types_and_objects_that_nobody_knows_are_kept_and_noted(client, card, deliver):
    strange = event(id="evt_2", type="climate.order.created", data={"object": {"id": "order_1"}})
    refund = {"id": "re_9", "status": "succeeded", "amount": 1, "currency": "cny", "created": 1, "charge": "ch_9"}
    foreign = event(id="evt_3", type="refund.created", data={"object": refund})
    for each in (strange, foreign):
        assert post(client, *webhooks.signed(each)) == 200

    settle(deliver)

    assert outcomes() == {"evt_2": "unknown_type", "evt_3": "unknown_object"}


def test_an_event_that_cannot_be_applied_becomes_a_dead_letter_that_is_tried_again_from_its_page(
    client, card, session, login
):
    body, headers = webhooks.signed(event(data={"object": {"id": "pi_broken"}}))
    assert post(client, body, headers) == 200
    for _ in range(outbox.MAX_TRIES):
        with transaction():
            db.session.execute(text("UPDATE outbox_deliveries SET claimed_until = NULL"))
            claimed = outbox.claim_deliveries(clock.real_now())
        for event_id, subscriber in claimed:
            assert deliver_one(event_id, subscriber) is False

    (row,) = queries.list_events(limit=10).items

    assert (row.reference, row.outcome, row.subscriber) == (
        "evt_1",
        "",
        "orders.online.tasks.on_provider_event_received",
    )
    assert row.dead_event is not None

    browser, path = login(make_member("operator", "operator_finance")), f"/operator/stripe/events/{row.id}/retry"
    assert path in browser.get("/operator/stripe").text
    assert [browser.post(path).status_code for _ in range(2)] == [302, 404]
    assert [one.dead_event for one in queries.list_events(limit=10).items] == [None]


def test_without_a_key_there_is_no_endpoint(client, card, app):
    app.config["STRIPE_SECRET_KEY"] = ""
    body, headers = webhooks.signed(event())

    assert post(client, body, headers) == 404
