"""What can be bought: categories, products, SKUs, listings with their tiers."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from sqlalchemy import CheckConstraint, Computed, ForeignKey, Index, text
from sqlalchemy.dialects.postgresql import TSVECTOR
from sqlalchemy.orm import Mapped, mapped_column, relationship

from shop.db import Base, PublicId
from shop.identity.models import one_of

LISTING_STATUSES = ("draft", "listed", "paused", "delisted")
#: Line tax: 免税 (exempt, not 0 %), 9 %, 13 %, 1 %, 3 %.
TAX_RATES = ("exempt", "1", "3", "9", "13")


class Category(Base):
    """A group (no parent) or leaf category."""

    __tablename__ = "categories"

    code: Mapped[str] = mapped_column(primary_key=True)
    name_zh: Mapped[str]
    name_en: Mapped[str]
    parent_code: Mapped[str | None] = mapped_column(ForeignKey("categories.code"), index=True)
    unit: Mapped[str | None]
    is_perishable: Mapped[bool | None]
    is_cold_chain: Mapped[bool | None]
    hs_code: Mapped[str | None]
    #: ``commitment``, ``factory_test`` or ``other``.
    origin_paper: Mapped[str | None]
    needs_quarantine: Mapped[bool | None]
    pinyin: Mapped[str]


class Product(PublicId, Base):
    """Something a producer makes, of one category and origin county."""

    __tablename__ = "products"

    producer_id: Mapped[int] = mapped_column(ForeignKey("producers.organisation_id"), index=True)
    category_code: Mapped[str] = mapped_column(ForeignKey("categories.code"), index=True)
    #: Where it comes from; any county-level division, an assisted one for goods that can count.
    county_code: Mapped[str] = mapped_column(ForeignKey("assisted_counties.code"), index=True)
    name: Mapped[str]
    name_en: Mapped[str] = mapped_column(server_default="")
    description: Mapped[str] = mapped_column(server_default="")
    #: ``farm``, ``handicraft`` or ``service``.
    kind: Mapped[str] = mapped_column(server_default="farm")
    #: For ordering and for search by typing without an input method.
    pinyin: Mapped[str]
    #: Words for search: segmented Chinese, traditional forms, pinyin, English; made by the service.
    search_words: Mapped[str] = mapped_column(server_default="")
    search: Mapped[str] = mapped_column(TSVECTOR, Computed("to_tsvector('simple', search_words)", persisted=True))
    is_demo: Mapped[bool] = mapped_column(server_default="false")
    archived_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    version: Mapped[int] = mapped_column(server_default="1", default=1)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012
    __table_args__ = (
        one_of("kind", ("farm", "handicraft", "service")),
        Index("ix_products_search", "search", postgresql_using="gin"),
    )


class Sku(PublicId, Base):
    """A pack of a product: the unit that is sold and stocked."""

    __tablename__ = "skus"

    product_id: Mapped[int] = mapped_column(ForeignKey("products.id"), index=True)
    #: The platform's own number of it, unique.
    code: Mapped[str] = mapped_column(unique=True)
    gtin: Mapped[str | None] = mapped_column(unique=True)
    #: Such as ``500 g/袋``.
    pack_spec: Mapped[str]
    #: ``bag``, ``box``, ``bottle``, ``tin``, ``piece``, ``pack`` or ``kg``.
    unit: Mapped[str]
    net_weight_g: Mapped[int | None]
    version: Mapped[int] = mapped_column(server_default="1", default=1)

    product: Mapped[Product] = relationship(lazy="raise")

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012
    __table_args__ = (CheckConstraint("net_weight_g IS NULL OR net_weight_g > 0", name="net_weight_g"),)


class Listing(PublicId, Base):
    """An offer of a SKU: price tiers, minimum, step."""

    __tablename__ = "listings"

    sku_id: Mapped[int] = mapped_column(ForeignKey("skus.id"))
    producer_id: Mapped[int] = mapped_column(ForeignKey("producers.organisation_id"), index=True)
    title: Mapped[str]
    status: Mapped[str]
    min_quantity: Mapped[Decimal]
    step_quantity: Mapped[Decimal]
    lead_days: Mapped[int] = mapped_column(server_default="3")
    tax_rate: Mapped[str]
    listed_at: Mapped[datetime | None]
    changed_at: Mapped[datetime]
    version: Mapped[int] = mapped_column(server_default="1", default=1)

    sku: Mapped[Sku] = relationship(lazy="raise")
    tiers: Mapped[list[PriceTier]] = relationship(
        lazy="raise", order_by="PriceTier.min_quantity", cascade="all, delete-orphan"
    )

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012
    __table_args__ = (
        one_of("status", LISTING_STATUSES),
        one_of("tax_rate", TAX_RATES),
        CheckConstraint("min_quantity > 0 AND step_quantity > 0", name="quantities"),
        Index("uq_listings_open_sku", "sku_id", unique=True, postgresql_where=text("status <> 'delisted'")),
        Index("ix_listings_status", "status", "id"),
    )


class PriceTier(Base):
    """The unit price from a quantity on, tax included."""

    __tablename__ = "price_tiers"

    listing_id: Mapped[int] = mapped_column(ForeignKey("listings.id"), primary_key=True)
    min_quantity: Mapped[Decimal] = mapped_column(primary_key=True)
    price_fen: Mapped[int]

    __table_args__ = (
        CheckConstraint("price_fen > 0", name="price_fen"),
        CheckConstraint("min_quantity > 0", name="min_quantity"),
    )


class CatalogueVersion(Base):
    """One row that each change of what the shop shows adds one to; caches are checked against it."""

    __tablename__ = "catalogue_versions"

    id: Mapped[int] = mapped_column(primary_key=True)
    version: Mapped[int]
