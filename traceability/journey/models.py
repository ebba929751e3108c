"""Who got which lot: what a recall reads."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from shop.db import Base


class TraceConsignment(Base):
    """A quantity of a lot that left for an order, as the shipment told it; append-only."""

    __tablename__ = "trace_consignments"

    #: The movement that took it out of the lot.
    movement_id: Mapped[int] = mapped_column(ForeignKey("lot_movements.id"), primary_key=True, autoincrement=False)
    lot_id: Mapped[int] = mapped_column(ForeignKey("lots.id"))
    consignor_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"))
    consignee_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"))
    #: Opaque here: an order and a shipment, with their numbers for people.
    order_ref: Mapped[UUID]
    order_number: Mapped[str]
    shipment_ref: Mapped[UUID]
    shipment_number: Mapped[str]
    quantity: Mapped[Decimal]
    unit: Mapped[str]
    shipped_at: Mapped[datetime]

    __table_args__ = (
        CheckConstraint("quantity > 0", name="quantity"),
        Index("ix_trace_consignments_lot", "lot_id", "shipped_at", "movement_id"),
        Index("ix_trace_consignments_order", "order_ref"),
        Index("ix_trace_consignments_consignee", "consignee_id", "lot_id"),
    )


class TraceReceipt(Base):
    """What an acceptance decided of a consignment; append-only, told in any order with the shipment."""

    __tablename__ = "trace_receipts"

    acceptance_ref: Mapped[UUID] = mapped_column(primary_key=True)
    movement_id: Mapped[int] = mapped_column(ForeignKey("lot_movements.id"), primary_key=True, autoincrement=False)
    lot_id: Mapped[int] = mapped_column(ForeignKey("lots.id"))
    accepted: Mapped[Decimal]
    rejected: Mapped[Decimal]
    accepted_at: Mapped[datetime]

    __table_args__ = (
        CheckConstraint("accepted >= 0 AND rejected >= 0 AND accepted + rejected > 0", name="decided"),
        Index("ix_trace_receipts_movement", "movement_id"),
    )


class TraceReturn(Base):
    """What of a consignment came back after it was accepted; append-only, told in any order with the shipment."""

    __tablename__ = "trace_returns"

    return_ref: Mapped[UUID] = mapped_column(primary_key=True)
    movement_id: Mapped[int] = mapped_column(ForeignKey("lot_movements.id"), primary_key=True, autoincrement=False)
    lot_id: Mapped[int] = mapped_column(ForeignKey("lots.id"))
    quantity: Mapped[Decimal]
    #: What of it was destroyed when it came.
    destroyed: Mapped[Decimal]
    returned_at: Mapped[datetime]

    __table_args__ = (
        CheckConstraint("quantity > 0 AND destroyed BETWEEN 0 AND quantity", name="quantities"),
        Index("ix_trace_returns_movement", "movement_id"),
    )
