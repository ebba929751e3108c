"""Events as they are listed, signed and delivered, in whatever order a test wants."""

import json

import pytest
import stripe
from flask import Flask, request

from tests.stripe_double.double import Double, through
from tests.stripe_double.webhooks import SECRETS, signed


@pytest.fixture
def inbox():
    """An application that keeps what it is told, signature checked."""
    app, got = Flask("inbox"), list[str]()

    @app.post("/hook")
    def hook():
        event = stripe.Webhook.construct_event(
            request.get_data(), request.headers["Stripe-Signature"], SECRETS["platform"]
        )
        got.append(event.type)
        return "", 200

    return app.test_client(), got


def test_events_are_listed_and_found_with_the_object_as_it_was(double, client, paid):
    found = client.v1.events.list({"type": "payment_intent.*"})
    first = client.v1.events.retrieve(found.data[-1].id)

    assert [one.type for one in found.data] == ["payment_intent.succeeded", "payment_intent.created"]
    assert first.data.object.status == "requires_payment_method"
    assert (first.api_version, first.object) == ("2026-10-28.endive", "event")
    assert first.request.idempotency_key
    assert double.events[1]["request"]["id"] is None


def test_a_test_delivers_in_any_order_and_as_often_as_it_likes(double, paid, inbox):
    created, charged, succeeded = double.events

    assert double.deliver(through(inbox[0], "/hook"), [succeeded, created, succeeded]) == [200, 200, 200]
    assert inbox[1] == ["payment_intent.succeeded", "payment_intent.created", "payment_intent.succeeded"]
    assert charged["type"] == "charge.succeeded"


def test_a_signature_of_another_secret_or_of_long_ago_is_told_apart(double, paid):
    body, headers = signed(double.events[0], secret="whsec_other")
    with pytest.raises(stripe.SignatureVerificationError):
        stripe.Webhook.construct_event(body, headers["Stripe-Signature"], SECRETS["platform"])
    body, headers = signed(double.events[0], at=1_700_000_000)
    with pytest.raises(stripe.SignatureVerificationError, match="tolerance"):
        stripe.Webhook.construct_event(body, headers["Stripe-Signature"], SECRETS["platform"])


def test_the_courier_delivers_by_itself_and_drops_repeats_and_reorders_on_command():
    with Double() as listener, Double(webhooks_to={"platform": f"{listener.url}/hook"}) as double:
        create = double.client().v1.payment_intents.create
        double.courier.plan.dropped["charge.succeeded"] = 1
        double.courier.plan.repeated["payment_intent.succeeded"] = 2
        double.pay(create({"amount": 1, "currency": "cny"}).id)
        double.courier.wait()
        assert double.courier.sent == [("payment_intent.created", 404), *[("payment_intent.succeeded", 404)] * 3]

        double.courier.sent.clear()
        double.courier.plan.held = True
        double.pay(create({"amount": 1, "currency": "cny"}).id)
        assert double.courier.sent == []
        double.courier.release(lambda held: held[::-1])
        double.courier.wait()
        assert [kind for kind, _ in double.courier.sent] == [
            "payment_intent.succeeded", "charge.succeeded", "payment_intent.created",
        ]  # fmt: skip


def test_the_body_is_the_event_as_listed(double, client, paid):
    body, _ = signed(double.events[0])

    assert json.loads(body)["data"]["object"]["id"] == paid[0]
