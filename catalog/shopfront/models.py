"""What the shop shows of each listing, and what changed in it, by version of the catalogue.

Both are written by triggers when the transaction that changed something ends; nothing else writes here.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Index, text
from sqlalchemy.dialects.postgresql import DATEMULTIRANGE, TSVECTOR
from sqlalchemy.orm import Mapped, mapped_column

from shop.db import Base


class CatalogueChange(Base):
    """One visible change.

    A version without a row means that everything may have changed; so rows may be forgotten after a while.
    """

    __tablename__ = "catalogue_changes"

    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    #: Of which listing; ``None``: anything may look different.
    listing_id: Mapped[int | None]


class ShopCard(Base):
    """An open listing as the list shows it; ``price_fen`` is the unit price at the least quantity."""

    __tablename__ = "shop_cards"

    listing_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    public_id: Mapped[UUID]
    product_id: Mapped[int]
    producer_id: Mapped[int]
    title: Mapped[str]
    price_fen: Mapped[int]
    pack_spec: Mapped[str]
    unit: Mapped[str]
    net_weight_g: Mapped[int | None]
    min_quantity: Mapped[Decimal]
    has_stock: Mapped[bool]
    category_code: Mapped[str]
    county_code: Mapped[str]
    county: Mapped[str]
    province_code: Mapped[str]
    province: Mapped[str]
    is_key_county: Mapped[bool]
    producer: Mapped[str]
    pinyin: Mapped[str]
    search: Mapped[str] = mapped_column(TSVECTOR)
    listed_at: Mapped[datetime]
    is_demo: Mapped[bool]
    #: The days on which an eligibility basis is in force: the list shows it on those only.
    eligible: Mapped[Any] = mapped_column(DATEMULTIRANGE)
    #: ``scheme|from|to`` of eligibility bases, and of quality certificates.
    bases: Mapped[list[str]]
    certificates: Mapped[list[str]]

    __table_args__ = (
        Index("ix_shop_cards_new", text("listed_at DESC"), text("listing_id DESC")),
        Index("ix_shop_cards_price", "price_fen", "listing_id"),
        Index("ix_shop_cards_name", "pinyin", "listing_id"),
        Index("ix_shop_cards_category", "category_code", text("listed_at DESC"), text("listing_id DESC")),
        Index("ix_shop_cards_province", "province_code", text("listed_at DESC"), text("listing_id DESC")),
        Index("ix_shop_cards_county", "county_code", text("listed_at DESC"), text("listing_id DESC")),
        Index("ix_shop_cards_search", "search", postgresql_using="gin"),
    )
