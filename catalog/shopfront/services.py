"""Forgets old changes of the shop."""

from __future__ import annotations

from typing import Any

from sqlalchemy import text

from shop.db import db

#: Changes kept; a process that has missed more makes all its pages anew.
KEPT = 10_000


def forget_changes() -> int:
    """Delete all but the last changes; returns how many went."""
    result: Any = db.session.execute(
        text("DELETE FROM catalogue_changes WHERE version <= (SELECT version FROM catalogue_versions) - :kept"),
        {"kept": KEPT},
    )
    return int(result.rowcount)
