"""Listings over the API: the shop's for everyone, the own for producers."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from catalog.products import listings, reads, services
from catalog.products.models import Listing
from catalog.products.offers import Tier
from catalog.products.schemas import (
    ListingQuery,
    NewOfferSchema,
    OfferListSchema,
    OfferSchema,
    OfferTermsSchema,
    OwnListingQuery,
)
from shop import clock
from shop.api import Blueprint
from shop.auth import Actor, find_actor, public, requires
from shop.db import transaction
from shop.etag import check_version, format_etag, if_match
from shop.idempotency import idempotent
from shop.paging import Page, decode_cursor, make_page

bp = Blueprint("listings", __name__, url_prefix="/api/v1/listings", description="What can be bought")

Answer = tuple[reads.ListingView, int, dict[str, str]]


@bp.route("")
@public
@bp.arguments(ListingQuery, location="query")
@bp.response(200, OfferListSchema)
def list_listings(query: dict[str, Any]) -> Page[reads.ListingView]:
    """List what is in the shop, newest first."""
    after = decode_cursor(query.pop("cursor"), int)
    limit = query.pop("limit")
    query["query"] = query.pop("q")
    wanted = reads.ListingFilter(**query)
    rows = reads.list_listings(wanted, clock.today(), after=after[0] if after else None, limit=limit)
    return make_page(rows, limit, lambda row: (row.offer.listing_id,))


@bp.route("/own")
@requires("catalogue:edit")
@bp.arguments(OwnListingQuery, location="query")
@bp.response(200, OfferListSchema)
def list_own_listings(query: dict[str, Any], actor: Actor) -> Page[reads.ListingView]:
    """List listings, of any state, of the producers that the caller acts for."""
    after = decode_cursor(query.pop("cursor"), int)
    limit = query.pop("limit")
    wanted = reads.ListingFilter(**query)
    rows = reads.list_listings(wanted, clock.today(), actor=actor, after=after[0] if after else None, limit=limit)
    return make_page(rows, limit, lambda row: (row.offer.listing_id,))


@bp.route("", methods=["POST"])
@requires("catalogue:edit")
@idempotent
@bp.arguments(NewOfferSchema)
@bp.response(201, OfferSchema)
def create_listing(body: dict[str, Any], actor: Actor) -> Answer:
    """Draft an offer of a pack."""
    at = clock.now()
    with transaction():
        sku = services.get_own_sku(body.pop("sku"), actor, at=at)
        listing = listings.create_listing(sku, read_terms(body, sku.unit), actor, at=at)
        return _answer(listing.public_id, actor, 201)


@bp.route("/<uuid:listing_id>")
@public
@bp.response(200, OfferSchema)
def show_listing(listing_id: UUID) -> Answer:
    """Show an offer in the shop; its producer sees it in any state."""
    return _answer(listing_id, find_actor(), 200)


@bp.route("/<uuid:listing_id>", methods=["PUT"])
@requires("catalogue:edit")
@bp.arguments(OfferTermsSchema)
@bp.response(200, OfferSchema)
def edit_listing(body: dict[str, Any], actor: Actor, listing_id: UUID) -> Answer:
    """Replace an offer's terms, all its tiers included; orders placed before keep theirs."""
    at = clock.now()
    with transaction():
        listing = listings.get_own_listing(listing_id, actor, at=at)
        check_version(if_match(), listing.version)
        unit = reads.get_listing(listing_id, clock.business_day(at), actor=actor).offer.unit
        listings.edit_listing(listing, read_terms(body, unit), actor, at=at)
        return _answer(listing_id, actor, 200)


@bp.route("/<uuid:listing_id>/publish", methods=["POST"])
@requires("catalogue:edit")
@idempotent
@bp.response(200, OfferSchema)
def publish_listing(actor: Actor, listing_id: UUID) -> Answer:
    """Put an offer in the shop; refused unless the product's eligibility basis is in force today."""
    return _move(listings.publish_listing, actor, listing_id)


@bp.route("/<uuid:listing_id>/pause", methods=["POST"])
@requires("catalogue:edit")
@idempotent
@bp.response(200, OfferSchema)
def pause_listing(actor: Actor, listing_id: UUID) -> Answer:
    """Take an offer out of the shop for a while."""
    return _move(listings.pause_listing, actor, listing_id)


@bp.route("/<uuid:listing_id>/delist", methods=["POST"])
@requires("catalogue:edit")
@idempotent
@bp.response(200, OfferSchema)
def delist_listing(actor: Actor, listing_id: UUID) -> Answer:
    """Take an offer out of the shop for good."""
    return _move(listings.delist_listing, actor, listing_id)


def read_terms(body: dict[str, Any], unit: str) -> listings.Terms:
    """Return the terms of a request.

    :raises WrongUnit: if a quantity is in another unit than the pack is sold in.
    """
    step = body.pop("step_quantity")
    tiers = [Tier(tier["min_quantity"].in_unit(unit), tier["price"]) for tier in body.pop("tiers")]
    return listings.Terms(tiers=tiers, step_quantity=step.in_unit(unit) if step else Decimal(1), **body)


def _move(move: Callable[..., Listing], actor: Actor, listing_id: UUID) -> Answer:
    at: datetime = clock.now()
    with transaction():
        move(listings.get_own_listing(listing_id, actor, at=at), actor, at=at)
        return _answer(listing_id, actor, 200)


def _answer(listing_id: UUID, actor: Actor | None, status: int) -> Answer:
    view = reads.get_listing(listing_id, clock.today(), actor=actor)
    return view, status, {"ETag": format_etag(view.offer.version)}
