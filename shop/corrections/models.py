"""Corrections of organisations: proposed by one person with evidence, agreed to by another, kept."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from shop.db import Base, PublicId
from shop.identity.models import one_of

STATUSES = ("proposed", "confirmed", "refused", "withdrawn")


class OrganisationCorrection(PublicId, Base):
    """What of an organisation is to be otherwise, with what it was; a trigger lets nothing of it change but the decision, once."""

    __tablename__ = "organisation_corrections"

    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"))
    #: Field to what it was and what it is to be: ``{"name": ["甲", "乙"]}``.
    changes: Mapped[dict[str, list[str | None]]] = mapped_column(JSONB)
    reason: Mapped[str]
    file_id: Mapped[int] = mapped_column(ForeignKey("stored_files.id"), index=True)
    status: Mapped[str] = mapped_column(server_default="proposed", default="proposed")
    proposed_by: Mapped[int] = mapped_column(ForeignKey("users.id"))
    proposed_at: Mapped[datetime]
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    decided_at: Mapped[datetime | None]
    #: The first day on which it is so, of a confirmed one.
    since: Mapped[date | None]
    #: Why it was refused.
    decision_reason: Mapped[str] = mapped_column(server_default="", default="")

    __table_args__ = (
        one_of("status", STATUSES),
        CheckConstraint("changes <> '{}'::jsonb", name="changes"),
        CheckConstraint("reason <> ''", name="reason"),
        CheckConstraint("status = 'withdrawn' OR decided_by IS NULL OR decided_by <> proposed_by", name="two_persons"),
        CheckConstraint(
            "(status = 'proposed') = (decided_by IS NULL) AND (decided_by IS NULL) = (decided_at IS NULL)",
            name="decided",
        ),
        CheckConstraint("(status = 'confirmed') = (since IS NOT NULL)", name="since"),
        Index("ix_organisation_corrections_organisation", "organisation_id", "id"),
        Index(
            "uq_organisation_corrections_proposed", "organisation_id", unique=True,
            postgresql_where=text("status = 'proposed'"),
        ),
    )  # fmt: skip
