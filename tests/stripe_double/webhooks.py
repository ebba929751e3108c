"""Tells the application what happened: signed, and late, twice, in disorder or never if a test wants so."""

from __future__ import annotations

import json
import queue
import threading
import time
import urllib.request
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from stripe import WebhookSignature

from tests.stripe_double.world import Thing, World

#: Each kind of endpoint has its own secret: the platform's events, those of connected accounts, version 2's.
KINDS = ("platform", "connect", "thin")
SECRETS = {kind: f"whsec_double_{kind}_0123456789abcdef" for kind in KINDS}
#: ``send(body, headers)`` posts one event and gives back the status of the answer.
Send = Callable[[bytes, dict[str, str]], int]


def kind_of(event: Thing) -> str:
    if event["object"] == "v2.core.event":
        return "thin"
    return "connect" if event.get("account") else "platform"


def payload(event: Thing) -> bytes:
    """The body as it is sent; of version 2 only the thin notification, without the changes."""
    shown = {
        name: value for name, value in event.items() if name not in ("changes", "data") or kind_of(event) != "thin"
    }
    return json.dumps(shown, ensure_ascii=False).encode()


def signed(event: Thing, *, secret: str | None = None, at: int | None = None) -> tuple[bytes, dict[str, str]]:
    """Body and headers of a delivery; signatures are dated by real time, as their age is checked against it."""
    body = payload(event)
    stamp = WebhookSignature.generate_signature_header(
        body.decode(), secret or SECRETS[kind_of(event)], int(time.time()) if at is None else at
    )
    return body, {"Content-Type": "application/json; charset=utf-8", "Stripe-Signature": stamp}


def deliver(events: Iterable[Thing], send: Send) -> list[int]:
    """Post each event in the given order; the statuses of the answers."""
    return [send(*signed(event)) for event in events]


@dataclass
class Plan:
    """What is to happen to deliveries; ``dropped`` and ``repeated`` count down by type of event."""

    delay: float = 0.0
    held: bool = False
    dropped: dict[str, int] = field(default_factory=dict)
    repeated: dict[str, int] = field(default_factory=dict)

    def copies(self, event: Thing) -> int:
        """How often this event is sent: once, unless the plan says otherwise."""
        if self.dropped.get(event["type"], 0) > 0:
            self.dropped[event["type"]] -= 1
            return 0
        return 1 + self.repeated.pop(event["type"], 0)


class Courier:
    """Delivers events by itself, in a thread of its own, to an address for each kind of endpoint."""

    def __init__(self, world: World, addresses: dict[str, str]) -> None:
        self.plan = Plan()
        self.waiting: list[Thing] = []
        self.sent: list[tuple[str, int]] = []
        self._world, self._addresses = world, addresses
        self._queue: queue.Queue[Thing | None] = queue.Queue()
        self._thread = threading.Thread(target=self._run, name="stripe-double-courier", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def take(self, event: Thing) -> None:
        """A new event; called under the lock."""
        if kind_of(event) in self._addresses:
            if self.plan.held:
                self.waiting.append(event)
            else:
                self._queue.put(event)

    def release(self, order: Callable[[list[Thing]], list[Thing]] = list) -> None:
        """Send what was held, in the order that ``order`` makes of it (``reversed`` will do)."""
        with self._world.lock:
            held, self.waiting, self.plan.held = self.waiting, [], False
        for event in order(held):
            self._queue.put(event)

    def wait(self) -> None:
        """Return when all that was taken is delivered."""
        self._queue.join()

    def stop(self) -> None:
        self._queue.put(None)
        self._thread.join()

    def _run(self) -> None:
        while (event := self._queue.get()) is not None:
            try:
                self._deliver(event)
            finally:
                self._queue.task_done()
        self._queue.task_done()

    def _deliver(self, event: Thing) -> None:
        time.sleep(self.plan.delay)
        address = self._addresses[kind_of(event)]
        for _ in range(self.plan.copies(event)):
            self.sent.append((event["type"], post(address, *signed(event))))


def post(address: str, body: bytes, headers: dict[str, str]) -> int:
    """The status of the answer, 0 if there is none."""
    request = urllib.request.Request(address, body, headers)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as refusal:
        with refusal:
            return refusal.code
    except OSError:
        return 0
