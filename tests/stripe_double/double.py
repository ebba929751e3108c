"""The handle that a test holds; what it can do is told in the package's own words."""

from __future__ import annotations

from collections.abc import Iterable
from types import TracebackType
from typing import Any, Self

import stripe

from tests.stripe_double import (
    accounts,
    charges,
    customers,
    disputes,
    events,
    intents,
    invoice_lines,
    invoices,
    ledger,
    methods,
    payouts,
    refunds,
    sessions,
    thin,
    transfers,
    webhooks,
)
from tests.stripe_double.api import Api
from tests.stripe_double.commands import Commands
from tests.stripe_double.console import Console
from tests.stripe_double.faults import Faults
from tests.stripe_double.pages import Pages
from tests.stripe_double.server import Server
from tests.stripe_double.webhooks import Courier, Send
from tests.stripe_double.world import Behaviour, Clock, Thing, World

#: The modules whose operations are played: importing them declares the routes.
PLAYED = (
    *(accounts, charges, customers, disputes, events, intents, invoice_lines, invoices, ledger, methods, payouts),
    *(refunds, sessions, thin, transfers),
)


class Double(Commands):
    """Stripe on a port of this machine; use it in a ``with``."""

    def __init__(
        self, *, seed: int = 1, port: int = 0, clock: Clock | None = None, webhooks_to: dict[str, str] | None = None
    ) -> None:
        self._server = Server(port)
        self.world = World(seed=seed, clock=clock, base_url=self._server.url)
        self.faults = Faults()
        self.api = Api(self.world, self.faults)
        self.courier = Courier(self.world, webhooks_to or {})
        self.world.tell = self.courier.take

    def __enter__(self) -> Self:
        self.courier.start()
        self._server.start(self.api, Pages(self.world, Console(self)).answer)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.faults.clear()
        self._server.stop()
        self.courier.stop()

    @property
    def url(self) -> str:
        return self._server.url

    @property
    def clock(self) -> Clock:
        return self.world.clock

    @property
    def behaviour(self) -> Behaviour:
        return self.world.behaviour

    @property
    def violations(self) -> list[str]:
        """Requests that were outside the contract; a test clears it if it meant them."""
        return self.world.violations

    @property
    def events(self) -> list[Thing]:
        """All that happened, the oldest first; of both versions, each as it was."""
        with self.world.lock:
            return list(self.world.events)

    def of_type(self, *types: str) -> list[Thing]:
        return [event for event in self.events if event["type"] in types]

    def told(self, kind: str) -> list[Thing]:
        """The events of one kind of endpoint: ``platform``, ``connect`` or ``thin``."""
        return [event for event in self.events if webhooks.kind_of(event) == kind]

    def client(self, **options: Any) -> stripe.StripeClient:
        """A client of Stripe's own library that talks to this double, and does not try again by itself."""
        values: dict[str, Any] = {"max_network_retries": 0, **options}
        return stripe.StripeClient("sk_test_double", base_addresses={"api": self.url}, **values)

    def deliver(self, send: Send, events: Iterable[Thing] | None = None) -> list[int]:
        """Post events, signed, through ``send``: all so far, or these in this order, as often as they are named."""
        return webhooks.deliver(self.events if events is None else events, send)


def through(client: Any, path: str) -> Send:
    """``send`` for :meth:`Double.deliver` that posts to ``path`` with a test client of Flask."""

    def send(body: bytes, headers: dict[str, str]) -> int:
        return int(client.post(path, data=body, headers=headers).status_code)

    return send
