"""The 14 digits by which the goods of a SKU are named on packs, labels and in events."""

from __future__ import annotations

from sqlalchemy import select
from stdnum import ean

from catalog.products.models import Sku
from shop.db import db

#: GS1 leaves numbers that begin so (of 13 digits, 040 to 049) to each company for use inside it: restricted circulation.
OWN_PREFIX = "004"
#: Digits of a number without its prefix and check digit.
_ROOM = 10


def trade_number(sku_id: int, gtin: str | None) -> str:
    """Return the 14 digits of a SKU: its GTIN, or the platform's own number where it has none."""
    return gtin or own_number(sku_id)


def own_number(sku_id: int) -> str:
    """Return the platform's own number of a SKU, with a check digit as a GTIN has; it means nothing elsewhere.

    :raises ValueError: for a key that does not fit.
    """
    digits = f"{sku_id:0{_ROOM}d}"
    if len(digits) > _ROOM or sku_id <= 0:
        message = f"A SKU's key has 1 to {_ROOM} digits: {sku_id}."
        raise ValueError(message)
    body = OWN_PREFIX + digits
    return body + str(ean.calc_check_digit(body))


def is_own(number: str) -> bool:
    """Say whether 14 digits are of the platform's own numbering."""
    return number.startswith(OWN_PREFIX)


def sku_of(number: str) -> int | None:
    """Return the key of the SKU that 14 digits name, or ``None``; labels from before it had a GTIN stay good."""
    if not is_own(number):
        return db.session.scalar(select(Sku.id).where(Sku.gtin == number))
    digits = number[len(OWN_PREFIX) : -1]
    key = int(digits) if digits.isdecimal() else 0
    if not key or own_number(key) != number:
        return None
    return db.session.scalar(select(Sku.id).where(Sku.id == key))
