"""Pages of the basket, checkout and procurements."""

from __future__ import annotations

from decimal import Decimal
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from orders.desk import columns
from orders.desk.forms import CheckoutForm, DecideForm, WhyForm, head_from
from orders.desk.timeline import timeline_of_procurement
from orders.desk.words import procurement_states, words
from orders.purchase import again, basket, checkout, listing, procurement_answers, procurements
from orders.purchase.buyers import get_buyer
from orders.purchase.changes import ReasonMissing
from orders.purchase.listing import ProcurementFilter
from orders.purchase.models import Procurement
from orders.purchase.pricing import Wanted
from orders.purchase.sums import sums_of
from orders.purchase.views import confirm_within
from shop import clock, money
from shop.auth import Actor, requires
from shop.db import transaction
from shop.downloads import answer_sheet, is_sheet_wanted
from shop.errors import Invalid
from shop.filters import read_day
from shop.forms import Form
from shop.i18n import _
from shop.idempotency import idempotent
from shop.paging import Page
from shop.typed import digits

bp = Blueprint("purchase_pages", __name__, template_folder="templates")
Answer = str | Response | tuple[str, int, dict[str, str]]
_PAGE = 20


class BadQuantity(Invalid):
    """What was typed is not a quantity."""

    code = "bad-quantity"


def read_quantity(typed: str | None, at: str = "") -> Decimal:
    """Return a quantity as people type it.

    :param at: the element it was typed into, to which a refusal points.
    :raises BadQuantity: for anything else.
    """
    try:
        return money.parse_quantity(digits(typed or ""))
    except ValueError as error:
        detail = _("请填写数量，至多三位小数。")
        raise BadQuantity(detail, errors=[{"pointer": f"#/{at}", "detail": detail}] if at else []) from error


def read_id(typed: str | None) -> UUID:
    """Return an identifier of a hidden field.

    :raises NoSuchListing: for anything else.
    """
    try:
        return UUID(typed or "")
    except ValueError as error:
        raise basket.NoSuchListing(_("没有这个商品。")) from error


@bp.get("/desk/basket")
@requires("basket:edit")
def show_basket(actor: Actor) -> str:
    """Show the basket at today's prices; after ordering again, also what could not be put into it."""
    at, source = clock.now(), request.args.get("again")
    refill = again.left_out(read_id(source), actor=actor, at=at) if source else None
    return render_template("desk/basket.html", basket=basket.view_basket(actor, at), refill=refill, **words())


@bp.post("/desk/basket")
@requires("basket:edit")
@idempotent
def add_to_basket(actor: Actor) -> Response:
    """Put a quantity of a listing into the basket."""
    form = Form()
    with form.refusals(), transaction():
        quantity = read_quantity(request.form.get("quantity"))
        if not quantity:
            raise BadQuantity(_("数量须大于零。"))
        listing_id = read_id(request.form.get("listing_id"))
        basket.put_line(listing_id, money.Measure(quantity), actor=actor, at=clock.now(), add=True)
    form.tell(_("已加入采购清单。"))
    return redirect(url_for("purchase_pages.show_basket"))


@bp.post("/desk/basket/line")
@requires("basket:edit")
@idempotent
def change_line(actor: Actor) -> Response:
    """Set a line's quantity; zero takes it out."""
    form = Form()
    with form.refusals(), transaction():
        listing_id, quantity = read_id(request.form.get("listing_id")), read_quantity(request.form.get("quantity"))
        if quantity:
            basket.put_line(listing_id, money.Measure(quantity), actor=actor, at=clock.now())
        else:
            basket.remove_line(listing_id, actor=actor)
    form.tell(_("采购清单已更新。"))
    return redirect(url_for("purchase_pages.show_basket"))


