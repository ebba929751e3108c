"""Pages of filings: entered and decided at the officials' desk and the producers', read by buyers at theirs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from flask import Blueprint, Flask, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from catalog.shopfront.labels import SCHEMES
from orders.ledger import periods
from orders.ledger.filings import decisions, queries, services
from orders.ledger.filings.drafts import BadFiling, DocumentDraft
from orders.ledger.filings.forms import FilingForm, categories, find_county
from orders.ledger.filings.models import Filing
from orders.ledger.filings.queries import FilingFilter
from orders.ledger.filings.schemas import STATUSES
from orders.ledger.labels import WORDS
from shop import clock
from shop.auth import Actor, requires
from shop.db import db, transaction
from shop.downloads import Column, answer_sheet, is_sheet_wanted
from shop.errors import DomainError, NotFound
from shop.filters import searched
from shop.i18n import _, lazy
from shop.idempotency import idempotent
from shop.layout import NavItem, add_nav
from shop.paging import Page
from shop.sheets import Fen

bp = Blueprint("filing_pages", __name__, template_folder="templates")
Answer = Response | str | tuple[str, int, dict[str, str]]
_PAGE = 20
_DESK = "/<any(official,producer,operator,desk):desk>/filings"
#: Where each kind of organisation works.
_HOMES = {"authority": "official", "operator": "operator", "institution": "desk"}
#: Word, kind of the mark, what happens next.
STATES = {
    "draft": (lazy("草稿"), "", lazy("待录入人提交")),
    "submitted": (lazy("待确认"), "wait", lazy("待本县另一人确认")),
    "confirmed": (lazy("已确认"), "good", ""),
    "refused": (lazy("已退回"), "bad", lazy("录入人可修改后重新提交")),
    "withdrawn": (lazy("已撤销"), "", ""),
}
ACTS = {
    "filings.filing_created": lazy("录入"),
    "filings.filing_edited": lazy("修改"),
    "filings.filing_submitted": lazy("提交"),
    "filings.filing_confirmed": lazy("确认"),
    "filings.filing_refused": lazy("退回"),
    "filings.filing_withdrawn": lazy("撤回"),
    "filings.withdrawal_asked": lazy("申请撤销"),
    "filings.withdrawal_granted": lazy("同意撤销"),
    "filings.withdrawal_denied": lazy("不同意撤销"),
}
KEY_WORDS = {"invoice": lazy("发票"), "contract": lazy("合同"), "bank_serial": lazy("银行流水")}
PAPER_WORDS = {
    "invoice": lazy("发票"), "contract": lazy("合同"), "bank_receipt": lazy("银行回单"), "delivery_note": lazy("送货单"),
    "other": lazy("其他"),
}  # fmt: skip


def init_app(app: Flask) -> None:
    """Add the links to the desks."""
    add_nav(
        app,
        NavItem("official", lazy("线下申报"), "filing_pages.official_filings", "filings:read", 60),
        NavItem("desk", lazy("线下申报"), "filing_pages.buyer_filings", "filings:read", 55),
        NavItem("operator", lazy("线下申报"), "filing_pages.operator_filings", "filings:read", 17, {}, lazy("审核")),
        NavItem(
            "producer", lazy("线下申报"), "filing_pages.producer_filings", "filings:enter", 56, {}, lazy("资料与申报")
        ),
    )


@bp.context_processor
def _words() -> dict[str, Any]:
    return {
        "states": STATES, "acts": ACTS, "key_words": KEY_WORDS, "paper_words": PAPER_WORDS, "mode_words": WORDS["mode"],
        "statuses": STATUSES, "schemes": SCHEMES,
    }  # fmt: skip


@bp.get("/official/filings")
@requires("filings:read")
def official_filings(actor: Actor) -> str | Response:
    """List the filings of an official's scope."""
    return _list("official", actor)


@bp.get("/operator/filings")
@requires("filings:read")
def operator_filings(actor: Actor) -> str | Response:
    """List the filings of all counties for the operator."""
    return _list("operator", actor)


@bp.get("/desk/filings")
@requires("filings:read")
def buyer_filings(actor: Actor) -> str | Response:
    """List what others filed as sold to the reader's institution, and was counted."""
    return _list("desk", actor)


