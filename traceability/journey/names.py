"""How the market's goods, parties, places and papers are called in events."""

from __future__ import annotations

from uuid import UUID

from traceability.resolver.names import key_of, lot_number
from traceability.standard.links import CANONICAL, escape

__all__ = ["CANONICAL", "class_uri", "key_of", "lot_number", "lot_uri", "uuid_uri"]


def class_uri(number: str) -> str:
    """Return the identifier of goods by their 14 digits."""
    return f"{CANONICAL}01/{number}"


def lot_uri(number: str, code: str, lot_id: int) -> str:
    """Return the identifier of a lot of goods: its Digital Link in canonical form."""
    return f"{class_uri(number)}/10/{escape(lot_number(code, lot_id))}"


def piece_uri(number: str, serial: str) -> str:
    """Return the identifier of one pack, which names no lot."""
    return f"{class_uri(number)}/21/{escape(serial)}"


def batch_uri(product_number: str, code: str, batch_id: int) -> str:
    """Return the identifier of a batch of a product that is not packed yet."""
    return lot_uri(product_number, code, batch_id)


def place_uri(place_id: str, gln: str | None) -> str:
    """Return the identifier of a place: by its GLN, or ours."""
    return f"{CANONICAL}414/{gln}" if gln else uuid_uri(place_id)


def uuid_uri(public_id: UUID | str) -> str:
    """Return the identifier of a party, its premises, or a paper of the market."""
    return f"urn:uuid:{public_id}"
