"""Filings with their lines, documents and the numbers that may be filed once."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from catalog.papers.models import ELIGIBILITY_SCHEMES
from orders.ledger.models import MODES
from shop.db import Base, PublicId
from shop.identity.models import one_of


class Filing(PublicId, Base):
    """A sale made off the platform, entered by one person and confirmed by another in the county."""

    __tablename__ = "filings"

    number: Mapped[str] = mapped_column(unique=True)
    county_code: Mapped[str] = mapped_column(ForeignKey("assisted_counties.code"))
    #: The authority or producer that entered it.
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"))
    producer_id: Mapped[int | None] = mapped_column(ForeignKey("organisations.id"))
    seller_name: Mapped[str]
    seller_credit_code: Mapped[str | None]
    buyer_id: Mapped[int | None] = mapped_column(ForeignKey("organisations.id"))
    buyer_name: Mapped[str]
    buyer_credit_code: Mapped[str | None]
    buyer_division_code: Mapped[str] = mapped_column(ForeignKey("divisions.code"))
    mode: Mapped[str]
    helper_name: Mapped[str] = mapped_column(server_default="")
    sold_from: Mapped[date]
    sold_to: Mapped[date]
    amount_fen: Mapped[int]
    status: Mapped[str]
    note: Mapped[str] = mapped_column(server_default="")
    people_helped: Mapped[int | None]
    recorded_by: Mapped[int] = mapped_column(ForeignKey("users.id"))
    recorded_at: Mapped[datetime]
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    decided_at: Mapped[datetime | None]
    #: Why it was refused or withdrawn.
    reason: Mapped[str] = mapped_column(server_default="", default="")
    #: Who asked that a confirmed one be withdrawn; another person decides.
    withdrawal_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    withdrawal_at: Mapped[datetime | None]
    #: Pairs of kind and number as compared; :class:`FilingKey` holds them while it is submitted or confirmed.
    numbers: Mapped[list[Any]] = mapped_column(server_default="[]", default=list)
    is_demo: Mapped[bool] = mapped_column(server_default="false")
    version: Mapped[int] = mapped_column(server_default="1", default=1)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012
    __table_args__ = (
        one_of("status", ("draft", "submitted", "confirmed", "refused", "withdrawn")),
        one_of("mode", MODES),
        CheckConstraint("amount_fen > 0", name="amount_fen"),
        CheckConstraint("sold_from <= sold_to", name="dates"),
        CheckConstraint("decided_by IS NULL OR decided_by <> recorded_by", name="two_persons"),
        CheckConstraint("withdrawal_by IS NULL OR withdrawal_at IS NOT NULL", name="withdrawal"),
        Index("ix_filings_organisation", "organisation_id", "id"),
        Index("ix_filings_county", "county_code", "status"),
    )


class FilingLine(Base):
    """One kind of goods in a filing."""

    __tablename__ = "filing_lines"

    id: Mapped[int] = mapped_column(primary_key=True)
    filing_id: Mapped[int] = mapped_column(ForeignKey("filings.id"), index=True)
    position: Mapped[int]
    category_code: Mapped[str] = mapped_column(ForeignKey("categories.code"))
    product_name: Mapped[str]
    quantity_text: Mapped[str] = mapped_column(server_default="")
    amount_fen: Mapped[int]
    #: What makes the sale count, as stated; the basis itself if it is registered here. Older lines state none.
    eligibility_scheme: Mapped[str | None]
    eligibility_number: Mapped[str] = mapped_column(server_default="", default="")
    eligibility_id: Mapped[int | None] = mapped_column(ForeignKey("eligibility_bases.id"))

    __table_args__ = (
        UniqueConstraint("filing_id", "position"),
        CheckConstraint("amount_fen > 0", name="amount_fen"),
        one_of("eligibility_scheme", ELIGIBILITY_SCHEMES),
        Index("ix_filing_lines_eligibility", "eligibility_id", postgresql_where=text("eligibility_id IS NOT NULL")),
    )


class FilingDocument(Base):
    """Evidence of a filing."""

    __tablename__ = "filing_documents"

    filing_id: Mapped[int] = mapped_column(ForeignKey("filings.id"), primary_key=True)
    file_id: Mapped[int] = mapped_column(ForeignKey("stored_files.id"), primary_key=True)
    #: ``invoice``, ``contract``, ``bank_receipt``, ``delivery_note`` or ``other``.
    kind: Mapped[str]

    __table_args__ = (
        one_of("kind", ("invoice", "contract", "bank_receipt", "delivery_note", "other")),
        Index("ix_filing_documents_file_id", "file_id"),
    )


class FilingKey(Base):
    """A number that a submitted or confirmed filing holds and no other: an invoice, a contract, a bank serial."""

    __tablename__ = "filing_keys"

    kind: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    filing_id: Mapped[int] = mapped_column(ForeignKey("filings.id"), index=True)

    __table_args__ = (one_of("kind", ("invoice", "contract", "bank_serial")),)
