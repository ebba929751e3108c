"""Checkout sessions and the pages that a payer walks through."""

import json
from typing import Any

import pytest
import stripe

from tests.stripe_double.test_accounts import INCLUDE, RECIPIENT, transfers_of
from tests.stripe_double.walker import ask

ORDER: Any = {
    "mode": "payment",
    "success_url": "http://app/paid?session={CHECKOUT_SESSION_ID}",
    "cancel_url": "http://app/order",
    "line_items": [
        {"price_data": {"currency": "cny", "unit_amount": 2500, "product_data": {"name": "大米"}}, "quantity": 4},
        {"price_data": {"currency": "cny", "unit_amount": 300, "product_data": {"name": "运费"}}},
    ],
    "metadata": {"order": "7"},
    "payment_intent_data": {"transfer_group": "order-7", "metadata": {"order": "7"}},
}


@pytest.fixture
def session(client):
    return client.v1.checkout.sessions.create({**ORDER, "expand": ["line_items"]})


def types(double):
    return [event["type"] for event in double.events]


def test_a_session_is_open_and_has_no_intent_yet(session):
    assert (session.status, session.payment_status, session.amount_total) == ("open", "unpaid", 10300)
    assert (session.payment_intent, session.currency) == (None, "cny")
    assert [(line.description, line.amount_total) for line in session.line_items.data] == [
        ("大米", 10000),
        ("运费", 300),
    ]


def test_the_hosted_page_shows_the_order_and_paying_leads_to_success(double, client, session):
    status, text, _ = ask(session.url)
    assert (status, "103.00 CNY" in text, "大米" in text) == (200, True, True)

    status, _, address = ask(f"{session.url}/succeed", {"method": "alipay"})

    assert (status, address) == (303, f"http://app/paid?session={session.id}")
    found = client.v1.checkout.sessions.retrieve(session.id, {"expand": ["payment_intent.latest_charge"]})
    assert (found.status, found.payment_status) == ("complete", "paid")
    assert (found.payment_intent.transfer_group, found.payment_intent.metadata["order"]) == ("order-7", "7")
    assert found.payment_intent.latest_charge.payment_method_details.type == "alipay"
    assert types(double)[-2:] == ["payment_intent.succeeded", "checkout.session.completed"]
    assert "失效" in ask(f"{double.url}/c/pay/{session.id}")[1]


def test_failing_leads_back_and_leaves_the_session_open(double, client, session):
    assert ask(f"{session.url}/fail", {"method": "card"})[2] == "http://app/order"

    assert client.v1.checkout.sessions.retrieve(session.id).status == "open"
    assert types(double)[-1] == "payment_intent.payment_failed"
    assert ask(f"{session.url}/succeed", {"method": "card"})[0] == 303
    assert len(double.of_type("payment_intent.created")) == 1


def test_slow_money_completes_first_and_pays_later(double, client, session):
    intent = double.complete_slowly(session.id)
    assert client.v1.checkout.sessions.retrieve(session.id).payment_status == "unpaid"
    double.pay(intent, "alipay")

    assert client.v1.checkout.sessions.retrieve(session.id).payment_status == "paid"
    assert types(double)[-1] == "checkout.session.async_payment_succeeded"


def test_slow_money_may_fail(double, session):
    double.fail(double.complete_slowly(session.id))

    assert types(double)[-1] == "checkout.session.async_payment_failed"


def test_a_session_expires_by_command_or_by_time(double, client, session):
    later = client.v1.checkout.sessions.create(ORDER)
    assert client.v1.checkout.sessions.expire(session.id).status == "expired"
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.checkout.sessions.expire(session.id)
    double.clock.advance(days=1)

    assert client.v1.checkout.sessions.retrieve(later.id).status == "expired"
    assert types(double) == ["checkout.session.expired"] * 2


@pytest.mark.parametrize(
    ("values", "param"),
    [({"line_items": []}, "line_items"), ({"success_url": None}, "success_url"), ({"expires_at": 1}, "expires_at")],
)
def test_senseless_sessions_are_refused(double, client, values, param):
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        client.v1.checkout.sessions.create({**ORDER, **values})

    assert refusal.value.param == param


