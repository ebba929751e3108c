"""Writing into the two books: dimensions, and journal entries with their postings."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import Any

from sqlalchemy import text

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
from orders.ledger.models import MEASURES
from shop import clock
from shop.auth import Actor
from shop.db import db
from shop.errors import Conflict, Invalid
from shop.i18n import _

__all__ = [
    "PLATFORM", "STATS_KINDS", "Account", "CountyUnknown", "DimensionFacts", "FactAlreadyRecorded", "MoneyPosting", "OrderEntry", "StatsPosting",
    "add_dimensions", "county_owner", "name_owner", "org_owner", "record_entries", "record_entry", "walk_in_owner",
]  # fmt: skip


class FactAlreadyRecorded(Conflict):
    """The business fact is in the journal already; nothing was posted again."""

    code = "fact-already-recorded"


class CountyUnknown(Invalid):
    """A line's county is not one of the assisted counties."""

    code = "county-unknown"


@dataclass(frozen=True, kw_only=True, slots=True)
class DimensionFacts:
    """Everything a counted fen of one order line or filing line carries; see :class:`LedgerDimension`.

    The county's prefecture and province are filled in from the county. Exactly one of ``line_id`` and
    ``filing_line_id`` is given.
    """

    county_code: str
    category_code: str
    buyer_division_code: str
    finance_division_code: str
    mode: str
    channel: str
    partner_level: str
    rule_version: int
    counts: bool
    line_id: int | None = None
    order_id: int | None = None
    filing_line_id: int | None = None
    filing_id: int | None = None
    product_id: int | None = None
    kind: str = "farm"
    eligibility_id: int | None = None
    eligibility_scheme: str | None = None
    producer_id: int | None = None
    seller_name: str = ""
    buyer_id: int | None = None
    buyer_name: str = ""
    unit_id: int | None = None
    fund_source: str | None = None
    helper_name: str = ""
    pairing_id: int | None = None
    not_counted_reason: str = ""


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


_FIELDS = tuple(field.name for field in fields(DimensionFacts))
_INTEGERS = frozenset(
    {
        "line_id", "order_id", "filing_line_id", "filing_id", "product_id", "eligibility_id", "producer_id", "buyer_id",
        "unit_id", "pairing_id", "rule_version",
    }
)  # fmt: skip


def _column_type(name: str) -> str:
    return "bigint" if name in _INTEGERS else "boolean" if name == "counts" else "text"


#: One statement whatever the number of lines; the county gives its prefecture and province.
_ADD_DIMENSIONS = text(f"""
    INSERT INTO ledger_dimensions ({", ".join(_FIELDS)}, prefecture_code, province_code)
    SELECT {", ".join(f"r.{name}" for name in _FIELDS)}, c.prefecture_code, c.province_code
    FROM json_to_recordset(cast(:rows AS json)) AS r({", ".join(f"{name} {_column_type(name)}" for name in _FIELDS)})
    JOIN assisted_counties c ON c.code = r.county_code
    RETURNING id, line_id, filing_line_id""")

#: The entry and the locks that keep its days' periods open until it commits.
_ADD_ENTRY = text(f"""
    WITH made AS (
        INSERT INTO journal_entries (key, fact, order_id, filing_id, user_id, organisation_id, occurred_at, recorded_at)
        VALUES (:key, :fact, :order_id, :filing_id, :user_id, :organisation_id, :occurred_at, :recorded_at)
        ON CONFLICT (key) DO NOTHING RETURNING id)
    SELECT id, (SELECT count({periods.HOLD_OPEN}) FROM unnest(cast(:months AS int[])) m) FROM made""")

_ADD_POSTINGS = text("""
    INSERT INTO postings (entry_id, book, measure, debit_id, credit_id, amount_fen, dimension_id, order_id,
                          business_on, origin_on)
    SELECT p.entry_id, p.book, p.measure, p.debit_id, p.credit_id, p.amount_fen, p.dimension_id, p.order_id,
           greatest(p.origin_on, cast(:closed_to AS date) + 1), p.origin_on
    FROM unnest(cast(:books AS text[]), cast(:measures AS text[]), cast(:debits AS bigint[]),
                cast(:credits AS bigint[]), cast(:amounts AS bigint[]), cast(:dimensions AS bigint[]),
                cast(:origins AS date[]), cast(:entries AS bigint[]), cast(:orders AS bigint[]))
         AS p(book, measure, debit_id, credit_id, amount_fen, dimension_id, origin_on, entry_id, order_id)
    WHERE (SELECT max(ends_on) FROM ledger_periods WHERE closed_at IS NOT NULL) IS NOT DISTINCT FROM cast(:closed_to AS date)
    RETURNING 1""")

