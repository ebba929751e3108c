"""Recalls on every desk: the list, one with who got its goods, its workbook, replies of buyers, and lifting."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from flask import Blueprint, Flask, Response, flash, redirect, render_template, request, url_for

from catalog.lots.lifting import lift
from catalog.shopfront.labels import UNITS
from shop import clock, money
from shop.auth import Actor, requires
from shop.db import transaction
from shop.errors import Invalid
from shop.i18n import _, lazy
from shop.idempotency import idempotent
from shop.layout import NavItem, add_nav, show_instant
from shop.paging import DEFAULT_LIMIT, decode_cursor, make_page
from shop.sheets import write_xlsx
from shop.typed import digits
from traceability.journey.contacts import Delivery, deliveries_of
from traceability.recalls import changing, queries, replies
from traceability.recalls.forms import ChangeTermsForm, LiftForm, ReplyForm
from traceability.recalls.queries import Reached, RecallHead
from traceability.recalls.replies import Account
from traceability.recalls.sheets import table
from traceability.recalls.words import LEVEL_WORDS, state_of

bp = Blueprint("recall_pages", __name__, template_folder="templates")
_LIST = "/<any(desk, producer, official, operator):desk>/recalls"
_ONE = f"{_LIST}/<uuid:recall_id>"
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_SHOWN, _MOST_ROWS = 100, 20_000
_PARTS = ("set_aside", "used", "returned", "destroyed")


class BadRecallQuantity(Invalid):
    """A quantity of recalled goods is no number."""

    code = "bad-recall-quantity"


def init_app(app: Flask) -> None:
    """Add the list to all desks."""
    endpoint, word = "recall_pages.list_recalls", lazy("召回")
    add_nav(
        app,
        NavItem("desk", word, endpoint, "trace:read", 25, {"desk": "desk"}),
        NavItem("producer", word, endpoint, "trace:read", 16, {"desk": "producer"}),
        NavItem("official", word, endpoint, "trace:read", 63, {"desk": "official"}),
        NavItem("operator", word, endpoint, "trace:read", 63, {"desk": "operator"}, lazy("溯源")),
    )


@bp.get(_LIST)
@requires("trace:read")
def list_recalls(actor: Actor, desk: str) -> str:
    """Show the recalls that concern the reader, the newest first, and how far each has come."""
    page = queries.list_recalls(actor, clock.today(), limit=DEFAULT_LIMIT, cursor=request.args.get("cursor"))
    return render_template("recalls/list.html", desk=desk, page=page, level_words=LEVEL_WORDS, today=clock.today())


@bp.get(_ONE)
@requires("trace:read")
def show(actor: Actor, desk: str, recall_id: UUID) -> str:
    """Show a recall, who got its goods, and what the reader may do."""
    return _render(actor, desk, recall_id)


@bp.get(f"{_ONE}.xlsx")
@requires("trace:read")
def download(actor: Actor, desk: str, recall_id: UUID) -> Response:  # noqa: ARG001  the desk is the address's
    """Download who got the goods of a recall, all of them, with what became of them."""
    at = clock.now()
    head = queries.get_recall(recall_id, actor, clock.business_day(at))
    rows = queries.list_reached(recall_id, actor, clock.business_day(at), limit=_MOST_ROWS)
    titles, cells, total = table(rows, _deliveries(rows))
    about = [
        (_("批号"), head.code), (_("召回原因"), head.reason), (_("召回时间"), show_instant(head.recalled_at)),
        (_("召回级别"), str(LEVEL_WORDS[head.level]) if head.level else ""), (_("完成期限"), head.due_on.isoformat() if head.due_on else ""),
        (_("撤回"), f"{show_instant(head.lifted_at)} {head.lift_reason}" if head.lifted_at else ""), (_("截至"), show_instant(at)),
    ]  # fmt: skip
    answer = Response(write_xlsx(titles, cells, sheet=_("召回"), about=about, total=total), content_type=_XLSX)
    answer.headers["Content-Disposition"] = 'attachment; filename="recall.xlsx"'
    return answer


@bp.post("/<any(desk):desk>/recalls/<uuid:recall_id>/reply")
@requires("goods:accept")
@idempotent
def reply(actor: Actor, desk: str, recall_id: UUID) -> Any:
    """Say what became of the goods that one's organisation got."""
    form, at = ReplyForm(), clock.now()
    if form.validate_on_submit():
        with form.refusals():
            accounts = _accounts(form)
            with transaction():
                replies.reply(recall_id, accounts, form.note.data or "", actor=actor, at=at)
            flash(_("已登记，供应商和监管部门能看到。"), "success")
            return redirect(url_for(".show", desk=desk, recall_id=recall_id))
    return form.answer(_render(actor, desk, recall_id, answer=form))


