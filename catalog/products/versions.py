"""The one number that changes whenever what the shop shows changes."""

from __future__ import annotations

from sqlalchemy import text

from shop.db import before_commit, db, in_transaction


def bump() -> None:
    """Say that something the shop shows has changed: a price, a listing, a title, a paper, stock running out.

    Once a transaction and at its very end, so that nobody waits for this row with other locks in hand.
    """
    if in_transaction():
        before_commit(_add_one)
    else:
        _add_one()


def _add_one() -> None:
    db.session.execute(text("UPDATE catalogue_versions SET version = version + 1 WHERE id = 1"))


def current_version() -> int:
    """Return the number as it is now."""
    return int(db.session.execute(text("SELECT version FROM catalogue_versions WHERE id = 1")).scalar_one())
