"""Whatever becomes of a procurement's money, a model that knows none of our code comes to the same fen."""

from __future__ import annotations

import pytest

from tests.money.agreeing import assert_agrees
from tests.money.story import Story

pytestmark = pytest.mark.usefixtures("session")


@pytest.mark.parametrize("seed", range(4))
def test_money_in_is_refunds_payouts_fees_disputes_and_what_is_left(app, card, deliver, seed):
    story = Story(seed, app, card, deliver)

    story.tell(10)

    assert_agrees(story)
