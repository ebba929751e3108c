"""Pages of returns: the list, opening one, one with what its reader may do next."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from catalog.shopfront.labels import UNITS
from orders.purchase.access import get_order
from orders.purchase.answers import order_answer
from orders.purchase.labels import STATES
from orders.returns import acts, deciding, queries
from orders.returns.forms import OpenForm, ReceiveForm, RefuseForm, SendForm
from orders.returns.opening import BadReturn, ItemToReturn, open_return
from orders.returns.receiving import CameBack, receive
from shop import clock, money
from shop.auth import Actor, requires
from shop.db import transaction
from shop.forms import Form
from shop.i18n import _
from shop.idempotency import idempotent
from shop.paging import DEFAULT_LIMIT
from shop.typed import digits

Answer = str | Response | tuple[str, int, dict[str, str]]
bp = Blueprint("return_pages", __name__, template_folder="templates")
_DESKS = "any(desk, producer, official, operator)"
_SIDES = "any(desk, producer)"
_ONE = "returns/<uuid:goods_return_id>"
_PARTS = ("to_lot", "apart", "destroyed")
#: How a state looks.
KINDS = {
    "requested": "wait",
    "offered": "wait",
    "agreed": "wait",
    "sent": "wait",
    "received": "good",
    "refused": "info",
}


@bp.get(f"/<{_DESKS}:desk>/returns")
@requires("signed_in")
def list_returns(actor: Actor, desk: str) -> str:
    """Show returns, narrowed by state."""
    status = request.args.get("status", "")
    states = STATES["goods_return"]
    page = queries.list_returns(
        actor, clock.now(), limit=DEFAULT_LIMIT, cursor=request.args.get("cursor"),
        statuses=(status,) if status in states else (),
    )  # fmt: skip
    return render_template("returns/list.html", desk=desk, page=page, states=states, kinds=KINDS)


@bp.route(f"/<{_SIDES}:desk>/orders/<uuid:order_id>/returns/new", methods=["GET", "POST"])
@requires("orders:read")
@idempotent
def open_one(actor: Actor, desk: str, order_id: UUID) -> Answer:
    """Ask for accepted goods to go back, or offer to take them."""
    at, form = clock.now(), OpenForm()
    order = get_order(order_id, actor, at)
    items = queries.list_returnable(order.id)
    if form.validate_on_submit():
        with form.refusals():
            form.draw({f"quantity-{item.item_id}": item.title for item in items})
            wanted = [
                ItemToReturn(item.item_id, typed)
                for item in items
                if (typed := _quantity(f"quantity-{item.item_id}"))
            ]  # fmt: skip
            form.targets |= {f"items/{n}/quantity": f"quantity-{one.item_id}" for n, one in enumerate(wanted)}
            with transaction():
                made = open_return(order_id, wanted, form.reason.data or "", actor=actor, at=at).public_id
            flash(_("退货已登记，已通知对方。"), "success")
            return redirect(url_for(".show", desk=desk, goods_return_id=made))
    return form.answer(
        render_template(
            "returns/new.html", desk=desk, form=form, order=order_answer(order.id), items=items, units=UNITS
        )
    )


@bp.get(f"/<{_DESKS}:desk>/{_ONE}")
@requires("signed_in")
def show(actor: Actor, desk: str, goods_return_id: UUID) -> str:
    """Show a return, and what its reader may do with it."""
    return _render(actor, desk, goods_return_id)


@bp.post(f"/<{_SIDES}:desk>/{_ONE}/<any(agree, withdraw):act>")
@requires("orders:read")
@idempotent
def decide(actor: Actor, desk: str, goods_return_id: UUID, act: str) -> Answer:
    """Agree to a return, or take back one's own."""
    form = Form()
    with form.refusals():
        with transaction():
            {"agree": deciding.agree, "withdraw": deciding.withdraw}[act](goods_return_id, actor=actor, at=clock.now())
        flash(_("已同意退货。") if act == "agree" else _("已撤回退货。"), "success")
        return _to(desk, goods_return_id)
    return form.answer(_render(actor, desk, goods_return_id, plain=form))