@bp.post("/<any(producer, operator):desk>/recalls/<uuid:recall_id>/lift")
@requires("lots:recall")
@idempotent
def lift_recall(actor: Actor, desk: str, recall_id: UUID) -> Any:
    """Lift a recall that was made by mistake."""
    form, at = LiftForm(), clock.now()
    if form.validate_on_submit():
        with form.refusals():
            with transaction():
                queries.get_recall(recall_id, actor, clock.business_day(at))
                lift(recall_id, reason=form.reason.data or "", actor=actor, at=at)
            flash(_("召回已撤回，并已通知所有被通知过的单位。"), "success")
            return redirect(url_for(".show", desk=desk, recall_id=recall_id))
    return form.answer(_render(actor, desk, recall_id, lifting=form))


@bp.post("/<any(producer, operator):desk>/recalls/<uuid:recall_id>/terms")
@requires("lots:recall")
@idempotent
def change_terms(actor: Actor, desk: str, recall_id: UUID) -> Any:
    """Change level and deadline of a recall."""
    form, at = ChangeTermsForm(), clock.now()
    if form.validate_on_submit():
        with form.refusals():
            with transaction():
                version = int(digits(form.version.data or "0") or 0)
                changing.change_terms(recall_id, form.terms(), version, actor=actor, at=at)
            flash(_("已更改召回级别和期限。"), "success")
            return redirect(url_for(".show", desk=desk, recall_id=recall_id))
    return form.answer(_render(actor, desk, recall_id, terms=form))


def _accounts(form: ReplyForm) -> dict[UUID, Account]:
    """Return what the form says of each consignment of which it says something."""
    found: dict[UUID, Account] = {}
    for name in request.form:
        if not name.startswith("set_aside-"):
            continue
        key = name.removeprefix("set_aside-")
        typed = [request.form.get(f"{part}-{key}", "").strip() for part in _PARTS]
        if any(typed):
            form.targets[f"items/{len(found)}/set_aside"] = name
            found[_uuid(key)] = Account(*(_quantity(each) for each in typed))
    return found


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        return UUID(int=0)


def _quantity(text: str) -> Any:
    try:
        return money.parse_quantity(digits(text) or "0")
    except ValueError as error:
        raise BadRecallQuantity(_("请填写数量，至多三位小数。")) from error


def _deliveries(rows: Sequence[Reached]) -> list[Delivery]:
    known = deliveries_of(row.order_id for row in rows)
    return [known.get(row.order_id, Delivery()) for row in rows]


def _render(
    actor: Actor,
    desk: str,
    recall_id: UUID,
    *,
    answer: ReplyForm | None = None,
    lifting: LiftForm | None = None,
    terms: ChangeTermsForm | None = None,
) -> str:
    today = clock.today()
    head = queries.get_recall(recall_id, actor, today)
    after = decode_cursor(request.args.get("cursor"), int)
    rows = queries.list_reached(recall_id, actor, today, after=after[0] if after else None, limit=_SHOWN)
    page = make_page(rows, _SHOWN, lambda row: (row.key,))
    return render_template(
        "recalls/recall.html",
        desk=desk,
        head=head,
        lots=queries.list_lots(recall_id, actor, today),
        page=page,
        rows=list(zip(page.items, _deliveries(page.items), strict=True)),
        state_of=state_of,
        units=UNITS,
        may_reply=desk == "desk" and actor.may("goods:accept") and head.lifted_at is None,
        may_lift=_may_lift(actor, head),
        answer=answer or ReplyForm(formdata=None),
        lifting=lifting or LiftForm(formdata=None),
        terms=terms or ChangeTermsForm(formdata=None, level=head.level or "", due_on=head.due_on, version=head.version),
        may_change=changing.may_change(actor, head),
        level_words=LEVEL_WORDS,
        today=today,
    )


def _may_lift(actor: Actor, head: RecallHead) -> bool:
    if head.lifted_at is not None or not actor.may("lots:recall") or head.recalled_by == actor.user_id:
        return False
    return actor.organisation_kind == "operator" or head.by_id == actor.organisation_id
