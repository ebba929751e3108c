"""Pages of payouts: a producer's money by day, and the operator's runs by two persons."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from sqlalchemy import select
from werkzeug.wrappers import Response

from orders.ledger.views import XLSX_TYPE, download
from orders.settlement import bank, queries, runs, slips, split_money, tables, unpayable
from orders.settlement.bank import Confirmation
from orders.settlement.forms import ActForm, ConfirmForm, ConfirmReturnForm, FileForm, ReasonForm, ReturnForm
from orders.settlement.labels import PAYOUT_STATES, words
from orders.settlement.models import Payout, PayoutRun
from orders.settlement.serial_rows import read_serials, require_seen
from shop import clock, sheets
from shop.auth import Actor, requires
from shop.db import db, transaction
from shop.forms import Form
from shop.i18n import _
from shop.idempotency import idempotent
from shop.paging import DEFAULT_LIMIT, MAX_LIMIT

Answer = str | Response | tuple[str, int, dict[str, str]]
bp = Blueprint("payout_pages", __name__, template_folder="templates")


#: What the list's filter calls payouts of which a return by the bank waits for its second person.
RETURNING = "returning"


@bp.get("/<any(producer, operator):desk>/payouts")
@requires("payouts:read")
def list_payouts(actor: Actor, desk: str) -> str:
    """Show what is due by day, what is on its way, and every payout."""
    today = clock.today()
    page = queries.list_payouts(
        actor,
        today,
        limit=DEFAULT_LIMIT,
        cursor=request.args.get("cursor"),
        statuses=_statuses(),
        is_returning=request.args.get("status") == RETURNING,
    )
    return render_template(
        "settlement/payouts.html", desk=desk, page=page, overview=queries.overview(actor, today),
        unpayable=unpayable.list_unpayable(actor, today), **words(),
    )  # fmt: skip


@bp.get("/<any(producer, operator):desk>/payouts/list.xlsx")
@requires("payouts:read")
def download_payouts(actor: Actor, desk: str) -> Response:  # noqa: ARG001  the desk is the address's
    """Download the same list as a workbook."""
    page = queries.list_payouts(
        actor, clock.today(), limit=tables.MOST_ROWS, statuses=_statuses(),
        is_returning=request.args.get("status") == RETURNING,
    )  # fmt: skip
    titles, rows, total = tables.payouts_table(page.items)
    return download(sheets.write_xlsx(titles, rows, sheet=_("付款"), total=total), "payouts.xlsx", XLSX_TYPE)


def _statuses() -> tuple[str, ...]:
    """Return the state that the address asks for."""
    status = request.args.get("status", "")
    return (status,) if status in PAYOUT_STATES else ()


@bp.get("/<any(producer, operator):desk>/payouts/<uuid:payout_id>")
@requires("payouts:read")
def show(actor: Actor, desk: str, payout_id: UUID) -> str:
    """Show a payout with its orders' parts."""
    return render_payout(actor, desk, payout_id)


@bp.get("/operator/payout-runs")
@requires("payouts:read")
def list_runs(actor: Actor) -> str:
    """Show the runs, newest first, and what the next one would pay."""
    return _render_runs(actor)


@bp.post("/operator/payout-runs")
@requires("payouts:prepare")
@idempotent
def start(actor: Actor) -> Answer:
    """Start a run over all that is due."""
    form = ActForm()
    with form.refusals():
        with transaction():
            started = runs.start(actor, clock.now())
        flash(_("已开始，各供应商的付款单随即生成。") if started else _("没有到期应付的货款。"), "success")
        return redirect(url_for("payout_pages.list_runs"))
    return form.answer(_render_runs(actor))


@bp.get("/operator/payout-runs/<uuid:run_id>")
@requires("payouts:read")
def show_run(actor: Actor, run_id: UUID) -> str:
    """Show a run, its payouts and the next step."""
    return _render_run(actor, run_id)


@bp.post("/operator/payout-runs/<uuid:run_id>/<any(check, release):act>")
@requires("payouts:read")
@idempotent
def move_all(actor: Actor, run_id: UUID, act: str) -> Answer:
    """Check, or release, all payouts of a run that wait for it."""
    form = ActForm()
    with form.refusals():
        with transaction():
            waiting = _waiting(queries.get_run(run_id, actor).id)
            moved = bank.check(waiting, actor) if act == "check" else bank.release(waiting, actor, clock.now())
            _require_seen(moved)
        flash(_("已办理 %(count)s 笔。", count=len(moved)), "success")
        return redirect(url_for("payout_pages.show_run", run_id=run_id))
    return form.answer(_render_run(actor, run_id, form))


@bp.post("/operator/payout-runs/<uuid:run_id>/file")
@requires("payouts:prepare")
@idempotent
def make_file(actor: Actor, run_id: UUID) -> Answer:
    """Make the bank's file of a run."""
    form = FileForm()
    if form.validate_on_submit():
        with form.refusals():
            with transaction():
                bank.send(run_id, form.format.data, actor, clock.now())
            flash(_("银行文件已生成并存档，请下载后在网银导入。"), "success")
            return redirect(url_for("payout_pages.show_run", run_id=run_id))
    return form.answer(_render_run(actor, run_id, form))


