"""Lots, movements and the stock of a SKU."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from shop.db import Base, PublicId
from shop.identity.models import one_of

#: What moves a lot's quantity; the sign is fixed by the kind.
MOVEMENT_KINDS = ("born", "shipped", "returned", "destroyed", "expired", "adjusted_up", "adjusted_down")


class SkuStock(Base):
    """What the open, unexpired lots of a SKU hold, and how much of it orders have reserved."""

    __tablename__ = "sku_stock"

    sku_id: Mapped[int] = mapped_column(ForeignKey("skus.id"), primary_key=True, autoincrement=False)
    on_hand: Mapped[Decimal] = mapped_column(server_default="0")
    reserved: Mapped[Decimal] = mapped_column(server_default="0")

    __table_args__ = (CheckConstraint("reserved BETWEEN 0 AND on_hand", name="reserved"),)


class Lot(PublicId, Base):
    """A batch of a SKU."""

    __tablename__ = "lots"

    sku_id: Mapped[int] = mapped_column(ForeignKey("skus.id"))
    code: Mapped[str]
    #: What is left of it; changed by the trigger of ``lot_movements`` alone.
    on_hand: Mapped[Decimal] = mapped_column(server_default="0")
    produced_on: Mapped[date]
    expires_on: Mapped[date | None]
    #: ``open``, ``closed`` (expired or written off) or ``recalled``; only open lots are stock.
    status: Mapped[str] = mapped_column(server_default="open", default="open")
    origin_note: Mapped[str] = mapped_column(server_default="")
    created_at: Mapped[datetime]
    version: Mapped[int] = mapped_column(server_default="1", default=1)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012
    __table_args__ = (
        UniqueConstraint("sku_id", "code"),
        one_of("status", ("open", "closed", "recalled")),
        CheckConstraint("on_hand >= 0", name="on_hand"),
        CheckConstraint("expires_on IS NULL OR expires_on >= produced_on", name="dates"),
        Index("ix_lots_fefo", "sku_id", "status", "expires_on", "id"),
    )


class LotMovement(PublicId, Base):
    """A change of a lot's quantity; append-only, its trigger keeps lot and stock in step."""

    __tablename__ = "lot_movements"

    lot_id: Mapped[int] = mapped_column(ForeignKey("lots.id"), index=True)
    kind: Mapped[str]
    #: Signed: positive comes in, negative goes out.
    quantity: Mapped[Decimal]
    #: The business fact that moved it, unique: ``shipment:12:line:7``.
    ref: Mapped[str]
    note: Mapped[dict[str, Any]]
    at: Mapped[datetime]
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))

    __table_args__ = (
        one_of("kind", MOVEMENT_KINDS),
        CheckConstraint(
            "(kind IN ('born','returned','adjusted_up') AND quantity > 0)"
            " OR (kind IN ('shipped','destroyed','expired','adjusted_down') AND quantity < 0)",
            name="sign",
        ),
        UniqueConstraint("lot_id", "kind", "ref"),
    )
