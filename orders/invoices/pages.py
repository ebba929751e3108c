"""Pages of invoices: recorded by the producer's finance, checked by the institution's."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from orders.invoices import flags, queries, services
from orders.invoices.forms import KIND_WORDS, STATUS_KINDS, STATUS_WORDS, TAX_WORDS, CheckForm, InvoiceForm, RefuseForm
from orders.invoices.queries import InvoiceRow
from orders.invoices.services import InvoiceFacts, InvoiceShare
from orders.purchase import party
from orders.purchase.amounts import read_rows
from orders.purchase.models import Order
from shop import clock, picking
from shop.auth import Actor, requires
from shop.db import db, transaction
from shop.downloads import Column, answer_sheet, is_sheet_wanted
from shop.files.keeping import keep_files, kept_file, offer_file
from shop.filters import read_id, searched
from shop.i18n import _
from shop.idempotency import idempotent
from shop.identity.models import Organisation
from shop.money import format_yuan
from shop.paging import DEFAULT_LIMIT, Page
from shop.picking import Pick, Picking
from shop.sheets import Fen

Answer = str | Response | tuple[str, int, dict[str, str]]
bp = Blueprint("invoice_pages", __name__, template_folder="templates")
_WORDS: dict[str, Any] = {
    "states": STATUS_WORDS, "kinds": STATUS_KINDS, "types": KIND_WORDS, "taxes": TAX_WORDS, "flag_words": flags.LABELS,
}  # fmt: skip


@bp.get("/desk/invoices")
@requires("invoices:check")
def list_received(actor: Actor) -> str | Response:
    """Show the invoices that the institution received; those that wait can be filtered."""
    return _list("desk", actor)


@bp.get("/producer/invoices")
@requires("invoices:record")
def list_issued(actor: Actor) -> str | Response:
    """Show the invoices that the producer recorded."""
    return _list("producer", actor)


@bp.route("/producer/invoices/new", methods=["GET", "POST"])
@requires("invoices:record")
@keep_files
@idempotent
def record(actor: Actor) -> Answer:
    """Record an invoice for orders."""
    form = InvoiceForm()
    if request.method == "GET":
        _prefill(form, actor)
    if form.validate_on_submit():
        with form.refusals():
            with transaction():
                made_id = services.record(_facts(form, actor), actor, clock.now()).public_id
            flash(_("发票已登记，等待采购单位核验。"), "success")
            return redirect(url_for("invoice_pages.show", desk="producer", invoice_id=made_id))
    return form.answer(render_template("invoices/record.html", form=form))


@bp.get("/<any(desk, producer):desk>/invoices/<uuid:invoice_id>")
@requires("orders:read")
def show(actor: Actor, desk: str, invoice_id: UUID) -> str:
    """Show an invoice beside what was accepted of its orders."""
    return _render(desk, invoice_id, actor)


@bp.route("/desk/invoices/check-selected", methods=["GET", "POST"])
@requires("invoices:check")
@idempotent
def check_selected(actor: Actor) -> str | Response:
    """Check several invoices, each by itself; what the system warns of is looked at one by one."""
    what = Picking(
        _("核验所选发票"),
        lambda n, total: _(
            "核验 %(n)s 张发票，合计 %(sum)s 元；系统提示抬头或税号不符的须逐张打开办理。", n=n, sum=total
        ),
        _("核验发票"),
        lambda key: services.check(key, actor, clock.now()),
        url_for("invoice_pages.list_received", status="recorded"),
    )
    return picking.answer(picking.picked(lambda key: _pick(key, actor)), what)


def _pick(key: UUID, actor: Actor) -> Pick:
    row = queries.get_row(key, actor, clock.today())
    detail = f"{row.seller} {' '.join(each.number for each in row.orders)}"
    return Pick(key, row.number, detail, row.amount_fen, url_for("invoice_pages.show", desk="desk", invoice_id=key))


@bp.post("/desk/invoices/<uuid:invoice_id>/check")
@requires("invoices:check")
@idempotent
def check(actor: Actor, invoice_id: UUID) -> Answer:
    """Check an invoice (验票)."""
    form = CheckForm()
    if form.validate_on_submit():
        with form.refusals():
            with transaction():
                services.check(invoice_id, actor, clock.now(), despite_flags=form.despite_flags.data)
            flash(_("发票已核验。"), "success")
            return redirect(url_for("invoice_pages.show", desk="desk", invoice_id=invoice_id))
    return form.answer(_render("desk", invoice_id, actor, checking=form))


@bp.post("/desk/invoices/<uuid:invoice_id>/refuse")
@requires("invoices:check")
@idempotent
def refuse(actor: Actor, invoice_id: UUID) -> Answer:
    """Refuse an invoice with a reason."""
    form = RefuseForm()
    if form.validate_on_submit():
        with form.refusals():
            with transaction():
                services.refuse(invoice_id, form.reason.data, actor, clock.now())
            flash(_("发票已退回供应商。"), "success")
            return redirect(url_for("invoice_pages.show", desk="desk", invoice_id=invoice_id))
    return form.answer(_render("desk", invoice_id, actor, refusing=form))


@bp.post("/producer/invoices/<uuid:invoice_id>/withdraw")
@requires("invoices:record")
@idempotent
def withdraw(actor: Actor, invoice_id: UUID) -> Answer:
    """Take back an invoice that one recorded oneself."""
    form = RefuseForm()
    with form.refusals():
        with transaction():
            services.withdraw(invoice_id, actor, clock.now())
        flash(_("发票登记已撤回，可更正后重新登记。"), "success")
        return redirect(url_for("invoice_pages.show", desk="producer", invoice_id=invoice_id))
    return form.answer(_render("producer", invoice_id, actor, refusing=form))


def _list(desk: str, actor: Actor) -> str | Response:
    today, status = clock.today(), request.args.get("status")
    statuses, q = (status,) if status in STATUS_WORDS else (), searched()

    def fetch(limit: int, cursor: str | None) -> Page[InvoiceRow]:
        return queries.list_invoices(actor, today, limit=limit, cursor=cursor, statuses=statuses, q=q)

    if is_sheet_wanted():
        return answer_sheet(_("发票"), "invoices", _columns(), fetch)
    page = fetch(DEFAULT_LIMIT, request.args.get("cursor"))
    total = queries.total_invoices(actor, today, statuses=statuses, q=q)
    return render_template("invoices/list.html", desk=desk, page=page, total=total, **_WORDS)


def _columns() -> list[Column]:
    return [
        (_("发票代码"), lambda row: row.code),
        (_("发票号码"), lambda row: row.number),
        (_("类型"), lambda row: str(KIND_WORDS[row.kind])),
        (_("销售方"), lambda row: row.seller),
        (_("采购单位"), lambda row: row.buyer),
        (_("抬头"), lambda row: row.buyer_header),
        (_("税号"), lambda row: row.buyer_tax_no),
        (_("开票日期"), lambda row: row.issued_on),
        (_("税率"), lambda row: str(TAX_WORDS[row.tax_rate])),
        (_("状态"), lambda row: str(STATUS_WORDS[row.status])),
        (_("订单"), lambda row: " ".join(each.number for each in row.orders)),
        (_("税额（元）"), lambda row: Fen(row.tax_fen)),
        (_("价税合计（元）"), lambda row: Fen(row.amount_fen)),
    ]


def _render(
    desk: str, invoice_id: UUID, actor: Actor, *, checking: CheckForm | None = None, refusing: RefuseForm | None = None
) -> str:
    row = queries.get_row(invoice_id, actor, clock.today())
    return render_template(
        "invoices/invoice.html", desk=desk, row=row, checking=checking or CheckForm(formdata=None),
        refusing=refusing or RefuseForm(formdata=None), needs_look=[f for f in row.flags if f in flags.ON_PAPER],
        may_withdraw=desk == "producer" and row.status == "recorded" and row.recorded_by == actor.user_id
        and actor.may("invoices:record"),
        may_check=desk == "desk" and row.status == "recorded" and actor.may("invoices:check"), **_WORDS,
    )  # fmt: skip


def _prefill(form: InvoiceForm, actor: Actor) -> None:
    """Start with the order named in the address: its buyer, and what was accepted and not invoiced."""
    form.issued_on.data = clock.today()
    if (refused := read_id(request.args.get("from"))) is not None:
        _copy(form, queries.get_row(refused, actor, clock.today()), actor)
        return
    order_id = read_id(request.args.get("order"))
    if order_id is None:
        return
    order = party.get_order(order_id, actor, clock.today())
    buyer = db.session.get_one(Organisation, order.buyer_id)
    left = queries.not_invoiced_fen(order.id)
    form.buyer_header.data, form.buyer_tax_no.data = buyer.name, buyer.credit_code or ""
    form.amount.data = left or None
    form.orders.data = f"{order.number} {format_yuan(left)}"


def _copy(form: InvoiceForm, row: InvoiceRow, actor: Actor) -> None:
    """Start with all that a refused invoice says, its file too, so that only what was wrong is typed again."""
    form.kind.data, form.code.data, form.number.data = row.kind, row.code, row.number
    form.issued_on.data, form.buyer_header.data, form.buyer_tax_no.data = (
        row.issued_on,
        row.buyer_header,
        row.buyer_tax_no,
    )
    form.amount.data, form.tax_rate.data = abs(row.amount_fen), row.tax_rate
    form.tax.data = abs(row.tax_fen) or None
    form.orders.data = "\n".join(f"{one.number} {format_yuan(abs(one.share_fen))}" for one in row.orders)
    if row.red_of is not None:
        form.red_of.data = queries.get_row(row.red_of, actor, clock.today()).number
    offer_file(form.file.name, row.file, actor)


def _facts(form: InvoiceForm, actor: Actor) -> InvoiceFacts:
    """Return what the form says; a red invoice's amounts are typed without their sign."""
    amount, today = form.amount.data or 0, clock.today()
    sign = -1 if form.kind.data == "red" else 1

    def default(_order: Order, before: int) -> int:
        return amount - before

    rows = read_rows(form.orders.data, actor, today, default=default)
    red_of = None
    if form.red_of.data:
        red_of = queries.find_by_number(form.red_of.data, actor, today)
    return InvoiceFacts(
        code=form.code.data or "", number=form.number.data, kind=form.kind.data, red_of=red_of,
        buyer_header=form.buyer_header.data, buyer_tax_no=form.buyer_tax_no.data or "", amount_fen=amount * sign,
        tax_fen=abs(form.tax.data or 0) * sign, tax_rate=form.tax_rate.data, issued_on=form.issued_on.data,
        file=kept_file(form.file.name),
        orders=[InvoiceShare(order=row.order.public_id, amount_fen=row.amount_fen * sign) for row in rows],
    )  # fmt: skip
