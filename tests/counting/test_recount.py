"""Posting what an order's facts change: measures, days, accounts, and nothing twice."""

from datetime import UTC, date, datetime

import pytest
from sqlalchemy import text

from orders.ledger.books import FactAlreadyRecorded
from orders.purchase import counted_days, counting
from shop.db import db, transaction
from tests.conftest import count
from tests.counting.build import accept, cancel_rest, lines_of, make_order, make_trade

pytestmark = pytest.mark.usefixtures("session")


def posted(order, measure):
    """Return ``(day, fen)`` of the postings of a measure in their order."""
    rows = db.session.execute(
        text("""SELECT p.origin_on, p.amount_fen FROM postings p JOIN ledger_dimensions d ON d.id = p.dimension_id
                WHERE d.order_id = :order AND p.measure = :measure ORDER BY p.id"""),
        {"order": order.id, "measure": measure},
    )
    return [(day, fen) for day, fen in rows]


def balances(order):
    """Return debit less credit of each kind of money account over an order's postings."""
    rows = db.session.execute(
        text("""SELECT kind, sum(fen) FROM (
                  SELECT a.kind, p.amount_fen AS fen FROM postings p JOIN ledger_accounts a ON a.id = p.debit_id
                  WHERE p.book = 'money' AND p.order_id = :order
                  UNION ALL
                  SELECT a.kind, -p.amount_fen FROM postings p JOIN ledger_accounts a ON a.id = p.credit_id
                  WHERE p.book = 'money' AND p.order_id = :order) x GROUP BY kind HAVING sum(fen) <> 0"""),
        {"order": order.id},
    )
    return {kind: int(fen) for kind, fen in rows}


def receive(order, fen, *, on, key, direct=True):
    """Raise what the order has received, as a confirmed receipt does."""
    order.received_fen += fen
    order.direct_fen += fen if direct else 0
    return counting.recount(order, fact="receipt_confirmed", key=key, at=noon(on), on=on)


def noon(day):
    return datetime(day.year, day.month, day.day, 4, tzinfo=UTC)


def test_placing_posts_what_is_ordered():
    with transaction():
        order = make_order(make_trade(), [(1000, "10"), (333, "1.5")], placed_at=noon(date(2026, 3, 1)))

    assert posted(order, "ordered") == [(date(2026, 3, 1), 10000), (date(2026, 3, 1), 500)]
    assert balances(order) == {}


def test_counted_falls_on_the_day_of_acceptance_when_payment_came_first():
    with transaction():
        order = make_order(make_trade(), payment_mode="pay_first")
        receive(order, 10000, on=date(2026, 6, 3), key="a")
        accept(order, ("10", "0"), at=noon(date(2026, 7, 2)))

    assert posted(order, "paid") == [(date(2026, 6, 3), 10000)]
    assert posted(order, "accepted") == [(date(2026, 7, 2), 10000)]
    assert posted(order, "counted") == [(date(2026, 7, 2), 10000)]


def test_counted_falls_on_the_value_day_when_acceptance_came_first():
    with transaction():
        order = make_order(make_trade())
        accept(order, ("10", "0"), at=noon(date(2026, 6, 3)))
        receive(order, 4000, on=date(2026, 6, 20), key="a")
        receive(order, 6000, on=date(2026, 7, 1), key="b")

    assert posted(order, "counted") == [(date(2026, 6, 20), 4000), (date(2026, 7, 1), 6000)]
    (line,) = lines_of(order)
    assert (line.last_accepted_on, line.last_paid_on) == (date(2026, 6, 3), date(2026, 7, 1))


def test_one_receipt_counts_on_the_days_of_each_part_that_it_pays_for():
    with transaction():
        order = make_order(make_trade(), [(100, "200")])
        accept(order, ("100", "0"), at=noon(date(2026, 11, 28)))
        accept(order, ("100", "0"), at=noon(date(2026, 12, 2)))
        receive(order, 15000, on=date(2026, 11, 29), key="a")

    assert posted(order, "counted") == [(date(2026, 11, 29), 10000), (date(2026, 12, 2), 5000)]
    assert [line.counted_fen for line in lines_of(order)] == [15000]


