"""Recomputing settlement from its documents, apart from the code that keeps it."""

from __future__ import annotations

from functools import partial

from flask import Flask

from orders.ledger import verify
from orders.payments import checks
from orders.payments.checks import Difference
from orders.settlement import checks_sql

#: Name of each check -> its query.
QUERIES = {
    "payouts of orders = their documents": checks_sql.SETTLEMENTS,
    "payouts = orders' parts = transfers": checks_sql.PAYOUTS,
    "charges' transfers = transfers less reversals": checks_sql.CHARGES,
    "transfers' reversals = reversals": checks_sql.TRANSFERS,
    "nobody is paid more than was earned": checks_sql.EARNED,
    "splits = receipts' parts = statements' lines": checks_sql.SPLITS,
    "receipts' splits = splits": checks_sql.SPLIT_RECEIPTS,
}


def differences(order_id: int | None = None) -> list[Difference]:
    """Return everything in settlement that is not as its documents say."""
    return [one for name, query in QUERIES.items() for one in checks.compare(name, query, order_id)]


def init_app(_app: Flask) -> None:
    """Add the checks to ``duikou verify``, and payouts to the documents of the money accounts."""
    checks.add_documents("payouts", checks_sql.DOCUMENTS)
    checks.add_documents("splits", checks_sql.MOVING)
    for name, query in QUERIES.items():
        verify.register(name, partial(checks.result, name, query))
