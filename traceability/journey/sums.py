"""Sums of quantities of several units: bags are not added to kilograms."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

from catalog.shopfront.labels import UNITS


def in_units(rows: Iterable[Any], name: str) -> list[tuple[str, Decimal]]:
    """Return the sum of an attribute for each unit of the rows, in the order in which they come; ``None`` counts as nothing."""
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for row in rows:
        sums[row.unit] += getattr(row, name) or Decimal(0)
    return list(sums.items())


def as_words(rows: Sequence[Any], name: str, *, is_named: bool = False) -> str:
    """Return the sums for people: a number where all have one unit, else each with its unit.

    :param is_named: with its unit in any case.
    """
    sums = in_units(rows, name)
    if len(sums) == 1 and not is_named:
        return _plain(sums[0][1])
    return " + ".join(f"{_plain(quantity)} {UNITS[unit]}" for unit, quantity in sums)


def _plain(quantity: Decimal) -> str:
    return f"{quantity.normalize():f}"
