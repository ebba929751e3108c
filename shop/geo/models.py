"""Divisions, counties with their dated designations, and dated pairings."""

from __future__ import annotations

from datetime import date

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from shop.db import Base, Dated, PublicId, no_overlap


class Division(Base):
    """A division of GB/T 2260; ``parent_code`` of a county that no prefecture governs is its province."""

    __tablename__ = "divisions"

    code: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    #: ``province``, ``prefecture`` or ``county``.
    level: Mapped[str]
    parent_code: Mapped[str | None] = mapped_column(ForeignKey("divisions.code"))
    province_code: Mapped[str] = mapped_column(ForeignKey("divisions.code"))
    prefecture_code: Mapped[str | None] = mapped_column(ForeignKey("divisions.code"))
    #: Pinyin of the name, for ordering and search.
    pinyin: Mapped[str]

    __table_args__ = (
        CheckConstraint("code ~ '^[0-9]{6}$'", name="code"),
        CheckConstraint("level IN ('province','prefecture','county')", name="level"),
        Index("ix_divisions_parent_code", "parent_code"),
    )


class DivisionName(Dated, Base):
    """A code and name that a division had at a time (renames, recodings)."""

    __tablename__ = "division_names"

    id: Mapped[int] = mapped_column(primary_key=True)
    division_code: Mapped[str] = mapped_column(ForeignKey("divisions.code"))
    code: Mapped[str]
    name: Mapped[str]
    #: Where it is known from, and how exact the dates are.
    source: Mapped[str]

    __table_args__ = (no_overlap("division_names", "code"),)


class AssistedCounty(Base):
    """One of the 832 counties; sales of its products count. What is unverified says so."""

    __tablename__ = "assisted_counties"

    code: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    #: Joins ``divisions``; differs from ``code`` only for two administrative committees.
    division_code: Mapped[str] = mapped_column(ForeignKey("divisions.code"))
    province_code: Mapped[str] = mapped_column(ForeignKey("divisions.code"))
    prefecture_code: Mapped[str | None] = mapped_column(ForeignKey("divisions.code"))
    #: ``yes``, ``no`` or ``unknown``.
    key_county: Mapped[str]
    #: ``listed``, ``recalled`` (not verified) or ``not_found``.
    key_basis: Mapped[str]
    removed_year: Mapped[int]
    former_name: Mapped[str | None]
    former_code: Mapped[str | None]
    note: Mapped[str | None]
    pinyin: Mapped[str]

    __table_args__ = (
        CheckConstraint("key_county IN ('yes','no','unknown')", name="key_county"),
        CheckConstraint("key_basis IN ('listed','recalled','not_found')", name="key_basis"),
        Index("ix_assisted_counties_province_code", "province_code"),
        Index("ix_assisted_counties_division_code", "division_code"),
    )

    @property
    def is_key_verified(self) -> bool:
        """Say whether a published list was seen that shows whether it is a key county."""
        return self.key_basis == "listed"


class Pairing(PublicId, Base):
    """An eastern end helps a western one within a programme, from a day to a day.

    An end is a division or an organisation. ``valid_from`` empty: start unknown, not used for counting.
    """

    __tablename__ = "pairings"

    #: ``dongxi`` 东西部协作, ``dingdian`` 定点帮扶, ``duikou`` 对口支援, ``shanhai`` 省内山海协作.
    programme: Mapped[str]
    east_code: Mapped[str | None] = mapped_column(ForeignKey("divisions.code"))
    east_organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisations.id"))
    west_code: Mapped[str | None] = mapped_column(ForeignKey("divisions.code"))
    west_organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisations.id"))
    valid_from: Mapped[date | None]
    valid_to: Mapped[date | None]
    #: ``year``, ``month`` or ``day``: how exact the source is; ``None`` where the end is open or unknown.
    from_precision: Mapped[str | None]
    to_precision: Mapped[str | None]
    #: The dates as the source gives them.
    from_text: Mapped[str] = mapped_column(server_default="")
    to_text: Mapped[str] = mapped_column(server_default="")
    source: Mapped[str]
    #: ``high``, ``medium`` or ``low``; low is never shown as verified.
    confidence: Mapped[str]

    __table_args__ = (
        CheckConstraint("(east_code IS NULL) <> (east_organisation_id IS NULL)", name="east_end"),
        CheckConstraint("(west_code IS NULL) <> (west_organisation_id IS NULL)", name="west_end"),
        CheckConstraint("programme IN ('dongxi','dingdian','duikou','shanhai')", name="programme"),
        CheckConstraint("confidence IN ('high','medium','low')", name="confidence"),
        CheckConstraint("valid_to IS NULL OR valid_from IS NULL OR valid_from <= valid_to", name="dates"),
        no_overlap(
            "pairings",
            "programme",
            "coalesce(east_code, 'o' || east_organisation_id)",
            "coalesce(west_code, 'o' || west_organisation_id)",
            where="valid_from IS NOT NULL",
        ),
        Index("ix_pairings_west_code", "west_code"),
        Index("ix_pairings_east_code", "east_code"),
        Index(
            "uq_pairings_undated",
            "programme",
            text("coalesce(east_code, 'o' || east_organisation_id)"),
            text("coalesce(west_code, 'o' || west_organisation_id)"),
            unique=True,
            postgresql_where=text("valid_from IS NULL"),
        ),
    )
