"""Changes of the account that an organisation is paid to: asked for by one person, agreed to by another."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from shop.db import Base, PublicId
from shop.identity.models import one_of

CHANGE_STATUSES = ("asked", "confirmed", "refused", "withdrawn")


class BankAccountChange(PublicId, Base):
    """Another account is to take the place of the one an organisation is paid to.

    A trigger lets an account become the default only behind a confirmed change, or as the first that was ever registered.
    """

    __tablename__ = "bank_account_changes"

    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"), index=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("bank_accounts.id"), index=True)
    #: The account whose place it takes; empty if that had been closed.
    previous_id: Mapped[int | None] = mapped_column(ForeignKey("bank_accounts.id"), index=True)
    status: Mapped[str]
    asked_by: Mapped[int] = mapped_column(ForeignKey("users.id"))
    asked_at: Mapped[datetime]
    #: Another member of the organisation, or the operator's.
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    decided_at: Mapped[datetime | None]
    #: The first day on which contracts name it and payouts go to it.
    used_from: Mapped[date | None]
    #: Why it was refused.
    reason: Mapped[str] = mapped_column(server_default="", default="")

    __table_args__ = (
        one_of("status", CHANGE_STATUSES),
        CheckConstraint(
            "status = 'withdrawn' OR coalesce(decided_by, 0) <> asked_by", name="two_persons"
        ),
        CheckConstraint("(status = 'asked') = (decided_by IS NULL) AND (decided_by IS NULL) = (decided_at IS NULL)", name="decided"),
        CheckConstraint("(status = 'confirmed') = (used_from IS NOT NULL)", name="used_from"),
        Index("uq_bank_account_changes_asked", "organisation_id", unique=True, postgresql_where=text("status = 'asked'")),
    )  # fmt: skip
