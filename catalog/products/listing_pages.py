"""The producer desk's pages of listings."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for

from catalog.products import listings, reads, services
from catalog.products.forms import ListingForm, show_tiers
from catalog.products.labels import LISTING_WORDS
from catalog.products.models import LISTING_STATUSES, Listing
from catalog.shopfront.labels import CERTIFICATES, SCHEMES, TAXES, UNITS
from shop import clock
from shop.auth import Actor, requires
from shop.db import transaction
from shop.filters import several
from shop.forms import Form
from shop.i18n import _
from shop.idempotency import idempotent
from shop.paging import decode_cursor, make_page

bp = Blueprint("listing_pages", __name__, template_folder="templates", url_prefix="/producer/listings")

WORDS = {"units": UNITS, "schemes": SCHEMES, "certificates": CERTIFICATES, "taxes": TAXES, "listing": LISTING_WORDS}


@bp.get("")
@requires("catalogue:edit")
def list_listings(actor: Actor) -> str:
    """List own listings."""
    after = decode_cursor(request.args.get("cursor"), int)
    statuses = tuple(status for status in several(request.args.getlist("status")) if status in LISTING_STATUSES)
    query = (request.args.get("q") or "").strip()[:60]
    wanted = reads.ListingFilter(query=query or None, status=statuses)
    rows = reads.list_listings(wanted, clock.today(), actor=actor, after=after[0] if after else None, limit=50)
    page = make_page(rows, 50, lambda row: (row.offer.listing_id,))
    return render_template("products/listings.html", page=page, words=WORDS)


@bp.route("/new", methods=["GET", "POST"])
@requires("catalogue:edit")
@idempotent
def new_listing(actor: Actor) -> Any:
    """Draft an offer of the pack that the address names; without one, choose it."""
    at, sku_id = clock.now(), request.args.get("sku", "")
    if not sku_id:
        return render_template(
            "products/choose_sku.html", products=reads.list_products(actor, clock.business_day(at)), words=WORDS
        )
    sku = services.get_own_sku(_uuid(sku_id), actor, at=at)
    view = reads.get_product_by_key(sku.product_id, clock.business_day(at))
    form = ListingForm(data={"title": f"{view.product.name} {sku.pack_spec}"[:80]})
    if form.validate_on_submit():
        with form.refusals():
            with transaction():
                public_id = listings.create_listing(sku, form.read(), actor, at=at).public_id
            flash(_("报价已保存为草稿。核对后请上架。"), "success")
            return redirect(url_for(".show_listing", listing_id=public_id))
    page = render_template(
        "products/edit_listing.html", form=form, product=view.product, sku=sku, view=None, words=WORDS
    )
    return form.answer(page)


@bp.get("/<uuid:listing_id>")
@requires("catalogue:edit")
def show_listing(actor: Actor, listing_id: UUID) -> str:
    """Show an offer and what can be done with it."""
    view = reads.get_own_listing_view(listing_id, actor, clock.today())
    return render_template("products/listing.html", view=view, words=WORDS)


@bp.route("/<uuid:listing_id>/edit", methods=["GET", "POST"])
@requires("catalogue:edit")
@idempotent
def edit_listing(actor: Actor, listing_id: UUID) -> Any:
    """Change an offer's terms; orders placed before keep theirs."""
    at = clock.now()
    view = reads.get_own_listing_view(listing_id, actor, clock.business_day(at))
    o = view.offer
    form = ListingForm(
        data={
            "title": o.title, "tiers": show_tiers(o.tiers), "step_quantity": o.step_quantity, "lead_days": o.lead_days,
            "tax_rate": o.tax_rate,
        }
    )  # fmt: skip
    if form.validate_on_submit():
        with form.refusals():
            with transaction():
                held = listings.get_own_listing(listing_id, actor, at=at)
                if request.form.get("version", type=int) != held.version:
                    raise listings.ListingState(_("报价已被他人修改，请核对最新内容后重新保存。"))
                listings.edit_listing(held, form.read(), actor, at=at)
            flash(_("报价已更新，新订单按新价格执行。"), "success")
            return redirect(url_for(".show_listing", listing_id=listing_id))
    page = render_template("products/edit_listing.html", form=form, product=None, sku=None, view=view, words=WORDS)
    return form.answer(page)


@bp.post("/<uuid:listing_id>/<any(publish,pause,delist):act>")
@requires("catalogue:edit")
@idempotent
def move_listing(actor: Actor, listing_id: UUID, act: str) -> Any:
    """Publish, pause or delist an offer."""
    moves: dict[str, tuple[Callable[..., Listing], str]] = {
        "publish": (listings.publish_listing, _("已上架。")),
        "pause": (listings.pause_listing, _("已暂停销售。")),
        "delist": (listings.delist_listing, _("已下架。")),
    }
    move, done = moves[act]
    form, at = Form(), clock.now()
    with form.refusals(), transaction():
        move(listings.get_own_listing(listing_id, actor, at=at), actor, at=at)
    form.tell(done)
    return redirect(url_for(".show_listing", listing_id=listing_id))


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        abort(404)
