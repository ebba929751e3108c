"""Pages of corrections of confirmed receipts: proposed on a form that starts with what is recorded, agreed to by another."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from orders.payments import correction_queries, corrections, labels, matching, receipt_queries
from orders.payments.correction_facts import RightFacts
from orders.payments.correction_forms import AgreeForm, CorrectionForm
from orders.payments.correction_models import CORRECTION_STATUSES
from orders.payments.corrections import CorrectionFacts
from orders.payments.forms import ReasonForm
from orders.payments.receipt_queries import PaymentRow
from shop import clock
from shop.auth import Actor, requires
from shop.db import transaction
from shop.errors import Invalid
from shop.files.keeping import keep_files
from shop.forms import Form
from shop.i18n import _
from shop.idempotency import idempotent
from shop.money import format_yuan
from shop.paging import DEFAULT_LIMIT

Answer = str | Response | tuple[str, int, dict[str, str]]
bp = Blueprint(
    "receipt_correction_pages", __name__, template_folder="templates",
    url_prefix="/<any(producer, operator):desk>/receipt-corrections",
)  # fmt: skip


class CorrectionIncomplete(Invalid):
    """A correction needs the paper that shows what is wrong, and all that is right."""

    code = "correction-incomplete"


@bp.get("")
@requires("payments:read")
def list_corrections(actor: Actor, desk: str) -> str:
    """Show corrections, what waits first to be found by the filter."""
    status = request.args.get("status", "")
    page = correction_queries.list_corrections(
        actor, clock.today(), limit=DEFAULT_LIMIT, cursor=request.args.get("cursor"),
        statuses=(status,) if status in CORRECTION_STATUSES else (),
    )  # fmt: skip
    return render_template("payments/corrections.html", desk=desk, page=page, **labels.words())


@bp.route("/new/<uuid:payment_id>", methods=["GET", "POST"])
@requires("payments:record")
@keep_files
@idempotent
def propose(actor: Actor, desk: str, payment_id: UUID) -> Answer:
    """Say that a confirmed receipt is wrong."""
    form, row = CorrectionForm(), receipt_queries.get_payment(payment_id, actor, clock.today())
    if request.method == "GET":
        _start(form, row)
    if form.validate_on_submit():
        with form.refusals():
            with transaction():
                made = corrections.propose(payment_id, _facts(form, actor), actor, clock.now()).public_id
            flash(_("已提出更正，请由另一位同事复核。"), "success")
            return redirect(url_for("receipt_correction_pages.show", desk=desk, receipt_correction_id=made))
    return form.answer(render_template("payments/correct.html", desk=desk, row=row, form=form, **labels.words()))


@bp.get("/<uuid:receipt_correction_id>")
@requires("payments:read")
def show(actor: Actor, desk: str, receipt_correction_id: UUID) -> str:
    """Show a correction, and what the reader may do with it."""
    return _render(desk, receipt_correction_id, actor)


@bp.post("/<uuid:receipt_correction_id>/agree")
@requires("payments:confirm")
@idempotent
def agree(actor: Actor, desk: str, receipt_correction_id: UUID) -> Answer:
    """Agree to a correction that another person proposed."""
    form = AgreeForm()
    if form.validate_on_submit():
        with form.refusals():
            with transaction():
                version = int(form.version.data) if str(form.version.data).isdecimal() else 0
                corrections.agree(receipt_correction_id, actor, clock.now(), version=version)
            flash(_("已更正，订单和帮扶额已按今天的日期调整。"), "success")
            return redirect(
                url_for("receipt_correction_pages.show", desk=desk, receipt_correction_id=receipt_correction_id)
            )
    return form.answer(_render(desk, receipt_correction_id, actor, form))


@bp.post("/<uuid:receipt_correction_id>/refuse")
@requires("payments:confirm")
@idempotent
def refuse(actor: Actor, desk: str, receipt_correction_id: UUID) -> Answer:
    """Say that the receipt is right as it is."""
    form = ReasonForm()
    if form.validate_on_submit():
        with form.refusals():
            with transaction():
                corrections.refuse(receipt_correction_id, form.reason.data, actor, clock.now())
            flash(_("已退回更正，到账不变。"), "success")
            return redirect(
                url_for("receipt_correction_pages.show", desk=desk, receipt_correction_id=receipt_correction_id)
            )
    return form.answer(_render(desk, receipt_correction_id, actor, form))


@bp.post("/<uuid:receipt_correction_id>/withdraw")
@requires("payments:record")
@idempotent
def withdraw(actor: Actor, desk: str, receipt_correction_id: UUID) -> Answer:
    """Take back what one proposed oneself."""
    form = Form()
    with form.refusals():
        with transaction():
            corrections.withdraw(receipt_correction_id, actor, clock.now())
        flash(_("已撤回更正，到账不变。"), "success")
        return redirect(
            url_for("receipt_correction_pages.show", desk=desk, receipt_correction_id=receipt_correction_id)
        )
    return form.answer(_render(desk, receipt_correction_id, actor, form))


def _start(form: CorrectionForm, row: PaymentRow) -> None:
    """Start with all that the receipt says, so that only what is wrong is typed again."""
    form.bank_serial.data, form.payer_name.data = row.bank_serial, row.payer_name
    form.payer_account.data, form.remark.data = row.payer_account, row.remark
    form.amount.data, form.value_on.data = row.amount_fen, row.value_on
    form.allocations.data = "\n".join(f"{one.number} {format_yuan(one.amount_fen)}" for one in row.allocations)


def _facts(form: CorrectionForm, actor: Actor) -> CorrectionFacts:
    evidence = form.stored()
    if evidence is None:
        raise CorrectionIncomplete(_("请上传证明更正的文件，如银行回单或说明。"))
    right = None
    if not form.never_came.data:
        if not (form.bank_serial.data and form.payer_name.data and form.amount.data and form.value_on.data):
            raise CorrectionIncomplete(_("请填写正确的流水号、付款人、金额和起息日，或勾选只冲正。"))
        found = matching.match(form.allocations.data or "", form.amount.data, actor, clock.today())
        right = RightFacts(
            bank_serial=form.bank_serial.data, payer_name=form.payer_name.data, amount_fen=form.amount.data,
            value_on=form.value_on.data, payer_account=form.payer_account.data or "", remark=form.remark.data or "",
            allocations=found.shares,
        )  # fmt: skip
    return CorrectionFacts(reason=form.reason.data or "", evidence_file=evidence, right=right)


def _render(desk: str, receipt_correction_id: UUID, actor: Actor, form: Form | None = None) -> str:
    today = clock.today()
    row = correction_queries.get_correction(receipt_correction_id, actor, today)
    waits = row.status == "proposed"
    is_second = waits and row.proposed_by != actor.user_id and actor.may("payments:confirm")
    payee_confirms = row.clearing == "direct" and actor.organisation_kind == "operator"
    return render_template(
        "payments/correction.html", desk=desk, row=row, receipt=receipt_queries.get_payment(row.payment, actor, today),
        problem=form, form=form if isinstance(form, ReasonForm) else ReasonForm(formdata=None),
        may_agree=is_second and not payee_confirms and (row.clearing != "supervised" or actor.organisation_kind == "operator"),
        may_withdraw=waits and row.proposed_by == actor.user_id and actor.may("payments:record"), **labels.words(),
    )  # fmt: skip
