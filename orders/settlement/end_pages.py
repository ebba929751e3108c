"""The acts of the payout's page on what the bank does not pay, and on what is given up before it was sent."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from flask import Blueprint, url_for

from orders.acting import Answer, act_on
from orders.settlement import bank, queries
from orders.settlement.forms import ActForm, ReasonForm
from orders.settlement.pages import render_payout
from shop import clock
from shop.auth import Actor, requires
from shop.forms import Form
from shop.i18n import _
from shop.idempotency import idempotent

bp = Blueprint("payout_end_pages", __name__, url_prefix="/operator/payouts/<uuid:payout_id>")


@bp.post("/<any(cancel, doubt):act>")
@requires("payouts:read")
@idempotent
def end(actor: Actor, payout_id: UUID, act: str) -> Answer:
    """Give a payout up, or say that the bank could not pay it."""
    service = bank.cancel if act == "cancel" else bank.doubt
    form = ReasonForm()
    done = _("已撤销，款项退回应付。") if act == "cancel" else _("已登记，请由另一位同事复核。")
    return _do(actor, payout_id, form, lambda: service(payout_id, form.reason.data or "", actor, clock.now()), done)


@bp.post("/<any(fail, trust):act>")
@requires("payouts:read")
@idempotent
def decide(actor: Actor, payout_id: UUID, act: str) -> Answer:
    """Agree that the bank could not pay, or say that it pays after all."""
    service = bank.fail if act == "fail" else bank.trust
    done = _("已办理，款项退回应付。") if act == "fail" else _("已撤回，继续等待银行付款。")
    return _do(actor, payout_id, ActForm(), lambda: service(payout_id, actor, clock.now()), done)


def _do(actor: Actor, payout_id: UUID, form: Form, act: Callable[[], object], done: str) -> Answer:
    """Act on a payout that the actor sees, and go back to the page; else show it with what is wrong."""

    def act_on_own() -> None:
        queries.get_payout(payout_id, actor, clock.today())
        act()

    back = url_for("payout_pages.show", desk="operator", payout_id=payout_id)
    return act_on(
        form, act_on_own, done=done, back=back, page=lambda filled: render_payout(actor, "operator", payout_id, filled)
    )
