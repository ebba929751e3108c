"""Closing days of treasuries."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from shop.db import Base, PublicId


class TreasuryClosingDay(PublicId, Base):
    """The last day of a year on which a finance authority's treasury pays."""

    __tablename__ = "treasury_closing_days"

    division_code: Mapped[str] = mapped_column(ForeignKey("divisions.code"))
    year: Mapped[int]
    last_on: Mapped[date]
    entered_by: Mapped[int] = mapped_column(ForeignKey("users.id"))
    entered_at: Mapped[datetime]
    version: Mapped[int] = mapped_column(server_default="1", default=1)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012
    __table_args__ = (
        UniqueConstraint("division_code", "year"),
        CheckConstraint("extract(year from last_on) = year", name="year"),
    )
