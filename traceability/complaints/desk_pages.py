"""Complaints on the desks of the producer, the officials of its county and the operator."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from flask import Blueprint, Flask, Response, flash, redirect, render_template, request, url_for

from shop import clock
from shop.auth import Actor, requires
from shop.db import transaction
from shop.filters import several
from shop.forms import Form
from shop.i18n import _, lazy
from shop.idempotency import idempotent
from shop.layout import NavItem, add_nav, show_instant
from shop.paging import DEFAULT_LIMIT
from shop.sheets import write_xlsx
from traceability.complaints import queries, services
from traceability.complaints.forms import WordsForm
from traceability.complaints.labels import KINDS, STATES, WORDS
from traceability.complaints.models import Complaint
from traceability.complaints.queries import WAITING, ComplaintFilter
from traceability.complaints.sheets import MOST_ROWS, table

bp = Blueprint("complaint_desk_pages", __name__, template_folder="templates")
_DESKS = "/<any(producer, official, operator):desk>/complaints"
_IN_CHARGE = "/<any(official, operator):desk>/complaints/<uuid:complaint_id>"
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
Act = Callable[..., Complaint]


def init_app(app: Flask) -> None:
    """Add the list to the three desks."""
    endpoint, word = "complaint_desk_pages.list_complaints", lazy("消费者投诉")
    add_nav(
        app,
        NavItem("producer", word, endpoint, "complaints:read", 15, {"desk": "producer"}),
        NavItem("official", word, endpoint, "complaints:read", 62, {"desk": "official"}),
        NavItem("operator", word, endpoint, "complaints:read", 61, {"desk": "operator"}, lazy("溯源")),
    )


@bp.get(_DESKS)
@requires("complaints:read")
def list_complaints(actor: Actor, desk: str) -> str:
    """Show what waits, the oldest first, or what was decided."""
    wanted, today = _wanted(), clock.today()
    page = queries.list_complaints(actor, today, wanted, limit=DEFAULT_LIMIT, cursor=request.args.get("cursor"))
    queue = queries.count_complaints(actor, today, wanted)
    return render_template("complaints/list.html", desk=desk, page=page, queue=queue, now=clock.now(), **WORDS)


@bp.get(f"{_DESKS}.xlsx")
@requires("complaints:read")
def download(actor: Actor, desk: str) -> Response:  # noqa: ARG001  the desk is the address's
    """Download the same list as a workbook, without how to reach anybody."""
    wanted, at = _wanted(), clock.now()
    page = queries.list_complaints(actor, clock.business_day(at), wanted, limit=MOST_ROWS)
    titles, rows, total = table(page.items, queries.count_complaints(actor, clock.business_day(at), wanted))
    about = [(_("截至"), show_instant(at))]
    answer = Response(write_xlsx(titles, rows, sheet=_("消费者投诉"), about=about, total=total), content_type=_XLSX)
    answer.headers["Content-Disposition"] = 'attachment; filename="complaints.xlsx"'
    return answer


@bp.get(f"{_DESKS}/<uuid:complaint_id>")
@requires("complaints:read")
def show(actor: Actor, desk: str, complaint_id: UUID) -> str:
    """Show a complaint, what was done, and what the reader may do."""
    return _render(actor, desk, complaint_id)


@bp.post(f"{_IN_CHARGE}/take")
@requires("complaints:handle")
@idempotent
def take_up(actor: Actor, desk: str, complaint_id: UUID) -> Any:
    """Look into a complaint."""
    form = Form()
    with form.refusals(), transaction():
        services.take_up(complaint_id, actor, at=clock.now())
    form.tell(_("已开始核查。"))
    return redirect(url_for(".show", desk=desk, complaint_id=complaint_id))


@bp.post(f"{_IN_CHARGE}/answer")
@requires("complaints:handle")
@idempotent
def answer(actor: Actor, desk: str, complaint_id: UUID) -> Any:
    """Answer who complained."""
    return _say(services.answer, _("已答复。投诉人凭编号即可看到。"), actor, desk, complaint_id=complaint_id)


@bp.post(f"{_IN_CHARGE}/close")
@requires("complaints:handle")
@idempotent
def close(actor: Actor, desk: str, complaint_id: UUID) -> Any:
    """Close a complaint."""
    return _say(services.close, _("已办结。"), actor, desk, complaint_id=complaint_id)


@bp.post("/<any(producer):desk>/complaints/<uuid:complaint_id>/respond")
@requires("complaints:respond")
@idempotent
def respond(actor: Actor, desk: str, complaint_id: UUID) -> Any:
    """Say what the producer has to say."""
    return _say(services.respond, _("已提交说明。"), actor, desk, complaint_id=complaint_id)


@bp.post(f"{_IN_CHARGE}/erase-contact")
@requires("complaints:handle")
@idempotent
def erase_contact(actor: Actor, desk: str, complaint_id: UUID) -> Any:
    """Erase how to reach who complained."""
    form = Form()
    with form.refusals(), transaction():
        services.erase_contact(complaint_id, actor, at=clock.now())
    form.tell(_("联系方式已删除。"))
    return redirect(url_for(".show", desk=desk, complaint_id=complaint_id))


def _say(act: Act, done: str, actor: Actor, desk: str, *, complaint_id: UUID) -> Any:
    form = WordsForm()
    if form.validate_on_submit():
        with form.refusals():
            with transaction():
                act(complaint_id, form.words.data or "", actor, at=clock.now())
            flash(done, "success")
            return redirect(url_for(".show", desk=desk, complaint_id=complaint_id))
    return form.answer(_render(actor, desk, complaint_id, form))


def _render(actor: Actor, desk: str, complaint_id: UUID, form: WordsForm | None = None) -> str:
    """Show the page; its one form says what the reader's desk has to say."""
    found = queries.get_complaint(complaint_id, actor, clock.today())
    is_in_charge = desk != "producer" and queries.is_in_charge(actor)
    status = found.row.complaint.status
    return render_template(
        "complaints/complaint.html", desk=desk, found=found, row=found.row, is_in_charge=is_in_charge,
        may_respond=desk == "producer" and actor.may("complaints:respond") and status != "closed",
        form=form or WordsForm(formdata=None), **WORDS,
    )  # fmt: skip


def _wanted() -> ComplaintFilter:
    """Return what the address asks for; without a state what waits."""
    status = request.args.get("status", "")
    statuses = () if status == "all" else (status,) if status in STATES else WAITING
    kinds = tuple(kind for kind in several(request.args.getlist("kind")) if kind in KINDS)
    return ComplaintFilter(statuses, kinds, request.args.get("q", "").strip()[:50])
