"""Accounts of the two books: named by kind and owner, made when first used, their keys remembered per process."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import text

from shop.db import after_commit, db, in_transaction

MONEY_KINDS = frozenset(
    {
        "buyer_receivable", "bank_supervised", "stripe_cash", "stripe_disputed", "stripe_payout", "operator_bank",
        "paid_direct", "producer_payable", "refund_payable", "fees", "dispute_hold", "buyer_credit", "fx",
        "bank_moving",
    }
)  # fmt: skip
STATS_KINDS = frozenset({"buyer", "county"})
#: A process remembers so many keys before it starts afresh.
_REMEMBERED = 100_000

#: Keys seen committed, per engine: a test's connection is an engine of its own.
_known: WeakKeyDictionary[Any, dict[tuple[str, str, str], int]] = WeakKeyDictionary()

_FIND = text("""
    SELECT a.id, a.book, a.kind, a.owner FROM ledger_accounts a
    JOIN unnest(cast(:books AS text[]), cast(:kinds AS text[]), cast(:owners AS text[])) w(book, kind, owner)
      ON a.book = w.book AND a.kind = w.kind AND a.owner = w.owner""")
_MAKE = text("""
    INSERT INTO ledger_accounts (book, kind, owner)
    SELECT book, kind, owner
    FROM unnest(cast(:books AS text[]), cast(:kinds AS text[]), cast(:owners AS text[])) w(book, kind, owner)
    ON CONFLICT (book, kind, owner) DO NOTHING""")


@dataclass(frozen=True, slots=True)
class Account:
    """An account of the money book, such as ``Account("buyer_receivable", org_owner(12))``."""

    kind: str
    owner: str

    def __post_init__(self) -> None:
        if self.kind not in MONEY_KINDS:
            message = f"The money book has no accounts of kind {self.kind!r}."
            raise ValueError(message)


#: Owner of what is the operator's own: fees and their cash.
PLATFORM = "platform"


def org_owner(organisation_id: int) -> str:
    """Return the owner that a registered organisation is."""
    return f"org:{organisation_id}"


def county_owner(county_code: str) -> str:
    """Return the owner that a county is."""
    return f"county:{county_code}"


def walk_in_owner(channel: str) -> str:
    """Return the owner that stands for the walk-in buyers (散客) of a channel."""
    return f"walk_in:{channel}"


def name_owner(name: str) -> str:
    """Return the owner that stands for somebody who is not registered: a hash, because the books hold no names."""
    return f"name:{hashlib.sha256(name.strip().encode()).hexdigest()}"


def account_ids(wanted: Iterable[tuple[str, str, str]]) -> dict[tuple[str, str, str], int]:
    """Return the key of each ``(book, kind, owner)``, making accounts that do not exist yet."""
    known = _known.setdefault(db.session.get_bind(), {})
    wanted = set(wanted)
    found = {account: known[account] for account in wanted if account in known}
    missing = sorted(wanted - found.keys())
    if not missing:
        return found
    found |= (read := _read(missing))
    if unmade := [account for account in missing if account not in read]:
        # In order, so that two transactions that need the same new accounts wait instead of deadlocking.
        db.session.execute(_MAKE, _arrays(unmade))
        read |= _read(unmade)
        found |= read
    if in_transaction():
        after_commit(lambda: _remember(known, read))
    return found


def _read(accounts: list[tuple[str, str, str]]) -> dict[tuple[str, str, str], int]:
    rows = db.session.execute(_FIND, _arrays(accounts))
    return {(book, kind, owner): key for key, book, kind, owner in rows}


def _arrays(accounts: list[tuple[str, str, str]]) -> dict[str, list[str]]:
    books, kinds, owners = zip(*accounts, strict=True)
    return {"books": list(books), "kinds": list(kinds), "owners": list(owners)}


def _remember(known: dict[tuple[str, str, str], int], read: dict[tuple[str, str, str], int]) -> None:
    if len(known) + len(read) > _REMEMBERED:
        known.clear()
    known.update(read)
