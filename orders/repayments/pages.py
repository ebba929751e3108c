"""Pages of debts and repayments: how a producer pays back, and the operator's two persons."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from flask import Blueprint, render_template, request, url_for

from orders.acting import Answer, act_on
from orders.payments.forms import ReasonForm
from orders.repayments import queries, services
from orders.repayments.forms import RepaymentForm
from orders.repayments.labels import REPAYMENT_STATES, words
from orders.repayments.services import RepaymentFacts
from shop import clock
from shop.auth import Actor, requires
from shop.errors import NotFound
from shop.forms import Form
from shop.i18n import _
from shop.idempotency import idempotent
from shop.paging import DEFAULT_LIMIT

bp = Blueprint("repayment_pages", __name__, template_folder="templates")


@bp.get("/<any(producer, operator):desk>/repayments")
@requires("payouts:read")
def list_repayments(actor: Actor, desk: str) -> str:
    """Show what is owed, how it is paid back, and the repayments."""
    return _render(actor, desk)


@bp.post("/operator/repayments")
@requires("payments:record")
@idempotent
def record(actor: Actor) -> Answer:
    """Record that a producer has paid back."""
    form = _form(actor, RepaymentForm())

    def act() -> None:
        facts = RepaymentFacts(
            producer=UUID(form.producer.data), amount_fen=form.amount.data or 0, bank_serial=str(form.bank_serial.data),
            value_on=form.value_on.data or clock.today(), payer_name=form.payer_name.data or "",
        )  # fmt: skip
        services.record(facts, actor, clock.now())

    return _do(actor, form, act, _("已登记还款，请由另一位同事确认。"))


@bp.post("/operator/repayments/<uuid:repayment_id>/confirm")
@requires("payments:confirm")
@idempotent
def confirm(actor: Actor, repayment_id: UUID) -> Answer:
    """Confirm what another person recorded."""
    return _do(
        actor, Form(), lambda: services.confirm(repayment_id, actor, clock.now()), _("还款已确认，欠款相应减少。")
    )


@bp.post("/operator/repayments/<uuid:repayment_id>/refuse")
@requires("payments:confirm")
@idempotent
def refuse(actor: Actor, repayment_id: UUID) -> Answer:
    """Refuse what another person recorded."""
    form = ReasonForm()
    return _do(
        actor, form, lambda: services.refuse(repayment_id, form.reason.data or "", actor, clock.now()),
        _("已退回，可更正后重新登记。"),
    )  # fmt: skip


def _do(actor: Actor, form: Form, act: Callable[[], object], done: str) -> Answer:
    back = url_for("repayment_pages.list_repayments", desk="operator")
    return act_on(form, act, done=done, back=back, page=lambda filled: _render(actor, "operator", filled))


def _form(actor: Actor, form: RepaymentForm) -> RepaymentForm:
    """Offer the producers that owe something.

    :raises NotFound: for anybody but the operator.
    """
    if actor.organisation_kind != "operator":
        raise NotFound(_("没有这个页面。"))
    form.producer.choices = [(str(one.id), one.name) for one in queries.list_debts(actor, clock.today())]
    return form


def _render(actor: Actor, desk: str, form: Form | None = None) -> str:
    today, status = clock.today(), request.args.get("status", "")
    page = queries.list_repayments(
        actor, today, limit=DEFAULT_LIMIT, cursor=request.args.get("cursor"),
        statuses=(status,) if status in REPAYMENT_STATES else (),
    )  # fmt: skip
    is_operator = actor.organisation_kind == "operator"
    told = form if isinstance(form, RepaymentForm) else None
    if told is None and is_operator:
        told = _form(actor, RepaymentForm(formdata=None))
        told.value_on.data = today
    return render_template(
        "repayments/list.html", desk=desk, page=page, debts=queries.list_debts(actor, today), told=told, problem=form,
        reason=form if isinstance(form, ReasonForm) else ReasonForm(formdata=None), is_operator=is_operator,
        may_record=is_operator and actor.may("payments:record"), may_decide=is_operator and actor.may("payments:confirm"),
        **words(),
    )  # fmt: skip
