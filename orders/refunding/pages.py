"""Pages of refunds in files for the bank: what waits, batches by two persons, and a transfer's end."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for

from orders.acting import Answer, act_on
from orders.refunding import gathering, queries, transfers
from orders.refunding.labels import TRANSFER_STATES, words
from orders.refunding.transfers import RefundPaid
from orders.settlement.forms import ActForm, ConfirmForm, FileForm, ReasonForm
from orders.settlement.serial_rows import read_serials, require_seen
from shop import clock
from shop.auth import Actor, requires
from shop.db import transaction
from shop.forms import Form
from shop.i18n import _
from shop.idempotency import idempotent
from shop.paging import DEFAULT_LIMIT, MAX_LIMIT

bp = Blueprint("refund_file_pages", __name__, template_folder="templates", url_prefix="/operator")


@bp.get("/refund-runs")
@requires("payments:read")
def list_runs(actor: Actor) -> str:
    """Show what waits to go back from the supervised account, and the batches, newest first."""
    return _render_runs(actor)


@bp.post("/refund-runs")
@requires("refunds:record")
@idempotent
def gather(actor: Actor) -> Answer:
    """Gather the refunds that are ticked."""
    form = ActForm()
    with form.refusals():
        with transaction():
            chosen = [UUID(each) for each in request.form.getlist("refund") if _is_id(each)]
            run_id = gathering.gather(chosen, actor, clock.now()).public_id
        flash(_("已生成退款批次，请由另一位同事复核放款。"), "success")
        return redirect(url_for("refund_file_pages.show_run", run_id=run_id))
    return form.answer(_render_runs(actor, form))


@bp.get("/refund-runs/<uuid:run_id>")
@requires("payments:read")
def show_run(actor: Actor, run_id: UUID) -> str:
    """Show a batch, its transfers and the next step."""
    return _render_run(actor, run_id)


@bp.post("/refund-runs/<uuid:run_id>/release")
@requires("refunds:confirm")
@idempotent
def release(actor: Actor, run_id: UUID) -> Answer:
    """Release all transfers of a batch that wait for it."""
    form = ActForm()
    with form.refusals():
        with transaction():
            page = queries.list_transfers(actor, limit=gathering.MOST, run=run_id, statuses=("prepared",))
            moved = transfers.release([each.id for each in page.items], actor, clock.now())
            require_seen(request.form.get("seen", ""), len(moved), sum(each.amount_fen for each in moved))
        flash(_("已办理 %(count)s 笔。", count=len(moved)), "success")
        return redirect(url_for("refund_file_pages.show_run", run_id=run_id))
    return form.answer(_render_run(actor, run_id, form))


@bp.post("/refund-runs/<uuid:run_id>/file")
@requires("refunds:record")
@idempotent
def make_file(actor: Actor, run_id: UUID) -> Answer:
    """Make the bank's file of a batch."""
    form = FileForm()
    if form.validate_on_submit():
        with form.refusals():
            with transaction():
                transfers.send(run_id, form.format.data, actor, clock.now())
            flash(_("银行文件已生成并存档，请下载后在网银导入。"), "success")
            return redirect(url_for("refund_file_pages.show_run", run_id=run_id))
    return form.answer(_render_run(actor, run_id, form))


@bp.post("/refund-runs/<uuid:run_id>/confirm")
@requires("refunds:confirm")
@idempotent
def confirm(actor: Actor, run_id: UUID) -> Answer:
    """Confirm what the bank has paid of a batch, from its pasted list."""
    form = ConfirmForm()
    if form.validate_on_submit():
        with form.refusals():
            with transaction():
                told = _read_told(run_id, form, actor)
                transfers.confirm(told, actor, clock.now())
            flash(_("已确认 %(count)s 笔退款。", count=len(told)), "success")
            return redirect(url_for("refund_file_pages.show_run", run_id=run_id))
    return form.answer(_render_run(actor, run_id, form))


@bp.get("/refund-transfers")
@requires("payments:read")
def list_transfers(actor: Actor) -> str:
    """Show transfers of all batches, narrowed by state."""
    page = queries.list_transfers(
        actor, limit=DEFAULT_LIMIT, cursor=request.args.get("cursor"), statuses=_asked_states()
    )
    return render_template("refunding/transfers.html", page=page, **words())


@bp.get("/refund-transfers/<uuid:transfer_id>")
@requires("payments:read")
def show(actor: Actor, transfer_id: UUID) -> str:
    """Show a transfer, and what the reader may do with it."""
    return _render(actor, transfer_id)