@bp.get("/producer/filings")
@requires("filings:enter")
def producer_filings(actor: Actor) -> str | Response:
    """List a producer's filings, or those that an agent entered."""
    return _list("producer", actor)


def _list(desk: str, actor: Actor) -> str | Response:
    status, typed = request.args.get("status", ""), request.args.get("county", "").strip()
    county, today = find_county(typed) if typed else None, clock.today()
    wanted = FilingFilter(
        (status,) if status in STATUSES else (), (county or "",) if typed else (), status == "asked", searched()
    )

    def fetch(limit: int, cursor: str | None) -> Page[Filing]:
        return queries.list_filings(actor, today, wanted, limit=limit, cursor=cursor)

    if is_sheet_wanted():
        return answer_sheet(_("线下申报"), "filings", _columns(), fetch)
    page = fetch(_PAGE, request.args.get("cursor"))
    total = queries.total_filings(actor, today, wanted)
    return render_template("orders/filings.html", page=page, total=total, desk=desk, status=status, county=typed)


def _columns() -> list[Column]:
    return [
        (_("编号"), lambda row: row.number),
        (_("录入日期"), lambda row: clock.business_day(row.recorded_at)),
        (_("产地县"), lambda row: row.county_code),
        (_("销售方"), lambda row: row.seller_name),
        (_("购买方"), lambda row: row.buyer_name),
        (_("购买方所在地"), lambda row: row.buyer_division_code),
        (_("采购方式"), lambda row: str(WORDS["mode"][row.mode])),
        (_("销售日期起"), lambda row: row.sold_from),
        (_("销售日期止"), lambda row: row.sold_to),
        (_("带动人口"), lambda row: row.people_helped),
        (_("状态"), lambda row: str(STATES[row.status][0])),
        (_("金额（元）"), lambda row: Fen(row.amount_fen)),
    ]


@bp.route(f"{_DESK}/new", methods=["GET", "POST"])
@requires("filings:enter")
@idempotent
def enter(actor: Actor, desk: str) -> Answer:
    """Enter a sale as a draft."""
    form = _form(actor)
    filing = _read_form(form, actor, lambda draft: services.create_filing(draft, actor, at=clock.now()))
    if filing is not None:
        flash(_("草稿已保存。核对后请提交。"), "success")
        return redirect(_address(desk, filing))
    return _show_form(form, actor, desk)


@bp.route(f"{_DESK}/<uuid:filing_id>/edit", methods=["GET", "POST"])
@requires("filings:enter")
@idempotent
def edit(actor: Actor, desk: str, filing_id: UUID) -> Answer:
    """Change a draft or a refused filing."""
    filing = queries.find_filing(filing_id, actor, clock.today())
    view, form = queries.show_filing(filing), _form(actor)
    keep = set(request.form.getlist("keep"))
    kept = tuple(DocumentDraft(d.file_id, d.kind) for d in view.documents if str(d.file_id) in keep)
    version = request.form.get("version", type=int) or 0
    changed = _read_form(
        form, actor,
        lambda draft: services.edit_filing(filing_id, draft, actor, version=version, at=clock.now()), kept,
    )  # fmt: skip
    if changed is not None:
        flash(_("已保存。核对后请提交。"), "success")
        return redirect(_address(desk, changed))
    if request.method == "GET":
        form.show(view)
    return _show_form(form, actor, desk, view)


def _form(actor: Actor) -> FilingForm:
    form = FilingForm()
    form.ask_for(queries.sellers_of(actor, clock.today()) if actor.organisation_kind == "agent" else None)
    return form


def _read_form(
    form: FilingForm, actor: Actor, save: Callable[[Any], Filing], kept: tuple[DocumentDraft, ...] = ()
) -> Filing | None:
    """Save what a sent form holds; ``None`` if it is to be shown again."""
    if request.form.get("act") == "add":
        form.add_rows()
    elif request.form.get("act") == "paste":
        form.take_paste()
    elif form.validate_on_submit():
        with form.refusals():
            try:
                with transaction():
                    draft = form.read(actor, kept)
                    return save(draft) if draft is not None else None
            except BadFiling as error:
                form.take_errors(error.members["errors"])
                raise
    return None