@bp.post("/operator/payout-runs/<uuid:run_id>/confirm")
@requires("payouts:release")
@idempotent
def confirm(actor: Actor, run_id: UUID) -> Answer:
    """Confirm what the bank has paid of a run, from its pasted list."""
    form = ConfirmForm()
    if form.validate_on_submit():
        with form.refusals():
            with transaction():
                told = _read_serials(queries.get_run(run_id, actor).id, form)
                bank.confirm(told, actor, clock.now())
            flash(_("已确认 %(count)s 笔付款。", count=len(told)), "success")
            return redirect(url_for("payout_pages.show_run", run_id=run_id))
    return form.answer(_render_run(actor, run_id, form))


def _require_seen(moved: Sequence[Payout]) -> None:
    require_seen(request.form.get("seen", ""), len(moved), sum(each.amount_fen for each in moved))


def _read_serials(run_id: UUID, form: ConfirmForm) -> list[Confirmation]:
    """Read a row per payout: its number and the bank's serial number."""
    query = select(Payout.number, Payout.public_id).join(PayoutRun, PayoutRun.id == Payout.run_id)
    known = {row.number: row.public_id for row in db.session.execute(query.where(PayoutRun.public_id == run_id))}
    assert form.value_on.data is not None  # noqa: S101  the form asks for it
    return [
        Confirmation(payout=payout, bank_serial=serial, value_on=form.value_on.data)
        for payout, serial in read_serials(form.serials.data or "", known)
    ]


def _waiting(run_id: UUID) -> list[UUID]:
    query = select(Payout.public_id).join(PayoutRun, PayoutRun.id == Payout.run_id)
    return list(db.session.scalars(query.where(PayoutRun.public_id == run_id, Payout.status == "prepared")))


def render_payout(actor: Actor, desk: str, payout_id: UUID, form: Form | None = None) -> str:
    """Return the page of a payout, with the form of an act that was refused."""
    row = queries.get_payout(payout_id, actor, clock.today())
    is_operator = actor.organisation_kind == "operator"
    may_return = is_operator and row.rail == "bank" and row.status == "paid"
    may_either = actor.may("payouts:prepare") or actor.may("payouts:release")
    may_cancel = row.status == "prepared" and may_either
    may_cancel = may_cancel or (row.status == "released" and actor.may("payouts:release"))
    return render_template(
        "settlement/payout.html", desk=desk, row=row, problem=form, slip_files=slips.slips_of(row.key),
        slip_action=url_for("payout_slip_pages.attach", payout_id=row.id)
        if is_operator and row.rail == "bank" and actor.may("payouts:prepare") else "",
        form=form if isinstance(form, ReasonForm) else ReasonForm(formdata=None),
        told=form if isinstance(form, ReturnForm) else ReturnForm(formdata=None),
        agreed=form if isinstance(form, ConfirmReturnForm) else ConfirmReturnForm(formdata=None),
        may_return=may_return and row.back is None and actor.may("payouts:prepare"),
        may_agree=may_return and row.back is not None and actor.may("payouts:release")
        and row.back.recorded_by != actor.user_id,
        may_allow=is_operator and row.status == "returned" and row.back is not None and not row.back.same_account
        and actor.may("payouts:release"),
        may_cancel=is_operator and may_cancel,
        may_doubt=is_operator and row.rail == "bank" and row.status == "sent" and may_either,
        may_trust=is_operator and row.status == "failing" and may_either,
        may_fail=is_operator and row.status == "failing" and actor.may("payouts:release")
        and row.doubted_by != actor.user_id, **words(),
    )  # fmt: skip


def _render_runs(actor: Actor) -> str:
    today = clock.today()
    return render_template(
        "settlement/runs.html", page=queries.list_runs(actor, limit=DEFAULT_LIMIT, cursor=request.args.get("cursor")),
        overview=queries.overview(actor, today), unpayable=unpayable.list_unpayable(actor, today), today=today, **words(),
    )  # fmt: skip


def _render_run(actor: Actor, run_id: UUID, form: ActForm | FileForm | ConfirmForm | None = None) -> str:
    row = queries.get_run(run_id, actor)
    page = queries.list_payouts(actor, clock.today(), limit=MAX_LIMIT, cursor=request.args.get("cursor"), run=run_id)
    sent = [each for each in page.items if each.status == "sent"]
    told = form if isinstance(form, ConfirmForm) else ConfirmForm(formdata=None)
    if not isinstance(form, ConfirmForm):
        told.value_on.data = clock.today()
        told.serials.data = "\n".join(f"{each.number} " for each in sent)
    return render_template(
        "settlement/run.html", row=row, page=page, sent=sent, problem=form, told=told,
        unsplit_fen=sum(one.amount_fen for one in split_money.on_main(clock.today())) if row.rail == "bank" else 0,
        file=form if isinstance(form, FileForm) else FileForm(formdata=None), **words(),
    )  # fmt: skip
