"""Fixtures for tests that talk to Stripe; a test module or a conftest imports them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.stripe_double.double import Double


@pytest.fixture
def stripe_double() -> Iterator[Double]:
    """A Stripe of the test's own; the test fails if it was asked for anything outside the contract."""
    with Double() as double:
        yield double
    assert double.violations == []
