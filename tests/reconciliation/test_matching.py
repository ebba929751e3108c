"""The provider's lines held against our books: what fits, what is posted, what goes into the queue."""

from datetime import timedelta
from itertools import pairwise

import pytest
from sqlalchemy import text

from orders.ledger import verify
from orders.online.models import Dispute, DisputeHold
from orders.payments import checks, exceptions, holds, refund_sending, refunds
from orders.reconciliation import fetching
from orders.settlement.models import Payout, PayoutRun, Transfer, TransferReversal
from shop.db import db, transaction
from shop.identity.models import Organisation
from tests.conftest import NOON, count
from tests.counting.build import accept, make_order, make_trade
from tests.payments.card import charge, sent_back
from tests.reconciliation.help import make_people
from tests.reconciliation.lines import cash, line, states, take, take_all, waiting
from tests.stripe_double.fixtures import stripe_double

__all__ = ["stripe_double"]
pytestmark = pytest.mark.usefixtures("session")


@pytest.fixture
def trade(session):
    with transaction():
        return make_trade()


@pytest.fixture
def order(trade):
    """An accepted order of 100.00, not paid."""
    with transaction():
        order = make_order(trade)
        accept(order, ("10", "0"))
    return order


@pytest.fixture
def taken(order):
    """A charge of 100.00 for it."""
    with transaction():
        return charge((order, 10000), ref="ch_1")


def is_right():
    """Balances and the provider's sums are what the documents say."""
    named = {name: result.differing for name, result in verify.run() if name.startswith("balance transactions")}
    assert named == {"balance transactions = books": 0, "balance transactions = exceptions": 0}
    return checks.differing_balances() == []


def test_a_charge_fits_and_its_fee_is_posted(order, taken):
    assert take(line("charge", 10000, "ch_1", fee=290, ref="txn_1")) == 1

    assert states() == {"txn_1": ("matched", None)}
    held = cash()
    assert (held["fees platform"], held["stripe_cash platform"]) == (290, -290)
    assert held[f"stripe_cash org:{order.producer_id}"] == 10000
    entry = db.session.execute(
        text("SELECT key, fact FROM journal_entries WHERE key LIKE 'balance_transaction:%'")
    ).one()
    assert tuple(entry) == ("balance_transaction:txn_1:fee", "provider_fee")
    assert is_right()


def test_the_same_lines_again_change_nothing(taken):
    lines = [line("charge", 10000, "ch_1", fee=290), line("stripe_fee", -500), line("charge", 1, "ch_9", fee=1)]
    assert take(*lines) == 3
    before = cash(), states(), waiting(), count("postings")

    assert take(*lines) == 0
    assert (cash(), states(), waiting(), count("postings")) == before


def test_a_fee_by_itself_is_the_platforms_and_a_fee_given_back_is_too():
    take(line("stripe_fee", -500), line("stripe_fee", 120), line("tax_fee", -30))

    assert cash() == {"fees platform": 410, "stripe_cash platform": -410}
    assert {status for status, _kind in states().values()} == {"posted"}
    assert is_right()


def test_what_our_books_do_not_know_waits_until_it_comes_by_itself(order):
    take(line("charge", 10000, "ch_1", fee=290, ref="txn_1"))
    assert states() == {"txn_1": ("exception", "unknown_charge")}
    assert waiting() == [("ch_1", "unknown_charge", 10000)]
    assert is_right()

    with transaction():
        charge((order, 10000), ref="ch_1")
    take()

    assert states() == {"txn_1": ("matched", None)}
    assert waiting() == []
    row = db.session.execute(text("SELECT status, resolution FROM money_exceptions")).one()
    assert tuple(row) == ("closed", "settled")
    assert cash()["fees platform"] == 290
    assert is_right()


def test_another_sum_than_ours_is_told_with_both(order, taken):
    take(line("charge", 9900, "ch_1", fee=287, ref="txn_1"))

    assert waiting() == [("ch_1", "amount_differs", -100)]
    row = db.session.execute(text("SELECT detail, producer_id FROM money_exceptions")).one()
    assert tuple(row) == ("支付机构 99.00 元，账上 100.00 元。", order.producer_id)
    assert is_right()


def test_a_difference_that_two_persons_posted_is_not_told_again(taken):
    people = make_people()
    take(line("charge", 9900, "ch_1", ref="txn_1"))
    with transaction():
        row = exceptions.get_exception(
            db.session.execute(text("SELECT public_id FROM money_exceptions")).scalar_one(), people.clerk
        )
        exceptions.propose_posting(row.public_id, "fees", "stripe_cash", "少收由平台承担", people.clerk, NOON)
        exceptions.agree(row.public_id, people.checker, NOON)

    take()

    assert (waiting(), count("money_exceptions")) == ([], 1)
    assert cash()["fees platform"] == 100
    assert is_right()


