"""What is open of an order, where the fee lies, and which payouts come of it: figures alone."""

import pytest

from orders.settlement.positions import FeeMove, Open, OrderSums, PaidOut, Position, Share, fee_move, open_of, plan


def sums(received=0, *, applied=0, direct=0, stripe=0, refunded=0, held=0, fee=0, leaving=0):
    return OrderSums(received, refunded, held, direct, stripe, applied, fee, leaving)


NOTHING = PaidOut(0, 0)


@pytest.mark.parametrize(
    ("order", "paid", "card", "bank"),
    [
        (sums(10000, applied=10000), NOTHING, 0, 10000),
        (sums(10000, applied=10000, stripe=10000), NOTHING, 10000, 0),
        (sums(10000, applied=10000, stripe=4000, fee=60), NOTHING, 3976, 5964),
        (sums(10000, applied=10000, direct=10000, fee=60), NOTHING, 0, -60),
        (sums(10000, applied=4000, stripe=10000), NOTHING, 4000, 0),
        (sums(10000, applied=7000, stripe=5000, held=3000), NOTHING, 2000, 5000),
        (sums(10000, applied=7000, stripe=5000, leaving=3000), NOTHING, 2000, 5000),
        (sums(10000, applied=7000, refunded=3000, stripe=7000), PaidOut(10000, 10000), -3000, 0),
        (sums(3, applied=3, stripe=1, fee=1), NOTHING, 1, 1),
    ],
)
def test_what_is_open_lies_where_the_money_came_in(order, paid, card, bank):
    assert open_of(order, paid) == Open(card, bank)


@pytest.mark.parametrize(
    ("order", "paid", "touched", "move"),
    [
        (sums(10000, applied=10000, stripe=10000, fee=60), PaidOut(9940, 9940), "card", FeeMove(60, 0)),
        (sums(10000, applied=10000, fee=60), PaidOut(9940, 0), "bank", FeeMove(0, 60)),
        (sums(10000, applied=10000, stripe=5000, fee=60), PaidOut(4970, 4970), "card", FeeMove(30, 0)),
        (sums(10000, applied=10000, stripe=5000, fee=60), PaidOut(9940, 4970, 30), "bank", FeeMove(0, 30)),
        (sums(10000, applied=10000, direct=10000, fee=60), PaidOut(-60, 0), "bank", FeeMove(0, 60)),
        (
            sums(10000, refunded=3000, applied=7000, stripe=7000, fee=42),
            PaidOut(6958, 6958, 60),
            "card",
            FeeMove(-18, 0),
        ),
    ],
)
def test_the_fee_follows_its_own_money(order, paid, touched, move):
    assert fee_move(order, paid, card=touched == "card", bank=touched == "bank") == move


def test_a_debt_is_netted_from_its_own_kind_of_money_first():
    found = plan(
        [Position(1, Open(5000, 4000), payable=True), Position(2, Open(-1000, 0), payable=False)], card_rail=True
    )

    assert found == {"stripe": [Share(1, 5000, 5000), Share(2, -1000, -1000)], "bank": [Share(1, 4000, 0)]}


def test_a_debt_above_its_own_kind_is_netted_from_the_other():
    found = plan(
        [Position(1, Open(500, 4000), payable=True), Position(2, Open(-1000, 0), payable=False)], card_rail=True
    )

    assert found == {"bank": [Share(1, 4000, 0), Share(2, -500, -500)]}


def test_without_an_account_there_all_goes_by_bank():
    assert plan([Position(1, Open(500, 4000), payable=True)], card_rail=False) == {"bank": [Share(1, 4500, 500)]}


def test_who_owes_more_than_is_due_gets_nothing_and_nothing_is_lost():
    positions = [Position(1, Open(500, 0), payable=True), Position(2, Open(-500, 0), payable=False)]

    assert (plan(positions, card_rail=True), plan(positions, card_rail=False)) == ({}, {})


def test_what_is_not_due_waits():
    assert plan([Position(1, Open(500, 0), payable=False)], card_rail=True) == {}
