"""Packs of a lot that become a lot of their own, such as those that a buyer has sent back."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from sqlalchemy import func, select

from catalog.lots.batches import packing
from catalog.lots.batches.packing import Packing
from catalog.lots.models import Lot
from catalog.products.models import Sku
from shop.auth import Actor
from shop.db import db

#: What stands behind the code of the lot that they were of.
_SUFFIX = "-T"
_MAX_CODE = 40


def set_apart(lot_id: int, quantity: Decimal, *, code: str, actor: Actor, at: datetime) -> Lot:
    """Open packs of a lot and pack them again as a lot of their own, with the days of the one they were of.

    It came from that lot, so what is told of that, and its recall, reaches it; it needs a certificate of its own.

    :param code: of the new lot; empty makes one of the old one's.
    :raises NoSuchLot, LotNotOpen, BadBatch, PacksNumbered: as :func:`packing.unpack` and :func:`packing.pack`.
    """
    lot = db.session.get_one(Lot, lot_id)
    sku = db.session.get_one(Sku, lot.sku_id)
    loose = packing.unpack(lot.public_id, quantity, actor, occurred_at=at, at=at)
    new = Packing(
        batch=loose.public_id, sku=sku.public_id, code=code.strip() or _next_code(lot), quantity=quantity,
        occurred_at=at, expires_on=lot.expires_on, produced_on=lot.produced_on,
    )  # fmt: skip
    return packing.pack(new, actor, at=at)


def _next_code(lot: Lot) -> str:
    """Return a code that no lot of the SKU has; the SKU's stock is locked."""
    stem = lot.code[: _MAX_CODE - len(_SUFFIX) - 4] + _SUFFIX
    there = db.session.scalar(
        select(func.count())
        .select_from(Lot)
        .where(Lot.sku_id == lot.sku_id, Lot.code.startswith(stem, autoescape=True))
    )
    return f"{stem}{(there or 0) + 1}"
