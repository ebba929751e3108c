"""Returns of accepted goods, and what became of each shipped item that came back."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from shop.db import Base, PublicId
from shop.identity.models import one_of

RETURN_STATUSES = ("requested", "offered", "agreed", "sent", "received", "refused")
#: Of these nothing has come back yet, and nothing says that it will not.
OPEN = ("requested", "offered", "agreed", "sent")


class GoodsReturn(PublicId, Base):
    """Accepted goods of an order that are to go back, or have."""

    __tablename__ = "goods_returns"

    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"), index=True)
    number: Mapped[str] = mapped_column(unique=True)
    #: ``requested`` by the buyer, ``offered`` by the producer, ``agreed``, ``sent``, ``received`` or ``refused``.
    status: Mapped[str]
    reason: Mapped[str]
    #: All of it is called back: nobody has to agree.
    is_recall: Mapped[bool]
    opened_by: Mapped[int] = mapped_column(ForeignKey("users.id"))
    opened_at: Mapped[datetime]
    carrier: Mapped[str] = mapped_column(server_default="", default="")
    tracking_ref: Mapped[str] = mapped_column(server_default="", default="")
    sent_at: Mapped[datetime | None]
    received_at: Mapped[datetime | None]
    received_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    #: What the producer says of what came, or why it stays.
    note: Mapped[str] = mapped_column(server_default="", default="")
    version: Mapped[int] = mapped_column(server_default="1", default=1)

    items: Mapped[list[GoodsReturnItem]] = relationship(lazy="raise", order_by="GoodsReturnItem.id")

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012
    __table_args__ = (
        one_of("status", RETURN_STATUSES),
        CheckConstraint("reason <> ''", name="reason"),
        CheckConstraint("(status = 'received') = (received_at IS NOT NULL)", name="received"),
        CheckConstraint("(received_at IS NULL) = (received_by IS NULL)", name="received_by"),
        Index("ix_goods_returns_status", "status", "id"),
    )


class GoodsReturnItem(PublicId, Base):
    """So much of a shipped item goes back, and what became of it: again in its lot, a lot of its own, destroyed."""

    __tablename__ = "goods_return_items"

    return_id: Mapped[int] = mapped_column(ForeignKey("goods_returns.id"))
    shipment_item_id: Mapped[int] = mapped_column(ForeignKey("shipment_items.id"), index=True)
    quantity: Mapped[Decimal]
    to_lot: Mapped[Decimal] = mapped_column(server_default="0", default=Decimal(0))
    apart: Mapped[Decimal] = mapped_column(server_default="0", default=Decimal(0))
    destroyed: Mapped[Decimal] = mapped_column(server_default="0", default=Decimal(0))
    #: The lot that what is kept apart has become.
    apart_lot_id: Mapped[int | None] = mapped_column(ForeignKey("lots.id"))

    __table_args__ = (
        UniqueConstraint("return_id", "shipment_item_id"),
        CheckConstraint("quantity > 0", name="quantity"),
        CheckConstraint(
            "to_lot >= 0 AND apart >= 0 AND destroyed >= 0 AND to_lot + apart + destroyed <= quantity", name="came"
        ),
        CheckConstraint("(apart > 0) = (apart_lot_id IS NOT NULL)", name="apart_lot"),
    )

    @property
    def came(self) -> Decimal:
        """What has come back."""
        return self.to_lot + self.apart + self.destroyed
