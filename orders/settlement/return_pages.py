"""The acts of the payout's page on a payout that came back."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, flash, redirect, url_for
from werkzeug.wrappers import Response

from orders.settlement import queries, returns
from orders.settlement.forms import ActForm, ConfirmReturnForm, ReasonForm, ReturnForm
from orders.settlement.pages import render_payout
from orders.settlement.returns import ReturnFacts
from shop import clock
from shop.auth import Actor, requires
from shop.db import transaction
from shop.errors import NotFound
from shop.i18n import _
from shop.idempotency import idempotent

Answer = str | Response | tuple[str, int, dict[str, str]]
bp = Blueprint("payout_return_pages", __name__, url_prefix="/operator/payouts/<uuid:payout_id>")


@bp.post("/return")
@requires("payouts:prepare")
@idempotent
def record(actor: Actor, payout_id: UUID) -> Answer:
    """Say that a payout came back."""
    form = ReturnForm()
    if form.validate_on_submit() and form.returned_on.data is not None:
        facts = ReturnFacts(
            returned_on=form.returned_on.data, bank_serial=str(form.bank_serial.data), reason=str(form.reason.data)
        )
        with form.refusals():
            with transaction():
                returns.record(payout_id, facts, actor, clock.now())
            flash(_("已登记退汇，请由另一位同事确认。"), "success")
            return _back(payout_id)
    return form.answer(render_payout(actor, "operator", payout_id, form))


@bp.post("/return/<uuid:return_id>/confirm")
@requires("payouts:release")
@idempotent
def confirm(actor: Actor, payout_id: UUID, return_id: UUID) -> Answer:
    """Agree that a payout came back."""
    form = ConfirmReturnForm()
    if form.validate_on_submit():
        with form.refusals():
            with transaction():
                _require_own(payout_id, return_id, actor)
                returns.confirm(return_id, actor, clock.now(), same_account=bool(form.same_account.data))
            flash(_("已确认退汇，款项退回应付。"), "success")
            return _back(payout_id)
    return form.answer(render_payout(actor, "operator", payout_id, form))


@bp.post("/return/<uuid:return_id>/refuse")
@requires("payouts:release")
@idempotent
def refuse(actor: Actor, payout_id: UUID, return_id: UUID) -> Answer:
    """Say that a payout did not come back after all."""
    form = ReasonForm()
    if form.validate_on_submit():
        with form.refusals():
            with transaction():
                _require_own(payout_id, return_id, actor)
                returns.refuse(return_id, form.reason.data or "", actor, clock.now())
            flash(_("已退回退汇登记，付款仍为已付。"), "success")
            return _back(payout_id)
    return form.answer(render_payout(actor, "operator", payout_id, form))


@bp.post("/allow-account")
@requires("payouts:release")
@idempotent
def allow_account(actor: Actor, payout_id: UUID) -> Answer:
    """Let money go to the account again."""
    form = ActForm()
    with form.refusals():
        with transaction():
            returns.allow_account(payout_id, actor)
        flash(_("下一批可以再次付到该账户。"), "success")
        return _back(payout_id)
    return form.answer(render_payout(actor, "operator", payout_id, form))


def _require_own(payout_id: UUID, return_id: UUID, actor: Actor) -> None:
    """Ask that the return is that of the payout in the address.

    :raises NotFound: if it is not.
    """
    back = queries.get_payout(payout_id, actor, clock.today()).back
    if back is None or back.id != return_id:
        raise NotFound(_("没有这笔退汇。"))


def _back(payout_id: UUID) -> Response:
    return redirect(url_for("payout_pages.show", desk="operator", payout_id=payout_id))
