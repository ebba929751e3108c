"""The producer desk's pages of stock and lots."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for

from catalog.lots import queries, services
from catalog.lots.forms import AdjustForm, LotForm, WriteOffForm
from catalog.lots.queries import LotView
from catalog.lots.recording.labels import WORDS as RECORD_WORDS
from catalog.lots.records.queries import records_of
from catalog.products import reads
from catalog.products.services import get_own_sku
from catalog.shopfront.labels import UNITS
from shop import clock
from shop.auth import Actor, requires
from shop.db import transaction
from shop.downloads import Column, answer_sheet, is_sheet_wanted
from shop.filters import several
from shop.forms import Form
from shop.i18n import _, lazy
from shop.idempotency import idempotent
from shop.paging import Page, decode_cursor, make_page

bp = Blueprint("lot_pages", __name__, template_folder="templates", url_prefix="/producer/lots")

STATES = {
    "open": (lazy("在库"), "good"), "closed": (lazy("已关闭"), ""), "recalled": (lazy("已召回"), "bad"),
    "undone": (lazy("已撤销"), ""),
}  # fmt: skip
MOVES = {
    "born": lazy("入库"), "shipped": lazy("发货"), "returned": lazy("退回"), "destroyed": lazy("报废"),
    "expired": lazy("到期出库"), "adjusted_up": lazy("盘点增加"), "adjusted_down": lazy("盘点减少"),
    "unpacked": lazy("拆包、撤销包装"),
}  # fmt: skip
WORDS = {**RECORD_WORDS, "units": UNITS, "states": STATES, "moves": MOVES}


@bp.get("")
@requires("lots:edit")
def list_lots(actor: Actor) -> str | Response:
    """Show stock by pack and the lots."""
    today, show = clock.today(), request.args.get("show", "")
    chosen = tuple(status for status in several(request.args.getlist("show")) if status in STATES)

    def fetch(limit: int, cursor: str | None) -> Page[LotView]:
        after = decode_cursor(cursor, int)
        rows = queries.list_lots(
            actor,
            today,
            statuses=chosen,
            is_expiring=show == "expiring",
            after=after[0] if after else None,
            limit=limit,
        )
        return make_page(rows, limit, lambda row: (row.lot.id,))

    if is_sheet_wanted():
        return answer_sheet(_("库存批次"), "lots", _columns(), fetch)
    page = fetch(50, request.args.get("cursor"))
    stock = queries.list_stock(actor, today) if not show and not request.args.get("cursor") else []
    return render_template("lots/list.html", page=page, stock=stock, today=today, words=WORDS)


def _columns() -> list[Column]:
    return [
        (_("批号"), lambda row: row.lot.code),
        (_("产品"), lambda row: row.product_name),
        (_("规格"), lambda row: row.pack_spec),
        (_("单位"), lambda row: str(UNITS[row.unit])),
        (_("剩余"), lambda row: row.lot.on_hand),
        (_("来源批次"), lambda row: row.batch_code or ""),
        (_("生产日期"), lambda row: row.lot.produced_on),
        (_("到期日期"), lambda row: row.lot.expires_on),
        (_("状态"), lambda row: str(STATES[row.lot.status][0])),
    ]


@bp.route("/new", methods=["GET", "POST"])
@requires("lots:edit")
@idempotent
def new_lot(actor: Actor) -> Any:
    """Register a batch of the pack that the address names; without one, choose it."""
    at, sku_id = clock.now(), request.args.get("sku", "")
    today = clock.business_day(at)
    if not sku_id:
        products = reads.list_products(actor, today)
        return render_template("products/choose_sku.html", products=products, words=WORDS, target="new_lot")
    sku = get_own_sku(_uuid(sku_id), actor, at=at)
    form = LotForm()
    if form.validate_on_submit():
        with form.refusals():
            with transaction():
                new = services.NewLot(
                    sku_id=sku.id, lot_code=form.code.data or "", quantity=form.quantity.data or Decimal(0),
                    produced_on=form.produced_on.data, expires_on=form.expires_on.data,
                    origin_note=form.origin_note.data or "",
                )  # fmt: skip
                public_id = services.create_lot(new, actor, at=at).public_id
            flash(_("批次已入库。"), "success")
            return redirect(url_for(".show_lot", lot_id=public_id))
    view = reads.get_product_by_key(sku.product_id, today)
    return form.answer(render_template("lots/new.html", form=form, sku=sku, view=view, words=WORDS))


@bp.get("/<uuid:lot_id>")
@requires("lots:edit")
def show_lot(actor: Actor, lot_id: UUID) -> str:
    """Show a lot and what moved it."""
    return _render(actor, lot_id, AdjustForm(formdata=None), WriteOffForm(formdata=None))


@bp.post("/<uuid:lot_id>/adjust")
@requires("lots:edit")
@idempotent
def adjust_lot(actor: Actor, lot_id: UUID) -> Any:
    """Correct a lot after a count."""
    form, at = AdjustForm(), clock.now()
    if form.validate_on_submit():
        with form.refusals():
            with transaction():
                view = queries.get_lot(lot_id, actor, clock.business_day(at))
                counted = form.quantity.data or Decimal(0)
                change = counted if form.direction.data == "up" else -counted
                services.adjust_lot(view.lot, change, reason=form.reason.data or "", actor=actor, at=at)
            flash(_("库存已调整。"), "success")
            return redirect(url_for(".show_lot", lot_id=lot_id))
    return form.answer(_render(actor, lot_id, form, WriteOffForm(formdata=None)))


@bp.post("/<uuid:lot_id>/write-off")
@requires("lots:edit")
@idempotent
def write_off_lot(actor: Actor, lot_id: UUID) -> Any:
    """Destroy what is left of a lot."""
    form, at = WriteOffForm(), clock.now()
    if form.validate_on_submit():
        with form.refusals():
            with transaction():
                view = queries.get_lot(lot_id, actor, clock.business_day(at))
                services.write_off_lot(view.lot, reason=form.why.data or "", actor=actor, at=at)
            flash(_("批次已报废并关闭。"), "success")
            return redirect(url_for(".show_lot", lot_id=lot_id))
    return form.answer(_render(actor, lot_id, AdjustForm(formdata=None), form))


def _render(actor: Actor, lot_id: UUID, adjust: Form, write_off: Form) -> str:
    view = queries.get_lot(lot_id, actor, clock.today())
    known = None if view.lot.status == "undone" else records_of(None, lot_id, actor, clock.today())
    return render_template(
        "lots/lot.html", view=view, moves=queries.list_movements(view.lot.id), adjust=adjust, write_off=write_off,
        today=clock.today(), words=WORDS, known=known,
    )  # fmt: skip


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        abort(404)
