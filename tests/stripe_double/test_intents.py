"""Payment intents and their charges."""

from typing import Any

import pytest
import stripe

from tests.stripe_double.double import Double

ORDER: Any = {"amount": 10000, "currency": "cny", "metadata": {"order": "7"}, "transfer_group": "order-7"}


def error_of(refusal):
    return refusal.value.json_body["error"]


def types(double):
    return [event["type"] for event in double.events]


def test_an_intent_waits_for_a_method_and_shows_what_it_was_given(double, client):
    intent = client.v1.payment_intents.create(ORDER)

    assert intent.status == "requires_payment_method"
    assert intent.payment_method_types == ["card", "alipay", "wechat_pay"]
    assert intent.client_secret.startswith(f"{intent.id}_secret_")
    assert (intent.metadata.to_dict(), intent.transfer_group) == ({"order": "7"}, "order-7")
    assert types(double) == ["payment_intent.created"]


def test_identifiers_are_the_same_in_every_run_and_others_with_another_seed(client):
    with Double() as again, Double(seed=2) as other:
        made = [one.v1.payment_intents.create(ORDER).id for one in (client, again.client(), other.client())]

    assert made[0] == made[1] != made[2]


def test_allowed_types_narrow_the_ways_to_pay(client):
    intent = client.v1.payment_intents.create({**ORDER, "allowed_payment_method_types": ["alipay"]})

    assert intent.payment_method_types == ["alipay"]
    with pytest.raises(stripe.InvalidRequestError, match="not allowed"):
        client.v1.payment_intents.confirm(intent.id, {"payment_method": "pm_card_visa"})


def test_a_card_pays_at_once_and_leaves_a_charge_with_its_fee(double, client):
    intent = client.v1.payment_intents.create(
        {**ORDER, "confirm": True, "payment_method": "pm_card_visa", "return_url": "http://x"},
    )
    charge = client.v1.charges.retrieve(intent.latest_charge, {"expand": ["balance_transaction"]})

    assert (intent.status, intent.amount_received) == ("succeeded", 10000)
    assert (charge.paid, charge.payment_method_details.type, charge.transfer_group) == (True, "card", "order-7")
    assert (charge.balance_transaction.amount, charge.balance_transaction.fee, charge.balance_transaction.net) == (
        10000,
        290,
        9710,
    )
    assert types(double) == ["payment_intent.created", "charge.succeeded", "payment_intent.succeeded"]


def test_a_declined_card_is_told_at_once_and_the_intent_can_be_paid_otherwise(double, client):
    intent = client.v1.payment_intents.create(ORDER)
    with pytest.raises(stripe.CardError) as refusal:
        client.v1.payment_intents.confirm(intent.id, {"payment_method": "pm_card_chargeDeclinedInsufficientFunds"})

    error = error_of(refusal)
    assert (refusal.value.http_status, error["code"], error["decline_code"]) == (
        402,
        "card_declined",
        "insufficient_funds",
    )
    assert error["payment_intent"]["id"] == intent.id
    found = client.v1.payment_intents.retrieve(intent.id, {"expand": ["latest_charge"]})
    assert (found.status, found.last_payment_error.code) == ("requires_payment_method", "card_declined")
    assert (found.latest_charge.status, found.latest_charge.balance_transaction) == ("failed", None)
    double.pay(intent.id)
    assert double.get(intent.id)["status"] == "succeeded"
    assert double.get(intent.id)["last_payment_error"] is None


@pytest.mark.parametrize(
    ("method", "action"), [("alipay", "alipay_handle_redirect"), ("wechat_pay", "wechat_pay_display_qr_code")]
)
def test_wallets_send_the_payer_away_and_pay_later(double, client, method, action):
    intent = client.v1.payment_intents.create(ORDER)
    sent = client.v1.payment_intents.confirm(
        intent.id, {"payment_method_data": {"type": method}, "return_url": "http://127.0.0.1/back"}
    )

    assert (sent.status, sent.next_action.type) == ("requires_action", action)
    double.process(intent.id)
    assert client.v1.payment_intents.retrieve(intent.id).status == "processing"
    charge = double.get(double.pay(intent.id, method))
    assert charge["payment_method_details"]["type"] == method
    assert types(double) == [
        "payment_intent.created",
        "payment_intent.requires_action",
        "payment_intent.processing",
        "charge.succeeded",
        "payment_intent.succeeded",
    ]


