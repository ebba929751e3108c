"""Totals of the statistics book: read from cells where a grain keeps what is asked, else from the postings."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import text

from orders.ledger import questions, sealing
from orders.ledger.grains import COLUMNS, Piece, as_text, plan
from orders.ledger.questions import Condition, Question, base_of
from orders.ledger.rollups import SEALED_STATS
from shop.db import db
from shop.errors import Invalid
from shop.i18n import _

#: More rows than this are a mistake in the question.
MAX_ROWS = 100_000
_TIME_SQL = {
    "day": "to_char(x.day, 'YYYY-MM-DD')",
    "month": "to_char(x.day, 'YYYY-MM')",
    "quarter": """to_char(x.day, 'YYYY"Q"Q')""",
    "year": "to_char(x.day, 'YYYY')",
}
_FINEST = {"day": "day", "month": "month", "quarter": "month", "year": "year"}


class TooManyRows(Invalid):
    """The breakdown has more rows than anyone reads."""

    code = "too-many-rows"


@dataclass(frozen=True)
class Row:
    """One line of a breakdown: a key per asked dimension (empty: unknown) and its sum."""

    keys: tuple[str, ...]
    amount_fen: int


@dataclass(frozen=True)
class Totals:
    """The answer to a question, with what makes it repeatable."""

    question: Question
    rows: list[Row]
    total_fen: int
    as_of_at: datetime | None
    rule_version: int | None
    #: Twelve hexadecimal digits over question and sum: equal on every page, export and print of the same answer.
    check: str


def answer(question: Question, *, by_amount: bool = False) -> Totals:
    """Compute the rows and the total; call inside ``snapshot()``, so that all parts agree.

    :param by_amount: the greatest first, instead of by key.
    :raises TooManyRows: if the breakdown is longer than :data:`MAX_ROWS`.
    """
    rows = breakdown(question)
    if by_amount:
        rows.sort(key=lambda row: (-row.amount_fen, row.keys))
    total = sum(row.amount_fen for row in rows)
    return Totals(
        question, rows, total, questions.instant_of(question.as_of), _rule_on(question.to_on), check_of(question, total)
    )


def check_of(question: Question, total_fen: int) -> str:
    """Return the short digest that answers to the same question with the same sum share."""
    asked = (
        question.measure, question.from_on.isoformat(), question.to_on.isoformat(), question.as_of,
        sorted((c.dimension, *c.values) for c in question.filters),
        None if question.visible is None else sorted((c.dimension, *c.values, str(c.budget)) for c in question.visible),
        total_fen,
    )  # fmt: skip
    return hashlib.sha256(repr(asked).encode()).hexdigest()[:12]


def breakdown(question: Question) -> list[Row]:
    """Return the non-zero sums by the asked dimensions, ordered by key."""
    values: dict[str, Any] = {"measure": question.measure, "as_of": question.as_of}
    source = _source(question, values)
    keys = [_key_sql(name) for name in question.by]
    listed = ", ".join(f"{sql} AS key{n}" for n, sql in enumerate(keys))
    places = ", ".join(str(n + 1) for n in range(len(keys)))
    county = "LEFT JOIN assisted_counties c ON c.code = x.county" if _needs_county(question) else ""
    statement = f"""
        SELECT {listed + ", " if keys else ""}cast(sum(x.amount_fen) AS bigint) AS amount_fen
        FROM ({source}) x {county}
        {f"GROUP BY {places}" if keys else ""} HAVING sum(x.amount_fen) <> 0
        {f"ORDER BY {places}" if keys else ""} LIMIT {MAX_ROWS + 1}"""
    found = db.session.execute(text(statement), values).all()
    if len(found) > MAX_ROWS:
        raise TooManyRows(_("结果超过 %(most)s 行，请缩小范围或减少分组。", most=MAX_ROWS))
    return [Row(tuple(row[:-1]), row[-1]) for row in found]


def _needs_county(question: Question) -> bool:
    return bool({"prefecture", "province"} & set(question.by))


def _key_sql(name: str) -> str:
    if name in _TIME_SQL:
        return _TIME_SQL[name]
    return f"coalesce(c.{name}_code, '')" if name in ("prefecture", "province") else f"x.{name}"


def _bases(question: Question) -> list[str]:
    """Return the dimensions the answer's rows need, in a fixed order."""
    return sorted({base_of(name) for name in question.by if name not in _TIME_SQL})


