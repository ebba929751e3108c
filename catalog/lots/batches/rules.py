"""What quantities, times and words of batches can be."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from shop.errors import Invalid
from shop.i18n import _

_MAX_WORDS = 200
#: Nothing that is recorded happened longer ago than five years: a wrong year is caught.
_OLDEST_DAYS = 5 * 366


class BadBatch(Invalid):
    """A quantity, day, code or yield of a batch makes no sense; ``errors`` points at it."""

    code = "bad-batch"


def check_quantity(quantity: Decimal, field: str = "quantity") -> None:
    """Refuse what is no quantity of goods in kilograms.

    :raises BadBatch: for zero, less, or more than three decimals.
    """
    if quantity <= 0 or quantity != round(quantity, 3) or quantity >= 10**9:
        raise bad(field, _("重量须大于零，最多三位小数。"))


def check_time(when: datetime, at: datetime) -> None:
    """Refuse a time that cannot be.

    :raises BadBatch: in the future, or more than five years ago.
    """
    if when > at or (at - when).days > _OLDEST_DAYS:
        raise bad("occurred_at", _("时间不能晚于现在，也不能早于五年前。"))


def check_words(**texts: str) -> None:
    """Refuse texts that are too long.

    :raises BadBatch: above 200 characters.
    """
    for field, words in texts.items():
        if len(words) > _MAX_WORDS:
            raise bad(field, _("文字太长。"))


def bad(field: str, detail: Any) -> BadBatch:
    """Return the refusal of a member."""
    return BadBatch(detail, errors=[{"pointer": f"#/{field}", "detail": str(detail)}])


def shown(quantity: Decimal) -> str:
    """Return a quantity for people."""
    return f"{quantity.normalize():f}"
