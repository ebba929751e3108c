"""Complaints about goods, how to reach who complained, and what was done."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from shop.db import Base, PublicId
from shop.identity.models import one_of

KINDS = ("mislabelled", "quality", "expired", "forged", "other")
STATUSES = ("received", "investigating", "answered", "closed")
EVENTS = ("received", "taken", "responded", "answered", "closed", "contact_erased")


class Complaint(PublicId, Base):
    """What somebody says is wrong with goods; only its state and answer change."""

    __tablename__ = "complaints"

    #: Random, so that only who complained can look the answer up.
    number: Mapped[str] = mapped_column(unique=True)
    kind: Mapped[str]
    words: Mapped[str]
    sku_id: Mapped[int] = mapped_column(ForeignKey("skus.id"))
    #: The lot that the label names, if we know it.
    lot_id: Mapped[int | None] = mapped_column(ForeignKey("lots.id"), index=True)
    #: As the label has them, known or made up; empty: it has none.
    lot_number: Mapped[str]
    serial: Mapped[str]
    producer_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"))
    county_code: Mapped[str]
    received_at: Mapped[datetime]
    status: Mapped[str] = mapped_column(server_default="received", default="received")
    #: What who complained is told.
    answer: Mapped[str] = mapped_column(server_default="", default="")
    answered_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(server_default="1", default=1)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012
    __table_args__ = (
        one_of("kind", KINDS),
        one_of("status", STATUSES),
        CheckConstraint("words <> ''", name="words"),
        CheckConstraint("(answer <> '') = (answered_at IS NOT NULL)", name="answer"),
        CheckConstraint("status <> 'answered' OR answer <> ''", name="answered"),
        CheckConstraint("(status = 'closed') = (closed_at IS NOT NULL)", name="closed"),
        Index("ix_complaints_waiting", "id", postgresql_where=text("status IN ('received', 'investigating')")),
        Index("ix_complaints_producer", "producer_id", "id"),
        Index("ix_complaints_county", "county_code", "id"),
    )


class ComplaintContact(Base):
    """How to reach who complained; apart from the complaint, so that it can be erased."""

    __tablename__ = "complaint_contacts"

    complaint_id: Mapped[int] = mapped_column(ForeignKey("complaints.id"), primary_key=True, autoincrement=False)
    contact: Mapped[str]

    __table_args__ = (CheckConstraint("contact <> ''", name="contact"),)


class ComplaintStep(Base):
    """What was done with a complaint; append-only, and nothing about who complained."""

    __tablename__ = "complaint_steps"

    id: Mapped[int] = mapped_column(primary_key=True)
    complaint_id: Mapped[int] = mapped_column(ForeignKey("complaints.id"))
    event: Mapped[str]
    at: Mapped[datetime]
    #: Nobody: who complained, or a rule.
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisations.id"))
    words: Mapped[str]

    __table_args__ = (one_of("event", EVENTS), Index("ix_complaint_steps_complaint", "complaint_id", "id"))
