"""The operator's pages of money that does not fit."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from orders.ledger.views import XLSX_TYPE, download
from orders.payments import attributing, exceptions
from orders.payments import exception_labels as labels
from orders.payments.forms import ReasonForm
from orders.reconciliation import exception_queries
from orders.reconciliation.asking import read_day
from orders.reconciliation.exception_queries import STATES, WAITING, ExceptionFilter
from orders.reconciliation.forms import REFUND, AgreeForm, ProposalForm
from orders.reconciliation.tables import exceptions_table
from shop import clock, sheets
from shop.auth import Actor, requires
from shop.db import transaction
from shop.i18n import _
from shop.idempotency import idempotent
from shop.paging import DEFAULT_LIMIT

#: Days of waiting that the list offers to narrow by, and the most that may be asked for.
AGES, _MOST_AGE = (3, 7, 15, 30), 3650
Answer = str | Response | tuple[str, int, dict[str, str]]
bp = Blueprint("exception_pages", __name__, template_folder="templates", url_prefix="/operator/exceptions")


@bp.get("")
@requires("exceptions:read")
def list_exceptions(actor: Actor) -> str:
    """Show what waits, the oldest first, or what was closed."""
    wanted = _wanted()
    page = exception_queries.list_exceptions(actor, wanted, limit=DEFAULT_LIMIT, cursor=request.args.get("cursor"))
    return render_template(
        "reconciliation/exceptions.html", page=page, queue=exception_queries.count_exceptions(actor, wanted),
        kinds={kind: labels.kind_label(kind) for kind in exception_queries.list_kinds()}, now=clock.now(),
        ages=[(n, _("%(n)s 天以上", n=n)) for n in sorted({*AGES, _age() or AGES[0]})], **_words(),
    )  # fmt: skip


@bp.get("/list.xlsx")
@requires("exceptions:read")
def download_exceptions(actor: Actor) -> Response:
    """Download the same list as a workbook."""
    wanted = _wanted()
    page = exception_queries.list_exceptions(actor, wanted, limit=exception_queries.MOST_ROWS)
    titles, rows, total = exceptions_table(page.items, exception_queries.count_exceptions(actor, wanted), clock.now())
    return download(sheets.write_xlsx(titles, rows, sheet=_("异常款"), total=total), "exceptions.xlsx", XLSX_TYPE)


@bp.get("/<uuid:exception_id>")
@requires("exceptions:read")
def show(actor: Actor, exception_id: UUID) -> str:
    """Show an exception, what it concerns, what was done, and what the reader may do."""
    return _render(exception_id, actor)


@bp.post("/<uuid:exception_id>/propose")
@requires("exceptions:propose")
@idempotent
def propose(actor: Actor, exception_id: UUID) -> Answer:
    """Propose a note or a posting."""
    form = ProposalForm()
    form.offer(exceptions.get_exception(exception_id, actor))
    if form.validate_on_submit():
        with form.refusals():
            with transaction():
                _propose(form, exception_id, actor)
            flash(_("已提出处理意见，请由另一位同事复核。"), "success")
            return redirect(url_for("exception_pages.show", exception_id=exception_id))
    return form.answer(_render(exception_id, actor, proposal=form))


@bp.post("/<uuid:exception_id>/agree")
@requires("exceptions:agree")
@idempotent
def agree(actor: Actor, exception_id: UUID) -> Answer:
    """Agree to what another person proposed."""
    form = AgreeForm()
    if form.validate_on_submit():
        with form.refusals():
            with transaction():
                exceptions.agree(exception_id, actor, clock.now(), version=form.version.data)
            flash(_("已复核，异常款已办结。"), "success")
            return redirect(url_for("exception_pages.show", exception_id=exception_id))
    return form.answer(_render(exception_id, actor, agreed=form))


@bp.post("/<uuid:exception_id>/send-back")
@requires("exceptions:read")
@idempotent
def send_back(actor: Actor, exception_id: UUID) -> Answer:
    """Send back what was proposed, or take it back."""
    form = ReasonForm()
    if form.validate_on_submit():
        with form.refusals():
            with transaction():
                exceptions.send_back(exception_id, form.reason.data, actor, clock.now())
            flash(_("已退回，等待重新提出处理意见。"), "success")
            return redirect(url_for("exception_pages.show", exception_id=exception_id))
    return form.answer(_render(exception_id, actor, reason=form))


def _propose(form: ProposalForm, exception_id: UUID, actor: Actor) -> None:
    note, at = str(form.note.data), clock.now()
    if form.act.data == REFUND:
        parts = attributing.read_rows(form.parts.data or "", exceptions.get_exception(exception_id, actor))
        exceptions.propose_refund(exception_id, parts, note, actor, at)
    elif form.accounts is None:
        exceptions.propose_note(exception_id, note, actor, at)
    else:
        exceptions.propose_posting(exception_id, *form.accounts, note, actor, at, amount_fen=form.amount.data)


def _wanted() -> ExceptionFilter:
    """Return what the address asks for; without a state what waits."""
    status, rail, kind = (request.args.get(name, "") for name in ("status", "rail", "kind"))
    statuses = STATES if status == "all" else (status,) if status in STATES else WAITING
    return ExceptionFilter(
        statuses, (rail,) if rail in labels.RAILS else (), (kind,) if kind else (), read_day(request.args.get("on")),
        _age(),
    )  # fmt: skip


def _age() -> int | None:
    """Return for how many days what is asked for has waited at least."""
    asked = request.args.get("age", "")
    return int(asked) if asked.isdecimal() and 0 < int(asked[:5]) <= _MOST_AGE else None


def _words() -> dict[str, Any]:
    return {
        "kind_label": labels.kind_label, "account_label": labels.account_label, "rails": labels.RAILS,
        "states": labels.STATES, "state_kinds": labels.STATE_KINDS, "resolutions": labels.RESOLUTIONS,
    }  # fmt: skip


def _render(
    exception_id: UUID, actor: Actor, *, proposal: ProposalForm | None = None, reason: ReasonForm | None = None,
    agreed: AgreeForm | None = None,
) -> str:  # fmt: skip
    found = exception_queries.get_exception(exception_id, actor)
    row, kept = found.row, exceptions.get_exception(exception_id, actor)
    if proposal is None:
        proposal = ProposalForm(formdata=None)
        proposal.offer(kept)
    if agreed is None:
        agreed = AgreeForm(formdata=None)
        agreed.version.data = row.version
    is_proposed = row.status == "proposed"
    return render_template(
        "reconciliation/exception.html", row=row, found=found, proposal=proposal, now=clock.now(),
        refundable=attributing.choices(kept) if row.status != "closed" else [], parts=attributing.describe(kept),
        reason=reason or ReasonForm(formdata=None), agreed=agreed,
        may_propose=row.status == "open" and actor.may("exceptions:propose"),
        may_agree=is_proposed and actor.may("exceptions:agree") and row.proposed_by != actor.user_id,
        may_send_back=is_proposed and (actor.may("exceptions:agree") or actor.may("exceptions:propose")), **_words(),
    )  # fmt: skip
