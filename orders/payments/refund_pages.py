"""Pages of refunds, for the producer's finance and for the operator's."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from orders.payments import columns, labels, refund_origins, refund_queries, refund_sending, refunds, withdrawing
from orders.payments.forms import ReasonForm, SlipForm, leave_out_supervised
from orders.payments.refund_queries import RefundRow
from orders.payments.refunds import TransferBack
from shop import clock
from shop.auth import Actor, requires
from shop.db import transaction
from shop.downloads import answer_sheet, is_sheet_wanted
from shop.files.keeping import keep_files
from shop.i18n import _
from shop.idempotency import idempotent
from shop.paging import DEFAULT_LIMIT, Page

Answer = str | Response | tuple[str, int, dict[str, str]]
bp = Blueprint(
    "refund_pages", __name__, template_folder="templates", url_prefix="/<any(producer, operator):desk>/refunds"
)


@bp.get("")
@requires("payments:read")
def list_refunds(actor: Actor, desk: str) -> str | Response:
    """Show refunds, narrowed by state."""
    today, status = clock.today(), request.args.get("status")

    def fetch(limit: int, cursor: str | None) -> Page[RefundRow]:
        statuses = (status,) if status in labels.REFUND_STATES else ()
        return refund_queries.list_refunds(
            actor,
            today,
            limit=limit,
            cursor=cursor,
            statuses=statuses,
            clearing=labels.known_clearing(request.args.get("clearing")),
        )

    if is_sheet_wanted():
        return answer_sheet(_("退款"), "refunds", columns.refunds(), fetch)
    page = fetch(DEFAULT_LIMIT, request.args.get("cursor"))
    return render_template("payments/refunds.html", desk=desk, page=page, now=clock.now(), **labels.words())


@bp.get("/<uuid:refund_id>")
@requires("payments:read")
def show(actor: Actor, desk: str, refund_id: UUID) -> str:
    """Show a refund, and what the reader may do with it."""
    return _render(desk, refund_id, actor)


@bp.post("/<uuid:refund_id>/send")
@requires("refunds:record")
@idempotent
def send(actor: Actor, desk: str, refund_id: UUID) -> Answer:
    """Send a refund back through the card provider."""
    form = ReasonForm()
    with form.refusals():
        with transaction():
            refund_sending.send(refund_id, actor, clock.now())
        flash(_("已提交原路退回，到账后自动确认。"), "success")
        return redirect(url_for("refund_pages.show", desk=desk, refund_id=refund_id))
    return form.answer(_render(desk, refund_id, actor, form=form))


@bp.post("/<uuid:refund_id>/record")
@requires("refunds:record")
@keep_files
@idempotent
def record(actor: Actor, desk: str, refund_id: UUID) -> Answer:
    """Record that the money was sent back."""
    form = SlipForm()
    leave_out_supervised(form, actor)
    if form.validate_on_submit():
        with form.refusals():
            with transaction():
                slip = TransferBack(
                    bank_serial=form.bank_serial.data, value_on=form.value_on.data, clearing=form.clearing.data,
                    evidence_file=form.stored(),
                )  # fmt: skip
                refunds.record(refund_id, slip, actor, clock.now())
            flash(_("已登记退款，请由另一位同事确认。"), "success")
            return redirect(url_for("refund_pages.show", desk=desk, refund_id=refund_id))
    return form.answer(_render(desk, refund_id, actor, slip=form))


@bp.post("/<uuid:refund_id>/confirm")
@requires("refunds:confirm")
@idempotent
def confirm(actor: Actor, desk: str, refund_id: UUID) -> Answer:
    """Confirm a refund that another person recorded."""
    form = ReasonForm()
    with form.refusals():
        with transaction():
            refunds.confirm(refund_id, actor, clock.now())
        flash(_("退款已确认。"), "success")
        return redirect(url_for("refund_pages.show", desk=desk, refund_id=refund_id))
    return form.answer(_render(desk, refund_id, actor, form=form))


@bp.post("/<uuid:refund_id>/refuse")
@requires("payments:read")
@idempotent
def refuse(actor: Actor, desk: str, refund_id: UUID) -> Answer:
    """Refuse a refund with a reason."""
    form = ReasonForm()
    if form.validate_on_submit():
        with form.refusals():
            with transaction():
                refunds.refuse(refund_id, form.reason.data, actor, clock.now())
            flash(_("已拒绝退款。"), "success")
            return redirect(url_for("refund_pages.show", desk=desk, refund_id=refund_id))
    return form.answer(_render(desk, refund_id, actor, form=form))


@bp.post("/<uuid:refund_id>/withdraw")
@requires("refunds:request")
@idempotent
def withdraw(actor: Actor, desk: str, refund_id: UUID) -> Answer:
    """Take back what one asked for oneself."""
    form = ReasonForm()
    with form.refusals():
        with transaction():
            withdrawing.withdraw_refund(refund_id, actor, clock.now())
        flash(_("退款申请已撤回。"), "success")
        return redirect(url_for("refund_pages.show", desk=desk, refund_id=refund_id))
    return form.answer(_render(desk, refund_id, actor, form=form))


def _render(
    desk: str, refund_id: UUID, actor: Actor, *, form: ReasonForm | None = None, slip: SlipForm | None = None
) -> str:
    row = refund_queries.get_refund(refund_id, actor, clock.today())
    way = row.clearing or refund_origins.clearing_of(row.key)
    is_operators = way == "supervised" and actor.organisation_kind != "operator"
    if slip is None:
        slip = SlipForm(formdata=None)
        leave_out_supervised(slip, actor)
        slip.value_on.data = clock.today()
        slip.clearing.data = way or slip.clearing.data
    return render_template(
        "payments/refund.html", desk=desk, row=row, form=form or ReasonForm(formdata=None), slip=slip,
        origins=refund_origins.origins_of([row.key]).get(row.key, []) if row.clearing != "stripe" else [],
        may_withdraw=row.status == "requested" and row.requested_by == actor.user_id and actor.may("refunds:request"),
        may_record=row.status == "requested" and way != "stripe" and actor.may("refunds:record") and not is_operators,
        may_send=row.status == "requested" and row.clearing == "stripe" and actor.may("refunds:record"),
        may_decide=row.status == "recorded" and actor.may("refunds:confirm") and row.recorded_by != actor.user_id
        and not is_operators and not (row.clearing == "direct" and actor.organisation_kind == "operator"),
        is_operators=is_operators,
        **labels.words(),
    )  # fmt: skip
