"""How many days money may wait, by the rule of the day."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from types import MappingProxyType

from sqlalchemy import or_, select

from orders.settlement.waiting_models import WaitingRule
from shop.db import db

#: What an installation without any rule waits.
DEFAULTS: Mapping[str, int] = MappingProxyType({"unpaid": 5, "aging": 3})


def days_on(kind: str, on: date) -> int:
    """Return the days of the rule of a kind in force on a day."""
    found = db.session.scalar(
        select(WaitingRule.days).where(
            WaitingRule.kind == kind, WaitingRule.valid_from <= on,
            or_(WaitingRule.valid_to.is_(None), WaitingRule.valid_to >= on),
        )
    )  # fmt: skip
    return DEFAULTS[kind] if found is None else found
