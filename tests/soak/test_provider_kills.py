"""A hundred kills -9 of the process that speaks to the card provider: everything is done once, nothing is lost."""

from __future__ import annotations

import pytest

from tests.money.provider_kills import kill_and_look

pytestmark = [pytest.mark.committed, pytest.mark.soak]


def test_a_hundred_kills_do_nothing_twice_and_lose_nothing(committed_app):
    kill_and_look(committed_app, kills=100, seed=832)
