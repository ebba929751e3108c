"""A contract per order, offered, then signed by both sides; and what they have agreed on since."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from shop.db import Base, PublicId
from shop.identity.models import one_of

#: States in which a contract waits for a signature.
UNSIGNED = ("offered", "signed_by_producer")
AMENDMENT_STATUSES = ("offered", "agreed", "declined")


class Contract(PublicId, Base):
    """The contract of an order; its terms are frozen when it is offered."""

    __tablename__ = "contracts"

    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"), unique=True)
    number: Mapped[str] = mapped_column(unique=True)
    status: Mapped[str]
    #: Parties, lines, freight, dates, payee account, payment terms: all that is printed.
    terms: Mapped[dict[str, Any]]
    #: SHA-256 of the terms in RFC 8785 form.
    terms_sha256: Mapped[str]
    #: Printed with a QR code; anyone may check it.
    verification_code: Mapped[str] = mapped_column(unique=True)
    offered_at: Mapped[datetime]
    #: The side whose turn it is signs before this; then the contract lapses and its order is cancelled.
    sign_by: Mapped[datetime] = mapped_column(server_default=text("now() + interval '15 days'"))
    producer_signed_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    producer_signed_at: Mapped[datetime | None]
    buyer_signed_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    buyer_signed_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(server_default="1", default=1)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012
    __table_args__ = (
        one_of("status", ("offered", "signed_by_producer", "signed", "declined", "lapsed")),
        CheckConstraint(
            "status <> 'signed' OR (producer_signed_at IS NOT NULL AND buyer_signed_at IS NOT NULL)", name="signed"
        ),
        Index("ix_contracts_unsigned", "sign_by", postgresql_where=text("status IN ('offered', 'signed_by_producer')")),
    )


class ContractAmendment(PublicId, Base):
    """Another account than the one a signed contract names: offered by the producer, agreed to by the buyer, dated, kept."""

    __tablename__ = "contract_amendments"

    contract_id: Mapped[int] = mapped_column(ForeignKey("contracts.id"))
    #: The first of a contract is 1.
    position: Mapped[int]
    status: Mapped[str]
    #: Contract with its hash, position, day, and the account before and after: all that is printed.
    terms: Mapped[dict[str, Any]]
    terms_sha256: Mapped[str]
    offered_by: Mapped[int] = mapped_column(ForeignKey("users.id"))
    offered_at: Mapped[datetime]
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    decided_at: Mapped[datetime | None]

    __table_args__ = (
        one_of("status", AMENDMENT_STATUSES),
        CheckConstraint("decided_by IS NULL OR decided_by <> offered_by", name="two_persons"),
        CheckConstraint("(status = 'offered') = (decided_by IS NULL) AND (decided_by IS NULL) = (decided_at IS NULL)", name="decided"),
        UniqueConstraint("contract_id", "position"),
        Index("uq_contract_amendments_offered", "contract_id", unique=True, postgresql_where=text("status = 'offered'")),
    )  # fmt: skip
