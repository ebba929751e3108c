"""The audit trail: who did what to which thing, append-only, ids only."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Index, insert
from sqlalchemy.orm import Mapped, mapped_column

from shop import clock
from shop.auth import Actor
from shop.db import Base, db
from shop.logs import request_id


class AuditEntry(Base):
    """One act. ``changes`` maps a field to ``[before, after]``; no personal data."""

    __tablename__ = "audit_entries"

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    user_id: Mapped[int | None]
    organisation_id: Mapped[int | None]
    #: ``package.noun_verbed``.
    action: Mapped[str]
    subject_type: Mapped[str]
    subject_id: Mapped[int | None]
    changes: Mapped[dict[str, Any]]
    request_id: Mapped[str]

    __table_args__ = (
        Index("ix_audit_entries_subject", "subject_type", "subject_id", "id"),
        Index("ix_audit_entries_organisation", "organisation_id", "id"),
    )


def record(actor: Actor | None, action: str, subject_type: str, subject_id: int | None, **changes: Any) -> None:
    """Add an entry in the open transaction."""
    db.session.execute(
        insert(AuditEntry.__table__),  # type: ignore[arg-type]
        {
            "at": clock.now(), "user_id": actor.user_id if actor else None,
            "organisation_id": actor.organisation_id if actor else None, "action": action,
            "subject_type": subject_type, "subject_id": subject_id, "changes": changes, "request_id": request_id.get(),
        },
    )  # fmt: skip
