"""Listing the provider's account: twice, at once, in any order of pages, and with nobody to ask."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import count as counter

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from orders.online.errors import ProviderAway
from orders.payments import checks
from orders.reconciliation import fetching, tasks
from shop import clock
from shop.db import db, transaction
from tests.conftest import NOON, count, examples, undone
from tests.counting.build import accept, make_order, make_trade
from tests.online.conftest import card, stripe_double
from tests.payments.card import charge
from tests.reconciliation.lines import cash, line, lists, states, waiting

__all__ = ["card", "stripe_double"]
_examples = counter(1)


def make_charge(ref="ch_1", fen=10000):
    with transaction():
        order = make_order(make_trade())
        accept(order, ("10", "0"))
        charge((order, fen), ref=ref)
        return order.producer_id


LINES = [
    line("charge", 10000, "ch_1", fee=290),
    line("charge", 5000, "ch_2", fee=145),
    line("payout", -3000, "po_1"),
    *(line("stripe_fee", -number, created_at=NOON - timedelta(minutes=10 * number)) for number in range(1, 121)),
]


def test_what_is_fetched_again_is_known(session):
    make_charge()

    assert (tasks.fetch_from(lists(LINES)), tasks.fetch_from(lists(LINES))) == (123, 0)

    assert (cash()["fees platform"], cash()["stripe_payout platform"]) == (435 + 7260, 3000)
    assert waiting() == [("ch_2", "unknown_charge", 5000)]


def test_without_payment_by_card_nothing_is_fetched(session):
    assert tasks.fetch() == 0
    assert count("balance_transactions") == 0


def test_a_listing_that_breaks_off_is_taken_up_where_it_was(session):
    make_charge()
    whole = lists([line("stripe_fee", -5, created_at=NOON + timedelta(days=number)) for number in range(20)])

    def broken(since, until):
        found = whole(since, until)
        if any(one.created_at > NOON + timedelta(days=9) for one in found):
            raise ConnectionError
        return found

    with pytest.raises(ConnectionError):
        tasks.fetch_from(broken)
    kept = count("balance_transactions")
    tasks.fetch_from(whole)

    assert 0 < kept < 20
    assert count("balance_transactions") == 20
    assert cash()["fees platform"] == 100


def test_what_the_provider_tells_is_fetched_outside_of_transactions(session, card):
    make_charge()
    card.charge_fee(450)
    card.charge_fee(50)

    assert (tasks.fetch(), tasks.fetch()) == (2, 0)

    assert cash()["fees platform"] == 500


def test_a_provider_that_is_away_leaves_what_was_kept(session, card):
    make_charge()
    card.charge_fee(450)
    tasks.fetch()
    card.charge_fee(50)
    card.faults.fail_before("get", "/v1/balance_transactions")

    with pytest.raises(ProviderAway):
        tasks.fetch()

    assert cash()["fees platform"] == 450


@pytest.mark.committed
def test_two_at_once_keep_and_post_each_line_once(committed_app):
    producer_id = make_charge()
    gate = threading.Barrier(4)

    def run(_number):
        with committed_app.app_context(), clock.stopped_at(NOON):
            gate.wait()
            try:
                return tasks.fetch_from(lists(LINES))
            finally:
                db.session.remove()

    with ThreadPoolExecutor(4) as pool:
        kept = sum(pool.map(run, range(4)))

    assert (kept, count("balance_transactions")) == (123, 123)
    held = cash()
    assert (held["fees platform"], held["stripe_payout platform"]) == (7695, 3000)
    assert (held["stripe_cash platform"], held[f"stripe_cash org:{producer_id}"]) == (-10695, 10000)
    assert waiting() == [("ch_2", "unknown_charge", 5000)]
    assert checks.differing_balances() == []


amounts = st.integers(1, 20000)
kinds = st.one_of(
    st.tuples(st.sampled_from(("charge", "refund", "refund_failure")), amounts, st.integers(0, 500)),
    st.tuples(st.sampled_from(("stripe_fee", "payout", "payout_failure", "topup")), amounts, st.integers(0, 9)),
    st.tuples(st.just("foreign"), amounts, st.integers(0, 500)),
)


def lines_of(drafts, prefix):
    """Lines about one charge and a thing that nobody knows."""
    found = []
    for number, (kind, fen, fee) in enumerate(drafts):
        values = {"ref": f"{prefix}txn_{number}", "fee": fee, "created_at": NOON + timedelta(minutes=number)}
        sign = -1 if kind in ("refund", "payout", "stripe_fee") else 1
        if kind == "foreign":
            found.append(line("charge", fen, f"{prefix}ch_2", **values | {"currency": "hkd"}))
        elif kind.startswith("refund"):
            found.append(line(kind, sign * fen, f"{prefix}re_1", **values))
        else:
            found.append(line(kind, sign * fen, f"{prefix}ch_1" if kind == "charge" else "", **values))
    return found


def play(drafts, pages, first):
    """Keep and match pages in an order; return what stands after, without the names of this run."""
    prefix = f"x{next(_examples)}_"
    producers = {f"org:{make_charge(f'{prefix}ch_{one}')}": f"P{one}" for one in (1, 2)}
    before, found = cash(), lines_of(drafts, prefix)
    for page in pages:
        chosen = [found[number % len(found)] for number in page]
        with transaction():
            fetching.keep(list({one.ref: one for one in chosen}.values()), NOON)
        if first:
            tasks.match_all()
    with transaction():
        fetching.keep(found, NOON)
    tasks.match_all()
    moved = {}
    for name, fen in cash().items():
        kind, owner = name.split(" ")
        if fen != before.get(name, 0):
            moved[f"{kind} {producers.get(owner, owner)}"] = fen - before.get(name, 0)
    told = sorted((s.removeprefix(prefix), kind, fen) for s, kind, fen in waiting() if s.startswith(prefix))
    return moved, told, {ref.removeprefix(prefix): s for ref, s in states().items() if ref.startswith(prefix)}


@settings(max_examples=examples(15), phases=[Phase.generate], suppress_health_check=list(HealthCheck))
@given(
    st.lists(kinds, min_size=1, max_size=8),
    st.lists(st.lists(st.integers(0, 7), min_size=1, max_size=6), max_size=5),
    st.lists(st.lists(st.integers(0, 7), min_size=1, max_size=6), max_size=5),
)
def test_pages_in_any_order_come_to_the_same(session, drafts, one, other):
    with undone():
        assert play(drafts, one, first=True) == play(drafts, other, first=False)
        assert checks.differing_balances() == []
        assert (
            db.session.execute(text("SELECT count(*) FROM balance_transactions WHERE status = 'new'")).scalar_one() == 0
        )
