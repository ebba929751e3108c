"""Disputes, won and lost."""

import pytest
import stripe


@pytest.fixture
def dispute(double, paid):
    return double.dispute(paid[1], reason="product_not_received")


def moves(client):
    found = client.v1.balance_transactions.list({"type": "adjustment"}).data
    return [(one.amount, one.fee, one.net, one.reporting_category) for one in found]


def test_a_dispute_takes_the_money_and_a_fee(double, client, paid, dispute):
    found = client.v1.disputes.retrieve(dispute)

    assert (found.status, found.amount, found.charge, found.payment_intent) == (
        "needs_response", 10000, paid[1], paid[0],
    )  # fmt: skip
    assert client.v1.charges.retrieve(paid[1]).disputed is True
    assert moves(client) == [(-10000, 1500, -11500, "dispute")]
    assert [one.amount for one in found.balance_transactions] == [-10000]
    assert [event["type"] for event in double.events[-2:]] == [
        "charge.dispute.created", "charge.dispute.funds_withdrawn",
    ]  # fmt: skip


def test_a_disputed_charge_is_not_refunded(double, client, paid, dispute):
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        client.v1.refunds.create({"charge": paid[1]})

    assert refusal.value.code == "charge_disputed"


def test_evidence_goes_to_the_bank_unless_it_is_a_draft(client, dispute):
    draft = client.v1.disputes.update(dispute, {"evidence": {"shipping_carrier": "顺丰"}, "submit": False})
    assert (draft.status, draft.evidence_details.submission_count) == ("needs_response", 0)
    sent = client.v1.disputes.update(dispute, {"evidence": {"shipping_tracking_number": "SF1"}})

    assert (sent.status, sent.evidence_details.submission_count) == ("under_review", 1)
    assert (sent.evidence.shipping_carrier, sent.evidence.shipping_tracking_number) == ("顺丰", "SF1")


def test_a_won_dispute_gives_the_money_back_and_the_charge_can_be_refunded(double, client, paid, dispute):
    double.win(dispute)

    assert client.v1.disputes.retrieve(dispute).status == "won"
    assert moves(client)[0] == (10000, 0, 10000, "dispute")
    assert [event["type"] for event in double.events[-2:]] == [
        "charge.dispute.funds_reinstated", "charge.dispute.closed",
    ]  # fmt: skip
    assert client.v1.refunds.create({"charge": paid[1]}).amount == 10000


def test_a_lost_or_given_up_dispute_is_over(double, client, dispute):
    closed = client.v1.disputes.close(dispute)
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.disputes.update(dispute, {"evidence": {"receipt": "file_1"}})

    assert (closed.status, len(moves(client))) == ("lost", 1)
    assert double.events[-1]["type"] == "charge.dispute.closed"


def test_part_of_a_charge_may_be_disputed_and_lost(double, client, paid):
    double.lose(double.dispute(paid[1], 4000))

    assert moves(client) == [(-4000, 1500, -5500, "dispute")]
    assert [one.status for one in client.v1.disputes.list({"charge": paid[1]}).data] == ["lost"]
