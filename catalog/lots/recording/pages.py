"""Pages of the producer desk for what is done with batches: first screen, harvest, processing, packing, places."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from flask import Blueprint, Flask, flash, redirect, render_template, request, url_for

from catalog.lots.batches import balance, packing, places, queries, services
from catalog.lots.recording.forms import DiscardForm, HarvestForm, PackForm
from catalog.lots.recording.labels import WORDS
from catalog.lots.recording.place_forms import PlaceForm
from catalog.lots.records import undoing
from catalog.lots.records.queries import records_of
from catalog.producers.queries import resolve_producer
from catalog.products import reads
from catalog.products.forms import own_producers
from catalog.shopfront.labels import UNITS
from shop import clock
from shop.auth import Actor, requires
from shop.db import transaction
from shop.forms import Form
from shop.i18n import _, lazy, mark
from shop.idempotency import idempotent
from shop.inputs import choices
from shop.layout import NavItem, add_nav
from shop.paging import decode_cursor, make_page

bp = Blueprint("record_pages", __name__, template_folder="templates", url_prefix="/producer/records")
_SHOWN = 20


def init_app(app: Flask) -> None:
    """Add the desk's link."""
    add_nav(app, NavItem("producer", lazy("生产记录"), "record_pages.today", "lots:edit", 28))


@bp.get("")
@requires("lots:edit")
def today(actor: Actor) -> str:
    """Show what is to be recorded, and what was recorded last."""
    after = decode_cursor(request.args.get("cursor"), int)
    rows = queries.list_acts(actor, clock.today(), after=after[0] if after else None, limit=_SHOWN)
    page = make_page(rows, _SHOWN, lambda row: (row.act.id,))
    return _render("today", page=page)


@bp.get("/batches")
@requires("lots:edit")
def list_batches(actor: Actor) -> str:
    """List the batches."""
    after = decode_cursor(request.args.get("cursor"), int)
    has_goods = request.args.get("show", "") != "all"
    rows = queries.list_batches(
        actor, clock.today(), has_goods=has_goods, after=after[0] if after else None, limit=_SHOWN
    )
    return _render("batches", page=make_page(rows, _SHOWN, lambda row: (row.batch.id,)), has_goods=has_goods)


@bp.get("/batches/<uuid:batch_id>")
@requires("lots:edit")
def show_batch(actor: Actor, batch_id: UUID) -> str:
    """Show a batch: where its mass is, what was done, what is known."""
    return _batch(actor, batch_id, DiscardForm(formdata=None))


@bp.route("/harvest", methods=["GET", "POST"])
@requires("lots:edit")
@idempotent
def harvest(actor: Actor) -> Any:
    """Record a harvest, a slaughter or a purchase."""
    form, at = HarvestForm(), clock.now()
    form.fill(reads.list_products(actor, clock.business_day(at), limit=500), _places(actor, at))
    _preset(form, at)
    if form.validate_on_submit():
        with form.refusals():
            with transaction():
                new = services.NewBatch(
                    product=UUID(form.product.data), kind=form.kind.data, quantity_kg=form.quantity.data or Decimal(0),
                    place=UUID(form.place.data), occurred_at=form.when(at), code=form.code.data or "",
                    variety=form.variety.data or "", heads=form.heads.data, note=form.note.data or "",
                )  # fmt: skip
                batch = services.record_birth(new, actor, at=at)
                public_id, code = batch.public_id, batch.code
            flash(_("已登记批次 %(code)s。", code=code), "success")
            if form.kind.data == "received":  # what was bought has a seller, and a paper of the seller's
                return redirect(url_for("lot_paper_pages.supplier", kind="batch", thing_id=public_id))
            return redirect(url_for(".show_batch", batch_id=public_id))
    return form.answer(_render("harvest", form=form, has_places=len(form.place.choices) > 1))


@bp.get("/pack")
@requires("lots:edit")
def choose_batch(actor: Actor) -> str:
    """Choose the batch to pack."""
    return _render("choose", batches=queries.list_batches(actor, clock.today(), has_goods=True, limit=200))


@bp.route("/batches/<uuid:batch_id>/pack", methods=["GET", "POST"])
@requires("lots:edit")
@idempotent
def pack(actor: Actor, batch_id: UUID) -> Any:
    """Pack a batch into a lot."""
    form, at = PackForm(), clock.now()
    view = queries.get_batch(batch_id, actor, clock.business_day(at))
    skus = packing.skus_of(view.batch.product_id)
    form.sku.choices = choices(
        [(str(sku.public_id), f"{sku.pack_spec}{mark('(')}{UNITS[sku.unit]}{mark(')')}") for sku in skus]
    )
    form.offer_places(_places(actor, at, view.batch.producer_id))
    _preset(form, at)
    if form.validate_on_submit():
        with form.refusals():
            with transaction():
                new = packing.Packing(
                    batch=batch_id, sku=UUID(form.sku.data), code=form.code.data or "",
                    quantity=form.quantity.data or Decimal(0), occurred_at=form.when(at, [view.act.occurred_at]),
                    expires_on=form.expires_on.data, loss_kg=form.loss.data or Decimal(0), net_weight_g=form.net_weight_g.data, place=form.where(),
                )  # fmt: skip
                lot_id = packing.pack(new, actor, at=at).public_id
            flash(_("已包装入库。"), "success")
            return redirect(url_for("lot_pages.show_lot", lot_id=lot_id))
    return form.answer(_render("pack", form=form, view=view, skus=skus))