def test_what_counts_does_not_depend_on_when_the_receipt_is_confirmed():
    with transaction():
        early, late = (make_order(make_trade(), [(100, "200")]) for _ in range(2))
        accept(early, ("100", "0"), at=noon(date(2026, 11, 28)))
        receive(early, 10000, on=date(2026, 11, 29), key="early")
        accept(early, ("100", "0"), at=noon(date(2026, 12, 2)))
        accept(late, ("100", "0"), at=noon(date(2026, 11, 28)))
        accept(late, ("100", "0"), at=noon(date(2026, 12, 2)))
        receive(late, 10000, on=date(2026, 11, 29), key="late")

    assert posted(early, "counted") == posted(late, "counted") == [(date(2026, 11, 29), 10000)]


def test_a_receipt_confirmed_after_a_refund_fills_what_the_refund_took():
    with transaction():
        order = make_order(make_trade(), [(100, "100")])
        accept(order, ("100", "0"), at=noon(date(2026, 6, 3)))
        receive(order, 10000, on=date(2026, 6, 4), key="a")
        order.refunded_fen, order.direct_fen = 4000, 6000
        counting.recount(order, fact="refund_confirmed", key="b", at=noon(date(2026, 6, 10)), on=date(2026, 6, 10))
        receive(order, 4000, on=date(2026, 6, 8), key="c")

    # Paid by 8 June: 140.00, of which the goods need 100.00; from the 10th on it is 100.00 again.
    assert posted(order, "counted") == [
        (date(2026, 6, 4), 10000), (date(2026, 6, 10), -4000), (date(2026, 6, 10), 4000),
    ]  # fmt: skip


def test_the_day_is_shanghais_even_late_in_the_evening():
    with transaction():
        order = make_order(make_trade())
        receive(order, 10000, on=date(2026, 6, 1), key="a")
        accept(order, ("10", "0"), at=datetime(2026, 6, 30, 16, 30, tzinfo=UTC))

    assert posted(order, "counted") == [(date(2026, 7, 1), 10000)]


def test_a_refund_takes_back_what_counted_on_its_own_day():
    with transaction():
        order = make_order(make_trade())
        accept(order, ("10", "0"), at=noon(date(2026, 6, 3)))
        receive(order, 10000, on=date(2026, 6, 4), key="a")
        order.refunded_fen, order.direct_fen = 2500, 7500
        counting.recount(order, fact="refund_confirmed", key="b", at=noon(date(2026, 7, 9)), on=date(2026, 7, 9))

    assert posted(order, "counted") == [(date(2026, 6, 4), 10000), (date(2026, 7, 9), -2500)]


def test_rejecting_a_line_moves_its_money_to_the_others():
    with transaction():
        order = make_order(make_trade(), [(1000, "10"), (1000, "10")])
        receive(order, 10000, on=date(2026, 6, 1), key="a")
        accept(order, ("0", "10"), ("10", "0"), at=noon(date(2026, 6, 5)))

    assert [(line.paid_fen, line.counted_fen) for line in lines_of(order)] == [(0, 0), (10000, 10000)]
    assert order.due_fen == 10000
    assert posted(order, "counted") == [(date(2026, 6, 5), 10000)]


def test_cancelling_takes_back_what_was_ordered():
    with transaction():
        order = make_order(make_trade(), [(1000, "10")], freight_fen=500, status="confirmed")
        cancel_rest(order, at=noon(date(2026, 8, 1)))

    assert posted(order, "ordered") == [(date(2026, 7, 15), 10000), (date(2026, 8, 1), -10000)]
    assert order.due_fen == 0


def test_nothing_different_makes_no_entry():
    with transaction():
        order = make_order(make_trade())
        before = count("journal_entries")
        counting.recount(order, fact="nothing", key="n", at=noon(date(2026, 7, 9)), on=date(2026, 7, 9))

    assert count("journal_entries") == before