def test_a_method_that_leads_elsewhere_needs_a_way_back(double, client):
    intent = client.v1.payment_intents.create(ORDER)
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        client.v1.payment_intents.confirm(intent.id, {"payment_method_data": {"type": "alipay"}})

    assert refusal.value.param == "return_url"
    assert double.get(intent.id)["status"] == "requires_payment_method"


def test_a_payer_who_fails_leaves_an_error(double, client):
    intent = client.v1.payment_intents.create(ORDER)
    double.fail(intent.id, "authentication", "card")

    assert double.get(intent.id)["last_payment_error"]["code"] == "payment_intent_authentication_failure"
    assert types(double)[1:] == ["charge.failed", "payment_intent.payment_failed"]


def test_a_paid_intent_can_neither_be_canceled_nor_paid_again(double, client, paid):
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        client.v1.payment_intents.cancel(paid[0])

    assert refusal.value.code == "payment_intent_unexpected_state"
    assert error_of(refusal)["payment_intent"]["status"] == "succeeded"


def test_a_canceled_intent_is_closed(double, client):
    intent = client.v1.payment_intents.create(ORDER)
    canceled = client.v1.payment_intents.cancel(intent.id, {"cancellation_reason": "abandoned"})

    assert (canceled.status, canceled.cancellation_reason) == ("canceled", "abandoned")
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.payment_intents.confirm(intent.id, {"payment_method": "pm_card_visa"})


def test_metadata_is_merged_and_an_empty_value_removes_its_name(client):
    intent = client.v1.payment_intents.create(ORDER)
    changed = client.v1.payment_intents.update(intent.id, {"metadata": {"order": "", "buyer": "3"}, "amount": 200})

    assert (changed.metadata.to_dict(), changed.amount) == ({"buyer": "3"}, 200)


@pytest.mark.parametrize(
    ("values", "param"),
    [({"amount": 0}, "amount"), ({"amount": 100_000_000}, "amount"), ({"currency": "xxx"}, "currency"),
     ({"metadata": {"x" * 41: "1"}}, "metadata")],
)  # fmt: skip
def test_senseless_intents_are_refused_and_leave_nothing(double, client, values, param):
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        client.v1.payment_intents.create({**ORDER, **values})

    assert refusal.value.param == param
    assert double.events == []


def test_what_is_not_there_is_said_as_stripe_says_it(client):
    with pytest.raises(stripe.InvalidRequestError, match="No such payment_intent: 'pi_none'") as refusal:
        client.v1.payment_intents.retrieve("pi_none")

    assert (refusal.value.http_status, refusal.value.code) == (404, "resource_missing")


def test_lists_come_in_pages_the_newest_first(double, client):
    made = [client.v1.payment_intents.create({**ORDER, "metadata": {"n": str(n)}}).id for n in range(5)]

    first = client.v1.payment_intents.list({"limit": 2})
    assert ([one.id for one in first.data], first.has_more) == ([made[4], made[3]], True)
    assert [one.id for one in first.auto_paging_iter()] == made[::-1]
    before = client.v1.payment_intents.list({"limit": 2, "ending_before": made[1]})
    assert ([one.id for one in before.data], before.has_more) == ([made[3], made[2]], True)
    found = client.v1.payment_intents.search({"query": "metadata['n']:'3' AND status:'requires_payment_method'"})
    assert [one.id for one in found.data] == [made[3]]


def test_charges_are_listed_by_intent_and_by_group(client, paid):
    other = client.v1.payment_intents.create({**ORDER, "transfer_group": "order-8"})
    client.v1.payment_intents.confirm(other.id, {"payment_method": "pm_card_visa"})

    assert [one.id for one in client.v1.charges.list({"payment_intent": paid[0]}).data] == [paid[1]]
    assert [one.id for one in client.v1.charges.list({"transfer_group": "order-7"}).data] == [paid[1]]


def test_a_charge_may_be_settled_in_another_currency(double, client):
    double.behaviour.settles["cny"] = ("usd", "0.14")
    intent = client.v1.payment_intents.create({**ORDER, "amount": 9999})
    double.pay(intent.id)
    moved = client.v1.balance_transactions.list().data[0]

    assert (moved.amount, moved.fee, moved.currency, moved.exchange_rate) == (1400, 41, "usd", 0.14)


def test_nobody_without_a_key_is_answered(double):
    with pytest.raises(stripe.AuthenticationError):
        stripe.StripeClient(
            "pk_test_1", base_addresses={"api": double.url}, max_network_retries=0
        ).v1.balance.retrieve()