@bp.route("/desk/checkout", methods=["GET", "POST"])
@requires("procurements:create")
@idempotent
def check_out(actor: Actor) -> Answer:
    """Make a procurement of the basket: keep it as a draft, submit it, or place it where nobody approves."""
    at = clock.now()
    form = CheckoutForm()
    form.choose(actor)
    form.start_like(listing.find_last_placed(actor))
    buyer = get_buyer(actor, clock.business_day(at))
    if buyer.mode == "direct":
        form.require_budget()
    shown = basket.view_basket(actor, at)
    _point_at_lines(form, shown)
    if form.validate_on_submit():
        with form.refusals():
            with transaction():
                lines = basket.take_basket(actor, at)
                if request.form.get("act") == "place":
                    placed = checkout.create_and_place(
                        head_from(form), lines, actor=actor, at=at, confirm_within=confirm_within()
                    )
                    public_id, done = placed.public_id, _("已下单，等待供应商确认。")
                else:
                    made = procurements.create_procurement(head_from(form), lines, actor=actor, at=at)
                    public_id, done = made.public_id, _("采购单已保存。")
                    if request.form.get("act") == "submit":
                        procurements.submit_procurement(public_id, actor=actor, at=at)
                        done = _("已提交审批。")
            flash(done, "success")
            return redirect(url_for("purchase_pages.show_procurement", procurement_id=public_id))
    return form.answer(render_template("desk/checkout.html", form=form, basket=shown, buyer=buyer, **words()))


def _point_at_lines(form: Form, shown: basket.Basket) -> None:
    """Let what is refused of a line lead to its row on the page, and name its goods."""
    for n, line in enumerate(shown.lines):
        form.targets |= {f"lines/{n}/{name}": f"line-{n}" for name in ("listing_id", "quantity")}
        form.called[f"line-{n}"] = line.offer.title if line.offer else _("商品已不存在")


@bp.get("/desk/procurements")
@requires("procurements:read")
def list_procurements(actor: Actor) -> str | Response:
    """List the organisation's procurements."""
    args, today = request.args, clock.business_day(clock.now())
    status = args.get("status", "")
    approval = "pending" if status == "to_approve" else status
    is_approval = approval in listing.APPROVALS
    wanted = ProcurementFilter(
        (status,) if status and not is_approval else (), read_day(args.get("created_from")),
        read_day(args.get("created_to")), args.get("party", "").strip()[:40],
        approvals=(approval,) if is_approval else (), decided_by=actor.user_id if status == "to_approve" else None,
    )  # fmt: skip
    if is_sheet_wanted():
        sums: dict[int, int] = {}

        def fetch(limit: int, cursor: str | None) -> Page[Procurement]:
            found = listing.list_procurements(actor, wanted, limit=limit, cursor=cursor)
            sums.update(sums_of(found.items, today))
            return found

        return answer_sheet(_("采购单"), "procurements", columns.procurements(sums), fetch)
    page = listing.list_procurements(actor, wanted, limit=_PAGE, cursor=args.get("cursor"))
    return render_template(
        "desk/procurements.html",
        page=page,
        sums=sums_of(page.items, today),
        filters=procurement_states(actor),
        **words(),
    )


@bp.get("/desk/procurements/<uuid:procurement_id>")
@requires("procurements:read")
def show_procurement(actor: Actor, procurement_id: UUID) -> str:
    """Show a procurement with its lines or orders, and what can be done with it."""
    told = procurement_answers.get_procurement(procurement_id, actor, clock.now())
    happened = timeline_of_procurement(procurement_id, actor)
    return render_template("desk/procurement.html", told=told, timeline=happened, form=DecideForm(), **words())


@bp.get("/desk/procurements/<uuid:procurement_id>/print")
@requires("procurements:read")
def print_procurement(actor: Actor, procurement_id: UUID) -> str:
    """Show a procurement and who approved it when, to be printed and filed."""
    told = procurement_answers.get_procurement(procurement_id, actor, clock.now())
    happened = timeline_of_procurement(procurement_id, actor)
    return render_template("desk/procurement_print.html", told=told, timeline=happened, **words())


