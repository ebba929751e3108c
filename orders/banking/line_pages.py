"""The desk of lines that wait for a person, and one line with everything that can be done with it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from flask import Blueprint, render_template, request, url_for
from werkzeug.wrappers import Response

from orders.acting import Answer, act_on
from orders.banking import acts, giving_back, labels, queries, tables
from orders.banking.forms import MatchForm, NoteForm, PickForm
from orders.ledger.views import XLSX_TYPE, download
from orders.payments import matching
from orders.purchase.amounts import BadRows
from shop import clock, sheets
from shop.auth import Actor, requires
from shop.forms import Form
from shop.i18n import _
from shop.idempotency import idempotent
from shop.money import format_yuan
from shop.paging import DEFAULT_LIMIT

bp = Blueprint(
    "bank_line_pages", __name__, template_folder="templates", url_prefix="/<any(producer, operator):desk>/bank-lines"
)


@bp.get("")
@requires("payments:read")
def list_lines(actor: Actor, desk: str) -> str:
    """Show open lines, the oldest first, narrowed by state, reason and direction."""
    today = clock.today()
    page = queries.list_lines(actor, today, limit=DEFAULT_LIMIT, cursor=request.args.get("cursor"), **_wanted())
    return render_template(
        "banking/lines.html", desk=desk, page=page, waiting=queries.count_open(actor, today), **labels.words()
    )


@bp.get("/list.xlsx")
@requires("payments:read")
def download_lines(actor: Actor, desk: str) -> Response:  # noqa: ARG001  the desk is the address's
    """Download the same list as a workbook."""
    page = queries.list_lines(actor, clock.today(), limit=tables.MOST_ROWS, **_wanted())
    titles, rows, total = tables.lines_table(page.items)
    return download(sheets.write_xlsx(titles, rows, sheet=_("银行流水"), total=total), "bank-lines.xlsx", XLSX_TYPE)


def _wanted() -> dict[str, Any]:
    """Return what the address asks for; without a state what waits."""
    state, reason, direction = (request.args.get(name, "") for name in ("state", "reason", "direction"))
    return {
        "states": (state,) if state in labels.LINE_STATES else ("unmatched", "suggested", "claimed"),
        "reason": reason if reason in labels.REASONS else "",
        "direction": direction if direction in ("in", "out") else "",
    }


@bp.get("/<uuid:line_id>")
@requires("payments:read")
def show(actor: Actor, desk: str, line_id: UUID) -> str:
    """Show a line, what it may be for, and what the reader may do with it."""
    return _render(desk, line_id, actor)


@bp.post("/<uuid:line_id>/match")
@requires("payments:record")
@idempotent
def match(actor: Actor, desk: str, line_id: UUID) -> Answer:
    """Say which orders a line is for."""
    form = MatchForm()

    def act() -> None:
        line, _account = acts.get_line(line_id, actor, clock.today())
        found = matching.match(form.allocations.data, line.amount_fen, actor, clock.today())
        if not found.shares:
            raise BadRows(_("请填写订单。"))
        buyer = matching.buyer_of(form.credit_of.data, actor, clock.today())
        acts.match_by_hand(line_id, found.shares, actor, clock.now(), credit_of=buyer)

    return _do(desk, line_id, actor, form, act, done=_("已匹配，到账待另一位同事确认。"))


@bp.post("/<uuid:line_id>/match-again")
@requires("payments:record")
@idempotent
def match_again(actor: Actor, desk: str, line_id: UUID) -> Answer:
    """Match what is open on the line's account once more."""
    return _do(
        desk,
        line_id,
        actor,
        Form(),
        lambda: acts.match_again(line_id, actor, clock.now()),
        done=_("已重新匹配该账户的待处理流水。"),
    )


@bp.post("/<uuid:line_id>/wrong-payee")
@requires("payments:record")
@idempotent
def mark_wrong(actor: Actor, desk: str, line_id: UUID) -> Answer:
    """Say that money came to the wrong account."""
    return _do(
        desk,
        line_id,
        actor,
        Form(),
        lambda: giving_back.mark(line_id, actor, clock.now()),
        done=_("已标记为错款，请原路退回。"),
    )