@bp.post("/batches/<uuid:batch_id>/discard")
@requires("lots:edit")
@idempotent
def discard(actor: Actor, batch_id: UUID) -> Any:
    """Record what was lost of a batch."""
    form, at = DiscardForm(), clock.now()
    view = queries.get_batch(batch_id, actor, clock.business_day(at))
    form.offer_places(_places(actor, at, view.batch.producer_id))
    if form.validate_on_submit():
        with form.refusals():
            with transaction():
                lost = form.quantity.data or Decimal(0)
                services.discard(
                    batch_id, lost, form.reason.data or "", actor, occurred_at=at, at=at, place=form.where()
                )
            flash(_("损耗已登记。"), "success")
            return redirect(url_for(".show_batch", batch_id=batch_id))
    return form.answer(_batch(actor, batch_id, form))


@bp.post("/acts/<uuid:act_id>/undo")
@requires("lots:edit")
@idempotent
def undo(actor: Actor, act_id: UUID) -> Any:
    """Undo what was recorded by mistake."""
    form = Form()
    with form.refusals(), transaction():
        undoing.undo(act_id, actor, at=clock.now())
    form.tell(_("记录已撤销。"))
    return redirect(url_for(".today"))


@bp.route("/places", methods=["GET", "POST"])
@requires("lots:edit")
@idempotent
def edit_places(actor: Actor) -> Any:
    """List places, and add one."""
    form, at = PlaceForm(), clock.now()
    on = clock.business_day(at)
    if form.validate_on_submit():
        with form.refusals():
            with transaction():
                chosen = request.form.get("producer", "")
                producer = resolve_producer(UUID(chosen) if chosen else None, actor, on)
                new = places.NewPlace(
                    kind=form.kind.data, name=form.name.data or "", township=form.township.data or "",
                    village=form.village.data or "", tier=form.tier.data or None, is_shared=form.is_shared.data,
                    is_public=form.is_public.data, gln=form.gln.data or None, latitude=form.latitude.data,
                    longitude=form.longitude.data, used_since=form.used_since.data,
                )  # fmt: skip
                places.add_place(producer, new, actor, at=at)
            flash(_("地点已添加。"), "success")
            return redirect(url_for(".edit_places"))
    return form.answer(_render("places", form=form, places=_places(actor, at), producers=own_producers(actor, on)))


@bp.post("/places/<uuid:place_id>/end")
@requires("lots:edit")
@idempotent
def end_place(actor: Actor, place_id: UUID) -> Any:
    """End a place."""
    with transaction():
        places.end_place(place_id, actor, at=clock.now())
    flash(_("该地点明天起不再使用。"), "success")
    return redirect(url_for(".edit_places"))


@bp.post("/places/<uuid:place_id>/publicity")
@requires("lots:edit")
@idempotent
def show_place(actor: Actor, place_id: UUID) -> Any:
    """Let the pages of labels name a place, or no more."""
    is_public = request.form.get("is_public") == "1"
    with transaction():
        places.show_place(place_id, actor, is_public=is_public, at=clock.now())
    flash(_("溯源页现在公开该地点的名称和乡镇。") if is_public else _("溯源页不再公开该地点的名称和乡镇。"), "success")
    return redirect(url_for(".edit_places"))


def _batch(actor: Actor, batch_id: UUID, form: DiscardForm) -> str:
    on = clock.today()
    view = queries.get_batch(batch_id, actor, on)
    form.offer_places(_places(actor, clock.now(), view.batch.producer_id))
    known = None if view.batch.status == "undone" else records_of(batch_id, None, actor, on)
    return _render(
        "batch", view=view, form=form, balance=balance.of_batch(view.batch.id), known=known, lots=packing.packs_of(view.batch),
        acts=queries.list_acts(actor, on, batch_id=view.batch.id, limit=50),
    )  # fmt: skip


def _places(actor: Actor, at: datetime, producer_id: int | None = None) -> Any:
    return places.list_places(actor, clock.business_day(at), producer_id=producer_id, limit=300)


def _preset(form: Any, at: datetime) -> None:
    if request.method == "GET":
        form.done_on.data = clock.business_day(at)


def _render(template: str, /, **values: Any) -> str:
    return render_template(f"recording/{template}.html", words=WORDS, units=UNITS, **values)
