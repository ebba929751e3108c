"""Lists of products and listings with everything a page or an answer shows, in a constant number of statements."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, or_, select, text, true

from catalog.producers.queries import producers_of
from catalog.products.listings import NoSuchListing
from catalog.products.models import Category, Listing, Product, Sku
from catalog.products.offers import Offer
from catalog.products.queries import ELIGIBLE, list_offers
from catalog.products.services import NoSuchProduct
from catalog.products.words import make_query
from shop.auth import Actor
from shop.db import db
from shop.geo.models import AssistedCounty
from shop.i18n import _
from shop.identity.models import Organisation
from shop.money import Measure


@dataclass(frozen=True)
class ListingView:
    """An offer and how much of it is free."""

    offer: Offer
    available: Measure

    @property
    def min_quantity(self) -> Measure:
        """The least quantity of an order."""
        return Measure(self.offer.min_quantity, self.offer.unit)

    @property
    def step_quantity(self) -> Measure:
        """Orders are multiples of it."""
        return Measure(self.offer.step_quantity, self.offer.unit)

    @property
    def tiers(self) -> list[dict[str, Any]]:
        """Prices by quantity."""
        return [
            {"min_quantity": Measure(tier.min_quantity, self.offer.unit), "price": tier.price_fen}
            for tier in self.offer.tiers
        ]


@dataclass(frozen=True)
class ProductView:
    """A product with its names, packs and the eligibility basis in force."""

    product: Product
    producer_id: UUID
    producer_name: str
    category_name: str
    county_name: str
    skus: list[Sku]
    #: Scheme and last day of the eligibility basis in force on the day, if there is one.
    eligibility_scheme: str | None
    eligible_to: date | None


def list_products(
    actor: Actor, on: date, *, query: str | None = None, after: int | None = None, limit: int = 100
) -> list[ProductView]:
    """Return products of producers for whom the actor may act, newest first, at most ``limit`` + 1."""
    wanted = select(Product.id).where(Product.producer_id.in_(producers_of(actor, on)))
    if query:
        wanted = wanted.where(Product.name.contains(query, autoescape=True))
    if after is not None:
        wanted = wanted.where(Product.id < after)
    keys = db.session.scalars(wanted.order_by(Product.id.desc()).limit(limit + 1)).all()
    return product_views(keys, on)


def get_product(public_id: UUID, actor: Actor, on: date) -> ProductView:
    """Return a product of a producer for whom the actor may act.

    :raises NoSuchProduct: if there is none.
    """
    key = db.session.scalars(
        select(Product.id).where(Product.public_id == public_id, Product.producer_id.in_(producers_of(actor, on)))
    ).one_or_none()
    if key is None:
        raise NoSuchProduct(_("没有找到。"))
    return product_views([key], on)[0]


def get_product_by_key(key: int, on: date) -> ProductView:
    """Return a product by its key."""
    return product_views([key], on)[0]


def product_views(keys: Sequence[int], on: date) -> list[ProductView]:
    """Return products by key, newest first, in three statements."""
    rows = db.session.execute(
        select(Product, Organisation.public_id, Organisation.name, Category.name_zh, AssistedCounty.name)
        .join(Organisation, Organisation.id == Product.producer_id)
        .join(Category, Category.code == Product.category_code)
        .join(AssistedCounty, AssistedCounty.code == Product.county_code)
        .where(Product.id.in_(keys))
        .order_by(Product.id.desc())
    ).all()
    skus: dict[int, list[Sku]] = {}
    for sku in db.session.scalars(select(Sku).where(Sku.product_id.in_(keys)).order_by(Sku.id)):
        skus.setdefault(sku.product_id, []).append(sku)
    bases = {
        row.product_id: (row.scheme, row.valid_to)
        for row in db.session.execute(
            text("""SELECT DISTINCT ON (product_id) product_id, scheme, valid_to FROM eligibility_bases
                    WHERE product_id = ANY(:keys) AND status IN ('in_force','revoked') AND valid_from <= :on
                      AND (valid_to IS NULL OR valid_to >= :on) ORDER BY product_id, valid_from, id"""),
            {"keys": list(keys), "on": on},
        )
    }
    return [ProductView(*row, skus.get(row[0].id, []), *bases.get(row[0].id, (None, None))) for row in rows]


@dataclass(frozen=True)
class ListingFilter:
    """What a list of listings is narrowed by."""

    #: Words, pinyin, English: see ``make_query``.
    query: str | None = None
    #: Groups or leaf categories; of this and all below one of several.
    category: Sequence[str] = ()
    county: Sequence[str] = ()
    producer: Sequence[UUID] = ()
    product: Sequence[UUID] = ()
    #: Of own listings only: the shop's are all ``listed``.
    status: Sequence[str] = ()
    #: Only what can be ordered that day: see ``Offer.refusal``.
    is_orderable: bool = False


def list_listings(
    wanted_by: ListingFilter, on: date, *, actor: Actor | None = None, after: int | None = None, limit: int = 100
) -> list[ListingView]:
    """Return listings, newest first, at most ``limit`` + 1.

    :param actor: only those of producers for whom the actor may act, of any state; ``None``: those in the shop.
    """
    wanted = select(Listing.id).join(Sku, Sku.id == Listing.sku_id).join(Product, Product.id == Sku.product_id)
    wanted = wanted.join(Organisation, Organisation.id == Listing.producer_id)
    if actor is not None:
        wanted = wanted.where(Listing.producer_id.in_(producers_of(actor, on)))
    else:
        wanted = wanted.where(
            Listing.status == "listed", Product.archived_at.is_(None), Organisation.suspended_at.is_(None)
        )
    wanted = wanted.where(*_conditions(wanted_by, on))
    if after is not None:
        wanted = wanted.where(Listing.id < after)
    keys = db.session.scalars(wanted.order_by(Listing.id.desc()).limit(limit + 1)).all()
    return listing_views(keys, on)


def _conditions(wanted_by: ListingFilter, on: date) -> Iterator[ColumnElement[bool]]:
    if wanted_by.query:
        terms = text("cast(:terms AS tsquery)").bindparams(terms=make_query(wanted_by.query) or "")
        yield Product.search.bool_op("@@")(terms)
    if wanted_by.category:
        yield or_(*(Product.category_code.startswith(code, autoescape=True) for code in wanted_by.category))
    if wanted_by.county:
        yield Product.county_code.in_(wanted_by.county)
    if wanted_by.producer:
        yield Organisation.public_id.in_(wanted_by.producer)
    if wanted_by.product:
        yield Product.public_id.in_(wanted_by.product)
    if wanted_by.status:
        yield Listing.status.in_(wanted_by.status)
    if wanted_by.is_orderable:
        yield Listing.status == "listed"
        yield and_(Product.archived_at.is_(None), Organisation.suspended_at.is_(None))
        yield and_(true(), text(f"products.id IN ({ELIGIBLE})").bindparams(on=on))


def get_listing(public_id: UUID, on: date, *, actor: Actor | None = None) -> ListingView:
    """Return a listing in the shop, or one in any state of a producer for whom the actor may act.

    :raises NoSuchListing: if there is none.
    """
    row = db.session.execute(
        select(Listing.id, Listing.status, Listing.producer_id).where(Listing.public_id == public_id)
    ).one_or_none()
    if row is None or not (row.status == "listed" or (actor and row.producer_id in producers_of(actor, on))):
        raise NoSuchListing(_("没有找到。"))
    return listing_views([row.id], on)[0]


def get_own_listing_view(public_id: UUID, actor: Actor, on: date) -> ListingView:
    """Return a listing, in any state, of a producer for whom the actor may act.

    :raises NoSuchListing: if there is none.
    """
    view = get_listing(public_id, on, actor=actor)
    if view.offer.producer_id not in producers_of(actor, on):
        raise NoSuchListing(_("没有找到。"))
    return view


def listing_views(keys: Sequence[int], on: date) -> list[ListingView]:
    """Return listings by key, newest first, in two statements."""
    offers = list_offers(keys, on)
    rows = db.session.execute(
        text("SELECT sku_id, greatest(on_hand - reserved, 0.000) AS free FROM sku_stock WHERE sku_id = ANY(:ids)"),
        {"ids": [offer.sku_id for offer in offers]},
    )
    free = {row.sku_id: row.free for row in rows}
    views = [ListingView(offer, Measure(free.get(offer.sku_id, Decimal(0)), offer.unit)) for offer in offers]
    return sorted(views, key=lambda view: -view.offer.listing_id)


def list_categories(*, parent: str | None = None, after: str | None = None, limit: int = 100) -> Sequence[Category]:
    """Return groups and leaf categories by code, at most ``limit`` + 1."""
    wanted = select(Category).order_by(Category.code).limit(limit + 1)
    if parent:
        wanted = wanted.where(Category.parent_code == parent)
    if after:
        wanted = wanted.where(Category.code > after)
    return db.session.scalars(wanted).all()
