"""Tests of the double itself: no application, no database."""

import pytest

from tests.stripe_double.double import Double
from tests.stripe_double.fixtures import stripe_double

__all__ = ["stripe_double"]


@pytest.fixture
def double(stripe_double: Double) -> Double:
    return stripe_double


@pytest.fixture
def client(double):
    return double.client()


@pytest.fixture
def paid(double, client):
    """An intent of 100 yuan, paid by card: intent and charge."""
    intent = client.v1.payment_intents.create({"amount": 10000, "currency": "cny", "transfer_group": "order-7"})
    return intent.id, double.pay(intent.id)
