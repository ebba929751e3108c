"""Stored files."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from shop.db import Base, PublicId


class StoredFile(PublicId, Base):
    """A file somebody uploaded; its bytes are kept under ``sha256`` and never change."""

    __tablename__ = "stored_files"

    #: Lower-case hexadecimal.
    sha256: Mapped[str] = mapped_column(index=True)
    #: Without path and control characters, ending as ``media_type`` does.
    name: Mapped[str]
    media_type: Mapped[str]
    size_bytes: Mapped[int]
    #: Who may read it: its own organisation, and whoever sees a thing that it is evidence of.
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"))
    uploaded_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    uploaded_at: Mapped[datetime]

    __table_args__ = (
        CheckConstraint("sha256 ~ '^[0-9a-f]{64}$'", name="sha256"),
        UniqueConstraint("organisation_id", "sha256", "name"),
        Index("ix_stored_files_uploaded_at", "organisation_id", "uploaded_at"),
    )
