"""The races of placing in full: twenty times each."""

from __future__ import annotations

import pytest

from tests.purchase import races

pytestmark = [pytest.mark.committed, pytest.mark.soak]
TIMES = range(20)


@pytest.mark.parametrize("n", TIMES)
def test_fifty_buyers_for_one(committed_app, n):
    races.race_for_the_last_one(committed_app, 50)


@pytest.mark.parametrize("n", TIMES)
def test_both_orders_of_two_goods(committed_app, n):
    races.race_in_both_orders(committed_app, 25)


@pytest.mark.parametrize("n", TIMES)
def test_totals_read_during_a_race_are_committed_sums(committed_app, n):
    races.race_with_readers(committed_app, 50)


@pytest.mark.parametrize("n", TIMES)
def test_one_key_ten_times(committed_app, n):
    races.race_with_one_key(committed_app, 10)
