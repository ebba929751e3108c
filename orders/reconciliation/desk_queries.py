"""Each rail by day: what the provider says, what our books say, and which of their lines are about the same thing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from typing import Any

from sqlalchemy import TextClause, text

from orders.reconciliation import desk_sql
from shop.auth import Actor
from shop.db import db
from shop.errors import NotFound
from shop.i18n import _
from shop.paging import Page, decode_cursor, make_page

RAILS = ("stripe", "supervised", "direct")
#: Things of one sheet.
MOST_ROWS = 20_000


@dataclass(frozen=True)
class DayRow:
    """A day of a rail: both sides, what waits, and how both stood at its end (``None``: not known)."""

    day: date
    theirs_fen: int
    ours_fen: int
    waiting: int
    their_balance_fen: int | None
    our_balance_fen: int

    @property
    def difference_fen(self) -> int:
        """What the provider says more than we."""
        return self.theirs_fen - self.ours_fen


@dataclass(frozen=True)
class Month:
    """The days of a rail on which something moved, and their sums."""

    rail: str
    first_on: date
    last_on: date
    days: list[DayRow] = field(default_factory=list)

    @property
    def theirs_fen(self) -> int:
        """The provider's sum."""
        return sum(day.theirs_fen for day in self.days)

    @property
    def ours_fen(self) -> int:
        """Our sum."""
        return sum(day.ours_fen for day in self.days)

    @property
    def difference_fen(self) -> int:
        """What the provider says more than we."""
        return self.theirs_fen - self.ours_fen

    @property
    def waiting(self) -> int:
        """How many exceptions wait."""
        return sum(day.waiting for day in self.days)


@dataclass(frozen=True)
class DeskLine:
    """A line of one side: its name there, what it is, its sum."""

    side: str
    name: str
    what: str
    fen: int


@dataclass(frozen=True)
class Thing:
    """What lines of both sides are about, with their sums."""

    name: str
    theirs_fen: int
    ours_fen: int
    first_on: date
    last_on: date
    theirs: list[DeskLine]
    ours: list[DeskLine]

    @property
    def difference_fen(self) -> int:
        """What the provider says more than we."""
        return self.theirs_fen - self.ours_fen

    @property
    def state(self) -> str:
        """``equal``, ``differs``, or on which side it is missing."""
        if self.difference_fen == 0:
            return "equal"
        if not self.theirs:
            return "missing_there"
        return "differs" if self.ours else "missing_here"


def require_operator(actor: Actor) -> None:
    """Let only the operator's people through.

    :raises NotFound: to others.
    """
    if actor.organisation_kind != "operator":
        raise NotFound(_("没有这一页。"))


def month_of(rail: str, first: date, last: date) -> Month:
    """Return the days of a stretch on which something moved."""
    values = {"first": first, "last": last}
    ours = _number(desk_sql.before(rail), values)
    theirs = _Balances(rail, first, last)
    rows = []
    for row in db.session.execute(_sql(desk_sql.days(rail)), values):
        ours += row.ours_fen
        rows.append(
            DayRow(row.day, row.theirs_fen, row.ours_fen, row.waiting, theirs.at(row.day, row.theirs_fen), ours)
        )
    return Month(rail, first, last, rows)


def list_things(rail: str, first: date, last: date, *, limit: int, cursor: str | None = None) -> Page[Thing]:
    """Return a page of the things of a stretch of days: those that differ first, then by name."""
    key = decode_cursor(cursor, int, str)
    query = f"""
        SELECT *, (theirs_fen = ours_fen)::int AS is_equal FROM ({desk_sql.things(rail)}) t
        WHERE cast(:is_equal AS int) IS NULL
           OR ((theirs_fen = ours_fen)::int, thing COLLATE "C") > (cast(:is_equal AS int), :thing COLLATE "C")
        ORDER BY (theirs_fen = ours_fen)::int, thing COLLATE "C" LIMIT :limit"""
    values = {
        "first": first, "last": last, "limit": limit + 1, "is_equal": key[0] if key else None,
        "thing": key[1] if key else "",
    }  # fmt: skip
    rows = [thing_of(row) for row in db.session.execute(_sql(query), values)]
    return make_page(rows, limit, lambda row: (int(row.difference_fen == 0), row.name))


def thing_of(row: Any) -> Thing:
    """Return a thing with its lines by side."""
    lines = [DeskLine(*line) for line in row.lines]
    return Thing(
        row.thing, row.theirs_fen, row.ours_fen, row.first_on, row.last_on,
        [line for line in lines if line.side == "theirs"], [line for line in lines if line.side == "ours"],
    )  # fmt: skip


class _Balances:
    """How the provider's balance stood at the end of days that are asked for in order."""

    def __init__(self, rail: str, first: date, last: date) -> None:
        self._rail = rail
        self._stripe = _number(desk_sql.STRIPE_BEFORE, {"first": first}) if rail == "stripe" else 0
        found: Sequence[Any] = []
        if rail == "supervised":
            query = _sql(desk_sql.BANK_BALANCES)
            found = db.session.execute(query, {"first": first, "last": last}).all()
        self._bank = sorted(found, key=lambda row: (row.day, row.account_id))
        self._accounts: dict[int, int] = {}

    def at(self, day: date, moved_fen: int) -> int | None:
        """Return the balance at the end of a day on which so much moved; ``None`` where nobody tells it."""
        if self._rail == "stripe":
            self._stripe += moved_fen
            return self._stripe
        while self._bank and self._bank[0].day <= day:
            row = self._bank.pop(0)
            self._accounts[row.account_id] = row.balance_fen
        return sum(self._accounts.values()) if self._accounts else None


def _number(sql: str, values: dict[str, Any]) -> int:
    return int(db.session.execute(_sql(sql), values).scalar_one() or 0)


@cache
def _sql(sql: str) -> TextClause:
    return text(sql)
