"""Writing into the two books: journal entries with their postings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from typing import Any

from orders.ledger import periods
from orders.ledger.accounts import (
    PLATFORM,
    STATS_KINDS,
    Account,
    account_ids,
    county_owner,
    name_owner,
    org_owner,
    walk_in_owner,
)
from orders.ledger.dimensions import CountyUnknown, DimensionFacts, add_dimensions, send_dimensions
from orders.ledger.models import MEASURES
from shop import clock
from shop.auth import Actor
from shop.db import fetch, land, send
from shop.errors import Conflict
from shop.i18n import _
from shop.pipelining import Row, Statement

__all__ = [
    "PLATFORM", "STATS_KINDS", "Account", "CountyUnknown", "DimensionFacts", "FactAlreadyRecorded", "MoneyPosting", "OrderEntry", "StatsPosting",
    "add_dimensions", "county_owner", "name_owner", "org_owner", "record_entries", "record_entry", "send_dimensions",
    "walk_in_owner",
]  # fmt: skip


class FactAlreadyRecorded(Conflict):
    """The business fact is in the journal already; nothing was posted again."""

    code = "fact-already-recorded"


@dataclass(frozen=True, slots=True)
class StatsPosting:
    """A signed amount of a measure: debit the buyer, credit the county."""

    measure: str
    dimension_id: int
    county_code: str
    buyer_owner: str
    #: Signed; zero is not posted.
    amount_fen: int
    #: The Shanghai day it happened.
    origin_on: date


@dataclass(frozen=True, slots=True)
class MoneyPosting:
    """A positive amount from one account of the money book to another."""

    debit: Account
    credit: Account
    #: Never negative (turn the accounts round); zero is not posted.
    amount_fen: int
    origin_on: date


@dataclass(frozen=True, slots=True)
class OrderEntry:
    """An order's part of a fact that concerns several: its entry's key and statistics postings."""

    key: str
    order_id: int
    stats: Sequence[StatsPosting]


#: The entry and the locks that keep its days' periods open until it commits.
_ADD_ENTRY = Statement(f"""
    WITH made AS (
        INSERT INTO journal_entries (key, fact, order_id, filing_id, user_id, organisation_id, occurred_at, recorded_at)
        VALUES (:key, :fact, :order_id, :filing_id, :user_id, :organisation_id, :occurred_at, :recorded_at)
        ON CONFLICT (key) DO NOTHING RETURNING key, id)
    SELECT key, id, (SELECT count({periods.HOLD_OPEN}) FROM unnest(cast(:months AS int[])) m) FROM made""")

#: Each posting names its entry by its key.
_ADD_POSTINGS = Statement("""
    INSERT INTO postings (entry_id, book, measure, debit_id, credit_id, amount_fen, dimension_id, order_id,
                          business_on, origin_on)
    SELECT j.id, p.book, p.measure, p.debit_id, p.credit_id, p.amount_fen, p.dimension_id, p.order_id,
           greatest(p.origin_on, cast(:closed_to AS date) + 1), p.origin_on
    FROM unnest(cast(:books AS text[]), cast(:measures AS text[]), cast(:debits AS bigint[]),
                cast(:credits AS bigint[]), cast(:amounts AS bigint[]), cast(:dimensions AS bigint[]),
                cast(:origins AS date[]), cast(:entries AS text[]), cast(:orders AS bigint[])) WITH ORDINALITY
         AS p(book, measure, debit_id, credit_id, amount_fen, dimension_id, origin_on, entry_key, order_id, place)
    JOIN journal_entries j ON j.key = p.entry_key
    WHERE (SELECT max(ends_on) FROM ledger_periods WHERE closed_at IS NOT NULL) IS NOT DISTINCT FROM cast(:closed_to AS date)
    ORDER BY p.place
    RETURNING 1""")

#: The same for several orders' entries of one fact.
_ADD_ENTRIES = Statement(f"""
    WITH made AS (
        INSERT INTO journal_entries (key, fact, order_id, user_id, organisation_id, occurred_at, recorded_at)
        SELECT e.key, cast(:fact AS text), e.order_id, cast(:user_id AS bigint), cast(:organisation_id AS bigint),
               cast(:occurred_at AS timestamptz), cast(:recorded_at AS timestamptz)
        FROM unnest(cast(:keys AS text[]), cast(:orders AS bigint[])) AS e(key, order_id)
        ON CONFLICT (key) DO NOTHING RETURNING key, id)
    SELECT key, id, (SELECT count({periods.HOLD_OPEN}) FROM unnest(cast(:months AS int[])) m) FROM made""")

_COLUMNS = ("books", "measures", "debits", "credits", "amounts", "dimensions", "origins", "entries", "orders")


def record_entry(
    key: str,
    fact: str,
    *,
    occurred_at: datetime,
    stats: Sequence[StatsPosting] = (),
    money: Sequence[MoneyPosting] = (),
    order_id: int | None = None,
    filing_id: int | None = None,
    actor: Actor | None = None,
) -> int:
    """Write one business fact with its postings into the journal; return the entry's key.

    A posting whose day lies in a closed period is counted on the first open day, its origin kept; the
    periods posted to cannot close before the caller's transaction ends. Zero amounts are left out.

    :param key: names the fact, such as ``order:12:move:99``; the same fact is never posted twice.
    :raises FactAlreadyRecorded: if an entry with this key is in the journal.
    """
    rows = _posting_rows(stats, money)
    closed_to = periods.closed_to_hint()
    made = fetch(
        _ADD_ENTRY,
        {"key": key, "order_id": order_id, "filing_id": filing_id} | _told(fact, rows, closed_to, occurred_at, actor),
    )
    _refuse_repeated([key], made)
    if rows:
        _post([(*row, key, order_id) for row in rows], closed_to)
        land()
    return int(made[0][1])


def record_entries(
    fact: str, entries: Sequence[OrderEntry], *, occurred_at: datetime, actor: Actor | None = None
) -> None:
    """Write one fact of several orders, an entry each, in two statements whatever their number, which do not wait.

    :raises FactAlreadyRecorded: when they leave, if one of the entries is in the journal.
    """
    closed_to = periods.closed_to_hint()
    rows = _posting_rows([one for entry in entries for one in entry.stats], ())
    owners = [entry for entry in entries for one in entry.stats if one.amount_fen]
    keys = [entry.key for entry in entries]
    send(
        _ADD_ENTRIES,
        {"keys": keys, "orders": [entry.order_id for entry in entries]}
        | _told(fact, rows, closed_to, occurred_at, actor),
        partial(_refuse_repeated, keys),
    )
    if rows:
        found = zip(rows, owners, strict=True)
        _post([(*row, entry.key, entry.order_id) for row, entry in found], closed_to)


def _told(
    fact: str, rows: Sequence[Sequence[Any]], closed_to: date | None, occurred_at: datetime, actor: Actor | None
) -> dict[str, Any]:
    """Return what every entry says, and the months that its postings hold open."""
    return {
        "fact": fact, "occurred_at": occurred_at, "recorded_at": clock.now(),
        "user_id": actor.user_id if actor else None, "organisation_id": actor.organisation_id if actor else None,
        "months": periods.months_of([row[-1] for row in rows], closed_to),
    }  # fmt: skip


def _refuse_repeated(keys: Sequence[str], made: Sequence[Row]) -> None:
    known = {key for key, _id, _held in made}
    if missing := [key for key in keys if key not in known]:
        raise FactAlreadyRecorded(_("这一事实已经入账：%(key)s", key=missing[0]), key=missing[0])


def _posting_rows(stats: Sequence[StatsPosting], money: Sequence[MoneyPosting]) -> list[tuple[Any, ...]]:
    """Return ``(book, measure, debit, credit, amount, dimension, origin)`` of what moves something."""
    drafts: list[tuple[Any, ...]] = []
    for one in stats:
        if one.measure not in MEASURES:
            message = f"There is no measure {one.measure!r}."
            raise ValueError(message)
        if one.amount_fen:
            debit, credit = ("stats", "buyer", one.buyer_owner), ("stats", "county", county_owner(one.county_code))
            drafts.append(("stats", one.measure, debit, credit, one.amount_fen, one.dimension_id, one.origin_on))
    for two in money:
        if two.amount_fen < 0:
            message = "A money posting is positive: exchange its accounts."
            raise ValueError(message)
        if two.amount_fen:
            debit, credit = ("money", two.debit.kind, two.debit.owner), ("money", two.credit.kind, two.credit.owner)
            drafts.append(("money", None, debit, credit, two.amount_fen, None, two.origin_on))
    ids = account_ids(account for draft in drafts for account in draft[2:4])
    return [(*draft[:2], ids[draft[2]], ids[draft[3]], *draft[4:]) for draft in drafts]


def _post(rows: list[tuple[Any, ...]], closed_to: date | None) -> None:
    """Insert the postings on open days; a close that happened since ``closed_to`` was read moves them on."""
    columns = [list(column) for column in zip(*rows, strict=True)]
    values: dict[str, Any] = dict(zip(_COLUMNS, columns, strict=True))

    def post_again(made: Sequence[Row]) -> None:
        if not made:
            moved_to = periods.read_closed_to()
            periods.hold_open(periods.months_of(values["origins"], moved_to))
            _post(rows, moved_to)

    send(_ADD_POSTINGS, {**values, "closed_to": closed_to}, post_again)
