"""Pages for splitting and mixing batches, opening packs, and the temperatures in which a pack is kept."""

from __future__ import annotations

from collections.abc import Container, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for

from catalog.lots import queries as lot_queries
from catalog.lots.batches import packing, places, queries, services
from catalog.lots.batches.queries import BatchView
from catalog.lots.recording import parting_forms as forms
from catalog.lots.recording.labels import WORDS
from catalog.lots.records import temperatures
from catalog.products import reads
from catalog.products.services import get_own_sku
from catalog.shopfront.labels import UNITS
from shop import clock
from shop.auth import Actor, requires
from shop.db import transaction
from shop.i18n import _
from shop.idempotency import idempotent

bp = Blueprint("parting_pages", __name__, template_folder="templates", url_prefix="/producer/records")
PlacedDone = forms.SplitForm | forms.MixForm | forms.UnpackForm
#: Batches of one product offered for a mixture.
_OFFERED = 50


@bp.route("/process", methods=["GET", "POST"])
@requires("lots:edit")
@idempotent
def process(actor: Actor) -> Any:
    """Record a processing."""
    at = clock.now()
    on = clock.business_day(at)
    batches = queries.list_batches(actor, on, has_goods=True, limit=200)
    form = forms.process_form(_to_process(batches, actor))
    form.fill(batches, reads.list_products(actor, on, limit=500), places.list_places(actor, on, limit=300))
    if request.method == "GET":
        form.done_on.data = on
        form.batch.data = request.args.get("batch", "")
    if form.validate_on_submit():
        with form.refusals():
            with transaction():
                new = services.Processing(
                    inputs=form.inputs(), product=UUID(form.product.data),
                    quantity_kg=form.quantity.data or Decimal(0), yield_bound=form.bound(),
                    occurred_at=form.when(at, _born(batches, form.inputs())),
                    added_kg=form.added_kg.data or Decimal(0), added=form.added.data or "", method=form.method.data or "",
                    code=form.code.data or "", place=form.where(),
                )  # fmt: skip
                batch = services.process(new, actor, at=at)
                public_id, code = batch.public_id, batch.code
            flash(_("已登记批次 %(code)s。", code=code), "success")
            return redirect(url_for("record_pages.show_batch", batch_id=public_id))
    return form.answer(_render("process", form=form, batches=batches))


@bp.route("/batches/<uuid:batch_id>/split", methods=["GET", "POST"])
@requires("lots:edit")
@idempotent
def split(actor: Actor, batch_id: UUID) -> Any:
    """Part batches off a batch."""
    form, at = forms.SplitForm(), clock.now()
    view = queries.get_batch(batch_id, actor, clock.business_day(at))
    _preset(form, actor, view.batch.producer_id)
    if form.validate_on_submit():
        with form.refusals():
            with transaction():
                made = services.split(
                    batch_id,
                    form.parts(),
                    actor,
                    occurred_at=form.when(at, [view.act.occurred_at]),
                    at=at,
                    place=form.where(),
                )
                codes = "、".join(batch.code for batch in made)
            flash(_("已分出批次 %(codes)s。", codes=codes), "success")
            return redirect(url_for("record_pages.show_batch", batch_id=batch_id))
    return form.answer(_render("split", form=form, view=view, shown=forms.SHOWN))


@bp.route("/batches/<uuid:batch_id>/mix", methods=["GET", "POST"])
@requires("lots:edit")
@idempotent
def mix(actor: Actor, batch_id: UUID) -> Any:
    """Mix batches of the product of a batch."""
    at = clock.now()
    view = queries.get_batch(batch_id, actor, clock.business_day(at))
    batches = _to_mix(view, actor)
    form = forms.mix_form(batches)
    _preset(form, actor, view.batch.producer_id)
    if form.validate_on_submit():
        with form.refusals():
            with transaction():
                made = services.mix(
                    form.inputs(), actor, code=form.code.data or "",
                    occurred_at=form.when(at, _born(batches, form.inputs())), at=at, place=form.where(),
                )  # fmt: skip
                public_id, code = made.public_id, made.code
            flash(_("已登记批次 %(code)s。", code=code), "success")
            return redirect(url_for("record_pages.show_batch", batch_id=public_id))
    return form.answer(_render("mix", form=form, view=view, batches=batches))


