"""Totals and their lines as tables for CSV and XLSX: the same figures as on the page."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from catalog.shopfront.labels import SCHEMES
from orders.ledger import lines
from orders.ledger.labels import TITLES, WORDS, label_rows
from orders.ledger.questions import TIMES, Question
from orders.ledger.totals import Totals
from shop.clock import SHANGHAI
from shop.errors import Invalid
from shop.i18n import _, mark
from shop.sheets import Cell, Fen

#: Lines of one export.
MAX_LINES = 200_000


class TooManyLines(Invalid):
    """An export of lines longer than :data:`MAX_LINES`."""

    code = "too-many-lines"


def totals_table(totals: Totals) -> tuple[list[str], list[list[Cell]]]:
    """Return titles and rows: a code and a name for each dimension, then the amount in yuan."""
    by = totals.question.by
    titles: list[str] = []
    for name in by:
        title = str(TITLES[name])
        titles += [title] if name in TIMES else [f"{title}{_('代码')}", title]
    titles.append(f"{WORDS['measure'][totals.question.measure]}{_('（元）')}")
    labels = label_rows(by, [row.keys for row in totals.rows])
    rows: list[list[Cell]] = []
    for row, keys in zip(totals.rows, labels, strict=True):
        cells: list[Cell] = []
        for name, label in zip(by, keys, strict=True):
            cells += [label.name] if name in TIMES else [label.id or "", label.name]
        rows.append([*cells, Fen(row.amount_fen)])
    if not by and not rows:
        rows.append([Fen(0)])
    return titles, rows


def total_row(titles: Sequence[str], total_fen: int) -> list[Cell]:
    """Return the last row of a workbook: the sum under the last of its columns."""
    return [_("合计"), *[""] * (len(titles) - 2), Fen(total_fen)] if len(titles) > 1 else []


def about(totals: Totals, filters: Sequence[tuple[str, str]]) -> list[tuple[str, Cell]]:
    """Return what an export says about itself."""
    question = totals.question
    at = totals.as_of_at.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M:%S") if totals.as_of_at else ""
    return [
        (_("指标"), str(WORDS["measure"][question.measure])),
        (_("起始日期"), question.from_on),
        (_("截止日期"), question.to_on),
        *((f"{_('筛选')}{mark(':')}{TITLES[name]}", value) for name, value in filters),
        (_("合计（元）"), Fen(totals.total_fen)),
        (_("截至序号"), question.as_of),
        (_("截至时刻"), at),
        (_("认定规则"), totals.rule_version),
        (_("控制合计"), totals.check),
    ]


def lines_table(question: Question) -> tuple[list[str], Iterator[list[Cell]]]:
    """Return titles and, as they are read, the rows of every line behind a total.

    :raises TooManyLines: if there are more than :data:`MAX_LINES`.
    """
    found = lines.count_lines(question)
    if found > MAX_LINES:
        raise TooManyLines(
            _("明细共 %(found)s 行，超过一次导出的 %(most)s 行，请缩小范围。", found=found, most=MAX_LINES)
        )
    titles = [
        _("序号"), _("日期"), _("发生日期"), _("单据"), _("县代码"), _("县"), _("品类"), _("商品"), _("供应商"), _("采购单位"),
        _("预算单位"), _("资金来源"), _("采购方式"), _("帮销方"), _("渠道"), _("结对关系"), _("认定依据"), _("规则"),
        f"{WORDS['measure'][question.measure]}{_('（元）')}",
    ]  # fmt: skip
    return titles, _line_rows(lines.all_lines(question))


def _line_rows(found: Iterable[lines.Line]) -> Iterator[list[Cell]]:
    for line in found:
        yield [
            line.seq, line.business_on, line.origin_on, line.source.number if line.source else "", line.county_code,
            line.county, line.category, line.product, line.producer, line.buyer, line.unit or "",
            str(WORDS["fund_source"].get(line.fund_source or "", "")), str(WORDS["mode"][line.mode]), line.helper_name,
            str(WORDS["channel"][line.channel]), str(WORDS["partner"][line.partner]), str(SCHEMES.get(line.eligibility_scheme or "", "")),
            line.rule_version, Fen(line.amount_fen),
        ]  # fmt: skip
