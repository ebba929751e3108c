"""A thousand procurements: Stripe, the bank, the books and a model agree on each to the fen."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest

from tests.money.agreeing import WANTED, assert_agrees, seen_in
from tests.money.conftest import card, stripe_double
from tests.money.story import STEPS, Story

__all__ = ["card", "stripe_double"]
pytestmark = [pytest.mark.usefixtures("session"), pytest.mark.soak]


@pytest.fixture(scope="module")
def happened() -> Iterator[Counter[str]]:
    """Count what has come about over all stories; whatever never did was not proved."""
    counted: Counter[str] = Counter()
    yield counted
    assert {*STEPS, *WANTED} - counted.keys() == set()


@pytest.mark.parametrize("seed", range(1000))
def test_money_in_is_refunds_payouts_fees_disputes_and_what_is_left(app, card, deliver, happened, seed):
    story = Story(1000 + seed, app, card, deliver)

    story.tell(14)

    assert_agrees(story)
    happened.update(story.done + seen_in(story))
