"""What the officials' templates call: choices, percentages and the filters behind a cell."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Callable, Sequence
from datetime import date

from admin.official.asking import Asked
from catalog.products.models import Category
from catalog.products.reads import list_categories
from orders.ledger import labels
from orders.ledger.labels import Label
from orders.ledger.models import MEASURES
from orders.ledger.questions import TIMES
from orders.ledger.totals import Row
from shop import clock
from shop.clock import SHANGHAI
from shop.i18n import _, language, lazy
from shop.money import show_wan, show_yuan
from shop.sheets import Cell

#: Dimensions offered on the page of breakdowns, in the order people ask for them.
OFFERED = (
    "county", "prefecture", "province", "category", "producer", "institution", "unit", "fund_source", "channel", "mode",
    "partner", "pairing", "product", "buyer_division", "finance_division", "month", "quarter", "year", "day",
)  # fmt: skip
_QUARTER_MONTHS = 3
_MOST_CATEGORIES = 1000
#: What a paper behind a line is.
PAPERS = {
    "contract": lazy("合同"), "acceptance": lazy("验收单据"), "invoice": lazy("发票"), "bank_receipt": lazy("银行回单"),
    "refund": lazy("退款回单"), "delivery_note": lazy("送货单"), "other": lazy("其他"),
}  # fmt: skip


def percent(hundredths: int) -> str:
    """Return hundredths of a percent with two decimals: ``1234`` is ``12.34``."""
    sign = "-" if hundredths < 0 else ""
    whole, rest = divmod(abs(hundredths), 100)
    return f"{sign}{whole:,}.{rest:02d}"


def measure_choices() -> list[tuple[str, object]]:
    """Return the measures with their names."""
    return [(name, labels.WORDS["measure"][name]) for name in MEASURES]


def dimension_choices() -> list[tuple[str, object]]:
    """Return the dimensions with their names."""
    return [(name, labels.TITLES[name]) for name in OFFERED]


def category_choices() -> list[tuple[str, str]]:
    """Return the groups of goods, each followed by its categories."""
    found = list_categories(limit=_MOST_CATEGORIES)
    below: dict[str | None, list[Category]] = {}
    for category in found:
        below.setdefault(category.parent_code, []).append(category)
    in_english = language() == "en"
    return [
        (one.code, f"{'— ' if one.parent_code else ''}{one.name_en if in_english else one.name_zh}")
        for group in below.get(None, [])
        for one in (group, *below.get(group.code, []))
    ]


def word_choices(dimension: str) -> list[tuple[str, object]]:
    """Return the values of a dimension that are the same everywhere, with their names."""
    return list(labels.WORDS[dimension].items())


def amounts_in(unit: str) -> Callable[[int], str]:
    """Return how sums are written in a unit: ``wan`` or ``yuan``."""
    return show_yuan if unit == "yuan" else show_wan


def unit_word(unit: str) -> str:
    """Return a unit's name."""
    return _("元") if unit == "yuan" else _("万元")


def periods(today: date) -> list[tuple[str, date, date]]:
    """Return the periods asked for most: their name, first and last day."""
    month = today.replace(day=1)
    quarter = month.replace(month=(month.month - 1) // _QUARTER_MONTHS * _QUARTER_MONTHS + 1)
    year, before = month.replace(month=1), date(today.year - 1, 1, 1)
    return [
        (_("本月"), month, today),
        (_("本季度"), quarter, today),
        (_("本年"), year, today),
        (_("上年"), before, before.replace(month=12, day=31)),
    ]


def number_range(least: int, most: int) -> str:
    """Return a count known as a range; one number where both are the same."""
    return f"{most:,}" if least == most else f"{least:,} – {most:,}"


def about_now() -> list[tuple[str, Cell]]:
    """Return what a workbook of what holds at the moment says about itself."""
    return [(_("截至时刻"), clock.now().astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M:%S"))]


def year_range(year: int) -> dict[str, str]:
    """Return the address's days of a year."""
    return {"from": f"{year}-01-01", "to": f"{year}-12-31"}


def month_range(year: int, month: int, last: date | None = None) -> dict[str, str]:
    """Return the address's days of a month, cut at ``last``."""
    end = date(year, month, monthrange(year, month)[1])
    return {"from": date(year, month, 1).isoformat(), "to": min(end, last or end).isoformat()}


def row_filters(by: Sequence[str], row: Row, names: Sequence[Label], asked: Asked) -> dict[str, str]:
    """Return the filters that lead from a row of a breakdown to its lines; several buckets are where they meet."""
    changes: dict[str, str] = {}
    first, last = asked.from_on, asked.to_on
    for dimension, key, label in zip(by, row.keys, names, strict=True):
        if dimension in TIMES:
            begins, ends = _days(dimension, key)
            first, last = max(first, begins), min(last, ends)
            changes |= {"from": first.isoformat(), "to": last.isoformat()}
        else:
            changes[dimension] = label.id or "none"
    return changes


def _days(bucket: str, key: str) -> tuple[date, date]:
    """Return the first and last day of a bucket."""
    year = int(key[:4])
    if bucket == "day":
        first = last = date.fromisoformat(key)
    elif bucket == "year":
        first, last = date(year, 1, 1), date(year, 12, 31)
    else:
        number = int(key[-1]) if bucket == "quarter" else int(key[5:])
        start = (number - 1) * _QUARTER_MONTHS + 1 if bucket == "quarter" else number
        end = start + (_QUARTER_MONTHS - 1 if bucket == "quarter" else 0)
        first, last = date(year, start, 1), date(year, end, monthrange(year, end)[1])
    return first, last
