"""Refunds, as they begin and as they end."""

import pytest
import stripe


def test_a_refund_takes_what_it_is_told_or_all_that_is_left(double, client, paid):
    part = client.v1.refunds.create({"payment_intent": paid[0], "amount": 3000, "reason": "requested_by_customer"})
    rest = client.v1.refunds.create({"charge": paid[1]})

    assert (part.amount, part.status, part.charge, part.payment_intent) == (3000, "succeeded", paid[1], paid[0])
    assert rest.amount == 7000
    charge = client.v1.charges.retrieve(paid[1], {"expand": ["refunds"]})
    assert (charge.amount_refunded, charge.refunded) == (10000, True)
    assert [one.id for one in charge.refunds.data] == [rest.id, part.id]
    assert [one.amount for one in client.v1.balance_transactions.list({"type": "refund"}).data] == [-7000, -3000]
    assert [event["type"] for event in double.events[-2:]] == ["refund.created", "charge.refunded"]


def test_never_more_than_is_left(double, client, paid):
    client.v1.refunds.create({"charge": paid[1], "amount": 6000})
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        client.v1.refunds.create({"charge": paid[1], "amount": 4001})
    client.v1.refunds.create({"charge": paid[1], "amount": 4000})
    with pytest.raises(stripe.InvalidRequestError) as spent:
        client.v1.refunds.create({"charge": paid[1], "amount": 1})

    assert refusal.value.param == "amount"
    assert spent.value.code == "charge_already_refunded"
    assert double.get(paid[1])["amount_refunded"] == 10000


def test_an_unpaid_intent_has_nothing_to_refund(client):
    intent = client.v1.payment_intents.create({"amount": 1, "currency": "cny"})
    with pytest.raises(stripe.InvalidRequestError, match="does not have a successful charge"):
        client.v1.refunds.create({"payment_intent": intent.id})


@pytest.fixture
def pending(double, client):
    """A refund of an Alipay payment, which takes its time."""
    intent = client.v1.payment_intents.create({"amount": 10000, "currency": "cny"})
    charge = double.pay(intent.id, "alipay")
    return client.v1.refunds.create({"charge": charge, "amount": 4000})


def test_a_pending_refund_settles_on_command(double, client, pending):
    assert (pending.status, pending.pending_reason) == ("pending", "processing")
    double.settle_refund(pending.id)

    assert client.v1.refunds.retrieve(pending.id).status == "succeeded"
    last = [(event["type"], event["data"].get("previous_attributes")) for event in double.events[-2:]]
    assert last == [("refund.updated", {"status": "pending"}), ("charge.refund.updated", None)]


def test_a_failed_refund_gives_the_money_back_to_the_balance_and_to_the_charge(double, client, pending):
    double.fail_refund(pending.id, "insufficient_funds")

    refund = client.v1.refunds.retrieve(pending.id, {"expand": ["failure_balance_transaction"]})
    assert (refund.status, refund.failure_reason) == ("failed", "insufficient_funds")
    assert (refund.failure_balance_transaction.type, refund.failure_balance_transaction.amount) == (
        "refund_failure",
        4000,
    )
    assert double.get(refund.charge)["amount_refunded"] == 0
    assert [event["type"] for event in double.events[-3:]] == [
        "refund.updated",
        "charge.refund.updated",
        "refund.failed",
    ]


def test_a_refund_is_canceled_only_while_the_payer_must_act(double, client, paid, pending):
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        client.v1.refunds.cancel(pending.id)
    double.behaviour.refunds["card"] = "requires_action"
    waiting = client.v1.refunds.create({"charge": paid[1]})
    canceled = client.v1.refunds.cancel(waiting.id)

    assert refusal.value.code == "refund_unexpected_state"
    assert canceled.status == "canceled"
    assert double.get(paid[1])["amount_refunded"] == 0


def test_somebody_refunds_by_hand(double, client, paid):
    refund = double.refund_in_dashboard(paid[1], 100)

    assert client.v1.refunds.list({"charge": paid[1]}).data[0].id == refund
    assert double.events[-1]["request"] == {"id": None, "idempotency_key": None}