def test_a_refund_fits_once_it_is_confirmed(trade, order, taken):
    with transaction():
        made = refunds.request(order.public_id, 4000, "协商退款", actor=trade.buyer, at=NOON)
        refund_sending.send(made.public_id, trade.clerk, NOON)
    ref = f"re_{made.id}_1"
    take(line("charge", 10000, "ch_1", ref="txn_1"), line("refund", -4000, ref, ref="txn_2"))
    assert states()["txn_2"] == ("exception", "unknown_refund")

    with transaction():
        sent_back(made)
    take()

    assert states() == {"txn_1": ("matched", None), "txn_2": ("matched", None)}
    assert is_right()


def test_a_refund_that_came_back_fits_with_what_brought_it_back(trade, order, taken):
    with transaction():
        made = refunds.request(order.public_id, 4000, "协商退款", actor=trade.buyer, at=NOON)
        refund_sending.send(made.public_id, trade.clerk, NOON)
        sent_back(made)
    ref = f"re_{made.id}_1"
    with transaction():
        db.session.execute(
            text("""INSERT INTO provider_calls (kind, subject_id, idempotency_key, params, status, answer_ref, created_at)
                    VALUES ('refund', :id, 'k', '{}', 'done', :ref, :at)"""),
            {"id": made.id, "ref": ref, "at": NOON},
        )
    take(line("refund", -4000, ref, ref="txn_1"))
    with transaction():
        refund_sending.fail(made.id, "expired_or_canceled_card", NOON)

    take(line("refund_failure", 4000, ref, ref="txn_2"))

    assert states() == {"txn_1": ("matched", None), "txn_2": ("matched", None)}
    assert waiting() == []
    assert is_right()


def make_dispute(order, taken, fen):
    dispute = Dispute(
        dispute_ref="dp_1", charge_id=taken.id, amount_fen=fen, reason="fraudulent", status="open", opened_at=NOON
    )
    db.session.add(dispute)
    db.session.flush()
    held = holds.hold(order, fen, key=f"dispute:{dispute.id}:order:{order.id}", at=NOON)
    db.session.add(DisputeHold(dispute_id=dispute.id, order_id=order.id, amount_fen=held))
    return dispute


def test_a_dispute_fits_while_it_holds_and_after_it_is_won(order, taken):
    with transaction():
        dispute = make_dispute(order, taken, 10000)
    take(line("adjustment", -10000, "dp_1", fee=1500, ref="txn_1"))
    assert states() == {"txn_1": ("matched", None)}
    assert cash()["fees platform"] == 1500

    with transaction():
        dispute.status = "won"
        holds.release(order, 10000, key=f"dispute:{dispute.id}:order:{order.id}", at=NOON)
    take(line("adjustment", 10000, "dp_1", ref="txn_2"))

    assert states() == {"txn_1": ("matched", None), "txn_2": ("matched", None)}
    assert is_right()


def test_a_dispute_that_takes_more_than_there_was_is_told(order, taken):
    with transaction():
        make_dispute(order, taken, 9000)

    take(line("adjustment", -10000, "dp_1", ref="txn_1"))

    assert waiting() == [("dp_1", "amount_differs", -1000)]


def make_transfer(order, taken, fen, back=0):
    run = PayoutRun(rail="stripe", on=NOON.date(), started_at=NOON)
    db.session.add(run)
    db.session.flush()
    payout = Payout(
        number="DKO1", run_id=run.id, producer_id=order.producer_id, rail="stripe", amount_fen=fen, status="sent",
        prepared_at=NOON,
    )  # fmt: skip
    db.session.add(payout)
    db.session.flush()
    transfer = Transfer(
        payout_id=payout.id, order_id=order.id, charge_id=taken.id, amount_fen=fen, transfer_ref="tr_1", status="done",
        created_at=NOON, reversed_fen=back,
    )  # fmt: skip
    db.session.add(transfer)
    db.session.flush()
    if back:
        db.session.add(
            TransferReversal(
                transfer_id=transfer.id, order_id=order.id, amount_fen=back, cause="refund", reversal_ref="trr_1",
                status="done", created_at=NOON,
            )
        )  # fmt: skip


def test_transfers_and_what_came_back_of_them_fit(order, taken):
    with transaction():
        make_transfer(order, taken, 6000, back=2000)

    take(line("transfer", -6000, "tr_1", ref="txn_1"), line("transfer_refund", 2000, "trr_1", ref="txn_2"))

    assert states() == {"txn_1": ("matched", None), "txn_2": ("matched", None)}


def test_what_the_other_part_has_told_is_told_once(order, taken):
    with transaction():
        make_dispute(order, taken, 9000)
        exceptions.open_exception(
            "dispute:dp_1:not_held", "stripe", "dispute_not_held", "dp_1", "", -1000, NOON.date(), NOON
        )
        exceptions.open_exception("refund:re_9", "stripe", "unknown_refund", "re_9", "", -700, NOON.date(), NOON)

    take(line("adjustment", -10000, "dp_1", ref="txn_1"), line("refund", -700, "re_9", ref="txn_2"))

    assert waiting() == [("dp_1", "dispute_not_held", -1000), ("re_9", "unknown_refund", -700)]
    assert states() == {"txn_1": ("exception", "dispute_not_held"), "txn_2": ("exception", "unknown_refund")}
    assert is_right()


