"""The 14 digits by which the goods of a SKU are named on packs, labels and in events."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import any_, literal, or_, select
from stdnum import ean

from catalog.products.models import Product, Sku
from shop.db import db

#: GS1 leaves numbers that begin so (of 13 digits, 040 to 049) to each company for use inside it: restricted circulation.
OWN_PREFIX = "004"
#: Digits of a number without its prefix and check digit; those that begin with 9 are of products, the others of SKUs.
_ROOM = 10
_PRODUCTS = 9 * 10 ** (_ROOM - 1)


def trade_number(sku_id: int, gtin: str | None) -> str:
    """Return the 14 digits of a SKU: its GTIN, or the platform's own number where it has none."""
    return gtin or own_number(sku_id)


def own_number(sku_id: int) -> str:
    """Return the platform's own number of a SKU, with a check digit as a GTIN has; it means nothing elsewhere.

    :raises ValueError: for a key that does not fit.
    """
    if not 0 < sku_id < _PRODUCTS:
        message = f"A SKU's key is from 1 to {_PRODUCTS - 1}: {sku_id}."
        raise ValueError(message)
    return _numbered(sku_id)


def product_number(product_id: int) -> str:
    """Return the platform's own number of a product before it is packed: what its batches are of.

    :raises ValueError: for a key that does not fit.
    """
    if not 0 < product_id < _PRODUCTS // 9:
        message = f"A product's key is from 1 to {_PRODUCTS // 9 - 1}: {product_id}."
        raise ValueError(message)
    return _numbered(_PRODUCTS + product_id)


def _numbered(key: int) -> str:
    body = f"{OWN_PREFIX}{key:0{_ROOM}d}"
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
    by_key |= _owners_of_products([key - _PRODUCTS for key in keys.values() if key >= _PRODUCTS])
    owners = {number: by_key[key] for number, key in keys.items() if key in by_key}
    return owners | {number: by_gtin[number] for number in numbers if number in by_gtin}


def _owners_of_products(product_ids: Collection[int]) -> dict[int, int]:
    """Return whose products are, by the keys in their numbers."""
    if not product_ids:
        return {}
    query = select(Product.id, Product.producer_id).where(Product.id.in_(product_ids))
    return {_PRODUCTS + row.id: row.producer_id for row in db.session.execute(query)}


def _own_key(number: str) -> int | None:
    """Return the key that one of the platform's own numbers holds, or ``None``."""
    digits = number[len(OWN_PREFIX) : -1]
    if not is_own(number) or not digits.isdecimal() or not (key := int(digits)):
        return None
    return key if _numbered(key) == number else None
