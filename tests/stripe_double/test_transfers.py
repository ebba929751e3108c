"""Transfers, reversals, payouts and balances."""

import pytest
import stripe

from tests.stripe_double.test_accounts import RECIPIENT


@pytest.fixture
def account(double, client):
    """A connected account that may be paid."""
    made = client.v2.core.accounts.create(RECIPIENT).id
    double.activate(made)
    return made


def transfer(client, account, amount, **values):
    return client.v1.transfers.create({"amount": amount, "currency": "cny", "destination": account, **values})


def balances(client, account=None):
    """Usable and waiting money in fen."""
    options = {"stripe_account": account} if account else {}
    found = client.v1.balance.retrieve({}, options)
    return found.available[0].amount, found.pending[0].amount


def refused(client, *given, **values):
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        transfer(client, *given, **values)
    return refusal.value.code


def test_a_transfer_out_of_a_charge_needs_no_usable_money_and_waits_with_it(double, client, paid, account):
    moved = transfer(client, account, 9000, source_transaction=paid[1], metadata={"line": "3"})

    assert (moved.transfer_group, moved.destination, moved.reversed) == ("order-7", account, False)
    assert balances(client) == (0, 710)
    assert balances(client, account) == (0, 9000)
    double.make_available()
    assert balances(client) == (710, 0)
    assert balances(client, account) == (9000, 0)
    assert [one.id for one in client.v1.transfers.list({"transfer_group": "order-7"}).data] == [moved.id]


def test_a_charge_gives_no_more_than_it_has_left_after_transfers_and_refunds(client, paid, account):
    transfer(client, account, 5000, source_transaction=paid[1])
    client.v1.refunds.create({"charge": paid[1], "amount": 2000})

    assert refused(client, account, 3001, source_transaction=paid[1]) == "transfer_source_exceeded"
    assert transfer(client, account, 3000, source_transaction=paid[1]).amount == 3000


def test_a_charge_without_a_group_gets_one_with_its_first_transfer(double, client, account):
    charge = double.pay(client.v1.payment_intents.create({"amount": 100, "currency": "cny"}).id)

    assert transfer(client, account, 60, source_transaction=charge).transfer_group == f"group_{charge}"
    assert client.v1.charges.retrieve(charge).transfer_group == f"group_{charge}"


def test_a_reversal_frees_its_charge_only_if_so_set(double, client, paid, account):
    moved = transfer(client, account, 10000, source_transaction=paid[1])
    client.v1.transfers.reversals.create(moved.id, {"amount": 4000})

    assert refused(client, account, 1, source_transaction=paid[1]) == "transfer_source_exceeded"
    double.behaviour.reversals_free_source = True
    assert transfer(client, account, 4000, source_transaction=paid[1]).amount == 4000


def test_a_transfer_without_a_charge_needs_usable_money(double, client, paid, account):
    assert refused(client, account, 1) == "balance_insufficient"
    double.make_available()

    assert refused(client, account, 9711) == "balance_insufficient"
    assert transfer(client, account, 9710).source_transaction is None
    assert balances(client) == (0, 0)


def test_only_an_active_account_is_paid(double, client, paid, account):
    double.restrict(account)

    assert refused(client, account, 1, source_transaction=paid[1]) == "insufficient_capabilities_for_transfer"
    assert refused(client, "acct_none", 1, source_transaction=paid[1]) == "resource_missing"
    assert client.v1.transfers.list().data == []


def test_a_reversal_takes_back_what_is_left_of_the_transfer(double, client, paid, account):
    moved = transfer(client, account, 9000, source_transaction=paid[1])
    part = client.v1.transfers.reversals.create(moved.id, {"amount": 4000, "metadata": {"refund": "2"}})
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.transfers.reversals.create(moved.id, {"amount": 5001})
    rest = client.v1.transfers.reversals.create(moved.id)

    found = client.v1.transfers.retrieve(moved.id)
    assert (rest.amount, found.amount_reversed, found.reversed) == (5000, 9000, True)
    assert [one.id for one in found.reversals.data] == [rest.id, part.id]
    assert client.v1.transfers.reversals.retrieve(moved.id, part.id).metadata["refund"] == "2"
    assert balances(client, account) == (0, 0)
    assert len(double.of_type("transfer.reversed")) == 2


