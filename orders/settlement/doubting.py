"""That the bank did not make a transfer of a file: said by one person, agreed to by another, or taken back."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Protocol

from orders.purchase import machine
from shop import audit
from shop.auth import Actor


class Doubtable(Protocol):
    """A payout, or a refund's transfer."""

    id: Any
    failure: Any
    doubted_by: Any
    doubted_at: Any


def doubt(kind: str, one: Doubtable, reason: str, actor: Actor, at: datetime) -> None:
    """Say of a locked transfer that the bank did not make it; nothing else changes until another person agrees.

    :param kind: the machine: ``payout`` or ``refund_transfer``.
    :raises WrongState: if it was not sent; Forbidden: for others.
    """
    machine.move(kind, one, "doubt", actor=actor, at=at, why=reason)
    one.failure, one.doubted_by, one.doubted_at = reason, actor.user_id, at
    audit.record(actor, f"settlement.{kind}_doubted", kind, one.id, status=["sent", "failing"])


def trust(kind: str, one: Doubtable, actor: Actor, at: datetime) -> None:
    """Say of a locked transfer that the bank makes it after all.

    :raises WrongState: if nobody doubts it; Forbidden: for others.
    """
    machine.move(kind, one, "trust", actor=actor, at=at)
    one.failure, one.doubted_by, one.doubted_at = "", None, None
    audit.record(actor, f"settlement.{kind}_trusted", kind, one.id, status=["failing", "sent"])