@pytest.mark.parametrize(
    ("accepted", "paid", "counted", "more"),
    [
        ({}, {1: 100}, {}, {}),
        ({2: 100}, {1: 60}, {}, {2: 60}),
        ({1: 100, 5: 100}, {2: 150}, {}, {2: 100, 5: 50}),
        ({1: 100, 5: 100}, {2: 100}, {5: 100}, {2: 100, 5: -100}),
        ({1: 100}, {2: 100, 3: -30}, {2: 100}, {3: -30}),
        ({1: 100}, {2: -30, 3: 100}, {}, {3: 70}),
    ],
)
def test_all_that_counts_by_a_day_is_the_smaller_of_what_was_accepted_and_paid_by_then(accepted, paid, counted, more):
    sides = ({date(2026, 6, day): fen for day, fen in side.items()} for side in (accepted, paid, counted))

    assert counted_days.differences(*sides) == {date(2026, 6, day): fen for day, fen in more.items()}


def test_a_fact_is_never_posted_twice():
    with transaction():
        order = make_order(make_trade())
        receive(order, 100, on=date(2026, 6, 4), key="a")

    with pytest.raises(FactAlreadyRecorded), transaction():
        receive(order, 100, on=date(2026, 6, 4), key="a")


def test_accounts_follow_acceptance_and_direct_payment():
    with transaction():
        order = make_order(make_trade(), [(1000, "10")], freight_fen=500)
        accept(order, ("6", "0"))
    assert balances(order) == {"buyer_receivable": 6500, "producer_payable": -6500}

    with transaction():
        receive(order, 8000, on=date(2026, 7, 15), key="a")
    assert balances(order) == {"buyer_credit": 6500, "paid_direct": -6500}

    with transaction():
        accept(order, ("4", "0"))
    assert balances(order) == {
        "buyer_receivable": 2500, "buyer_credit": 8000, "producer_payable": -2500, "paid_direct": -8000,
    }  # fmt: skip


def test_supervised_money_stays_owed_to_the_producer():
    with transaction():
        order = make_order(make_trade())
        accept(order, ("10", "0"))
        receive(order, 10000, on=date(2026, 7, 15), key="a", direct=False)

    assert balances(order) == {"buyer_credit": 10000, "producer_payable": -10000}


def test_contracted_is_posted_once_and_follows_a_cancellation():
    with transaction():
        order = make_order(make_trade(), status="confirmed")
        for key in ("c1", "c2"):
            counting.post_contracted(
                order, fact="contract_signed", key=key, at=noon(date(2026, 7, 2)), on=date(2026, 7, 2)
            )
        cancel_rest(order, at=noon(date(2026, 7, 5)))
        counting.post_contracted(
            order, fact="order_cancelled", key="c3", at=noon(date(2026, 7, 5)), on=date(2026, 7, 5)
        )

    assert posted(order, "contracted") == [(date(2026, 7, 2), 10000), (date(2026, 7, 5), -10000)]


def test_several_orders_are_posted_at_once_and_only_once():
    with transaction():
        trade = make_trade()
        one, two = make_order(trade), make_order(trade, [(500, "2"), (300, "1")])
        orders = [
            counting.PlacedOrder(
                order.id,
                order.buyer_id,
                [counting.PlacedLine(line.dimension_id, line.county_code, 1) for line in lines_of(order)],
            )
            for order in (one, two)
        ]
        entries, postings = count("journal_entries"), count("postings")

    with pytest.raises(FactAlreadyRecorded), transaction():
        counting.post_placed(orders, at=noon(date(2026, 7, 15)), on=date(2026, 7, 15))

    assert (count("journal_entries"), count("postings")) == (entries, postings) == (2, 3)
    assert posted(two, "ordered") == [(date(2026, 7, 15), 1000), (date(2026, 7, 15), 300)]
