"""The application with a Stripe of its own."""

from collections.abc import Iterator

import pytest
from flask import Flask

from tests.stripe_double.double import Double
from tests.stripe_double.fixtures import stripe_double
from tests.stripe_double.webhooks import SECRETS

__all__ = ["stripe_double"]


def settings_for(double: Double) -> dict[str, object]:
    """What the settings say when the provider is a double."""
    return {
        "STRIPE_SECRET_KEY": "sk_test_double",
        "STRIPE_PUBLISHABLE_KEY": "pk_test_double",
        "STRIPE_WEBHOOK_SECRETS": (SECRETS["platform"], "whsec_before", SECRETS["connect"]),
        "STRIPE_THIN_SECRETS": (SECRETS["thin"], "whsec_thin_before"),
        "STRIPE_API_BASE": double.url,
    }


@pytest.fixture
def card(app: Flask, stripe_double: Double) -> Iterator[Double]:
    """Payment by card, switched on for one test."""
    before = {name: app.config[name] for name in settings_for(stripe_double)}
    app.config.update(settings_for(stripe_double))
    yield stripe_double
    app.config.update(before)
