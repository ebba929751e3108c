"""The handle that a test holds; what it can do is told in the package's own words."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Self

import stripe

from tests.stripe_double import charges, customers, events, intents, ledger, methods, pages, refunds, webhooks
from tests.stripe_double.api import Api
from tests.stripe_double.faults import Faults
from tests.stripe_double.routes import Call
from tests.stripe_double.server import Server
from tests.stripe_double.webhooks import Courier, Send
from tests.stripe_double.world import DAY, Clock, Thing, World

#: The modules whose operations are played: importing them declares the routes.
PLAYED = (charges, customers, events, intents, ledger, methods, refunds)


class Commands:
    """What happens at Stripe without the application asking."""

    world: World

    @contextmanager
    def _of(self, kind: str, identifier: str) -> Iterator[Thing]:
        """The object, with the world held still."""
        with self.world.lock:
            found = next((one for one in self.world.objects.values() if one["id"] == identifier), None)
            if found is None or found["object"] != kind:
                message = f"There is no {kind} {identifier}."
                raise LookupError(message)
            yield found

    def get(self, identifier: str) -> Thing:
        """A copy of any object as it is now."""
        with self.world.lock:
            return copy.deepcopy(self.world.objects[identifier])

    def side(self, identifier: str) -> Thing:
        """What Stripe knows of an object and does not show."""
        with self.world.lock:
            return dict(self.world.side[identifier])

    def pay(self, intent: str, method: str = "card") -> str:
        """The payer pays an intent; the charge's identifier."""
        with self._of("payment_intent", intent) as found:
            return str(intents.pay(self.world, found, method)["id"])

    def process(self, intent: str, method: str = "alipay") -> None:
        """The payer has paid, and the money is not there yet."""
        with self._of("payment_intent", intent) as found:
            if found["payment_method"] is None:
                intents.attach(found, methods.make(self.world, method))
            intents.process(self.world, found)

    def fail(self, intent: str, code: str = "card_declined", method: str = "card") -> None:
        """The payer tried and failed; they may try again."""
        with self._of("payment_intent", intent) as found:
            if found["payment_method"] is None:
                intents.attach(found, methods.make(self.world, method))
            intents.fail(self.world, found, code)

    def cancel(self, intent: str, reason: str = "abandoned") -> None:
        with self._of("payment_intent", intent) as found:
            intents.cancel(self.world, found, reason)

    def settle_refund(self, refund: str) -> None:
        """A pending refund has reached the payer."""
        with self._of("refund", refund) as found:
            refunds.settle(self.world, found)

    def fail_refund(self, refund: str, reason: str = "expired_or_canceled_card") -> None:
        """A refund came back, even one that had succeeded."""
        with self._of("refund", refund) as found:
            refunds.fail(self.world, found, reason)

    def refund_in_dashboard(self, charge: str, amount: int | None = None) -> str:
        """Somebody refunds by hand, past the application."""
        params = {"charge": charge} | ({} if amount is None else {"amount": amount})
        with self.world.lock:
            return str(refunds.create_refund(self.world, Call({}, params))["id"])

    def make_available(self, days: int | None = None) -> None:
        """Let so much time pass that pending money can be used."""
        days = self.world.behaviour.settlement_days if days is None else days
        with self.world.lock:
            self.world.clock.advance(seconds=days * DAY)


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
        self._server.start(self.api, pages.Pages(self.world).answer)
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
    def behaviour(self) -> Any:
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
