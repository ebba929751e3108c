"""What things on the desk are called by people: a payout's number, a refund's order, instead of our keys."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import text

from orders.reconciliation import desk_sql
from orders.reconciliation.desk_labels import KEY_KINDS
from shop.db import db
from shop.i18n import _

_FOUND = {
    "payout": text("SELECT id, number, public_id FROM payouts WHERE id = ANY(:keys)"),
    "refund": text("""
        SELECT r.id, o.number, r.public_id FROM refunds r JOIN orders o ON o.id = r.order_id WHERE r.id = ANY(:keys)"""),
}


@dataclass(frozen=True)
class Name:
    """A thing in words, and what of ours it is (``payout``, ``refund``), if there is a page of it."""

    words: str
    kind: str = ""
    id: UUID | None = None


def names_of(things: Iterable[str]) -> dict[str, Name]:
    """Return the names of things that are called by a key of ours, in a constant number of statements."""
    keys: dict[str, list[int]] = {kind: [] for kind in _FOUND}
    called = set(things)
    for thing in called:
        kind, _colon, key = thing.partition(":")
        if kind in keys and key.isdecimal():
            keys[kind].append(int(key))
    found = {desk_sql.PLATFORM_FEES: Name(_("平台服务费划转"))} if desk_sql.PLATFORM_FEES in called else {}
    for kind, query in _FOUND.items():
        for key, number, public_id in db.session.execute(query, {"keys": keys[kind]}) if keys[kind] else ():
            found[f"{kind}:{key}"] = Name(f"{KEY_KINDS[kind]} {number}", kind, public_id)
    return found
