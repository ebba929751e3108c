"""Loads the temperatures in which goods of cold-chain categories are kept."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

from catalog.lots.records.models import TemperatureRange
from shop.reference import Loaded, read_csv, upsert

#: Chilled goods 0 to 10 degrees (GB 31605), chilled meat 0 to 4; frozen packs say so themselves.
DATA = Path(__file__).parent / "data" / "temperature_ranges.csv"


def load() -> list[Loaded]:
    """Write the ranges; one that an operator changed is kept."""
    rows = [
        {"category_code": row["category"], "low_c": Decimal(row["low_c"]), "high_c": Decimal(row["high_c"])}
        for row in read_csv(DATA)
    ]
    return [("temperature ranges", len(rows), upsert(TemperatureRange, rows, kept=("low_c", "high_c")))]