def test_what_we_do_not_know_and_came_back_moved_nothing():
    take(line("refund", -700, "re_9", ref="txn_1"))
    assert waiting() == [("re_9", "unknown_refund", -700)]

    take(line("refund_failure", 700, "re_9", ref="txn_2"))

    assert waiting() == []
    assert states() == {"txn_1": ("matched", None), "txn_2": ("matched", None)}
    assert is_right()


def test_a_payout_is_on_its_way_until_it_comes_back():
    take(line("payout", -9700, "po_1", fee=25, ref="txn_1"))
    assert cash() == {"fees platform": 25, "stripe_payout platform": 9700, "stripe_cash platform": -9725}
    assert is_right()

    take(line("payout_failure", 9700, "po_1", ref="txn_2"))

    assert cash() == {"fees platform": 25, "stripe_cash platform": -25}
    assert states() == {"txn_1": ("posted", None), "txn_2": ("posted", None)}
    assert is_right()


def test_what_is_settled_in_another_currency_leaves_the_cash_in_yuan(order, taken):
    take(line("charge", 10850, "ch_1", fee=370, currency="hkd", ref="txn_1"))

    producer = f"org:{order.producer_id}"
    held = cash()
    assert held[f"fx {producer}"] == 10000
    assert {f"stripe_cash {producer}", "stripe_cash platform", "fees platform"} & held.keys() == set()
    assert waiting() == [("ch_1", "other_currency", 10000)]
    detail = db.session.execute(text("SELECT detail FROM money_exceptions")).scalar_one()
    assert detail == "支付机构以 HKD 结算 108.50（手续费 3.70，净额 104.80），账上为 100.00 元。"
    assert states() == {"txn_1": ("posted", "other_currency")}
    assert is_right()


def test_a_refund_in_another_currency_takes_from_fx(trade, order, taken):
    with transaction():
        made = refunds.request(order.public_id, 4000, "协商退款", actor=trade.buyer, at=NOON)
        refund_sending.send(made.public_id, trade.clerk, NOON)
        sent_back(made)

    take(
        line("charge", 10850, "ch_1", currency="hkd", ref="txn_1"),
        line("refund", -4340, f"re_{made.id}_1", currency="hkd", ref="txn_2"),
    )

    assert cash()[f"fx org:{order.producer_id}"] == 6000
    assert f"stripe_cash org:{order.producer_id}" not in cash()
    assert sorted(waiting()) == [("ch_1", "other_currency", 10000), (f"re_{made.id}_1", "other_currency", -4000)]
    assert is_right()


def test_what_came_in_another_currency_before_our_books_knew_moves_once_they_do(order):
    take(line("charge", 10850, "ch_1", currency="hkd", ref="txn_1"))
    assert waiting() == [("ch_1", "unknown_charge", 0)]

    with transaction():
        charge((order, 10000), ref="ch_1")
    take()
    take()

    assert waiting() == [("ch_1", "other_currency", 10000)]
    assert cash()[f"fx org:{order.producer_id}"] == 10000
    assert is_right()


def test_a_charge_of_several_producers_moves_each_ones_part(order):
    with transaction():
        other = make_order(make_trade(db.session.get_one(Organisation, order.buyer_id)))
        charge((order, 6000), (other, 4000), ref="ch_1")

    take(line("charge", 10850, "ch_1", currency="hkd"))

    held = cash()
    assert (held[f"fx org:{order.producer_id}"], held[f"fx org:{other.producer_id}"]) == (6000, 4000)
    assert is_right()


def test_a_kind_of_line_that_nobody_knows_goes_into_the_queue():
    take(line("topup", 5000, ref="txn_1"))

    assert waiting() == [("txn_1", "unknown_source", 5000)]
    assert states() == {"txn_1": ("exception", "unknown_source")}


def test_listing_begins_before_the_last_line_and_leaves_no_gap():
    assert fetching.start_at(NOON) == NOON - timedelta(days=30)
    take(line("stripe_fee", -1, created_at=NOON - timedelta(days=10)))
    since = fetching.start_at(NOON)

    stretches = list(fetching.windows(since, NOON))

    assert since == NOON - timedelta(days=11)
    assert (stretches[0][0], stretches[-1][1]) == (since, NOON)
    assert all(one[1] == two[0] for one, two in pairwise(stretches))


def test_what_the_provider_itself_says_fits(stripe_double, order):
    api = stripe_double.client().v1
    intent = api.payment_intents.create({"amount": 10000, "currency": "cny"})
    ref = stripe_double.pay(intent.id)
    with transaction():
        charge((order, 10000), ref=ref)
    stripe_double.charge_fee(450)
    stripe_double.refund_in_dashboard(ref, 2500)
    stripe_double.make_available()
    stripe_double.pay_out()

    assert take_all(stripe_double) == 4

    held = cash()
    assert (held["fees platform"], held["stripe_payout platform"]) == (740, 10000 - 740 - 2500)
    assert held[f"stripe_cash org:{order.producer_id}"] == 10000
    assert held["stripe_cash platform"] == -740 - 6760
    assert [(kind, fen) for _subject, kind, fen in waiting()] == [("unknown_refund", -2500)]
    assert is_right()