@pytest.mark.parametrize(
    ("outcome", "status", "told"),
    [("succeed", "succeeded", "succeeded"), ("fail", "requires_payment_method", "failed")],
)
def test_a_wallets_page_sends_the_payer_back_with_what_became_of_it(double, client, outcome, status, told):
    intent = client.v1.payment_intents.create({"amount": 100, "currency": "cny"})
    sent = client.v1.payment_intents.confirm(
        intent.id, {"payment_method_data": {"type": "alipay"}, "return_url": "http://app/back?order=7"}
    )
    address = ask(f"{sent.next_action.alipay_handle_redirect.url}/{outcome}", {})[2]

    assert address is not None
    assert address.startswith(f"http://app/back?order=7&payment_intent={intent.id}&payment_intent_client_secret=")
    assert address.endswith(f"redirect_status={told}")
    assert double.get(intent.id)["status"] == status


def test_the_script_confirms_with_the_clients_secret(double, client):
    intent = client.v1.payment_intents.create({"amount": 100, "currency": "cny"})
    asked = {"client_secret": intent.client_secret, "method": "card", "return_url": "http://app/back"}
    refused = json.loads(ask(f"{double.url}/v3/confirm", {**asked, "outcome": "fail"})[1])
    paid = json.loads(ask(f"{double.url}/v3/confirm", {**asked, "outcome": "succeed"})[1])

    assert refused["error"]["code"] == "card_declined"
    assert paid["paymentIntent"]["status"] == "succeeded"
    assert paid["url"].startswith("http://app/back?payment_intent=")
    assert "window.Stripe" in ask(f"{double.url}/v3/")[1]
    assert ask(f"{double.url}/v3/confirm", {**asked, "client_secret": "none"})[0] == 404


def test_onboarding_is_a_page_whose_link_works_once(double, client):
    account = client.v2.core.accounts.create(RECIPIENT).id
    onboarding = {"refresh_url": "http://app/again", "return_url": "http://app/back"}
    link = client.v2.core.account_links.create(
        {"account": account, "use_case": {"type": "account_onboarding", "account_onboarding": onboarding}}
    )
    assert "遵义合作社" in ask(link.url)[1]

    assert ask(link.url, {"outcome": "activate"})[2] == "http://app/back"
    assert transfers_of(client.v2.core.accounts.retrieve(account, INCLUDE)).status == "active"
    assert ask(link.url, {"outcome": "activate"})[0] == 410


def test_a_link_that_is_too_old_leads_to_a_new_one(double, client):
    account = client.v2.core.accounts.create(RECIPIENT).id
    update = {"refresh_url": "http://app/again", "return_url": "http://app/back"}
    link = client.v2.core.account_links.create(
        {"account": account, "use_case": {"type": "account_update", "account_update": update}}
    )
    double.clock.advance(seconds=300)

    assert ask(link.url, {"outcome": "activate"})[2] == "http://app/again"
    assert transfers_of(client.v2.core.accounts.retrieve(account, INCLUDE)).status == "restricted"


def test_the_console_shows_all_and_does_what_the_handle_does(double, client, session):
    intent = client.v1.payment_intents.create({"amount": 12345, "currency": "cny"})
    assert "123.45 CNY" in ask(f"{double.url}/")[1]

    status, text, _ = ask(f"{double.url}/_control/pay", {"id": intent.id, "method": "wechat_pay"}, as_json=True)
    assert (status, json.loads(text)["result"]) == (200, double.get(intent.id)["latest_charge"])
    assert ask(f"{double.url}/_control/complete", {"id": session.id})[2] == "/"
    assert ask(f"{double.url}/_control/pay", {"id": "pi_none"})[0] == 400
    assert ask(f"{double.url}/_control/get", {"id": intent.id})[0] == 404
    assert ask(f"{double.url}/nowhere")[0] == 404
