"""Idempotency keys as Stripe keeps them.

Version 1 keeps the answer of every request whose execution began, good or bad, for a day; version 2 keeps only
what succeeded, for thirty. A request refused for its parameters, or because another is running, keeps nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from tests.stripe_double.errors import Refusal
from tests.stripe_double.world import DAY, World

Key = tuple[str | None, str]


@dataclass
class Answer:
    """What goes back over the wire."""

    status: int
    body: dict[str, Any]
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class _Kept:
    asked: tuple[str, str, str]
    expires: int
    answer: Answer | None = None


class Keys:
    """The keys in use, by connected account and key."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._kept: dict[Key, _Kept] = {}

    def claim(self, key: Key, asked: tuple[str, str, str], *, days: int) -> Answer | None:
        """The kept answer if there is one; otherwise the key is now in use by this request."""
        with self._world.lock:
            kept = self._kept.get(key)
            if kept is None or kept.expires <= self._world.clock.now:
                self._kept[key] = _Kept(asked, self._world.clock.now + days * DAY)
                return None
            if kept.asked != asked:
                raise Refusal(
                    "Keys for idempotent requests can only be used with the same parameters they were first used with."
                    f" Try using a key other than '{key[1]}' if you meant to execute a different request.",
                    type_="idempotency_error",
                )
            if kept.answer is None:
                raise Refusal(
                    "There is currently another in-progress request using this Idempotent Key (that probably means you"
                    f" submitted twice, and the other request is still going through): {key[1]}.",
                    status=409,
                    type_="idempotency_error",
                    code="idempotency_key_in_use",
                )
            return kept.answer

    def keep(self, key: Key, answer: Answer) -> None:
        with self._world.lock:
            self._kept[key].answer = answer

    def release(self, key: Key) -> None:
        with self._world.lock:
            self._kept.pop(key, None)
