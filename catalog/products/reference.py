"""Loads the categories that ship with the package."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from catalog.products.models import Category
from shop.pinyin import pinyin_of
from shop.reference import Loaded, read_csv, upsert

DATA = Path(__file__).parent / "data"
_YES_NO: dict[str, bool | None] = {"yes": True, "no": False, "": None}


def load() -> list[Loaded]:
    """Write the categories; which papers go with the goods is kept where an operator changed it."""
    rows = category_rows(read_csv(DATA / "categories.csv"))
    groups = [row for row in rows if row["parent_code"] is None]
    leaves = [row for row in rows if row["parent_code"] is not None]
    kept = ("origin_paper", "needs_quarantine")
    return [
        ("category groups", len(groups), upsert(Category, groups, kept=kept)),
        ("categories", len(leaves), upsert(Category, leaves, kept=kept)),
    ]


def category_rows(source: list[dict[str, str]]) -> list[dict[str, Any]]:
    """Return the rows of ``categories``."""
    return [
        {
            "code": row["code"],
            "name_zh": row["name_zh"],
            "name_en": row["name_en"],
            "parent_code": row["parent"] or None,
            "unit": row["unit"] or None,
            "is_perishable": _YES_NO[row["perishable"]],
            "is_cold_chain": _YES_NO[row["cold_chain"]],
            "hs_code": row["hs_code"] or None,
            "origin_paper": row["origin_paper"] or None,
            "needs_quarantine": _YES_NO[row["quarantine"]],
            "pinyin": pinyin_of(row["name_zh"]),
        }
        for row in source
    ]