@bp.route("/lot/<uuid:lot_id>/unpack", methods=["GET", "POST"])
@requires("lots:edit")
@idempotent
def unpack(actor: Actor, lot_id: UUID) -> Any:
    """Open packs of a lot."""
    form, at = forms.UnpackForm(), clock.now()
    view = lot_queries.get_lot(lot_id, actor, clock.business_day(at))
    _preset(form, actor, None)
    if form.validate_on_submit():
        with form.refusals():
            with transaction():
                made = packing.unpack(
                    lot_id, form.quantity.data or Decimal(0), actor, code=form.code.data or "",
                    loss_kg=form.loss.data or Decimal(0), at=at,
                    occurred_at=form.when(at, [packing.born_at(view.lot)] if view.batch_id else []),
                    place=form.where(),
                )  # fmt: skip
                public_id, code = made.public_id, made.code
            flash(_("已登记批次 %(code)s。", code=code), "success")
            return redirect(url_for("record_pages.show_batch", batch_id=public_id))
    return form.answer(_render("unpack", form=form, view=view))


@bp.route("/skus/<uuid:sku_id>/temperature", methods=["GET", "POST"])
@requires("lots:edit")
@idempotent
def edit_range(actor: Actor, sku_id: UUID) -> Any:
    """Say in which temperatures a pack is kept."""
    form, at = forms.RangeForm(), clock.now()
    sku = get_own_sku(sku_id, actor, at=at)
    product = reads.get_product_by_key(sku.product_id, clock.business_day(at))
    own, usual = temperatures.ranges_of(sku.id)
    if request.method == "GET" and own is not None:
        form.low_c.data, form.high_c.data = own.low_c, own.high_c
    if form.validate_on_submit():
        low, high = form.low_c.data, form.high_c.data
        with form.refusals():
            with transaction():
                if low is None or high is None:
                    temperatures.clear_range(sku_id, actor, at=at)
                else:
                    temperatures.set_range(sku_id, low, high, actor, at=at)
            flash(_("储存温度已保存。"), "success")
            return redirect(url_for("product_pages.show_product", product_id=product.product.public_id))
    return form.answer(_render("range", form=form, sku=sku, product=product.product, own=own, usual=usual))


def _to_process(batches: Sequence[BatchView], actor: Actor) -> list[BatchView]:
    """Return the batches to offer beside the first: the newest with goods, and what was asked for."""
    known = {each.batch.public_id: each for each in batches[:_OFFERED]}
    for public_id in forms.asked_of(request.form):
        if public_id not in known:
            known[public_id] = queries.get_batch(public_id, actor, clock.today())
    return list(known.values())


def _born(batches: Sequence[BatchView], inputs: Container[UUID]) -> list[datetime]:
    """Return when the batches that go in came into being."""
    return [view.act.occurred_at for view in batches if view.batch.public_id in inputs]


def _to_mix(view: BatchView, actor: Actor) -> list[BatchView]:
    """Return the batches to offer: this one first, others of the product with goods, and what was asked for."""
    offered = queries.list_batches(actor, clock.today(), product=view.product_id, has_goods=True, limit=_OFFERED)
    known = {each.batch.public_id: each for each in (view, *offered)}
    for public_id in forms.asked_of(request.form):
        if public_id not in known:
            known[public_id] = queries.get_batch(public_id, actor, clock.today())
    return list(known.values())


def _preset(form: PlacedDone, actor: Actor, producer_id: int | None) -> None:
    """Offer the places of the goods' producer, and today."""
    form.offer_places(places.list_places(actor, clock.today(), producer_id=producer_id, limit=300))
    if request.method == "GET":
        form.done_on.data = clock.today()


def _render(template: str, /, **values: Any) -> str:
    return render_template(f"recording/{template}.html", words=WORDS, units=UNITS, **values)
