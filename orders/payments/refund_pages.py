"""Pages of refunds, for the producer's finance and for the operator's."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from flask import Blueprint, render_template, request, url_for
from werkzeug.wrappers import Response

from orders.acting import Answer, act_on
from orders.payments import (
    columns,
    labels,
    refund_groups,
    refund_origins,
    refund_queries,
    refund_sending,
    refunds,
    withdrawing,
)
from orders.payments.forms import ReasonForm, SlipForm, leave_out_supervised
from orders.payments.refund_queries import RefundRow
from shop import clock
from shop.auth import Actor, requires
from shop.downloads import answer_sheet, is_sheet_wanted
from shop.files.keeping import keep_files
from shop.forms import Form
from shop.i18n import _
from shop.idempotency import idempotent
from shop.paging import DEFAULT_LIMIT, Page

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
    return _do(
        desk, refund_id, actor, Form(), lambda: refund_sending.send(refund_id, actor, clock.now()),
        done=_("已提交原路退回，到账后自动确认。"),
    )  # fmt: skip


@bp.post("/<uuid:refund_id>/record")
@requires("refunds:record")
@keep_files
@idempotent
def record(actor: Actor, desk: str, refund_id: UUID) -> Answer:
    """Record that the money was sent back."""
    form = SlipForm()
    leave_out_supervised(form, actor)
    return _do(
        desk, refund_id, actor, form, lambda: refunds.record(refund_id, form.told(), actor, clock.now()),
        done=_("已登记退款，请由另一位同事确认。"),
    )  # fmt: skip


@bp.post("/<uuid:refund_id>/confirm")
@requires("refunds:confirm")
@idempotent
def confirm(actor: Actor, desk: str, refund_id: UUID) -> Answer:
    """Confirm a refund that another person recorded."""
    return _do(
        desk, refund_id, actor, Form(), lambda: refunds.confirm(refund_id, actor, clock.now()), done=_("退款已确认。")
    )


@bp.post("/<uuid:refund_id>/refuse")
@requires("payments:read")
@idempotent
def refuse(actor: Actor, desk: str, refund_id: UUID) -> Answer:
    """Refuse a refund with a reason."""
    form = ReasonForm()
    return _do(
        desk, refund_id, actor, form, lambda: refunds.refuse(refund_id, form.reason.data, actor, clock.now()),
        done=_("已拒绝退款。"),
    )  # fmt: skip


@bp.post("/<uuid:refund_id>/withdraw")
@requires("refunds:request")
@idempotent
def withdraw(actor: Actor, desk: str, refund_id: UUID) -> Answer:
    """Take back what one asked for oneself."""
    return _do(
        desk, refund_id, actor, Form(), lambda: withdrawing.withdraw_refund(refund_id, actor, clock.now()),
        done=_("退款申请已撤回。"),
    )  # fmt: skip


def _do(desk: str, refund_id: UUID, actor: Actor, form: Form, act: Callable[[], object], *, done: str) -> Answer:
    """Act, and go back to the page; else show it with what is wrong."""
    back = url_for("refund_pages.show", desk=desk, refund_id=refund_id)
    return act_on(form, act, done=done, back=back, page=lambda filled: _render(desk, refund_id, actor, filled))


def _render(desk: str, refund_id: UUID, actor: Actor, form: Form | None = None) -> str:
    row = refund_queries.get_refund(refund_id, actor, clock.today())
    way = row.clearing or refund_origins.clearing_of(row.key)
    is_operators = way == "supervised" and actor.organisation_kind != "operator"
    slip = form if isinstance(form, SlipForm) else SlipForm(formdata=None)
    if slip is not form:
        leave_out_supervised(slip, actor)
        slip.value_on.data = clock.today()
        slip.clearing.data = way or slip.clearing.data
    return render_template(
        "payments/refund.html", desk=desk, row=row, together=refund_groups.together(row.key) if row.group else [],
        form=form or Form(formdata=None), slip=slip, is_supervised=way == "supervised",
        reason=form if isinstance(form, ReasonForm) else ReasonForm(formdata=None),
        origins=refund_origins.origins_of([row.key]).get(row.key, []) if row.clearing != "stripe" else [],
        may_withdraw=row.status == "requested" and row.requested_by == actor.user_id and actor.may("refunds:request"),
        may_record=row.status == "requested" and way != "stripe" and actor.may("refunds:record") and not is_operators,
        may_send=row.status == "requested" and row.clearing == "stripe" and actor.may("refunds:record"),
        may_decide=row.status == "recorded" and actor.may("refunds:confirm") and row.recorded_by != actor.user_id
        and not is_operators and not (row.clearing == "direct" and actor.organisation_kind == "operator"),
        is_operators=is_operators,
        **labels.words(),
    )  # fmt: skip
