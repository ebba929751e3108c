"""Categories, products and packs over the API."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from catalog.producers.queries import resolve_producer
from catalog.products import packs, reads, services
from catalog.products.models import Category, Sku
from catalog.products.schemas import (
    CategoryListSchema,
    CategoryQuery,
    ProductBodySchema,
    ProductListSchema,
    ProductQuery,
    ProductSchema,
    SkuBodySchema,
    SkuSchema,
)
from shop import clock
from shop.api import Blueprint
from shop.auth import Actor, public, requires
from shop.db import transaction
from shop.etag import check_version, format_etag, if_match
from shop.idempotency import idempotent
from shop.paging import Page, decode_cursor, make_page

bp = Blueprint("products", __name__, url_prefix="/api/v1", description="What producers make, and how it is packed")

Answer = tuple[reads.ProductView, int, dict[str, str]]


@bp.route("/categories")
@public
@bp.arguments(CategoryQuery, location="query")
@bp.response(200, CategoryListSchema)
def list_categories(query: dict[str, Any]) -> Page[Category]:
    """List groups and leaf categories."""
    after = decode_cursor(query["cursor"], str)
    rows = reads.list_categories(parent=query["parent"], after=after[0] if after else None, limit=query["limit"])
    return make_page(rows, query["limit"], lambda row: (row.code,))


@bp.route("/products")
@requires("catalogue:edit")
@bp.arguments(ProductQuery, location="query")
@bp.response(200, ProductListSchema)
def list_products(query: dict[str, Any], actor: Actor) -> Page[reads.ProductView]:
    """List products of the producers that the caller acts for."""
    after = decode_cursor(query["cursor"], int)
    rows = reads.list_products(
        actor, clock.today(), query=query["q"], after=after[0] if after else None, limit=query["limit"]
    )
    return make_page(rows, query["limit"], lambda row: (row.product.id,))


@bp.route("/products", methods=["POST"])
@requires("catalogue:edit")
@idempotent
@bp.arguments(ProductBodySchema)
@bp.response(201, ProductSchema)
def create_product(body: dict[str, Any], actor: Actor) -> Answer:
    """Add a product."""
    at = clock.now()
    with transaction():
        producer_id = resolve_producer(body["producer"], actor, clock.business_day(at))
        product = services.create_product(producer_id, body["product"], actor, at=at)
        return _answer(product.public_id, actor, 201)


@bp.route("/products/<uuid:product_id>")
@requires("catalogue:edit")
@bp.response(200, ProductSchema)
def show_product(actor: Actor, product_id: UUID) -> Answer:
    """Show a product with its packs."""
    return _answer(product_id, actor, 200)


@bp.route("/products/<uuid:product_id>", methods=["PUT"])
@requires("catalogue:edit")
@bp.arguments(ProductBodySchema)
@bp.response(200, ProductSchema)
def edit_product(body: dict[str, Any], actor: Actor, product_id: UUID) -> Answer:
    """Change a product's words, category or origin."""
    with transaction():
        product = services.get_own_product(product_id, actor, at=clock.now())
        check_version(if_match(), product.version)
        services.edit_product(product, body["product"], actor)
        return _answer(product_id, actor, 200)


@bp.route("/products/<uuid:product_id>/archive", methods=["POST"])
@requires("catalogue:edit")
@idempotent
@bp.response(200, ProductSchema)
def archive_product(actor: Actor, product_id: UUID) -> Answer:
    """Take a product out of use; what was sold stays in the books."""
    at = clock.now()
    with transaction():
        services.archive_product(services.get_own_product(product_id, actor, at=at), actor, at=at)
        return _answer(product_id, actor, 200)


@bp.route("/products/<uuid:product_id>/skus", methods=["POST"])
@requires("catalogue:edit")
@idempotent
@bp.arguments(SkuBodySchema)
@bp.response(201, SkuSchema)
def create_sku(body: services.NewSku, actor: Actor, product_id: UUID) -> Sku:
    """Add a pack of a product."""
    with transaction():
        product = services.get_own_product(product_id, actor, at=clock.now())
        return services.create_sku(product, body, actor)


@bp.route("/skus/<uuid:sku_id>")
@requires("catalogue:edit")
@bp.response(200, SkuSchema)
def show_sku(actor: Actor, sku_id: UUID) -> tuple[Sku, dict[str, str]]:
    """Show a pack."""
    sku = services.get_own_sku(sku_id, actor, at=clock.now())
    return sku, {"ETag": format_etag(sku.version)}


@bp.route("/skus/<uuid:sku_id>", methods=["PUT"])
@requires("catalogue:edit")
@bp.arguments(SkuBodySchema)
@bp.response(200, SkuSchema)
def edit_sku(body: services.NewSku, actor: Actor, sku_id: UUID) -> tuple[Sku, dict[str, str]]:
    """Correct a pack of which nothing was put in stock yet."""
    with transaction():
        sku = packs.lock_own_sku(sku_id, actor, at=clock.now())
        check_version(if_match(), sku.version)
        packs.edit_sku(sku, body, actor)
    return sku, {"ETag": format_etag(sku.version)}


@bp.route("/skus/<uuid:sku_id>", methods=["DELETE"])
@requires("catalogue:edit")
@bp.response(204)
def withdraw_sku(actor: Actor, sku_id: UUID) -> None:
    """Take away a pack that was never offered or put in stock."""
    with transaction():
        packs.withdraw_sku(packs.lock_own_sku(sku_id, actor, at=clock.now()), actor)


def _answer(product_id: UUID, actor: Actor, status: int) -> Answer:
    view = reads.get_product(product_id, actor, clock.today())
    return view, status, {"ETag": format_etag(view.product.version)}
