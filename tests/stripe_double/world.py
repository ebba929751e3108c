"""Everything that the double knows, behind one lock; nothing outlives it."""

from __future__ import annotations

import random
import string
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from tests.stripe_double.errors import missing

Thing = dict[str, Any]
#: Noon in Shanghai on the day at which the project's tests stand still.
NOON = datetime(2026, 7, 15, 4, 0, tzinfo=UTC)
DAY = 86_400
_LETTERS = string.digits + string.ascii_letters


class Clock:
    """Stands still until it is moved, or runs with real time if it was made with None."""

    def __init__(self, at: datetime | None = NOON) -> None:
        self._at = None if at is None else int(at.timestamp())
        self._ahead = 0

    @property
    def now(self) -> int:
        return (int(time.time()) if self._at is None else self._at) + self._ahead

    def set(self, at: datetime) -> None:
        self._at, self._ahead = int(at.timestamp()), 0

    def advance(self, *, days: int = 0, seconds: int = 0) -> None:
        self._ahead += days * DAY + seconds


@dataclass
class Behaviour:
    """How this Stripe behaves, where real ones differ; a test sets what it needs.

    ``fees`` are basis points and a fixed part by method; ``refunds`` the state in which a refund begins;
    ``settles`` names, by currency of the charge, another currency in which it is paid out and the rate.
    A reversal is refused if the connected account has not so much, unless accounts may owe; or always, if so set.
    Whether a reversed transfer frees its charge for another one, Stripe does not say: here it does not.
    """

    methods: tuple[str, ...] = ("card", "alipay", "wechat_pay")
    currencies: tuple[str, ...] = ("cny", "hkd", "usd", "eur")
    fees: dict[str, tuple[int, int]] = field(
        default_factory=lambda: {"card": (290, 0), "alipay": (220, 0), "wechat_pay": (220, 0)}
    )
    refunds: dict[str, str] = field(
        default_factory=lambda: {"card": "succeeded", "alipay": "pending", "wechat_pay": "pending"}
    )
    settles: dict[str, tuple[str, str]] = field(default_factory=dict)
    settlement_days: int = 2
    dispute_fee: int = 1500
    accounts_may_owe: bool = False
    refuses_reversals: bool = False
    refuses_reversals_of: set[str] = field(default_factory=set)
    reversals_free_source: bool = False


class World:
    """The objects by identifier in the order in which they were made, as Stripe shows them.

    ``side`` holds what Stripe knows of an object and does not show: whose it is, what it belongs to.
    """

    def __init__(self, *, seed: int = 1, clock: Clock | None = None, base_url: str = "") -> None:
        self.lock = threading.RLock()
        self.clock = clock or Clock()
        self.behaviour = Behaviour()
        self.base_url = base_url
        self.objects: dict[str, Thing] = {}
        self.side: dict[str, Thing] = {}
        self.events: list[Thing] = []
        self.violations: list[str] = []
        self.request: Thing | None = None
        self.tell: Callable[[Thing], None] = lambda event: None
        self._random = random.Random(seed)  # noqa: S311 - identifiers are to be the same in every run

    def text(self, length: int) -> str:
        return "".join(self._random.choices(_LETTERS, k=length))

    def new_id(self, prefix: str, length: int = 24) -> str:
        return f"{prefix}_{self.text(length)}"

    def add(self, thing: Thing, *, account: str | None = None, **side: Any) -> Thing:
        """Keep a new object; ``account`` is the connected account whose it is, None for the platform."""
        self.objects[thing["id"]] = thing
        self.side[thing["id"]] = {"account": account, **side}
        return thing

    def account_of(self, thing: Thing) -> str | None:
        found: str | None = self.side[thing["id"]]["account"]
        return found

    def find(self, kind: str, identifier: str, *, param: str | None = None, account: str | None = None) -> Thing:
        """The object, or Stripe's refusal that there is none."""
        thing = self.objects.get(identifier)
        if thing is None or thing["object"] != kind or self.account_of(thing) != account:
            raise missing(kind, identifier, param)
        return thing

    def each(self, kind: str, *, account: str | None = None) -> Iterator[Thing]:
        """Those of one kind, the newest first, as lists show them."""
        for thing in reversed(list(self.objects.values())):
            if thing["object"] == kind and self.account_of(thing) == account:
                yield thing


def moment(at: int) -> str:
    """An instant as version 2 writes it."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
