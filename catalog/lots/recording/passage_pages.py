"""The phone page for goods on their way: they arrive at a place, are stored there, leave it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for

from catalog.lots.batches import places
from catalog.lots.recording.labels import WORDS
from catalog.lots.recording.place_forms import PassageForm
from catalog.lots.records import passages, queries
from catalog.shopfront.labels import UNITS
from shop import clock
from shop.auth import Actor, requires
from shop.db import transaction
from shop.i18n import _
from shop.idempotency import idempotent

bp = Blueprint("passage_pages", __name__, template_folder="templates", url_prefix="/producer/records")


@bp.route("/<any(batch,lot):kind>/<uuid:thing_id>/passage", methods=["GET", "POST"])
@requires("lots:edit")
@idempotent
def record(actor: Actor, kind: str, thing_id: UUID) -> Any:
    """Record that goods arrived at a place, were stored there or left it."""
    form, at = PassageForm(), clock.now()
    batch, lot = (thing_id, None) if kind == "batch" else (None, thing_id)
    known = queries.records_of(batch, lot, actor, clock.business_day(at))
    form.offer_places(
        places.list_places(actor, clock.business_day(at), producer_id=known.subject.producer_key, limit=300)
    )
    if request.method == "GET":
        form.done_on.data, form.quantity.data = clock.business_day(at), known.subject.quantity
    if kind == "batch":
        home = url_for("record_pages.show_batch", batch_id=thing_id)
    else:
        home = url_for("lot_pages.show_lot", lot_id=thing_id)
    if form.validate_on_submit():
        with form.refusals():
            with transaction():
                new = passages.NewPassage(
                    form.kind.data, UUID(form.place.data), form.quantity.data or Decimal(0), form.when(at), batch, lot
                )
                passages.record_passage(new, actor, at=at)
            flash(_("已登记。"), "success")
            return redirect(home)
    has_places = len(form.place.choices) > 1
    page = render_template(
        "recording/passage.html", form=form, known=known, home=home, has_places=has_places, words=WORDS, units=UNITS
    )
    return form.answer(page)
