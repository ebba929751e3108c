"""Pages of credit that goes back to its payer, for all three sides."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for

from orders.acting import Answer, act_on
from orders.payments import credit_refund_queries, credit_refunds, labels, receipt_queries
from orders.payments.credit_models import CREDIT_REFUND_STATUSES
from orders.payments.forms import CreditBackForm, ReasonForm, SlipForm, leave_out_supervised
from shop import clock
from shop.auth import Actor, requires
from shop.db import transaction
from shop.files.keeping import keep_files
from shop.forms import Form
from shop.i18n import _
from shop.idempotency import idempotent
from shop.paging import DEFAULT_LIMIT

bp = Blueprint(
    "credit_refund_pages", __name__, template_folder="templates",
    url_prefix="/<any(desk, producer, operator):desk>/credit-refunds",
)  # fmt: skip


@bp.get("")
@requires("payments:read")
def list_refunds(actor: Actor, desk: str) -> str:
    """Show refunds of credit, and the receipts that have something left."""
    status, today = request.args.get("status", ""), clock.today()
    page = credit_refund_queries.list_refunds(
        actor, today, limit=DEFAULT_LIMIT, cursor=request.args.get("cursor"),
        statuses=(status,) if status in CREDIT_REFUND_STATUSES else (), clearing=labels.known_clearing(request.args.get("clearing")),
    )  # fmt: skip
    return render_template(
        "payments/credit_refunds.html", desk=desk, page=page, left=credit_refund_queries.list_left(actor, today),
        **labels.words(),
    )  # fmt: skip


@bp.route("/new/<uuid:payment_id>", methods=["GET", "POST"])
@requires("refunds:request")
@idempotent
def ask(actor: Actor, desk: str, payment_id: UUID) -> Answer:
    """Ask for what a receipt has left."""
    form, row = CreditBackForm(), receipt_queries.get_payment(payment_id, actor, clock.today())
    if request.method == "GET":
        form.amount.data = row.left_fen or None
    if form.validate_on_submit():
        with form.refusals():
            with transaction():
                made = credit_refunds.request(
                    payment_id, form.amount.data or 0, form.reason.data, actor, clock.now()
                ).public_id
            flash(_("已申请退回余额，由收款方办理。"), "success")
            return redirect(url_for("credit_refund_pages.show", desk=desk, credit_refund_id=made))
    return form.answer(render_template("payments/ask_credit_refund.html", desk=desk, row=row, form=form))


@bp.get("/<uuid:credit_refund_id>")
@requires("payments:read")
def show(actor: Actor, desk: str, credit_refund_id: UUID) -> str:
    """Show one, and what the reader may do with it."""
    return _render(desk, credit_refund_id, actor)


@bp.post("/<uuid:credit_refund_id>/record")
@requires("refunds:record")
@keep_files
@idempotent
def record(actor: Actor, desk: str, credit_refund_id: UUID) -> Answer:
    """Record that the credit was sent back."""
    form = SlipForm()
    leave_out_supervised(form, actor)
    return _do(
        desk, credit_refund_id, actor, form,
        lambda: credit_refunds.record(credit_refund_id, form.told(), actor, clock.now()),
        done=_("已登记退款，请由另一位同事确认。"),
    )  # fmt: skip


@bp.post("/<uuid:credit_refund_id>/confirm")
@requires("refunds:confirm")
@idempotent
def confirm(actor: Actor, desk: str, credit_refund_id: UUID) -> Answer:
    """Confirm one that another person recorded."""
    return _do(
        desk, credit_refund_id, actor, Form(), lambda: credit_refunds.confirm(credit_refund_id, actor, clock.now()),
        done=_("退款已确认。"),
    )  # fmt: skip


@bp.post("/<uuid:credit_refund_id>/withdraw")
@requires("refunds:request")
@idempotent
def withdraw(actor: Actor, desk: str, credit_refund_id: UUID) -> Answer:
    """Take back what one asked for oneself."""
    return _do(
        desk, credit_refund_id, actor, Form(), lambda: credit_refunds.withdraw(credit_refund_id, actor, clock.now()),
        done=_("申请已撤回，款项仍是余额。"),
    )  # fmt: skip


@bp.post("/<uuid:credit_refund_id>/refuse")
@requires("payments:read")
@idempotent
def refuse(actor: Actor, desk: str, credit_refund_id: UUID) -> Answer:
    """Refuse one with a reason."""
    form = ReasonForm()
    return _do(
        desk, credit_refund_id, actor, form,
        lambda: credit_refunds.refuse(credit_refund_id, form.reason.data, actor, clock.now()),
        done=_("已拒绝退款，款项仍是余额。"),
    )  # fmt: skip


def _do(desk: str, key: UUID, actor: Actor, form: Form, act: Callable[[], object], *, done: str) -> Answer:
    """Act, and go back to the page; else show it with what is wrong."""
    back = url_for("credit_refund_pages.show", desk=desk, credit_refund_id=key)
    return act_on(form, act, done=done, back=back, page=lambda filled: _render(desk, key, actor, filled))


def _render(desk: str, key: UUID, actor: Actor, form: Form | None = None) -> str:
    row = credit_refund_queries.get_refund(key, actor, clock.today())
    slip = form if isinstance(form, SlipForm) else SlipForm(formdata=None)
    leave_out_supervised(slip, actor)
    if slip is not form:
        slip.value_on.data, slip.clearing.data = clock.today(), row.clearing
    is_operator = actor.organisation_kind == "operator"
    is_operators = row.clearing == "supervised" and not is_operator
    is_payee = actor.organisation_kind != "institution" and not is_operators
    return render_template(
        "payments/credit_refund.html", desk=desk, row=row, form=form or Form(formdata=None), slip=slip,
        reason=form if isinstance(form, ReasonForm) else ReasonForm(formdata=None),
        may_record=is_payee and row.status == "requested" and actor.may("refunds:record"),
        may_decide=is_payee and row.status == "recorded" and actor.may("refunds:confirm")
        and row.recorded_by != actor.user_id and not (row.clearing == "direct" and is_operator),
        is_operators=is_operators, is_supervised=row.clearing == "supervised",
        may_withdraw=row.status == "requested" and row.requested_by == actor.user_id and actor.may("refunds:request"),
        **labels.words(),
    )  # fmt: skip
