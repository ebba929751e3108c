"""What the officials' pages show, each page read in one snapshot so that its figures agree."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime

from sqlalchemy import select

from admin.official import people
from admin.official.asking import Asked
from admin.official.people import People
from orders.ledger import labels, totals
from orders.ledger.asking import BadQuestion
from orders.ledger.labels import Label
from orders.ledger.models import MEASURES
from orders.ledger.questions import TIMES
from orders.ledger.reporting import sealed_snapshot
from orders.ledger.totals import Row, Totals
from shop.auth import Actor
from shop.db import db
from shop.filters import MOST
from shop.i18n import _
from shop.identity.models import Organisation

#: Counties in the ranking on the first screen; the rest are a link away.
RANKED = 10


@dataclass(frozen=True)
class Share:
    """One row of a split: its label, sum, part of the whole in hundredths of a percent, and the year before."""

    label: Label
    key: str
    amount_fen: int
    share_bp: int
    before_fen: int


@dataclass(frozen=True)
class Month:
    """One month, this year and the year before."""

    month: int
    amount_fen: int
    before_fen: int


@dataclass(frozen=True)
class Dashboard:
    """The first screen of an official."""

    asked: Asked
    as_of: int
    as_of_at: datetime | None
    rule_version: int | None
    check: str
    total_fen: int
    before_fen: int
    #: measure -> sum over the same days and filters.
    measures: dict[str, int]
    months: list[Month]
    counties: list[Share]
    county_count: int
    partners: list[Share]
    channels: list[Share]
    modes: list[Share]
    people: list[People]


def change_bp(now_fen: int, before_fen: int) -> int | None:
    """Return the change in hundredths of a percent, rounded half-up; ``None`` if there was nothing before."""
    if before_fen <= 0:
        return None
    return ((now_fen - before_fen) * 20_000 + before_fen) // (2 * before_fen)


def dashboard(actor: Actor, asked: Asked) -> Dashboard:
    """Return the first screen."""
    with sealed_snapshot():
        question = asked.question(actor)
        whole = totals.answer(question)
        before = asked.year_before()
        splits = {name: _split(actor, asked, name) for name in ("county", "partner", "channel", "mode")}
        return Dashboard(
            asked=asked,
            as_of=question.as_of,
            as_of_at=whole.as_of_at,
            rule_version=whole.rule_version,
            check=whole.check,
            total_fen=whole.total_fen,
            before_fen=totals.answer(before.question(actor)).total_fen,
            measures={name: totals.answer(replace(question, measure=name)).total_fen for name in MEASURES},
            months=_months(actor, asked),
            counties=splits["county"][:RANKED],
            county_count=len(splits["county"]),
            partners=splits["partner"],
            channels=splits["channel"],
            modes=splits["mode"],
            people=people.summary(actor, asked),
        )


def months(actor: Actor, asked: Asked) -> list[Month]:
    """Return the months of the asked year beside the year before."""
    with sealed_snapshot():
        return _months(actor, asked)


@dataclass(frozen=True)
class Breakdown:
    """A breakdown, and the stretch of its rows that a page shows, each with its rank and labels."""

    found: Totals
    rows: list[tuple[int, Row, tuple[Label, ...]]]
    #: After how many rows the page before and the next begin.
    previous: int | None
    next: int | None
    #: By amount, so that a row's place is its rank.
    is_ranked: bool


def breakdown(actor: Actor, asked: Asked, by: tuple[str, ...], *, after: int = 0, limit: int | None) -> Breakdown:
    """Return a breakdown, the greatest first (times in their order), and ``limit`` of its rows after the first ones."""
    is_ranked = not set(by) & set(TIMES)
    with sealed_snapshot():
        found = totals.answer(asked.question(actor, by), by_amount=is_ranked)
        last = len(found.rows) if limit is None else after + limit
        shown = found.rows[after:last]
        names = labels.label_rows(by, [row.keys for row in shown])
    return Breakdown(
        found,
        [(after + n, row, label) for n, (row, label) in enumerate(zip(shown, names, strict=True), start=1)],
        None if after == 0 else max(0, after - (limit or after)),
        last if last < len(found.rows) else None,
        is_ranked,
    )


def producers_named(part: str) -> list[str]:
    """Return the public keys of the producers whose name holds ``part``, by name.

    :raises BadQuestion: if they are more than a filter takes.
    """
    query = select(Organisation.public_id).where(
        Organisation.kind == "producer", Organisation.name.contains(part, autoescape=True)
    )
    found = db.session.scalars(query.order_by(Organisation.name, Organisation.id).limit(MOST + 1)).all()
    if len(found) > MOST:
        raise BadQuestion(_("名称含“%(part)s”的供应商超过 %(most)s 家，请写得更完整。", part=part, most=MOST))
    return [str(key) for key in found]


def _split(actor: Actor, asked: Asked, dimension: str) -> list[Share]:
    now = totals.answer(asked.question(actor, (dimension,)), by_amount=True)
    before = {
        row.keys[0]: row.amount_fen for row in totals.answer(asked.year_before().question(actor, (dimension,))).rows
    }
    names = labels.names_of(dimension, [row.keys[0] for row in now.rows])
    whole = now.total_fen
    return [
        Share(
            names[row.keys[0]],
            row.keys[0],
            row.amount_fen,
            (row.amount_fen * 20_000 + whole) // (2 * whole) if whole > 0 else 0,
            before.get(row.keys[0], 0),
        )
        for row in now.rows
    ]


def _months(actor: Actor, asked: Asked) -> list[Month]:
    year = asked.to_on.year
    whole = replace(asked, from_on=date(year - 1, 1, 1), to_on=asked.to_on)
    found = {row.keys[0]: row.amount_fen for row in totals.answer(whole.question(actor, ("month",))).rows}
    return [
        Month(month, found.get(f"{year}-{month:02d}", 0), found.get(f"{year - 1}-{month:02d}", 0))
        for month in range(1, 13)
    ]
