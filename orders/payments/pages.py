"""Pages of receipts, for the producer's finance and for the operator's."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from orders.payments import (
    columns,
    correction_queries,
    credit,
    labels,
    matching,
    queries,
    receipt_queries,
    receipts,
    shares,
    withdrawing,
)
from orders.payments.forms import AllocationForm, CreditForm, ReasonForm, ReceiptForm, leave_out_supervised
from orders.payments.receipt_queries import PaymentRow
from orders.payments.receipts import ReceiptFacts
from orders.purchase import due, party
from orders.purchase.amounts import BadRows
from shop import clock, picking
from shop.auth import Actor, requires
from shop.db import transaction
from shop.downloads import answer_sheet, is_sheet_wanted
from shop.files.keeping import keep_files, offer_file
from shop.filters import read_id, searched
from shop.i18n import _
from shop.idempotency import idempotent
from shop.money import format_yuan
from shop.paging import DEFAULT_LIMIT, Page
from shop.picking import Pick, Picking

Answer = str | Response | tuple[str, int, dict[str, str]]
bp = Blueprint(
    "payment_pages", __name__, template_folder="templates", url_prefix="/<any(producer, operator):desk>/payments"
)


@bp.get("")
@requires("payments:read")
def list_payments(actor: Actor, desk: str) -> str | Response:
    """Show receipts, what waits for a second person first to be found by the filter, and what is owed."""
    today, status = clock.today(), request.args.get("status")
    wanted: dict[str, Any] = {
        "statuses": (status,) if status in labels.RECEIPT_STATES else (),
        "clearing": labels.known_clearing(request.args.get("clearing")), "q": searched(),
    }  # fmt: skip

    def fetch(limit: int, cursor: str | None) -> Page[PaymentRow]:
        return receipt_queries.list_payments(
            actor,
            today,
            limit=limit,
            cursor=cursor,
            **wanted,
        )

    if is_sheet_wanted():
        return answer_sheet(_("到账"), "receipts", columns.receipts(), fetch)
    page = fetch(DEFAULT_LIMIT, request.args.get("cursor"))
    owed, late = queries.owed_fen(actor, today)
    return render_template(
        "payments/receipts.html", desk=desk, page=page, total=receipt_queries.total_payments(actor, today, **wanted), owed_fen=owed, late_fen=late,
        waiting=receipt_queries.count_waiting(actor, today), correcting=correction_queries.count_waiting(actor, today),
        credits=queries.list_credit(actor, today), **labels.words(),
    )  # fmt: skip


@bp.route("/new", methods=["GET", "POST"])
@requires("payments:record")
@keep_files
@idempotent
def record(actor: Actor, desk: str) -> Answer:
    """Record a receipt; nothing is paid before another person confirms it."""
    form = ReceiptForm()
    leave_out_supervised(form, actor)
    if request.method == "GET":
        _prefill(form, actor)
    if form.validate_on_submit():
        with form.refusals():
            with transaction():
                made = receipts.record(_facts(form, actor), actor, clock.now())
                made_id = made.public_id
            flash(_("已登记，请由另一位同事确认。"), "success")
            return redirect(url_for("payment_pages.show", desk=desk, payment_id=made_id))
    return form.answer(render_template("payments/record.html", desk=desk, form=form))


@bp.get("/due")
@requires("payments:read")
def list_due(actor: Actor, desk: str) -> str:
    """Show what is owed, by day."""
    page = queries.list_due(actor, clock.today(), limit=DEFAULT_LIMIT, cursor=request.args.get("cursor"))
    owed, late = queries.owed_fen(actor, clock.today())
    return render_template("payments/due.html", desk=desk, page=page, owed_fen=owed, late_fen=late, **labels.words())


@bp.route("/use-credit", methods=["GET", "POST"])
@requires("payments:record")
@idempotent
def use_credit(actor: Actor, desk: str) -> Answer:
    """Pay an order from what its buyer has left at its producer."""
    form = CreditForm()
    if form.validate_on_submit():
        with form.refusals():
            with transaction():
                amount = form.amount.data or 0
                found = matching.match(f"{form.order.data} {format_yuan(amount)}", None, actor, clock.today())
                credit.use_credit(found.shares[0].order, amount, actor, clock.now())
            flash(_("余额已用于订单。"), "success")
            return redirect(url_for("payment_pages.list_payments", desk=desk))
    credits_ = queries.list_credit(actor, clock.today())
    return form.answer(render_template("payments/use_credit.html", desk=desk, form=form, credits=credits_))


@bp.route("/confirm-selected", methods=["GET", "POST"])
@requires("payments:confirm")
@idempotent
def confirm_selected(actor: Actor, desk: str) -> str | Response:
    """Confirm several receipts that others recorded, each by itself."""
    what = Picking(
        _("确认所选到账"),
        lambda n, total: _("确认 %(n)s 笔到账，合计 %(sum)s 元，计入各自的订单。", n=n, sum=total),
        _("确认到账"),
        lambda key: receipts.confirm(key, actor, clock.now()),
        url_for("payment_pages.list_payments", desk=desk),
    )
    return picking.answer(picking.picked(lambda key: _pick(key, actor, desk)), what)


def _pick(key: UUID, actor: Actor, desk: str) -> Pick:
    row = receipt_queries.get_payment(key, actor, clock.today())
    detail = f"{row.payer_name} → {row.buyer or row.payee} {' '.join(one.number for one in row.allocations)}"
    address = url_for("payment_pages.show", desk=desk, payment_id=key)
    return Pick(key, row.bank_serial, detail.strip(), row.amount_fen, address)


@bp.get("/<uuid:payment_id>")
@requires("payments:read")
def show(actor: Actor, desk: str, payment_id: UUID) -> str:
    """Show a receipt, and what the reader may do with it."""
    return _render(desk, payment_id, actor)


@bp.post("/<uuid:payment_id>/confirm")
@requires("payments:confirm")
@idempotent
def confirm(actor: Actor, desk: str, payment_id: UUID) -> Answer:
    """Confirm a receipt that another person recorded."""
    form = ReasonForm()
    with form.refusals():
        with transaction():
            receipts.confirm(payment_id, actor, clock.now())
        flash(_("到账已确认，已计入订单。"), "success")
        return redirect(url_for("payment_pages.show", desk=desk, payment_id=payment_id))
    return form.answer(_render(desk, payment_id, actor, form=form))


@bp.post("/<uuid:payment_id>/refuse")
@requires("payments:confirm")
@idempotent
def refuse(actor: Actor, desk: str, payment_id: UUID) -> Answer:
    """Refuse a receipt with a reason."""
    form = ReasonForm()
    if form.validate_on_submit():
        with form.refusals():
            with transaction():
                receipts.refuse(payment_id, form.reason.data, actor, clock.now())
            flash(_("已退回，可更正后重新登记。"), "success")
            return redirect(url_for("payment_pages.show", desk=desk, payment_id=payment_id))
    return form.answer(_render(desk, payment_id, actor, form=form))


@bp.post("/<uuid:payment_id>/withdraw")
@requires("payments:record")
@idempotent
def withdraw(actor: Actor, desk: str, payment_id: UUID) -> Answer:
    """Take back a receipt that one recorded oneself."""
    form = ReasonForm()
    with form.refusals():
        with transaction():
            withdrawing.withdraw_receipt(payment_id, actor, clock.now())
        flash(_("已撤回，可更正后重新登记。"), "success")
        return redirect(url_for("payment_pages.show", desk=desk, payment_id=payment_id))
    return form.answer(_render(desk, payment_id, actor, form=form))


@bp.post("/<uuid:payment_id>/allocate")
@requires("payments:record")
@idempotent
def allocate(actor: Actor, desk: str, payment_id: UUID) -> Answer:
    """Give what is left of a receipt to orders."""
    form = AllocationForm()
    if form.validate_on_submit():
        with form.refusals():
            with transaction():
                left = receipt_queries.get_payment(payment_id, actor, clock.today()).left_fen
                found = matching.match(form.allocations.data, left, actor, clock.today())
                credit.allocate(payment_id, found.shares, actor, clock.now(), is_certain=form.is_certain.data)
            flash(_("已分配。"), "success")
            return redirect(url_for("payment_pages.show", desk=desk, payment_id=payment_id))
    return form.answer(_render(desk, payment_id, actor, allocation=form))


def _prefill(form: ReceiptForm, actor: Actor) -> None:
    """Start with the order named in the address; the operator records what comes to the supervised account."""
    form.value_on.data = clock.today()
    form.clearing.data = "supervised" if actor.organisation_kind == "operator" else "direct"
    if (refused := read_id(request.args.get("from"))) is not None:
        _copy(form, receipt_queries.get_payment(refused, actor, clock.today()), actor)
        return
    order_id = read_id(request.args.get("order"))
    if order_id is None:
        return
    order = party.get_order(order_id, actor, clock.today())
    form.amount.data = due.unpaid_fen(order) or None
    form.allocations.data = f"{order.number} {format_yuan(due.unpaid_fen(order))}"


def _copy(form: ReceiptForm, row: PaymentRow, actor: Actor) -> None:
    """Start with all that a refused receipt says, its slip too, so that only what was wrong is typed again."""
    form.bank_serial.data, form.payer_name.data, form.payer_account.data = (
        row.bank_serial,
        row.payer_name,
        row.payer_account,
    )
    form.amount.data, form.value_on.data, form.remark.data = row.amount_fen, row.value_on, row.remark
    form.clearing.data = row.clearing if actor.organisation_kind == "operator" else "direct"
    form.allocations.data = "\n".join(f"{one.number} {format_yuan(one.amount_fen)}" for one in row.allocations)
    offer_file(form.evidence.name, row.evidence_file, actor)


def _facts(form: ReceiptForm, actor: Actor) -> ReceiptFacts:
    """Return what the form says; whose receipt it is follows from the orders, typed or named in the remark."""
    today = clock.today()
    rows = form.allocations.data or ""
    found = matching.match(rows, form.amount.data, actor, today)
    payee = found.producer
    if payee is None and actor.organisation_kind != "producer":
        payee = receipt_queries.payee_of_remark(form.remark.data or "", actor, today)
    if payee is None and actor.organisation_kind != "producer":
        raise BadRows(_("请填写订单号，以确定收款的供应商。"))
    return ReceiptFacts(
        bank_serial=form.bank_serial.data, payer_name=form.payer_name.data, payer_account=form.payer_account.data or "",
        amount_fen=form.amount.data or 0, value_on=form.value_on.data, clearing=form.clearing.data,
        remark=form.remark.data or "", payee=payee, buyer=matching.buyer_of(form.credit_of.data, actor, today),
        evidence_file=form.stored(), allocations=found.shares,
        is_certain=form.is_certain.data,
    )  # fmt: skip


def _render(
    desk: str,
    payment_id: UUID,
    actor: Actor,
    *,
    form: ReasonForm | None = None,
    allocation: AllocationForm | None = None,
) -> str:
    row = receipt_queries.get_payment(payment_id, actor, clock.today())
    payee_confirms = row.clearing == "direct" and actor.organisation_kind == "operator"
    found = correction_queries.list_corrections(actor, clock.today(), limit=DEFAULT_LIMIT, payment_id=row.key)
    is_second = row.status == "recorded" and not shares.took_part(row.key, actor)
    if allocation is None:
        allocation = AllocationForm(formdata=None)
        allocation.allocations.data = "\n".join(
            f"{each.number} {format_yuan(min(each.unpaid_fen, row.left_fen))}"
            for each in row.suggestions
            if each.unpaid_fen
        )
    return render_template(
        "payments/receipt.html", desk=desk, row=row, form=form or ReasonForm(formdata=None), allocation=allocation,
        may_decide=is_second and actor.may("payments:confirm") and not payee_confirms, payee_confirms=payee_confirms,
        corrections=found.items,
        may_correct=actor.may("payments:record") and all(each.status in ("refused", "withdrawn") for each in found.items)
        and (row.clearing == "direct" or actor.organisation_kind == "operator"),
        may_withdraw=row.status == "recorded" and row.recorded_by == actor.user_id and actor.may("payments:record"),
        **labels.words(),
    )  # fmt: skip
