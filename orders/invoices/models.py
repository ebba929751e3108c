"""Invoices, blue and red, and the orders they are for."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from shop.db import Base, PublicId
from shop.identity.models import one_of


class Invoice(PublicId, Base):
    """A tax invoice: key is (code or empty, number)."""

    __tablename__ = "invoices"

    #: Empty for 数电票 (20-digit number); 10 or 12 digits with an 8-digit number otherwise.
    code: Mapped[str] = mapped_column(server_default="", default="")
    number: Mapped[str]
    #: ``blue`` or ``red`` (红字, refers to its blue one).
    kind: Mapped[str]
    red_of_id: Mapped[int | None] = mapped_column(ForeignKey("invoices.id"))
    seller_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"), index=True)
    buyer_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"), index=True)
    #: 抬头 and 税号 as printed; a union may have its own.
    buyer_header: Mapped[str]
    buyer_tax_no: Mapped[str] = mapped_column(server_default="", default="")
    amount_fen: Mapped[int]
    tax_fen: Mapped[int]
    tax_rate: Mapped[str]
    issued_on: Mapped[date]
    file_id: Mapped[int | None] = mapped_column(ForeignKey("stored_files.id"))
    #: ``recorded``, ``checked`` or ``refused``.
    status: Mapped[str]
    recorded_by: Mapped[int] = mapped_column(ForeignKey("users.id"))
    recorded_at: Mapped[datetime]
    checked_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    checked_at: Mapped[datetime | None]
    reason: Mapped[str] = mapped_column(server_default="", default="")
    version: Mapped[int] = mapped_column(server_default="1", default=1)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012
    __table_args__ = (
        one_of("kind", ("blue", "red")),
        one_of("status", ("recorded", "checked", "refused")),
        CheckConstraint("(kind = 'red') = (red_of_id IS NOT NULL)", name="red_of"),
        CheckConstraint("(kind = 'blue' AND amount_fen > 0) OR (kind = 'red' AND amount_fen < 0)", name="amount_fen"),
        CheckConstraint(
            "(code = '' AND number ~ '^[0-9]{20}$') OR (code ~ '^([0-9]{10}|[0-9]{12})$' AND number ~ '^[0-9]{8}$')",
            name="key",
        ),
        Index("ix_invoices_file_id", "file_id", postgresql_where=text("file_id IS NOT NULL")),
        Index("ix_invoices_recorded", "recorded_at", postgresql_where=text("status = 'recorded'")),
        Index("uq_invoices_key", "code", "number", unique=True, postgresql_where=text("status <> 'refused'")),
    )


class InvoiceOrder(Base):
    """How much of an invoice is for an order."""

    __tablename__ = "invoice_orders"

    invoice_id: Mapped[int] = mapped_column(ForeignKey("invoices.id"), primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"), primary_key=True, index=True)
    amount_fen: Mapped[int]