@bp.post("/<uuid:line_id>/not-wrong")
@requires("payments:record")
@idempotent
def unmark_wrong(actor: Actor, desk: str, line_id: UUID) -> Answer:
    """Take that back."""
    return _do(
        desk, line_id, actor, Form(), lambda: giving_back.unmark(line_id, actor, clock.now()),
        done=_("已撤销错款标记，这笔流水重新待处理。"),
    )  # fmt: skip


@bp.post("/<uuid:line_id>/note")
@requires("payments:record")
@idempotent
def note(actor: Actor, desk: str, line_id: UUID) -> Answer:
    """Say why a line is no goods money."""
    form = NoteForm()
    return _do(
        desk, line_id, actor, form, lambda: acts.note_ignored(line_id, form.note.data, actor, clock.now()),
        done=_("已说明，待另一位同事同意。"),
    )  # fmt: skip


@bp.post("/<uuid:line_id>/ignore")
@requires("payments:confirm")
@idempotent
def ignore(actor: Actor, desk: str, line_id: UUID) -> Answer:
    """Agree that a line is no goods money."""
    return _do(
        desk,
        line_id,
        actor,
        Form(),
        lambda: acts.agree_ignored(line_id, actor, clock.now()),
        done=_("已标记为非货款。"),
    )


@bp.post("/<uuid:line_id>/return")
@requires("payments:record")
@idempotent
def tie_return(actor: Actor, desk: str, line_id: UUID) -> Answer:
    """Say that an outgoing line gives a wrong receipt back."""
    form = PickForm()
    return _do(
        desk, line_id, actor, form, lambda: giving_back.tie_return(line_id, _chosen(form), actor, clock.now()),
        done=_("错款退回已对上。"),
    )  # fmt: skip


@bp.post("/<uuid:line_id>/refund")
@requires("refunds:record")
@idempotent
def tie_refund(actor: Actor, desk: str, line_id: UUID) -> Answer:
    """Say that an outgoing line is a refund."""
    form = PickForm()
    return _do(
        desk, line_id, actor, form, lambda: acts.tie_refund(line_id, _chosen(form), actor, clock.now()),
        done=_("已登记退款，请由另一位同事确认。"),
    )  # fmt: skip


@bp.post("/<uuid:line_id>/credit-refund")
@requires("refunds:record")
@idempotent
def tie_credit(actor: Actor, desk: str, line_id: UUID) -> Answer:
    """Say that an outgoing line gives credit back."""
    form = PickForm()
    return _do(
        desk, line_id, actor, form, lambda: giving_back.tie_credit(line_id, _chosen(form), actor, clock.now()),
        done=_("已登记退款，请由另一位同事确认。"),
    )  # fmt: skip


def _do(desk: str, line_id: UUID, actor: Actor, form: Form, act: Callable[[], object], *, done: str) -> Answer:
    """Act, and go back to the line; else show it with what is wrong."""
    back = url_for("bank_line_pages.show", desk=desk, line_id=line_id)
    return act_on(form, act, done=done, back=back, page=lambda filled: _render(desk, line_id, actor, filled))


def _chosen(form: PickForm) -> UUID:
    try:
        return UUID(form.chosen.data)
    except ValueError:
        return UUID(int=0)


def _render(desk: str, line_id: UUID, actor: Actor, form: Form | None = None) -> str:
    line, _account = acts.get_line(line_id, actor, clock.today())
    row = queries.get_line(line.id, actor, clock.today())
    match_form = form if isinstance(form, MatchForm) else MatchForm(formdata=None)
    if not isinstance(form, MatchForm):
        match_form.allocations.data = "\n".join(f"{one.number} {format_yuan(one.amount_fen)}" for one in row.orders[:1])
    return render_template(
        "banking/line.html", desk=desk, row=row, form=form or Form(formdata=None), match=match_form,
        note=form if isinstance(form, NoteForm) else NoteForm(formdata=None), is_open=row.state in ("unmatched", "suggested"),
        may_agree=row.noted_by not in (None, actor.user_id) and actor.may("payments:confirm"), format_yuan=format_yuan,
        **labels.words(),
    )  # fmt: skip
