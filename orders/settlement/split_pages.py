"""Pages of splits of the main supervised account: what waits, runs by two persons, and what statements said of them."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from orders.settlement import split_queries, splits
from orders.settlement.forms import ActForm, FileForm, ReasonForm
from orders.settlement.labels import words
from shop import clock
from shop.auth import Actor, requires
from shop.db import transaction
from shop.errors import NotFound
from shop.etag import VersionChanged
from shop.forms import Form
from shop.i18n import _
from shop.idempotency import idempotent
from shop.paging import DEFAULT_LIMIT

Answer = str | Response | tuple[str, int, dict[str, str]]
bp = Blueprint("split_pages", __name__, url_prefix="/operator/splits", template_folder="templates")


@bp.get("")
@requires("payouts:read")
def list_runs(actor: Actor) -> str:
    """Show what lies on the main account for producers with a sub-account, and the runs."""
    return _render_runs(actor)


@bp.post("")
@requires("payouts:prepare")
@idempotent
def prepare(actor: Actor) -> Answer:
    """Prepare a split of all that waits."""
    form = ActForm()
    with form.refusals():
        with transaction():
            run = splits.prepare([], actor, clock.now())
            made = split_queries.get_run(run.public_id, actor)
            _require_seen(made.splits, made.amount_fen)
        flash(_("已制单，请由另一位同事复核。"), "success")
        return redirect(url_for("split_pages.show_run", run_id=made.id))
    return form.answer(_render_runs(actor, form))


@bp.get("/<uuid:run_id>")
@requires("payouts:read")
def show_run(actor: Actor, run_id: UUID) -> str:
    """Show a run, its splits and the next step."""
    return _render_run(actor, run_id)


@bp.post("/<uuid:run_id>/release")
@requires("payouts:release")
@idempotent
def release(actor: Actor, run_id: UUID) -> Answer:
    """Release what another person prepared."""
    form = ActForm()
    with form.refusals():
        with transaction():
            row = split_queries.get_run(run_id, actor)
            splits.release(run_id, actor, clock.now())
            _require_seen(row.waiting, row.waiting_fen)
        flash(_("已复核，可以生成银行文件。"), "success")
        return redirect(url_for("split_pages.show_run", run_id=run_id))
    return form.answer(_render_run(actor, run_id, form))


@bp.post("/<uuid:run_id>/file")
@requires("payouts:prepare")
@idempotent
def make_file(actor: Actor, run_id: UUID) -> Answer:
    """Make the bank's file of a run."""
    form = FileForm()
    if form.validate_on_submit():
        with form.refusals():
            with transaction():
                splits.send(run_id, form.format.data, actor, clock.now())
            flash(_("银行文件已生成并存档，请下载后在网银导入。"), "success")
            return redirect(url_for("split_pages.show_run", run_id=run_id))
    return form.answer(_render_run(actor, run_id, form))


@bp.post("/<uuid:run_id>/<uuid:split_id>/<any(cancel, fail):act>")
@requires("payouts:read")
@idempotent
def end(actor: Actor, run_id: UUID, split_id: UUID, act: str) -> Answer:
    """Give a split up, or say that the bank did not make it."""
    form = ReasonForm()
    if form.validate_on_submit():
        with form.refusals():
            with transaction():
                if split_id not in {each.id for each in split_queries.get_run(run_id, actor).items}:
                    raise NotFound(_("没有这笔划拨。"))
                service = splits.cancel if act == "cancel" else splits.fail
                service(split_id, form.reason.data or "", actor, clock.now())
            flash(_("已办理，这笔钱可以重新划拨。"), "success")
            return redirect(url_for("split_pages.show_run", run_id=run_id))
    return form.answer(_render_run(actor, run_id, form))


def _require_seen(count: int, fen: int) -> None:
    """Ask that what is moved is what the page had shown.

    :raises VersionChanged: if it is not; then nothing is moved.
    """
    if request.form.get("seen", "") != f"{count}:{fen}":
        raise VersionChanged(_("划拨有变化，请核对刷新后的笔数和金额再办理。"))


def _render_runs(actor: Actor, form: Form | None = None) -> str:
    return render_template(
        "settlement/splits.html", waiting=split_queries.list_waiting(actor, clock.today()), problem=form,
        page=split_queries.list_runs(actor, limit=DEFAULT_LIMIT, cursor=request.args.get("cursor")), **words(),
    )  # fmt: skip


def _render_run(actor: Actor, run_id: UUID, form: Form | None = None) -> str:
    row = split_queries.get_run(run_id, actor)
    begun = any(each.left_on or each.arrived_on for each in row.items)
    sendable = any(each.status in ("released", "sent") for each in row.items) and not row.waiting and not begun
    return render_template(
        "settlement/split_run.html", row=row, problem=form, is_sendable=sendable,
        may_release=actor.may("payouts:release") and all(
            each.prepared_by != actor.user_id for each in row.items if each.status == "prepared"
        ),
        file=form if isinstance(form, FileForm) else FileForm(formdata=None),
        why=form if isinstance(form, ReasonForm) else ReasonForm(formdata=None), **words(),
    )  # fmt: skip
