"""The process that speaks to the card provider is killed while it does: everything is done once, nothing is lost."""

from __future__ import annotations

import pytest

from tests.money.provider_kills import kill_and_look


@pytest.mark.committed
def test_five_kills_do_nothing_twice_and_lose_nothing(committed_app):
    kill_and_look(committed_app, kills=5, seed=5)
