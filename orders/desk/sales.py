"""A year of what a seller sold: a producer's own goods, an agent's producers with a mandate, each figure with the lines behind it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any

from orders.desk.budget import FIRST_YEAR, LAST_YEAR, MEASURES
from orders.ledger import labels, questions, totals
from orders.ledger.asking import BadQuestion, conditions_of, read_place
from orders.ledger.labels import Label
from orders.ledger.questions import Question
from shop.auth import Actor
from shop.i18n import _, mark
from shop.sheets import Cell, Fen

#: By what a year is broken down; also what its lines are filtered by.
BY = ("producer", "institution", "category", "county")
_YEAR_DIGITS = 4


@dataclass(frozen=True)
class Asked:
    """A year, by what it is broken down, a measure and filters (public values; empty: all), up to which seal."""

    year: int
    by: str
    measure: str = "ordered"
    filters: dict[str, str] = field(default_factory=dict)
    #: The last place of the seals that is counted; ``None``: the newest.
    as_of: int | None = None

    def params(self) -> dict[str, Any]:
        """Return the parameters of an address that asks for the same."""
        return {"year": self.year, "by": self.by, "measure": self.measure, **self.filters, "as_of": self.as_of}

    def question(self, actor: Actor, by: tuple[str, ...] = ()) -> Question:
        """Return the ledger's question about the sales of the producers for whom the actor acts; call inside ``snapshot()``."""
        return Question(
            measure=self.measure, from_on=date(self.year, 1, 1), to_on=date(self.year, 12, 31), by=by,
            filters=conditions_of(self.filters), visible=questions.visible_to(actor),
            as_of=questions.resolve_as_of(self.as_of),
        )  # fmt: skip


@dataclass(frozen=True)
class SalesRow:
    """One producer, buyer, category or county: a sum per measure."""

    what: Label
    sums: Mapping[str, int]


@dataclass(frozen=True)
class Sales:
    """A year; ``sums`` are those of all rows, ``checks`` their control totals."""

    asked: Asked
    rows: list[SalesRow]
    sums: dict[str, int]
    checks: dict[str, str]
    as_of: int
    as_of_at: datetime | None
    rule_version: int | None


def read_asked(values: Mapping[str, str], today: date, *, by: str) -> Asked:
    """Read what is asked for from an address; without a year it is this one.

    :param by: by what it is broken down where the address does not say.
    :raises BadQuestion: naming what cannot be read.
    """
    year = values.get("year") or str(today.year)
    if not (year.isascii() and year.isdigit() and len(year) == _YEAR_DIGITS and FIRST_YEAR <= int(year) <= LAST_YEAR):
        raise BadQuestion(_("年度须在2016年至2100年之间。"), parameter=year[:20])
    measure, wanted = values.get("measure") or "ordered", values.get("by") or by
    if measure not in MEASURES:
        raise BadQuestion(_("没有这项指标。"), parameter=measure[:20])
    if wanted not in BY:
        raise BadQuestion(_("不能按这一项统计。"), parameter=wanted[:20])
    filters = {name: value for name in BY if (value := values.get(name, ""))}
    return Asked(int(year), wanted, measure, filters, read_place(values.get("as_of")))


def sales_of(actor: Actor, asked: Asked) -> Sales:
    """Return a year of an actor's producers; call inside ``snapshot()``, so that its figures agree."""
    question = asked.question(actor, (asked.by,))
    found = {name: totals.answer(replace(question, measure=name)) for name in MEASURES}
    sums: dict[tuple[str, ...], dict[str, int]] = {}
    for name, answer in found.items():
        for row in answer.rows:
            sums.setdefault(row.keys, dict.fromkeys(MEASURES, 0))[name] = row.amount_fen
    keys = sorted(sums, key=lambda key: (-sums[key]["ordered"], key))
    rows = [SalesRow(what, sums[key]) for key, (what,) in zip(keys, labels.label_rows((asked.by,), keys), strict=True)]
    first = found["ordered"]
    return Sales(
        asked=asked, rows=rows, sums={name: answer.total_fen for name, answer in found.items()},
        checks={name: answer.check for name, answer in found.items()}, as_of=question.as_of, as_of_at=first.as_of_at,
        rule_version=first.rule_version,
    )  # fmt: skip


def sales_table(sales: Sales) -> tuple[list[str], list[list[Cell]], list[Cell]]:
    """Return titles, rows and total of a year for a sheet."""
    titles = [
        str(labels.TITLES[sales.asked.by]),
        *(f"{labels.WORDS['measure'][name]}{_('（元）')}" for name in MEASURES),
    ]
    rows: list[list[Cell]] = [[row.what.name, *(Fen(row.sums[name]) for name in MEASURES)] for row in sales.rows]
    return titles, rows, [_("合计"), *(Fen(sales.sums[name]) for name in MEASURES)]


def sales_about(sales: Sales, filters: list[tuple[str, str]]) -> list[tuple[str, Cell]]:
    """Return what the workbook says about itself."""
    return [
        (_("年度"), sales.asked.year),
        *((str(labels.TITLES[name]), value) for name, value in filters),
        (_("截至序号"), sales.as_of),
        (_("认定规则"), sales.rule_version),
        *((f"{_('控制合计')}{mark(':')}{labels.WORDS['measure'][name]}", sales.checks[name]) for name in MEASURES),
    ]
