"""On which side of a purchase an actor stands; an agent stands on the side of those it has a mandate for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from catalog.producers.queries import producers_of
from shop import clock
from shop.auth import Actor


@dataclass(frozen=True)
class Parties:
    """Whose a thing is: keys of organisations, ``None`` where it has no such side."""

    buyer_id: int | None = None
    producer_id: int | None = None

    @classmethod
    def of(cls, subject: object) -> Parties:
        """Read the sides from a procurement, order, invoice or receipt."""
        seller = ("producer_id", "seller_id", "payee_id")
        return cls(
            buyer_id=next((v for n in ("buyer_id", "organisation_id") if (v := getattr(subject, n, None))), None),
            producer_id=next((v for n in seller if (v := getattr(subject, n, None))), None),
        )


def side_of(actor: Actor | None, parties: Parties, at: datetime) -> str | None:
    """Return ``buyer``, ``producer``, ``operator``, ``system`` (nobody), or ``None`` for a stranger."""
    if actor is None:
        return "system"
    if actor.organisation_id == parties.buyer_id:
        return "buyer"
    if actor.organisation_id == parties.producer_id:
        return "producer"
    if actor.organisation_kind == "operator":
        return "operator"
    if actor.organisation_kind == "agent" and parties.producer_id in producers_of(actor, clock.business_day(at)):
        return "producer"
    return None


__all__ = ["Parties", "producers_of", "side_of"]
