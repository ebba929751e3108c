"""A loader of the past keeps jobs of today's clock away, and only while it lives."""

from __future__ import annotations

import pytest

from shop import history
from shop.db import transaction


@pytest.mark.committed
def test_jobs_stand_aside_while_the_past_is_told(committed_app):
    with transaction():
        before = history.is_being_told()
    with history.telling(), transaction():
        meanwhile = history.is_being_told()
    with transaction():
        afterwards = history.is_being_told()

    assert (before, meanwhile, afterwards) == (False, True, False)