def _source(question: Question, values: dict[str, Any]) -> str:
    """Return the rows ``(dimensions…, day, amount_fen)`` that the answer sums."""
    wanted = {base_of(name) for name in question.by if name not in _TIME_SQL}
    wanted |= {condition.base for condition in (*question.filters, *(question.visible or ()))}
    finest = next((_FINEST[t] for t in ("day", "month", "quarter", "year") if t in question.by), "year")
    newest = sealing.last_seq()
    # Far back it is cheaper to add what had been sealed than to take away what came since.
    is_old = newest - question.as_of > question.as_of
    pieces = plan(question.from_on, question.to_on, dimensions=wanted, finest=finest)
    if is_old or question.visible == ():
        pieces = [Piece(None, question.from_on, question.to_on)]

    parts = [_part(question, n, piece, values) for n, piece in enumerate(pieces)]
    if question.as_of < newest and any(piece.grain for piece in pieces):
        parts.append(_sealed_since(question, pieces, values, newest=newest))
    return " UNION ALL ".join(parts)


def _part(question: Question, number: int, piece: Piece, values: dict[str, Any]) -> str:
    first, last = f"from{number}", f"to{number}"
    values |= {first: piece.from_on, last: piece.to_on}
    if piece.grain is None:
        columns = {name: as_text(name) for name in COLUMNS}
        return f"""
            SELECT {_columns(question, columns)} p.business_on AS day, p.amount_fen FROM {SEALED_STATS}
            WHERE s.seq <= :as_of AND p.measure = :measure AND p.business_on BETWEEN :{first} AND :{last}
            {_and(question.conditions_on_postings(values))}"""
    columns = {name: f"r.k{n + 1}" for n, name in enumerate(piece.grain.keys)}
    return f"""
        SELECT {_columns(question, columns)} r.bucket_on AS day, r.amount_fen FROM ledger_rollups r
        WHERE r.grain = '{piece.grain.name}' AND r.measure = :measure AND r.bucket_on BETWEEN :{first} AND :{last}
        {_and(question.conditions(columns, values, raw=False))}"""


def _sealed_since(question: Question, pieces: list[Piece], values: dict[str, Any], *, newest: int) -> str:
    """Return what cells hold beyond ``as_of``, negated."""
    values["newest"] = newest
    columns = {name: as_text(name) for name in COLUMNS}
    days = " OR ".join(f"p.business_on BETWEEN :from{n} AND :to{n}" for n, piece in enumerate(pieces) if piece.grain)
    return f"""
        SELECT {_columns(question, columns)} p.business_on AS day, -p.amount_fen FROM {SEALED_STATS}
        WHERE s.seq > :as_of AND s.seq <= :newest AND p.measure = :measure AND ({days})
        {_and(question.conditions_on_postings(values))}"""


def _and(conditions: list[str]) -> str:
    return "".join(f" AND {condition}" for condition in conditions)


def _columns(question: Question, columns: dict[str, str]) -> str:
    return "".join(f"{columns[name]} AS {name}, " for name in _bases(question))


def _rule_on(day: date) -> int | None:
    return db.session.execute(
        text("""SELECT version FROM counting_rules WHERE valid_from <= :day AND coalesce(valid_to, :day) >= :day"""),
        {"day": day},
    ).scalar()


__all__ = ["MAX_ROWS", "Condition", "Row", "TooManyRows", "Totals", "answer", "breakdown", "check_of"]
