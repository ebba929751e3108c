"""Calling a batch back with all that was made of it, as a page of its producer."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, url_for

from catalog.lots import recalls
from catalog.lots.batches.queries import get_batch
from catalog.lots.lifting import lift
from shop import clock
from shop.auth import Actor, requires
from shop.clock import business_day
from shop.db import transaction
from shop.i18n import _
from shop.idempotency import idempotent
from traceability.journey import recalling, recipients
from traceability.journey.forms import LiftForm, RecallForm

bp = Blueprint(
    "batch_recall_pages", __name__, template_folder="templates", url_prefix="/producer/batches/<uuid:batch_id>"
)


@bp.get("/recall")
@requires("lots:recall")
def show(actor: Actor, batch_id: UUID) -> str:
    """Show what was made of a batch and who got it."""
    return _render(actor, batch_id, None)


@bp.post("/recall")
@requires("lots:recall")
@idempotent
def recall(actor: Actor, batch_id: UUID) -> Any:
    """Stop a batch, and call back every lot made of it that is the actor's to call back."""
    form, at = RecallForm(), clock.now()
    if form.validate_on_submit():
        with form.refusals():
            with transaction():
                recall_id, made = recalling.recall_batch(
                    batch_id, reason=form.reason.data or "", actor=actor, at=at, terms=form.terms()
                )
            flash(_("已召回。系统会通知收货单位和监管部门。"), "success")
            if made.others:
                flash(_("其他生产者用它制成的批次已报平台运营方，由其核对后召回。"), "info")
            here = url_for(".show", batch_id=batch_id)
            return redirect(f"/producer/recalls/{recall_id}" if made.lots else here)
    return form.answer(_render(actor, batch_id, form))


@bp.post("/recall/lift")
@requires("lots:recall")
@idempotent
def lift_recall(actor: Actor, batch_id: UUID) -> Any:
    """Lift the recall of a batch that was made by mistake."""
    form, at = LiftForm(), clock.now()
    if form.validate_on_submit():
        with form.refusals():
            with transaction():
                batch = get_batch(batch_id, actor, business_day(at)).batch
                own = recalls.find_batch_recall(batch.id, actor.organisation_id)
                standing = own or recalls.find_batch_recall(batch.id)
                if standing is not None:
                    lift(standing.recall_id, reason=form.reason.data or "", actor=actor, at=at)
            flash(_("召回已撤回，并已通知所有被通知过的单位。"), "success")
            return redirect(url_for(".show", batch_id=batch_id))
    return form.answer(_render(actor, batch_id, form))


def _render(actor: Actor, batch_id: UUID, form: RecallForm | LiftForm | None) -> str:
    at = clock.now()
    view = get_batch(batch_id, actor, business_day(at))
    lots = recalling.batch_lots(view.batch.id, actor, at).lots
    rows = recipients.list_recipients(lots)
    standing = recalls.find_batch_recall(view.batch.id)
    return render_template(
        "journey/batch_recall.html",
        view=view,
        form=form or (LiftForm(formdata=None) if standing else RecallForm(formdata=None)),
        lots=lots,
        orders=len({row.order_id for row in rows}),
        consignees=len({row.consignee_id for row in rows}),
        standing=standing,
        recalled=recipients.recalls_of(lots),
    )
