"""Adds the mass balance of batches and lots to ``duikou verify``."""

from __future__ import annotations

from functools import partial

from flask import Flask

from catalog.lots.batches import balance
from orders.ledger.verify import Result, compare, register


def check(name: str, order_id: int | None) -> Result:
    """Compare what batches, acts and lots say; they are no order's, so one order alone has none to look at."""
    return Result(0) if order_id is not None else compare(balance.COUNTS[name], balance.DIFFERENCES[name])


def init_app(_app: Flask) -> None:
    """Register the checks."""
    for name in balance.DIFFERENCES:
        register(name, partial(check, name))
