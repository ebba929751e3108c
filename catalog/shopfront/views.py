"""The shop over the API: anyone may read it."""

from __future__ import annotations

from uuid import UUID

from catalog.shopfront import details, queries
from catalog.shopfront.details import Detail
from catalog.shopfront.filters import Filters
from catalog.shopfront.queries import CardPage
from catalog.shopfront.schemas import ListingPageSchema, ListingQuery, ListingSchema
from shop import clock
from shop.api import Blueprint
from shop.auth import public

bp = Blueprint("shop_listings", __name__, url_prefix="/api/v1/shop/listings", description="What can be bought")


@bp.route("")
@public
@bp.arguments(ListingQuery, location="query")
@bp.response(200, ListingPageSchema)
def list_listings(query: tuple[Filters, int]) -> CardPage:
    """List what is offered today; only what has an eligibility basis in force."""
    filters, limit = query
    return queries.list_cards(filters, clock.today(), limit)


@bp.route("/<uuid:listing_id>")
@public
@bp.response(200, ListingSchema)
def show_listing(listing_id: UUID) -> Detail:
    """Show a listing: tiers, stock, origin, eligibility and certificates."""
    return details.get_detail(listing_id, clock.today())
