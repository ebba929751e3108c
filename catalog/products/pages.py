"""The producer desk's pages of products and packs."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint, Flask, flash, redirect, render_template, request, url_for

from catalog.papers.labels import PAPER_WORDS
from catalog.papers.queries import list_papers, state_on
from catalog.producers.queries import resolve_producer
from catalog.products import packs, reads, services
from catalog.products.forms import ProductForm, SkuForm
from catalog.products.labels import LISTING_WORDS
from catalog.shopfront.labels import CERTIFICATES, SCHEMES, UNITS
from shop import clock
from shop.auth import Actor, requires
from shop.db import transaction
from shop.forms import Form
from shop.i18n import _, lazy
from shop.idempotency import idempotent
from shop.layout import NavItem, add_nav
from shop.paging import decode_cursor, make_page

bp = Blueprint("product_pages", __name__, template_folder="templates", url_prefix="/producer/products")


def init_app(app: Flask) -> None:
    """Add the desk's links."""
    add_nav(
        app,
        NavItem("producer", lazy("产品"), "product_pages.list_products", "catalogue:edit", 30, {}, lazy("商品")),
        NavItem("producer", lazy("报价"), "listing_pages.list_listings", "catalogue:edit", 32, {}, lazy("商品")),
        NavItem("producer", lazy("库存批次"), "lot_pages.list_lots", "lots:edit", 34, {}, lazy("商品")),
        NavItem("producer", lazy("认定与证书"), "paper_pages.list_own", "papers:submit", 51, {}, lazy("资料与申报")),
    )


@bp.get("")
@requires("catalogue:edit")
def list_products(actor: Actor) -> str:
    """List own products."""
    after = decode_cursor(request.args.get("cursor"), int)
    query = (request.args.get("q") or "").strip()[:40]
    rows = reads.list_products(actor, clock.today(), query=query or None, after=after[0] if after else None, limit=50)
    page = make_page(rows, 50, lambda row: (row.product.id,))
    return render_template("products/list.html", page=page, schemes=SCHEMES)


@bp.route("/new", methods=["GET", "POST"])
@requires("catalogue:edit")
@idempotent
def new_product(actor: Actor) -> Any:
    """Add a product."""
    form, at = ProductForm(), clock.now()
    form.fill(actor, clock.business_day(at))
    if request.method == "GET" and len(form.producer.choices) == 1:
        form.producer.data = form.producer.choices[0].value
    if form.validate_on_submit():
        with form.refusals():
            with transaction():
                producer = resolve_producer(UUID(form.producer.data), actor, clock.business_day(at))
                product = services.create_product(producer, form.read(), actor, at=at)
                public_id = product.public_id
            flash(_("产品已保存。下一步：添加规格，并提交帮扶产品认定。"), "success")
            return redirect(url_for(".show_product", product_id=public_id))
    return form.answer(render_template("products/edit.html", form=form, view=None))


@bp.get("/<uuid:product_id>")
@requires("catalogue:edit")
def show_product(actor: Actor, product_id: UUID) -> str:
    """Show a product with packs, listings and papers."""
    return _render(actor, product_id, SkuForm())


@bp.post("/<uuid:product_id>/skus")
@requires("catalogue:edit")
@idempotent
def add_sku(actor: Actor, product_id: UUID) -> Any:
    """Add a pack."""
    form = SkuForm()
    if form.validate_on_submit():
        with form.refusals():
            with transaction():
                product = services.get_own_product(product_id, actor, at=clock.now())
                services.create_sku(product, form.read(), actor)
            flash(_("规格已添加。"), "success")
            return redirect(url_for(".show_product", product_id=product_id))
    return form.answer(_render(actor, product_id, form))


@bp.route("/<uuid:product_id>/skus/<uuid:sku_id>", methods=["GET", "POST"])
@requires("catalogue:edit")
@idempotent
def edit_sku(actor: Actor, product_id: UUID, sku_id: UUID) -> Any:
    """Correct a pack of which nothing was put in stock yet."""
    at = clock.now()
    sku = services.get_own_sku(sku_id, actor, at=at)
    form = SkuForm(obj=sku)
    if form.validate_on_submit():
        with form.refusals():
            with transaction():
                packs.edit_sku(packs.lock_own_sku(sku_id, actor, at=at), form.read(), actor)
            flash(_("规格已更正。"), "success")
            return redirect(url_for(".show_product", product_id=product_id))
    view = reads.get_product(product_id, actor, clock.business_day(at))
    return form.answer(render_template("products/edit_sku.html", form=form, sku=sku, view=view))


@bp.post("/<uuid:product_id>/skus/<uuid:sku_id>/withdraw")
@requires("catalogue:edit")
def withdraw_sku(actor: Actor, product_id: UUID, sku_id: UUID) -> Any:
    """Take away a pack that was never used."""
    form = Form()
    with form.refusals(), transaction():
        packs.withdraw_sku(packs.lock_own_sku(sku_id, actor, at=clock.now()), actor)
    form.tell(_("规格已撤销。"))
    return redirect(url_for(".show_product", product_id=product_id))


@bp.route("/<uuid:product_id>/edit", methods=["GET", "POST"])
@requires("catalogue:edit")
@idempotent
def edit_product(actor: Actor, product_id: UUID) -> Any:
    """Change a product."""
    at = clock.now()
    view = reads.get_product(product_id, actor, clock.business_day(at))
    form = ProductForm(obj=view.product, data={"producer": str(view.producer_id)})
    form.fill(actor, clock.business_day(at))
    if form.validate_on_submit():
        with form.refusals():
            with transaction():
                services.edit_product(services.get_own_product(product_id, actor, at=at), form.read(), actor)
            flash(_("产品已保存。"), "success")
            return redirect(url_for(".show_product", product_id=product_id))
    return form.answer(render_template("products/edit.html", form=form, view=view))


@bp.post("/<uuid:product_id>/archive")
@requires("catalogue:edit")
@idempotent
def archive_product(actor: Actor, product_id: UUID) -> Any:
    """Take a product out of use."""
    at = clock.now()
    with transaction():
        services.archive_product(services.get_own_product(product_id, actor, at=at), actor, at=at)
    flash(_("产品已停用，相关报价不能再下单。"), "success")
    return redirect(url_for(".show_product", product_id=product_id))


def _render(actor: Actor, product_id: UUID, form: SkuForm) -> str:
    today = clock.today()
    papers = {kind: list_papers(kind, actor, today, product=product_id) for kind in ("eligibility", "certificate")}
    return render_template(
        "products/product.html",
        view=reads.get_product(product_id, actor, today),
        listings=reads.list_listings(reads.ListingFilter(product=(product_id,)), today, actor=actor),
        papers=papers,
        form=form,
        today=today,
        state_on=state_on,
        words={
            "units": UNITS, "schemes": SCHEMES, "certificates": CERTIFICATES, "paper": PAPER_WORDS, "listing": LISTING_WORDS,
        },
    )  # fmt: skip