def _show_form(form: FilingForm, actor: Actor, desk: str, view: Any = None) -> Answer:
    counties = queries.counties_of(actor) if "county" in form else []
    if len(counties) == 1 and not form.county.data:
        form.county.data = f"{counties[0].code} {counties[0].name}"
    has_lost_files = any(upload.filename for upload in request.files.values())
    page = render_template(
        "orders/filing_form.html",
        form=form,
        desk=desk,
        view=view,
        categories=categories(),
        counties=counties,
        has_lost_files=has_lost_files,
    )
    return form.answer(page) if form.problems() else page


@bp.get(f"{_DESK}/<uuid:filing_id>")
@requires("filings:read")
def show(actor: Actor, desk: str, filing_id: UUID) -> Response | str:
    """Show a filing, its papers and what can be done; a link to another desk leads to the reader's own."""
    view, home = (
        queries.show_filing(queries.find_filing(filing_id, actor, clock.today())),
        _HOMES.get(actor.organisation_kind, "producer"),
    )
    if desk != home:
        return redirect(_address(home, view.filing))
    counted_on = periods.first_open(view.filing.sold_to, periods.read_closed_to())
    return render_template(
        "orders/filing.html", view=view, filing=view.filing, desk=desk, counted_on=counted_on,
        is_ours=view.filing.organisation_id == actor.organisation_id, decides=_decides(actor, view.filing),
        is_mine=queries.took_part(view.filing, actor),
    )  # fmt: skip


def _decides(actor: Actor, filing: Filing) -> bool:
    return actor.may("filings:confirm") and queries.covers(actor, filing.county_code)


#: What a button of the page does, and the permission it asks for.
_ENTER: dict[str, Callable[[UUID, Actor, str], Filing]] = {
    "submit": lambda key, actor, _why: services.submit_filing(key, actor, at=clock.now()),
    "withdraw": lambda key, actor, why: services.withdraw_filing(key, actor, reason=why, at=clock.now()),
    "ask-withdrawal": lambda key, actor, why: decisions.ask_withdrawal(key, actor, reason=why, at=clock.now()),
}
_DECIDE: dict[str, Callable[[UUID, Actor, str], Filing]] = {
    "confirm": lambda key, actor, _why: decisions.confirm_filing(key, actor, at=clock.now()),
    "refuse": lambda key, actor, why: decisions.refuse_filing(key, actor, reason=why, at=clock.now()),
    "grant": lambda key, actor, _why: decisions.decide_withdrawal(key, actor, is_granted=True, at=clock.now()),
    "deny": lambda key, actor, _why: decisions.decide_withdrawal(key, actor, is_granted=False, at=clock.now()),
}


@bp.post(f"{_DESK}/<uuid:filing_id>/<any('submit','withdraw','ask-withdrawal'):act>")
@requires("filings:enter")
@idempotent
def do_enter(actor: Actor, desk: str, filing_id: UUID, act: str) -> Response:
    """Submit or take back."""
    return _do(_ENTER[act], actor, desk, filing_id)


@bp.post(f"{_DESK}/<uuid:filing_id>/<any(confirm,refuse,grant,deny):act>")
@requires("filings:confirm")
@idempotent
def do_decide(actor: Actor, desk: str, filing_id: UUID, act: str) -> Response:
    """Decide as the second person."""
    return _do(_DECIDE[act], actor, desk, filing_id)


def _do(run: Callable[[UUID, Actor, str], Filing], actor: Actor, desk: str, filing_id: UUID) -> Response:
    try:
        # In a savepoint, so that a refusal leaves nothing although the answer is kept under its key.
        with transaction(), db.session.begin_nested():
            filing = run(filing_id, actor, request.form.get("reason", "")[:500])
            word = STATES[filing.status][0]
        flash(_("已办理，申报现为：%(state)s。", state=word), "success")
    except NotFound:
        raise
    except DomainError as error:
        flash(error.detail, "error")
    return redirect(url_for("filing_pages.show", desk=desk, filing_id=filing_id))


def _address(desk: str, filing: Filing) -> str:
    return url_for("filing_pages.show", desk=desk, filing_id=filing.public_id)
