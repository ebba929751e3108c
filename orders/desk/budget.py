"""A year of an institution's purchases by budget unit and fund source, each figure with the lines behind it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any

from orders.ledger import labels, questions, totals
from orders.ledger.asking import BadQuestion, conditions_of, read_place
from orders.ledger.labels import Label
from orders.ledger.models import FUND_SOURCES
from orders.ledger.questions import Question
from shop.auth import Actor
from shop.i18n import _, mark
from shop.sheets import Cell, Fen

#: What is shown of a source, in the order of a purchase.
MEASURES = ("ordered", "accepted", "paid", "counted")
#: Before this year nothing was traded here.
FIRST_YEAR, LAST_YEAR, _YEAR_DIGITS = 2016, 2100, 4


@dataclass(frozen=True)
class BudgetRow:
    """One budget unit's purchases from one fund: a sum per measure."""

    unit: Label
    fund: Label
    sums: Mapping[str, int]


@dataclass(frozen=True)
class Budget:
    """A year by unit and fund; ``sums`` are those of all rows, ``checks`` their control totals."""

    year: int
    rows: list[BudgetRow]
    sums: dict[str, int]
    checks: dict[str, str]
    as_of: int
    as_of_at: datetime | None
    rule_version: int | None


@dataclass(frozen=True)
class BudgetAsked:
    """Which lines are asked for: a measure, a year, of which unit and fund (public values; empty: all), up to which seal."""

    year: int
    measure: str = "ordered"
    filters: dict[str, str] = field(default_factory=dict)
    #: The last place of the seals that is counted; ``None``: the newest.
    as_of: int | None = None

    def params(self) -> dict[str, Any]:
        """Return the parameters of an address that asks for the same."""
        return {"year": self.year, "measure": self.measure, **self.filters, "as_of": self.as_of}

    def question(self, actor: Actor, by: tuple[str, ...] = ()) -> Question:
        """Return the ledger's question about the actor's own purchases; call inside ``snapshot()``."""
        return Question(
            measure=self.measure,
            from_on=date(self.year, 1, 1),
            to_on=date(self.year, 12, 31),
            by=by,
            filters=conditions_of(self.filters),
            visible=questions.visible_to(actor),
            as_of=questions.resolve_as_of(self.as_of),
        )


def read_asked(values: Mapping[str, str], today: date) -> BudgetAsked:
    """Read what is asked for from an address; without a year it is this one.

    :raises BadQuestion: naming what cannot be read.
    """
    year = values.get("year") or str(today.year)
    if not (year.isascii() and year.isdigit() and len(year) == _YEAR_DIGITS and FIRST_YEAR <= int(year) <= LAST_YEAR):
        raise BadQuestion(_("年度须在2016年至2100年之间。"), parameter=year[:20])
    measure = values.get("measure") or "ordered"
    if measure not in MEASURES:
        raise BadQuestion(_("没有这项指标。"), parameter=measure[:20])
    filters = {name: value for name in ("unit", "fund_source") if (value := values.get(name, ""))}
    if filters.get("fund_source", "none") not in (*FUND_SOURCES, "none"):
        raise BadQuestion(_("没有这种资金来源。"), parameter=filters["fund_source"][:20])
    return BudgetAsked(int(year), measure, filters, read_place(values.get("as_of")))


def budget_of(actor: Actor, year: int, as_of: int | None = None) -> Budget:
    """Return a year of the actor's organisation; call inside ``snapshot()``, so that its figures agree."""
    question = BudgetAsked(year, as_of=as_of).question(actor, ("unit", "fund_source"))
    found = {name: totals.answer(replace(question, measure=name)) for name in MEASURES}
    sums: dict[tuple[str, ...], dict[str, int]] = {}
    for name, answer in found.items():
        for row in answer.rows:
            sums.setdefault(row.keys, dict.fromkeys(MEASURES, 0))[name] = row.amount_fen
    keys = sorted(sums)
    first = found["ordered"]
    return Budget(
        year=year,
        rows=[
            BudgetRow(unit, fund, sums[key])
            for key, (unit, fund) in zip(keys, labels.label_rows(("unit", "fund_source"), keys), strict=True)
        ],
        sums={name: answer.total_fen for name, answer in found.items()},
        checks={name: answer.check for name, answer in found.items()},
        as_of=question.as_of,
        as_of_at=first.as_of_at,
        rule_version=first.rule_version,
    )


def budget_table(budget: Budget) -> tuple[list[str], list[list[Cell]], list[Cell]]:
    """Return titles, rows and total of a year for a workbook."""
    titles = [_("预算单位"), _("资金来源"), *(f"{labels.WORDS['measure'][name]}{_('（元）')}" for name in MEASURES)]
    rows: list[list[Cell]] = [
        [row.unit.name, row.fund.name, *(Fen(row.sums[name]) for name in MEASURES)] for row in budget.rows
    ]
    return titles, rows, [_("合计"), "", *(Fen(budget.sums[name]) for name in MEASURES)]


def budget_about(budget: Budget) -> list[tuple[str, Cell]]:
    """Return what the workbook says about itself."""
    return [
        (_("年度"), budget.year),
        (_("截至序号"), budget.as_of),
        (_("认定规则"), budget.rule_version),
        *((f"{_('控制合计')}{mark(':')}{labels.WORDS['measure'][name]}", budget.checks[name]) for name in MEASURES),
    ]
