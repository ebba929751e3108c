"""Races of placing, in small counts; the full ones are soaked."""

from __future__ import annotations

import pytest

from tests.purchase import races

pytestmark = pytest.mark.committed


def test_the_last_one_is_sold_once(committed_app):
    races.race_for_the_last_one(committed_app, 12)


def test_two_orders_over_the_same_goods_never_deadlock_before_a_user(committed_app):
    races.race_in_both_orders(committed_app, 8)


def test_one_key_ten_times_at_once_is_one_order(committed_app):
    races.race_with_one_key(committed_app, 10)


def test_totals_read_while_orders_are_placed_are_sums_of_committed_orders(committed_app):
    races.race_with_readers(committed_app, 16)
