"""Pages that move an order: confirm, ship, accept, and end it."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from sqlalchemy import select
from werkzeug.wrappers import Response

from catalog.lots.batches import places
from catalog.lots.models import Lot
from catalog.lots.recording.forms import place_choices
from orders.contracts import services as contracts
from orders.contracts.views import accept_within_days, sign_within
from orders.desk.basket_pages import read_quantity
from orders.desk.forms import AcceptForm, ConfirmForm, ShipForm, WhyForm
from orders.desk.pages import desk_of
from orders.desk.queries import OrderPage, get_order_page
from orders.desk.words import PAPERS, words
from orders.fulfilment import witnessing
from orders.fulfilment.accepting import AcceptanceDraft, ItemDecision, accept_goods
from orders.fulfilment.shipping import ItemToShip, ShipmentDraft, ship_order
from orders.purchase.changes import BadConfirmation, Confirmation
from orders.purchase.models import Order, OrderLine
from shop import clock, money
from shop.auth import Actor, requires
from shop.db import db, transaction
from shop.files.keeping import keep_files, kept_file
from shop.forms import Form
from shop.i18n import _
from shop.idempotency import idempotent
from shop.typed import digits

bp = Blueprint("order_act_pages", __name__, template_folder="templates")
Answer = str | Response | tuple[str, int, dict[str, str]]
#: Papers that a delivery can be given at once.
MOST_PAPERS = 6


def read_yuan(typed: str | None, at: str) -> int:
    """Return the fen of an amount as people type it, not negative.

    :param at: the element it was typed into, to which a refusal points.
    :raises BadConfirmation: for anything else.
    """
    try:
        fen = money.parse_yuan(digits(typed or ""))
    except ValueError as error:
        detail = _("金额至多两位小数，如 12.30。")
        raise BadConfirmation(detail, errors=[{"pointer": f"#/{at}", "detail": detail}]) from error
    if fen < 0:
        detail = _("金额不能为负。")
        raise BadConfirmation(detail, errors=[{"pointer": f"#/{at}", "detail": detail}])
    return fen


def _to_order(actor: Actor, order_id: UUID) -> Response:
    return redirect(url_for("desk_pages.show_order", desk=desk_of(actor), order_id=order_id))


@bp.route("/producer/orders/<uuid:order_id>/confirm", methods=["GET", "POST"])
@requires("orders:confirm")
@idempotent
def confirm(actor: Actor, order_id: UUID) -> Answer:
    """Confirm price, freight and date of an order."""
    at = clock.now()
    page, form = get_order_page(order_id, actor, at), ConfirmForm()
    if form.validate_on_submit():
        with form.refusals():
            form.draw({f"price-{line.id}": line.title for line in page.order.lines})
            prices = {
                line.id: read_yuan(request.form.get(f"price-{line.id}"), f"price-{line.id}")
                for line in page.order.lines
            }
            form.targets |= {f"prices/{n}/price": f"price-{line_id}" for n, line_id in enumerate(prices)}
            day = form.promised_on.data or clock.business_day(at)
            confirmation = Confirmation(read_yuan(form.freight.data, "freight"), day, prices)
            offer = contracts.Offer(
                confirmation, payment_days=form.payment_days.data or 0, sign=bool(form.sign.data),
                sign_within=sign_within(), accept_within_days=accept_within_days(),
            )  # fmt: skip
            with transaction():
                contracts.confirm_order(order_id, offer, actor=actor, at=at)
            flash(_("订单已确认，合同已发给采购单位。"), "success")
            return _to_order(actor, order_id)
    return form.answer(render_template("desk/confirm.html", form=form, order=page.order, **words()))


@bp.route("/producer/orders/<uuid:order_id>/ship", methods=["GET", "POST"])
@requires("goods:ship")
@idempotent
def ship(actor: Actor, order_id: UUID) -> Answer:
    """Ship goods of an order."""
    at = clock.now()
    page, form = get_order_page(order_id, actor, at), ShipForm()
    form.place.choices = place_choices(places.list_places(actor, clock.business_day(at), limit=300), _("不填"))
    if form.validate_on_submit():
        with form.refusals():
            form.draw({f"quantity-{line.id}": line.title for line in page.order.lines})
            items = _items_to_ship(page)
            form.targets |= {f"items/{n}/quantity": f"quantity-{item.line_id}" for n, item in enumerate(items)}
            form.targets["items"] = f"quantity-{page.order.lines[0].id}"
            draft = ShipmentDraft(
                items, (form.carrier.data or "").strip(), (form.tracking_ref.data or "").strip(),
                (form.note.data or "").strip(), UUID(form.place.data) if form.place.data else None,
            )  # fmt: skip
            with transaction():
                ship_order(order_id, draft, actor=actor, at=at)
            flash(_("已发货，等待采购单位验收。"), "success")
            return _to_order(actor, order_id)
    choices = _lots_of(order_id, page)
    return form.answer(render_template("desk/ship.html", form=form, order=page.order, lots=choices, **words()))


def _items_to_ship(page: OrderPage) -> list[ItemToShip]:
    items = []
    for line in page.order.lines:
        quantity = read_quantity(request.form.get(f"quantity-{line.id}") or "0", f"quantity-{line.id}")
        chosen = request.form.get(f"lot-{line.id}") or ""
        if quantity:
            known = [lot for lot in (chosen,) if lot]
            items.append(ItemToShip(line.id, quantity, "", tuple(_uuids(known))))
    return items


def _uuids(values: Sequence[str]) -> list[UUID]:
    try:
        return [UUID(value) for value in values]
    except ValueError:
        return [UUID(int=0)]


def _lots_of(order_id: UUID, page: OrderPage) -> dict[UUID, list[Lot]]:
    """Return the open lots that each line can be shipped from, first expired first."""
    rows = db.session.execute(
        select(OrderLine.public_id, Lot)
        .join(Order, Order.id == OrderLine.order_id)
        .join(Lot, Lot.sku_id == OrderLine.sku_id)
        .where(Order.public_id == order_id, Lot.status == "open", Lot.on_hand > 0)
        .order_by(Lot.expires_on.nulls_last(), Lot.id)
    )
    found: dict[UUID, list[Lot]] = {line.id: [] for line in page.order.lines}
    for line_id, lot in rows:
        found[line_id].append(lot)
    return found


@bp.route("/desk/orders/<uuid:order_id>/accept", methods=["GET", "POST"])
@requires("goods:accept")
@keep_files
@idempotent
def accept(actor: Actor, order_id: UUID) -> Answer:
    """Accept or reject delivered goods."""
    at = clock.now()
    page, form = get_order_page(order_id, actor, at), AcceptForm()
    form.choose(actor, clock.business_day(at))
    if form.validate_on_submit():
        with form.refusals():
            form.draw(_drawn(page))
            items = _decisions(page)
            for n, item in enumerate(items):
                form.targets |= {f"items/{n}/{name}": f"{name}-{item.item_id}" for name in ("accepted", "reason")}
            with transaction():
                papers = _papers()
                draft = AcceptanceDraft(
                    items, "", form.note.data or "", papers, form.witness(), also_present=form.also_present.data or ""
                )
                accept_goods(order_id, draft, actor=actor, at=at)
            flash(_("验收已登记。"), "success")
            return _to_order(actor, order_id)
    return form.answer(
        render_template(
            "desk/accept.html", form=form, order=page.order, shipments=page.shipments, most=MOST_PAPERS, **words()
        )
    )


@bp.post("/desk/orders/<uuid:order_id>/acceptances/<uuid:acceptance_id>/witness")
@requires("orders:read")
@idempotent
def witness(actor: Actor, order_id: UUID, acceptance_id: UUID) -> Response:
    """Say that one was there as the second person of an acceptance."""
    form = Form()
    with form.refusals(), transaction():
        witnessing.witness(acceptance_id, actor, clock.now())
    form.tell(_("已确认，谢谢。"))
    return _to_order(actor, order_id)


def _drawn(page: OrderPage) -> dict[str, str]:
    """Return the inputs of the page and the goods they are about."""
    items = [item for shipment in page.shipments for item in shipment.items]
    return {f"{name}-{item.id}": item.title for item in items for name in ("accepted", "rejected", "reason")}


def _decisions(page: OrderPage) -> list[ItemDecision]:
    if "reject_recalled" in request.form:
        return _rejections_of_recalled(page)
    decided = []
    for shipment in page.shipments:
        for item in shipment.items:
            accepted = read_quantity(request.form.get(f"accepted-{item.id}") or "0", f"accepted-{item.id}")
            rejected = read_quantity(request.form.get(f"rejected-{item.id}") or "0", f"rejected-{item.id}")
            if accepted + rejected > Decimal(0):
                reason = request.form.get(f"reason-{item.id}", "")[:500]
                knows = f"recalled-{item.id}" in request.form
                decided.append(ItemDecision(item.id, accepted, rejected, reason, knows_recall=knows))
    return decided


def _rejections_of_recalled(page: OrderPage) -> list[ItemDecision]:
    """Return the decision to reject all that is called back, whatever else the form says; the rest stays open."""
    return [
        ItemDecision(item.id, Decimal(0), item.undecided, _("召回：%(reason)s", reason=item.recall_reason)[:500])
        for shipment in page.shipments
        for item in shipment.items
        if item.recall_reason and item.undecided > 0
    ]


def _papers() -> list[tuple[str, UUID]]:
    """Return the papers that came with the form, now or before, and their kinds."""
    found = []
    for n in range(MOST_PAPERS):
        kind, file = request.form.get(f"kind-{n}", "other"), kept_file(f"file-{n}")
        if file is not None:
            found.append((kind if kind in PAPERS else "other", file))
    return found


@bp.route(
    "/<any(desk, producer):desk>/orders/<uuid:order_id>/<any(decline, cancel, 'close-short'):act>",
    methods=["GET", "POST"],
)
@requires("orders:read")
@idempotent
def end(actor: Actor, desk: str, order_id: UUID, act: str) -> Answer:
    """Decline, cancel or close short an order, after saying what follows from it."""
    at = clock.now()
    page, form = get_order_page(order_id, actor, at), WhyForm()
    if form.validate_on_submit():
        with form.refusals():
            with transaction():
                contracts.end_order(order_id, act.replace("-", "_"), actor=actor, at=at, why=form.why.data or "")
            flash(_("已办理。"), "success")
            return _to_order(actor, order_id)
    told = _end_words(act, page)
    back = url_for("desk_pages.show_order", desk=desk, order_id=order_id)
    return form.answer(render_template("desk/end.html", form=form, order=page.order, words=told, back=back))


def _end_words(act: str, page: OrderPage) -> dict[str, str]:
    total = money.show_yuan(page.order.total_fen)
    return {
        "decline": {
            "title": _("谢绝订单"), "effect": _("谢绝后订单 %(sum)s 元作废，预留的库存释放。", sum=total),
        },
        "cancel": {
            "title": _("取消订单"), "effect": _("取消后订单 %(sum)s 元作废，预留的库存释放；已付的款项将申请退回。", sum=total),
        },
        "close-short": {
            "title": _("少发结单"), "effect": _("结单后未发的货物不再发出，只按已发并验收的数量付款。"),
        },
    }[act]  # fmt: skip