@bp.post(f"/<{_SIDES}:desk>/{_ONE}/refuse")
@requires("orders:read")
@idempotent
def refuse(actor: Actor, desk: str, goods_return_id: UUID) -> Answer:
    """Refuse a return with a reason."""
    form = RefuseForm()
    if form.validate_on_submit():
        with form.refusals():
            with transaction():
                deciding.refuse(goods_return_id, form.reason.data or "", actor=actor, at=clock.now())
            flash(_("已回复不予退货。"), "success")
            return _to(desk, goods_return_id)
    return form.answer(_render(actor, desk, goods_return_id, refusal=form))


@bp.post(f"/<any(desk):desk>/{_ONE}/send")
@requires("goods:accept")
@idempotent
def send(actor: Actor, desk: str, goods_return_id: UUID) -> Answer:
    """Say that the goods are on their way back."""
    form = SendForm()
    if form.validate_on_submit():
        with form.refusals():
            with transaction():
                deciding.send(
                    goods_return_id, form.carrier.data or "", form.tracking_ref.data or "", actor=actor, at=clock.now()
                )
            flash(_("已登记寄回，供应商收到后登记。"), "success")
            return _to(desk, goods_return_id)
    return form.answer(_render(actor, desk, goods_return_id, sending=form))


@bp.post(f"/<any(producer):desk>/{_ONE}/receive")
@requires("goods:ship")
@idempotent
def receive_one(actor: Actor, desk: str, goods_return_id: UUID) -> Answer:
    """Take goods back, and say what becomes of them."""
    form, at = ReceiveForm(), clock.now()
    row = queries.get_return(goods_return_id, actor, at)
    if form.validate_on_submit():
        with form.refusals():
            form.draw({f"{part}-{item.id}": item.title for item in row.items for part in _PARTS})
            came = [_came(item.id) for item in row.items]
            form.targets |= {
                f"items/{n}/{part}": f"{part}-{one.item_id}" for n, one in enumerate(came) for part in _PARTS
            }
            with transaction():
                receive(goods_return_id, came, form.note.data or "", actor=actor, at=at)
            flash(_("已登记收到退货；已付的款项由系统申请退回。"), "success")
            return _to(desk, goods_return_id)
    return form.answer(_render(actor, desk, goods_return_id, receiving=form))


def _quantity(name: str) -> Decimal:
    try:
        return money.parse_quantity(digits(request.form.get(name, "").strip()) or "0")
    except ValueError as error:
        detail = _("请填写数量，至多三位小数。")
        raise BadReturn(detail, errors=[{"pointer": f"#/{name}", "detail": detail}]) from error


def _came(item_id: UUID) -> CameBack:
    to_lot, apart, destroyed = (_quantity(f"{part}-{item_id}") for part in _PARTS)
    code = request.form.get(f"code-{item_id}", "")[:40]
    return CameBack(item_id, to_lot, apart, destroyed, apart_code=code)


def _to(desk: str, goods_return_id: UUID) -> Response:
    return redirect(url_for(".show", desk=desk, goods_return_id=goods_return_id))


def _render(actor: Actor, desk: str, goods_return_id: UUID, **forms: Any) -> str:
    at = clock.now()
    row = queries.get_return(goods_return_id, actor, at)
    return render_template(
        "returns/return.html", desk=desk, row=row, can=acts.possible(row, actor, at), units=UNITS, parts=_PARTS,
        states=STATES["goods_return"], kinds=KINDS, effect_fen=acts.worth_fen(row),
        plain=forms.get("plain") or Form(formdata=None), refusal=forms.get("refusal") or RefuseForm(formdata=None),
        sending=forms.get("sending") or SendForm(formdata=None),
        receiving=forms.get("receiving") or ReceiveForm(formdata=None),
    )  # fmt: skip
