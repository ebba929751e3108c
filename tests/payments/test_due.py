"""Payment states, due days and the price of being late."""

from datetime import date

import pytest

from orders.purchase import due


@pytest.mark.parametrize(
    ("due_fen", "received", "refunded", "held", "state"),
    [
        (100, 0, 0, 0, "unpaid"),
        (0, 0, 0, 0, "unpaid"),
        (100, 40, 0, 0, "part_paid"),
        (100, 100, 0, 0, "paid"),
        (100, 100, 0, 10, "part_paid"),
        (100, 120, 0, 0, "overpaid"),
        (70, 100, 0, 0, "overpaid"),
        (70, 100, 30, 0, "part_refunded"),
        (100, 100, 30, 0, "part_refunded"),
        (50, 100, 30, 0, "overpaid"),
        (0, 100, 100, 0, "refunded"),
        (100, 100, 100, 0, "refunded"),
    ],
)
def test_the_payment_state_follows_from_the_sums(due_fen, received, refunded, held, state):
    assert due.payment_state(due_fen=due_fen, received_fen=received, refunded_fen=refunded, held_fen=held) == state


def test_goods_first_is_due_thirty_days_after_acceptance():
    assert due.goods_first_due_on(date(2026, 1, 31)) == date(2026, 3, 2)


def test_a_contract_agrees_on_sixty_days_at_most():
    assert due.goods_first_due_on(date(2026, 7, 1), 90) == date(2026, 8, 30)


def test_pay_first_is_due_thirty_days_after_signing_and_once_fifteen_more():
    assert due.pay_first_due_on(date(2026, 7, 1)) == date(2026, 7, 31)
    assert due.pay_first_due_on(date(2026, 7, 1), extended=True) == date(2026, 8, 15)


def test_interest_is_half_a_per_mille_a_day_after_the_due_day():
    assert due.late_interest_fen(1_000_000, date(2026, 7, 1), date(2026, 7, 1)) == 0
    assert due.late_interest_fen(1_000_000, date(2026, 7, 1), date(2026, 7, 11)) == 5000
    assert due.late_interest_fen(1001, date(2026, 7, 1), date(2026, 7, 2)) == 1
    assert due.late_interest_fen(1000, None, date(2026, 7, 2)) == 0
