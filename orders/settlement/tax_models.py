"""Quarters' sheets of sellers as they were reported."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from shop.db import Base, PublicId


class TaxReport(PublicId, Base):
    """A quarter's sheet of all sellers as it was reported; append-only, later changes go into the next."""

    __tablename__ = "tax_reports"

    #: The quarter's first day.
    quarter: Mapped[date] = mapped_column(unique=True)
    reported_by: Mapped[int] = mapped_column(ForeignKey("users.id"))
    reported_at: Mapped[datetime]
    #: One object per seller, and what it corrects of earlier quarters.
    rows: Mapped[list[Any]]
    corrections: Mapped[list[Any]]
    #: Of the CSV document, which is kept.
    sha256: Mapped[str]
    file_id: Mapped[int] = mapped_column(ForeignKey("stored_files.id"))

    __table_args__ = (
        CheckConstraint(
            "extract(day FROM quarter) = 1 AND extract(month FROM quarter) IN (1, 4, 7, 10)", name="quarter"
        ),
        CheckConstraint("sha256 ~ '^[0-9a-f]{64}$'", name="sha256"),
    )
