"""What changed in the shop, by version of the catalogue."""

from __future__ import annotations

from sqlalchemy.orm import Mapped, mapped_column

from shop.db import Base


class CatalogueChange(Base):
    """One visible change; written by triggers when the transaction that made it ends.

    A version without a row means that everything may have changed; so rows may be forgotten after a while.
    """

    __tablename__ = "catalogue_changes"

    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    #: Of which listing; ``None``: anything may look different.
    listing_id: Mapped[int | None]