#: The same for several orders' entries of one fact.
_ADD_ENTRIES = text(f"""
    WITH made AS (
        INSERT INTO journal_entries (key, fact, order_id, user_id, organisation_id, occurred_at, recorded_at)
        SELECT e.key, :fact, e.order_id, :user_id, :organisation_id, :occurred_at, :recorded_at
        FROM unnest(cast(:keys AS text[]), cast(:orders AS bigint[])) AS e(key, order_id)
        ON CONFLICT (key) DO NOTHING RETURNING id, key)
    SELECT id, key, (SELECT count({periods.HOLD_OPEN}) FROM unnest(cast(:months AS int[])) m) FROM made""")

_COLUMNS = ("books", "measures", "debits", "credits", "amounts", "dimensions", "origins", "entries", "orders")


def add_dimensions(rows: Sequence[DimensionFacts]) -> list[int]:
    """Write one immutable row per line, in one statement; return their keys in the order of ``rows``.

    :raises CountyUnknown: if a county is not an assisted one.
    """
    if not rows:
        return []
    values = json.dumps([{name: getattr(row, name) for name in _FIELDS} for row in rows], ensure_ascii=False)
    made = db.session.execute(_ADD_DIMENSIONS, {"rows": values}).all()
    if len(made) != len(rows):
        known = {(line, filing_line) for _id, line, filing_line in made}
        lost = sorted({row.county_code for row in rows if (row.line_id, row.filing_line_id) not in known})
        raise CountyUnknown(_("不是脱贫县:%(codes)s。", codes="、".join(lost)), counties=lost)
    keys = {(line, filing_line): key for key, line, filing_line in made}
    return [keys[row.line_id, row.filing_line_id] for row in rows]


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
    made = db.session.execute(
        _ADD_ENTRY,
        {
            "key": key, "fact": fact, "order_id": order_id, "filing_id": filing_id,
            "user_id": actor.user_id if actor else None, "organisation_id": actor.organisation_id if actor else None,
            "occurred_at": occurred_at, "recorded_at": clock.now(),
            "months": periods.months_of([row[-1] for row in rows], closed_to),
        },
    ).scalar()  # fmt: skip
    if made is None:
        raise FactAlreadyRecorded(_("这一事实已经入账:%(key)s", key=key), key=key)
    entry_id = int(made)
    if rows:
        _post([(*row, entry_id, order_id) for row in rows], closed_to)
    return entry_id


def record_entries(
    fact: str, entries: Sequence[OrderEntry], *, occurred_at: datetime, actor: Actor | None = None
) -> None:
    """Write one fact of several orders, an entry each, in two statements whatever their number.

    :raises FactAlreadyRecorded: if one of the entries is in the journal.
    """
    closed_to = periods.closed_to_hint()
    rows = _posting_rows([one for entry in entries for one in entry.stats], ())
    owners = [entry for entry in entries for one in entry.stats if one.amount_fen]
    made = db.session.execute(
        _ADD_ENTRIES,
        {
            "keys": [entry.key for entry in entries], "orders": [entry.order_id for entry in entries], "fact": fact,
            "user_id": actor.user_id if actor else None, "organisation_id": actor.organisation_id if actor else None,
            "occurred_at": occurred_at, "recorded_at": clock.now(),
            "months": periods.months_of([row[-1] for row in rows], closed_to),
        },
    ).all()  # fmt: skip
    ids = {key: entry_id for entry_id, key, _held in made}
    if missing := [entry.key for entry in entries if entry.key not in ids]:
        raise FactAlreadyRecorded(_("这一事实已经入账:%(key)s", key=missing[0]), key=missing[0])
    if rows:
        found = zip(rows, owners, strict=True)
        _post([(*row, ids[entry.key], entry.order_id) for row, entry in found], closed_to)


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
    while db.session.execute(_ADD_POSTINGS, {**values, "closed_to": closed_to}).first() is None:
        closed_to = periods.read_closed_to()
        periods.hold_open(periods.months_of(values["origins"], closed_to))
