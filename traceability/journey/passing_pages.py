"""The phone page of a collection point: type or scan a code, record that the goods arrived, were stored or left."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from uuid import UUID

from flask import Blueprint, Flask, flash, redirect, render_template, request, url_for

from catalog.lots.recording.labels import WORDS
from catalog.lots.records import passages
from catalog.shopfront.labels import UNITS
from shop import clock
from shop.auth import Actor, requires
from shop.db import transaction
from shop.errors import NotFound
from shop.i18n import _, lazy
from shop.idempotency import idempotent
from shop.layout import NavItem, add_nav
from traceability.journey.forms import PassingForm
from traceability.journey.passing import find_held

bp = Blueprint("passing_pages", __name__, template_folder="templates", url_prefix="/producer/passing")
_SHOWN = 20


def init_app(app: Flask) -> None:
    """Add the desk's link."""
    add_nav(app, NavItem("producer", lazy("集货点过货"), "passing_pages.look_up", "goods:pass", 29))


@bp.get("")
@requires("goods:pass")
def look_up(actor: Actor) -> Any:
    """Find the lot of a code; one that names a single lot leads to its form."""
    on, code = clock.today(), request.args.get("code", "")
    stations = passages.list_stations(actor, on)
    found = find_held(code, (each.county_code for each in stations)) if code and stations else []
    if len(found) == 1:
        return redirect(url_for(".record", lot_id=found[0].id))
    kept = passages.list_kept(actor, on, limit=_SHOWN)
    return render_template(
        "journey/passing.html", code=code, found=found, stations=stations, kept=kept, words=WORDS, units=UNITS
    )


@bp.route("/<uuid:lot_id>", methods=["GET", "POST"])
@requires("goods:pass")
@idempotent
def record(actor: Actor, lot_id: UUID) -> Any:
    """Record that a lot arrived at a place of one's own, was stored there or left it."""
    form, at = PassingForm(), clock.now()
    on = clock.business_day(at)
    stations = passages.list_stations(actor, on)
    form.offer_places(stations)
    if not stations:
        raise NotFound(_("没有这个批次。"))
    lot = passages.find_passing(None, lot_id, stations[0].public_id, actor, on)
    if request.method == "GET":
        form.done_on.data, form.quantity.data = on, lot.quantity
        form.place.data = str(stations[0].public_id) if len(stations) == 1 else None
    if form.validate_on_submit():
        with form.refusals():
            with transaction():
                new = passages.NewPassage(
                    form.kind.data, UUID(form.place.data), form.quantity.data or Decimal(0), form.when(at), lot=lot_id,
                    celsius=form.celsius.data,
                )  # fmt: skip
                passages.record_passage(new, actor, at=at)
            flash(_("已登记。"), "success")
            return redirect(url_for(".look_up"))
    return form.answer(render_template("journey/pass_goods.html", form=form, lot=lot, units=UNITS))
