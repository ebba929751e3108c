"""The application with a Stripe of its own."""

from tests.online.conftest import card, stripe_double

__all__ = ["card", "stripe_double"]
