"""The 14 digits by which the goods of a SKU are named on packs, labels and in events."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import any_, literal, or_, select
from stdnum import ean

from catalog.products.models import Product, Sku
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
    key = _own_key(number)
    return None if key is None else db.session.scalar(select(Sku.id).where(Sku.id == key))


def owners_of(numbers: Collection[str]) -> dict[str, int]:
    """Return the producers to whom numbers of 14 digits are registered, by GTIN or the platform's own; others are left out."""
    keys = {number: key for number in numbers if (key := _own_key(number))}
    if not numbers:
        return {}
    found = db.session.execute(
        select(Sku.id, Sku.gtin, Product.producer_id)
        .join(Product, Product.id == Sku.product_id)
        .where(or_(Sku.gtin == any_(literal(list(numbers))), Sku.id == any_(literal(list(keys.values())))))
    ).all()
    by_gtin = {gtin: producer_id for _, gtin, producer_id in found if gtin is not None}
    by_key = {key: producer_id for key, _, producer_id in found}
    owners = {number: by_key[key] for number, key in keys.items() if key in by_key}
    return owners | {number: by_gtin[number] for number in numbers if number in by_gtin}


def _own_key(number: str) -> int | None:
    """Return the key that one of the platform's own numbers holds, or ``None``."""
    digits = number[len(OWN_PREFIX) : -1]
    if not is_own(number) or not digits.isdecimal() or not (key := int(digits)):
        return None
    return key if own_number(key) == number else None
