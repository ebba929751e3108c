"""Shipments of lots, and what the institution accepted or rejected of them."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from shop.db import Base, PublicId


class Shipment(PublicId, Base):
    """Goods that left a producer for one order."""

    __tablename__ = "shipments"

    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"), index=True)
    number: Mapped[str] = mapped_column(unique=True)
    carrier: Mapped[str] = mapped_column(server_default="")
    tracking_ref: Mapped[str] = mapped_column(server_default="")
    note: Mapped[str] = mapped_column(server_default="")
    shipped_at: Mapped[datetime]
    shipped_by: Mapped[int] = mapped_column(ForeignKey("users.id"))

    items: Mapped[list[ShipmentItem]] = relationship(lazy="raise", order_by="ShipmentItem.id")

    __table_args__ = (Index("ix_shipments_shipped_at", "shipped_at"),)


class ShipmentItem(PublicId, Base):
    """A quantity of one lot for one line."""

    __tablename__ = "shipment_items"

    shipment_id: Mapped[int] = mapped_column(ForeignKey("shipments.id"), index=True)
    line_id: Mapped[int] = mapped_column(ForeignKey("order_lines.id"), index=True)
    lot_id: Mapped[int] = mapped_column(ForeignKey("lots.id"), index=True)
    movement_id: Mapped[int] = mapped_column(ForeignKey("lot_movements.id"), unique=True)
    quantity: Mapped[Decimal]
    #: Decided so far.
    accepted: Mapped[Decimal] = mapped_column(server_default="0", default=Decimal(0))
    rejected: Mapped[Decimal] = mapped_column(server_default="0", default=Decimal(0))
    #: Of what is rejected: so much was accepted first and came back later.
    returned: Mapped[Decimal] = mapped_column(server_default="0", default=Decimal(0))

    __table_args__ = (
        UniqueConstraint("shipment_id", "line_id", "lot_id"),
        CheckConstraint("quantity > 0", name="quantity"),
        CheckConstraint("accepted >= 0 AND rejected >= 0 AND accepted + rejected <= quantity", name="decided"),
        CheckConstraint("returned BETWEEN 0 AND rejected", name="returned"),
    )


class Acceptance(PublicId, Base):
    """A decision about delivered goods, by two people for canteens."""

    __tablename__ = "acceptances"

    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"), index=True)
    number: Mapped[str] = mapped_column(unique=True)
    accepted_by: Mapped[int] = mapped_column(ForeignKey("users.id"))
    #: The second person, as canteens need: another member, with the name of that day.
    witness_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    witness_name: Mapped[str] = mapped_column(server_default="")
    #: When the second person said by its own sign-in that it was there.
    witnessed_at: Mapped[datetime | None]
    #: Who else was there, such as a parents' committee.
    also_present: Mapped[str] = mapped_column(server_default="", default="")
    accepted_at: Mapped[datetime]
    note: Mapped[str] = mapped_column(server_default="")

    items: Mapped[list[AcceptanceItem]] = relationship(lazy="raise", order_by="AcceptanceItem.id")

    __table_args__ = (
        CheckConstraint("witness_id <> accepted_by", name="two_persons"),
        CheckConstraint("witnessed_at IS NULL OR witness_id IS NOT NULL", name="witnessed"),
        Index(
            "ix_acceptances_to_witness",
            "witness_id",
            postgresql_where=text("witness_id IS NOT NULL AND witnessed_at IS NULL"),
        ),
    )


class AcceptanceItem(Base):
    """What was accepted and rejected of one shipped item, with the reason."""

    __tablename__ = "acceptance_items"

    id: Mapped[int] = mapped_column(primary_key=True)
    acceptance_id: Mapped[int] = mapped_column(ForeignKey("acceptances.id"), index=True)
    shipment_item_id: Mapped[int] = mapped_column(ForeignKey("shipment_items.id"), index=True)
    accepted: Mapped[Decimal]
    rejected: Mapped[Decimal]
    reason: Mapped[str] = mapped_column(server_default="")

    __table_args__ = (
        CheckConstraint("accepted >= 0 AND rejected >= 0 AND accepted + rejected > 0", name="decided"),
        CheckConstraint("rejected = 0 OR reason <> ''", name="reason"),
    )


class AcceptanceFile(Base):
    """A paper of a delivery: licence, origin paper, test, delivery note, photo."""

    __tablename__ = "acceptance_files"

    acceptance_id: Mapped[int] = mapped_column(ForeignKey("acceptances.id"), primary_key=True)
    file_id: Mapped[int] = mapped_column(ForeignKey("stored_files.id"), primary_key=True)
    kind: Mapped[str]
