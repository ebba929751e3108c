"""The operator's pages: what the provider told, calls that wait, and disputes."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from orders.ledger.views import XLSX_TYPE, download
from orders.online import calls, configuration, dispute_calls, labels, queries, refused_calls, tables
from orders.online.forms import DisputeEvidenceForm
from shop import audit, clock, sheets
from shop.auth import Actor, requires
from shop.db import transaction
from shop.errors import NotFound
from shop.i18n import _
from shop.idempotency import idempotent
from shop.outbox import services as outbox
from shop.paging import DEFAULT_LIMIT

Shown = str | Response | tuple[str, int, dict[str, str]]
bp = Blueprint("card_operator_pages", __name__, template_folder="templates", url_prefix="/operator/stripe")


@bp.get("")
@requires("provider:manage")
def show(actor: Actor) -> str:
    """Show what the provider told with what came of it, and the calls that wait or were refused."""
    _require_operator(actor)
    waiting = request.args.get("show") == "waiting"
    page = queries.list_events(limit=DEFAULT_LIMIT, cursor=request.args.get("cursor"), waiting=waiting)
    return render_template(
        "online/operator.html", page=page, calls=queries.list_calls(), counts=queries.count_waiting(),
        is_on=configuration.is_on(), now=clock.real_now(), repeatable=refused_calls.REPEATABLE, **labels.words(),
    )  # fmt: skip


@bp.post("/calls/<int:call_id>/retry")
@requires("provider:manage")
@idempotent
def retry(actor: Actor, call_id: int) -> Response:
    """Let a call that waits be made now."""
    _require_operator(actor)
    with transaction():
        calls.hurry(call_id)
        audit.record(actor, "online.call_hurried", "provider_call", call_id)
    flash(_("几秒内会再试一次。"), "success")
    return redirect(url_for("card_operator_pages.show"))


@bp.post("/calls/<int:call_id>/<any(repeat, note):act>")
@requires("provider:manage")
@idempotent
def see_to(actor: Actor, call_id: int, act: str) -> Response:
    """Try a refused call again, or say that it was seen to."""
    _require_operator(actor)
    with transaction():
        if act == "repeat":
            refused_calls.repeat(call_id, actor, clock.now())
        else:
            refused_calls.note(call_id, actor)
    flash(_("几秒内会再试一次。") if act == "repeat" else _("已标记为处理过。"), "success")
    return redirect(url_for("card_operator_pages.show"))


@bp.post("/events/<uuid:event_id>/retry")
@requires("provider:manage")
@idempotent
def retry_event(actor: Actor, event_id: UUID) -> Response:
    """Let an event on which its delivery has given up be applied once more."""
    _require_operator(actor)
    with transaction():
        dead = queries.dead_deliveries(event_id)
        if not dead:
            raise NotFound(_("没有这条死信。"))
        for outbox_event, subscriber in dead:
            outbox.revive_dead_letter(outbox_event, subscriber, actor)
    flash(_("已重新投递。"), "success")
    return redirect(url_for("card_operator_pages.show"))


@bp.get("/disputes")
@requires("provider:manage")
def list_disputes(actor: Actor) -> str:
    """Show disputes, narrowed by state."""
    _require_operator(actor)
    page = queries.list_disputes(limit=DEFAULT_LIMIT, cursor=request.args.get("cursor"), statuses=_statuses())
    return render_template("online/disputes.html", page=page, **labels.words())


@bp.get("/disputes/list.xlsx")
@requires("provider:manage")
def download_disputes(actor: Actor) -> Response:
    """Download the same list as a workbook."""
    _require_operator(actor)
    page = queries.list_disputes(limit=tables.MOST_ROWS, statuses=_statuses())
    titles, rows, total = tables.disputes_table(page.items)
    return download(sheets.write_xlsx(titles, rows, sheet=_("付款争议"), total=total), "disputes.xlsx", XLSX_TYPE)


def _statuses() -> tuple[str, ...]:
    """Return the state that the address asks for."""
    status = request.args.get("status", "")
    return (status,) if status in labels.DISPUTE_STATES else ()


@bp.get("/disputes/<uuid:dispute_id>")
@requires("provider:manage")
def show_dispute(actor: Actor, dispute_id: UUID) -> str:
    """Show a dispute, and the form that answers it."""
    return _render(dispute_id, actor, DisputeEvidenceForm())


@bp.post("/disputes/<uuid:dispute_id>/evidence")
@requires("disputes:answer")
@idempotent
def submit(actor: Actor, dispute_id: UUID) -> Shown:
    """Hand evidence in."""
    form = DisputeEvidenceForm()
    if form.validate_on_submit():
        with form.refusals():
            with transaction():
                dispute_calls.submit(dispute_id, str(form.words.data), actor, clock.now())
            flash(_("证据已提交，几秒内送达支付机构。"), "success")
            return redirect(url_for("card_operator_pages.show_dispute", dispute_id=dispute_id))
    return form.answer(_render(dispute_id, actor, form))


def _require_operator(actor: Actor) -> None:
    """Let only the operator's people through, whatever roles say.

    :raises NotFound: to others.
    """
    if actor.organisation_kind != "operator":
        raise NotFound(_("没有这一页。"))


def _render(dispute_id: UUID, actor: Actor, form: DisputeEvidenceForm) -> str:
    row = queries.get_dispute_row(dispute_calls.get_dispute(dispute_id, actor))
    return render_template("online/dispute.html", row=row, form=form, **labels.words())