@bp.post("/refund-transfers/<uuid:transfer_id>/<any(cancel, doubt):act>")
@requires("payments:read")
@idempotent
def end(actor: Actor, transfer_id: UUID, act: str) -> Answer:
    """Give a transfer up, or say that the bank did not make it."""
    service = transfers.cancel if act == "cancel" else transfers.doubt
    form = ReasonForm()
    done = _("已撤销，退款重新待办。") if act == "cancel" else _("已登记，请由另一位同事复核。")
    return _do(actor, transfer_id, form, lambda: service(transfer_id, form.reason.data or "", actor, clock.now()), done)


@bp.post("/refund-transfers/<uuid:transfer_id>/fail")
@requires("refunds:confirm")
@idempotent
def fail(actor: Actor, transfer_id: UUID) -> Answer:
    """Agree that the bank did not make a transfer."""
    done = _("已确认未付成，退款重新待办。")
    return _do(actor, transfer_id, ActForm(), lambda: transfers.fail(transfer_id, actor, clock.now()), done)


@bp.post("/refund-transfers/<uuid:transfer_id>/trust")
@requires("payments:read")
@idempotent
def trust(actor: Actor, transfer_id: UUID) -> Answer:
    """Say that the bank makes a transfer after all."""
    done = _("已撤回，继续等待银行付款。")
    return _do(actor, transfer_id, ActForm(), lambda: transfers.trust(transfer_id, actor, clock.now()), done)


def _do(actor: Actor, transfer_id: UUID, form: Form, act: Callable[[], object], done: str) -> Answer:
    """Act, and go back to the page; else show it with what is wrong."""
    back = url_for("refund_file_pages.show", transfer_id=transfer_id)
    return act_on(form, act, done=done, back=back, page=lambda filled: _render(actor, transfer_id, filled))


def _asked_states() -> tuple[str, ...]:
    """Return the state that the address asks for."""
    status = request.args.get("status", "")
    return (status,) if status in TRANSFER_STATES else ()


def _is_id(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True


def _read_told(run_id: UUID, form: ConfirmForm, actor: Actor) -> list[RefundPaid]:
    page = queries.list_transfers(actor, limit=gathering.MOST, run=run_id)
    assert form.value_on.data is not None  # noqa: S101  the form asks for it
    return [
        RefundPaid(transfer=transfer, bank_serial=serial, value_on=form.value_on.data)
        for transfer, serial in read_serials(form.serials.data or "", {each.number: each.id for each in page.items})
    ]


def _render_runs(actor: Actor, form: ActForm | None = None) -> str:
    page = queries.list_runs(actor, limit=DEFAULT_LIMIT, cursor=request.args.get("cursor"))
    waiting = gathering.list_waiting(actor)
    return render_template(
        "refunding/runs.html", page=page, waiting=waiting, problem=form, now=clock.now(),
        sendable=[each for each in waiting if each.payer_account], **words(),
    )  # fmt: skip


def _render_run(actor: Actor, run_id: UUID, form: ActForm | FileForm | ConfirmForm | None = None) -> str:
    row = queries.get_run(run_id, actor)
    page = queries.list_transfers(actor, limit=MAX_LIMIT, cursor=request.args.get("cursor"), run=run_id)
    told = form if isinstance(form, ConfirmForm) else ConfirmForm(formdata=None)
    if not isinstance(form, ConfirmForm):
        told.value_on.data = clock.today()
        told.serials.data = "\n".join(f"{each.number} " for each in page.items if each.status in ("sent", "failing"))
    return render_template(
        "refunding/run.html", row=row, page=page, problem=form, told=told,
        file=form if isinstance(form, FileForm) else FileForm(formdata=None), **words(),
    )  # fmt: skip


def _render(actor: Actor, transfer_id: UUID, form: Form | None = None) -> str:
    row = queries.get_transfer(transfer_id, actor)
    may_record, may_confirm = actor.may("refunds:record"), actor.may("refunds:confirm")
    may_either = may_record or may_confirm
    return render_template(
        "refunding/transfer.html", row=row, problem=form,
        form=form if isinstance(form, ReasonForm) else ReasonForm(formdata=None),
        may_cancel=(row.status == "prepared" and may_either) or (row.status == "released" and may_confirm),
        may_doubt=row.status == "sent" and may_either, may_trust=row.status == "failing" and may_either,
        may_fail=row.status == "failing" and may_confirm and row.doubted_by != actor.user_id, **words(),
    )  # fmt: skip
