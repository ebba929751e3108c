"""From whom a batch was bought that came from outside the platform."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from shop.db import Base, PublicId
from shop.identity.models import one_of

#: A company, co-operative or family farm with a credit code; or a household without one, of which only the place is kept.
SUPPLIER_KINDS = ("organisation", "household")


class BatchSupplier(PublicId, Base):
    """From whom a purchase was, and the paper that came with it; append-only, the last one counts."""

    __tablename__ = "batch_suppliers"

    batch_id: Mapped[int] = mapped_column(ForeignKey("batches.id"))
    kind: Mapped[str]
    #: Of an organisation; no names of persons.
    name: Mapped[str] = mapped_column(server_default="", default="")
    credit_code: Mapped[str | None]
    #: Where it is: a county of GB/T 2260, and nearer.
    division_code: Mapped[str] = mapped_column(ForeignKey("divisions.code"))
    township: Mapped[str] = mapped_column(server_default="", default="")
    village: Mapped[str] = mapped_column(server_default="", default="")
    #: Of its commitment certificate, or of the slip of the purchase (收购凭证), and that as a file.
    document_number: Mapped[str]
    file_id: Mapped[int] = mapped_column(ForeignKey("stored_files.id"), index=True)
    recorded_by: Mapped[int] = mapped_column(ForeignKey("users.id"))
    recorded_at: Mapped[datetime]

    __table_args__ = (
        one_of("kind", SUPPLIER_KINDS),
        CheckConstraint(
            "CASE kind WHEN 'organisation' THEN name <> '' AND credit_code IS NOT NULL"
            " ELSE name = '' AND credit_code IS NULL AND village <> '' END",
            name="who",
        ),
        CheckConstraint("credit_code ~ '^[0-9A-HJ-NPQRTUWXY]{18}$'", name="credit_code"),
        CheckConstraint("document_number <> ''", name="document"),
        Index("ix_batch_suppliers_batch", "batch_id", "id"),
    )
