"""What quantities, times and words of batches can be."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Any

from shop.clock import SHANGHAI
from shop.errors import Invalid
from shop.i18n import _

_MAX_WORDS = 200
#: Nothing that is recorded happened longer ago than five years: a wrong year is caught.
OLDEST_DAYS = 5 * 366


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
    if when > at or (at - when).days > OLDEST_DAYS:
        raise bad("occurred_at", _("时间不能晚于现在，也不能早于五年前。"))


def check_order(when: datetime, born: Iterable[tuple[str, datetime]]) -> None:
    """Refuse an act on goods that came into being only after it: where they came from would be lost.

    :param born: code of each batch or lot that is used, and when it came into being.
    :raises BadBatch: pointing at the time.
    """
    for code, since in born:
        if when < since:
            there = f"{since.astimezone(SHANGHAI):%Y-%m-%d %H:%M}"
            detail = _("批次“%(code)s”到 %(since)s 才有，时间不能早于它。", code=code, since=there)
            raise bad("occurred_at", detail)


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
