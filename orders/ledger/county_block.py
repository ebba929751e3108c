"""Gives the public page of a county what counted for it."""

from __future__ import annotations

from typing import Any

from flask import Flask

from orders.ledger import asking
from orders.ledger.reporting import sealed_snapshot


def totals_of(code: str) -> dict[str, Any]:
    """Return what counted for a county, by year, as the API tells it.

    :raises NoSuchCounty: if it is not an assisted one.
    """
    with sealed_snapshot():
        return asking.county_totals(code)


def init_app(app: Flask) -> None:
    """Offer it to the page below."""
    app.extensions["county_totals"] = totals_of
