"""Reads of lots and their movements."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import select, text

from catalog.lots.batches.models import Batch
from catalog.lots.models import Lot, LotMovement
from catalog.lots.shipping import NoSuchLot
from catalog.producers.queries import producers_of
from catalog.products.models import Product, Sku
from shop.auth import Actor
from shop.db import db
from shop.i18n import _

#: A lot that expires within so many days is shown as expiring.
SOON_DAYS = 30


@dataclass(frozen=True)
class LotView:
    """A lot with its pack and product."""

    lot: Lot
    sku_id: UUID
    sku_code: str
    pack_spec: str
    unit: str
    product_id: UUID
    product_name: str
    #: What it was packed from; ``None``: its origin was not recorded.
    batch_id: UUID | None
    batch_code: str | None

    @property
    def on_hand(self) -> Decimal:
        """What is left of it."""
        return self.lot.on_hand


@dataclass(frozen=True)
class StockView:
    """The stock of a pack."""

    sku_id: UUID
    product_name: str
    pack_spec: str
    unit: str
    on_hand: Decimal
    reserved: Decimal
    lots: int
    #: The first day on which an open lot expires.
    first_expiry: date | None

    @property
    def free(self) -> Decimal:
        """What can be ordered."""
        return max(self.on_hand - self.reserved, Decimal(0))


def _lots(actor: Actor, on: date) -> Any:
    return (
        select(
            Lot,
            Sku.public_id,
            Sku.code,
            Sku.pack_spec,
            Sku.unit,
            Product.public_id,
            Product.name,
            Batch.public_id,
            Batch.code,
        )
        .join(Sku, Sku.id == Lot.sku_id)
        .join(Product, Product.id == Sku.product_id)
        .outerjoin(Batch, Batch.id == Lot.batch_id)
        .where(Product.producer_id.in_(producers_of(actor, on)))
    )


def list_lots(
    actor: Actor,
    on: date,
    *,
    sku: UUID | None = None,
    statuses: Sequence[str] = (),
    is_expiring: bool = False,
    after: int | None = None,
    limit: int = 100,
) -> list[LotView]:
    """Return lots of the producers for whom the actor may act, newest first, at most ``limit`` + 1.

    :param is_expiring: only open ones with goods left that expire within 30 days, or have.
    """
    wanted = _lots(actor, on).order_by(Lot.id.desc()).limit(limit + 1)
    if sku is not None:
        wanted = wanted.where(Sku.public_id == sku)
    if statuses:
        wanted = wanted.where(Lot.status.in_(statuses))
    if is_expiring:
        wanted = wanted.where(Lot.status == "open", Lot.on_hand > 0, Lot.expires_on <= on + timedelta(days=SOON_DAYS))
    if after is not None:
        wanted = wanted.where(Lot.id < after)
    return [LotView(*row) for row in db.session.execute(wanted)]


def get_lot(public_id: UUID, actor: Actor, on: date) -> LotView:
    """Return a lot of a producer for whom the actor may act.

    :raises NoSuchLot: if there is none.
    """
    wanted = _lots(actor, on).where(Lot.public_id == public_id).execution_options(populate_existing=True)
    row = db.session.execute(wanted).one_or_none()
    if row is None:
        raise NoSuchLot(_("没有找到。"))
    return LotView(*row)


def list_movements(lot_id: int) -> Sequence[LotMovement]:
    """Return what moved a lot, newest first."""
    return db.session.scalars(
        select(LotMovement).where(LotMovement.lot_id == lot_id).order_by(LotMovement.id.desc())
    ).all()


def list_stock(actor: Actor, on: date) -> list[StockView]:
    """Return the stock of every pack of the producers for whom the actor may act, what is short first."""
    rows = db.session.execute(
        text("""SELECT s.public_id, p.name, s.pack_spec, s.unit, coalesce(k.on_hand, 0), coalesce(k.reserved, 0),
                       count(l.id), min(l.expires_on)
                FROM skus s JOIN products p ON p.id = s.product_id LEFT JOIN sku_stock k ON k.sku_id = s.id
                LEFT JOIN lots l ON l.sku_id = s.id AND l.status = 'open' AND l.on_hand > 0
                WHERE p.producer_id = ANY(:producers) AND p.archived_at IS NULL
                GROUP BY s.id, p.id, k.sku_id
                ORDER BY coalesce(k.on_hand, 0) - coalesce(k.reserved, 0), p.pinyin, s.id"""),
        {"producers": sorted(producers_of(actor, on))},
    )
    return [StockView(*row) for row in rows]