@bp.route("/desk/procurements/<uuid:procurement_id>/cancel", methods=["GET", "POST"])
@requires("procurements:create")
@idempotent
def cancel_procurement(actor: Actor, procurement_id: UUID) -> Answer:
    """Give a procurement up, after saying what is given up; its lines stay to be seen and ordered again."""
    at, form = clock.now(), WhyForm()
    told = procurement_answers.get_procurement(procurement_id, actor, at)
    if form.validate_on_submit():
        with form.refusals():
            why = (form.why.data or "").strip()
            if not why:
                raise ReasonMissing(_("请填写原因。"), errors=[{"pointer": "#/why", "detail": _("请填写原因。")}])
            with transaction():
                procurements.cancel_procurement(procurement_id, actor=actor, at=at, why=why)
            flash(_("采购单已取消。"), "success")
            return redirect(url_for("purchase_pages.show_procurement", procurement_id=procurement_id))
    return form.answer(render_template("desk/procurement_cancel.html", form=form, told=told))


@bp.route("/desk/procurements/<uuid:procurement_id>/edit", methods=["GET", "POST"])
@requires("procurements:create")
@idempotent
def edit_procurement(actor: Actor, procurement_id: UUID) -> Answer:
    """Edit what a procurement says and its quantities; its approval is void then."""
    at = clock.now()
    told = procurement_answers.get_procurement(procurement_id, actor, at)
    form = CheckoutForm(obj=told, unit_id=str(told.unit.id) if told.unit else "", version=told.version)
    form.choose(actor)
    if form.validate_on_submit():
        with form.refusals():
            with transaction():
                lines = [
                    Wanted(line.wanted.listing_id, quantity)
                    for line in told.lines
                    if (quantity := read_quantity(request.form.get(f"quantity-{line.wanted.listing_id}")))
                ]
                head = head_from(form)
                changed = {name: getattr(head, name) for name in ("unit_id", *procurements.HEAD_COLUMNS)}
                version = request.form.get("version", 0, type=int)
                procurements.edit_procurement(procurement_id, changed, lines, version=version, actor=actor, at=at)
            flash(_("采购单已保存。"), "success")
            return redirect(url_for("purchase_pages.show_procurement", procurement_id=procurement_id))
    return form.answer(render_template("desk/procurement_edit.html", form=form, told=told, **words()))


@bp.post("/desk/procurements/<uuid:procurement_id>/again")
@requires("basket:edit")
@idempotent
def order_again(actor: Actor, procurement_id: UUID) -> Response:
    """Fill the basket with what a procurement asked for and is still on sale."""
    form = Form()
    with form.refusals():
        with transaction():
            refill = again.order_again(procurement_id, actor=actor, at=clock.now())
        done = _("已按采购单 %(number)s 加入 %(n)s 种商品，价格为今日价格。", number=refill.number, n=refill.added)
        kept = _("%(n)s 种已在采购清单中，未改动。", n=refill.kept) if refill.kept else ""
        flash(f"{done}{kept}", "success" if refill.added or refill.kept else "warning")
        return redirect(url_for("purchase_pages.show_basket", again=procurement_id if refill.left_out else None))
    form.tell("")
    return redirect(url_for("purchase_pages.show_basket"))


@bp.post("/desk/procurements/<uuid:procurement_id>/<any(submit, approve, reject, place):act>")
@requires("procurements:read")
@idempotent
def move_procurement(actor: Actor, procurement_id: UUID, act: str) -> Response:
    """Submit, approve, reject or place a procurement."""
    at, form = clock.now(), DecideForm()
    why = (form.why.data or "").strip()[:500]
    with form.refusals(), transaction():
        if act == "submit":
            procurements.submit_procurement(procurement_id, actor=actor, at=at)
        elif act == "place":
            checkout.place_procurement(procurement_id, actor=actor, at=at, confirm_within=confirm_within())
        else:
            if act == "reject" and not why:
                raise ReasonMissing(_("请写明退回的原因，经办人据此修改。"))
            decided = procurements.decide_approval(
                procurement_id, approved=act == "approve", actor=actor, at=at, why=why,
                seen_fen=request.form.get("seen_fen", type=int), version=request.form.get("version", type=int),
            )  # fmt: skip
            act = "pass" if decided.approval == "pending" else act
    done = {
        "pass": _("本级已通过，待下一级审批。"), "submit": _("已提交审批。"), "approve": _("已同意采购。"), "reject": _("已退回。"),
        "place": _("已下单，等待供应商确认。"),
    }  # fmt: skip
    form.tell(done[act])
    return redirect(url_for("purchase_pages.show_procurement", procurement_id=procurement_id))