def test_what_the_account_was_paid_out_cannot_be_reversed(double, client, paid, account):
    moved = transfer(client, account, 9000, source_transaction=paid[1])
    double.make_available()
    payout = double.pay_out(account)
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        client.v1.transfers.reversals.create(moved.id, {"amount": 1})

    assert refusal.value.code == "balance_insufficient"
    assert double.get(moved.id)["amount_reversed"] == 0
    double.fail_payout(payout)
    assert client.v1.transfers.reversals.create(moved.id, {"amount": 1}).amount == 1


def test_reversals_are_refused_on_command(double, client, paid, account):
    moved = transfer(client, account, 9000, source_transaction=paid[1])
    double.behaviour.refuses_reversals_of.add(account)
    with pytest.raises(stripe.InvalidRequestError, match="insufficient funds"):
        client.v1.transfers.reversals.create(moved.id)


def test_a_payout_says_which_movements_it_is_made_of(double, client, paid):
    client.v1.refunds.create({"charge": paid[1], "amount": 1000})
    fee = double.charge_fee(200)
    double.make_available()
    payout = double.pay_out()
    double.settle_payout(payout)

    found = client.v1.payouts.retrieve(payout)
    assert (found.amount, found.status, found.automatic) == (8510, "paid", True)
    moves = client.v1.balance_transactions.list({"payout": payout})
    assert [(one.type, one.net) for one in moves.data] == [
        ("payout", -8510), ("stripe_fee", -200), ("refund", -1000), ("charge", 9710),
    ]  # fmt: skip
    assert (moves.data[1].id, moves.data[1].source, moves.data[1].reporting_category) == (fee, None, "fee")
    assert balances(client) == (0, 0)
    assert [event["type"] for event in double.events[-3:]] == [
        "payout.created", "payout.paid", "payout.reconciliation_completed",
    ]  # fmt: skip


def test_a_failed_payout_puts_the_money_back(double, client, paid):
    double.make_available()
    double.fail_payout(double.pay_out())

    assert balances(client) == (9710, 0)
    assert client.v1.payouts.list({"status": "failed"}).data[0].failure_code == "account_closed"
    assert client.v1.payouts.retrieve(double.pay_out()).amount == 9710


def test_payouts_of_an_account_are_its_own_and_told_on_the_connect_endpoint(double, client, paid, account):
    transfer(client, account, 9000, source_transaction=paid[1])
    double.make_available()
    payout = double.pay_out(account)

    assert [one.id for one in client.v1.payouts.list({}, {"stripe_account": account}).data] == [payout]
    assert client.v1.payouts.list().data == []
    assert [(event["type"], event["account"]) for event in double.told("connect")] == [("payout.created", account)]
    assert "payout.created" not in {event["type"] for event in double.told("platform")}


def test_a_manual_payout_needs_usable_money_and_can_be_canceled(double, client):
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.payouts.create({"amount": 1, "currency": "cny"})
    double.top_up(500)
    payout = client.v1.payouts.create({"amount": 500, "currency": "cny"})
    with pytest.raises(stripe.InvalidRequestError, match="automatic"):
        client.v1.balance_transactions.list({"payout": payout.id})
    canceled = client.v1.payouts.cancel(payout.id)

    assert (canceled.status, balances(client)) == ("canceled", (500, 0))


def test_movements_are_listed_by_kind_source_and_instant(double, client, paid):
    double.clock.advance(days=1)
    refund = client.v1.refunds.create({"charge": paid[1], "amount": 1})
    listed = client.v1.balance_transactions.list

    assert [one.source for one in listed({"type": "charge"}).data] == [paid[1]]
    assert [one.amount for one in listed({"source": refund.id}).data] == [-1]
    assert [one.source for one in listed({"created": {"gte": double.clock.now}}).data] == [refund.id]
    assert [one.amount for one in listed({"limit": 1}).auto_paging_iter()] == [-1, 10000]
