"""The one number that changes whenever what the shop shows changes; triggers count it up when a transaction ends."""

from __future__ import annotations

from sqlalchemy import text

from shop.db import db


def current_version() -> int:
    """Return the number as it is now."""
    return int(db.session.execute(text("SELECT version FROM catalogue_versions WHERE id = 1")).scalar_one())
