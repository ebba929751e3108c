"""Where a lot went, on the desks of the producer, the officials of its county and the operator."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint, Response, flash, redirect, render_template, url_for

from catalog.lots.recalls import find_recall
from catalog.shopfront.labels import UNITS
from shop import clock
from shop.auth import Actor, requires
from shop.db import snapshot, transaction
from shop.i18n import _
from shop.idempotency import idempotent
from traceability.journey import recalling, recipients
from traceability.journey.forms import RecallForm
from traceability.journey.sheets import workbook
from traceability.journey.sums import as_words

bp = Blueprint("recipient_pages", __name__, template_folder="templates")


@bp.get("/lots/<uuid:lot_id>")
@requires("signed_in")
def find(actor: Actor, lot_id: UUID) -> Any:
    """Send the reader to where a lot went, in its own desk; those who may not know that, to the page of its label."""
    desk = {"division": "official", "all": "operator"}.get(actor.scope.kind, "producer")
    if recipients.is_known(lot_id, actor, clock.now()):
        return redirect(url_for(".show", desk=desk, lot_id=lot_id))
    return redirect(url_for("journey.show_lot", lot_id=lot_id))


@bp.get("/<any(producer, official, operator):desk>/lots/<uuid:lot_id>/recipients")
@requires("trace:read")
def show(actor: Actor, desk: str, lot_id: UUID) -> str:
    """Show every order that got some of a lot, or of a lot made of it."""
    with snapshot():
        return _render(actor, desk, lot_id, RecallForm(formdata=None))


def _render(actor: Actor, desk: str, lot_id: UUID, form: RecallForm) -> str:
    at = clock.now()
    lot = recipients.get_lot(lot_id, actor, at)
    lots = recipients.lots_made_of(lot, actor, at).lots
    rows = recipients.list_recipients(lots)
    columns = ("quantity", "accepted", "rejected", "returned", "out")
    return render_template(
        "journey/recipients.html",
        desk=desk,
        lot=lot,
        lots=lots,
        rows=rows,
        sums={name: as_words(rows, name, is_named=name == "quantity") for name in columns},
        units=UNITS,
        form=form,
        recalled=recipients.recalls_of(lots),
        may_recall=actor.may("lots:recall") and desk != "official",
        orders=len({row.order_id for row in rows}),
        consignees=len({row.consignee_id for row in rows}),
    )


@bp.post("/<any(producer, operator):desk>/lots/<uuid:lot_id>/recall")
@requires("lots:recall")
@idempotent
def recall(actor: Actor, desk: str, lot_id: UUID) -> Any:
    """Call a lot back, and every lot made of it that is the actor's to call back."""
    form, at = RecallForm(), clock.now()
    if form.validate_on_submit():
        with form.refusals():
            with transaction():
                made = recalling.recall(lot_id, reason=form.reason.data or "", actor=actor, at=at, terms=form.terms())
                found = find_recall(made.lots[0].id, actor.organisation_id)
            flash(_("已召回。系统会通知收货单位和监管部门，处理情况见下表。"), "success")
            if made.others:
                flash(_("其他生产者用它制成的批次已报平台运营方，由其核对后召回。"), "info")
            return redirect(f"/{desk}/recalls/{found}")
    return form.answer(_render(actor, desk, lot_id, form))


@bp.get("/<any(producer, official, operator):desk>/lots/<uuid:lot_id>/recipients.xlsx")
@requires("trace:read")
def download(actor: Actor, desk: str, lot_id: UUID) -> Response:  # noqa: ARG001  the desk is the address's
    """Download the same list with totals."""
    return workbook(lot_id, actor)
