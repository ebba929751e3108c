"""What a payer's browser sees of this Stripe."""

from __future__ import annotations

from tests.stripe_double.api import Request
from tests.stripe_double.server import Page
from tests.stripe_double.world import World


class Pages:
    """Answers everything that is not the API."""

    def __init__(self, world: World) -> None:
        self._world = world

    def answer(self, request: Request) -> Page:
        return Page("Not found", 404, "text/plain; charset=utf-8")
