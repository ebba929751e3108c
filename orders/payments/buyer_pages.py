"""Pages of money for the institution: what is due, one order's money, announcing, asking back, the certificate."""

from __future__ import annotations

from datetime import date
from uuid import UUID

import segno
from flask import Blueprint, current_app, flash, redirect, render_template, request, url_for
from markupsafe import Markup
from werkzeug.wrappers import Response

from orders.payments import (
    announcements,
    certificate,
    columns,
    credit,
    extension,
    labels,
    queries,
    receipt_queries,
    refund_origins,
    refund_paths,
    refund_queries,
    refunds,
    withdrawing,
)
from orders.payments.announcements import AnnouncementFacts
from orders.payments.forms import AnnounceForm, PayFromCreditForm, refund_form
from orders.payments.refund_paths import Allowance
from orders.payments.refund_queries import RefundRow
from orders.purchase import due, machine, party
from orders.purchase.models import Order
from shop import clock, money
from shop.auth import Actor, public, requires
from shop.db import transaction
from shop.downloads import answer_sheet, is_sheet_wanted
from shop.forms import Form
from shop.i18n import _
from shop.idempotency import idempotent
from shop.layout import public_address
from shop.paging import DEFAULT_LIMIT, MAX_LIMIT, Page

Answer = str | Response | tuple[str, int, dict[str, str]]
bp = Blueprint("buyer_payment_pages", __name__, template_folder="templates")


@bp.get("/desk/refunds")
@requires("payments:read")
def list_refunds(actor: Actor) -> str | Response:
    """Show what goes back to the institution, and what has come."""
    today, status = clock.today(), request.args.get("status")

    def fetch(limit: int, cursor: str | None) -> Page[RefundRow]:
        return refund_queries.list_refunds(
            actor, today, limit=limit, cursor=cursor, statuses=(status,) if status in labels.REFUND_STATES else (),
            clearing=labels.known_clearing(request.args.get("clearing")),
        )  # fmt: skip

    if is_sheet_wanted():
        return answer_sheet(_("退款"), "refunds", columns.refunds(), fetch)
    page = fetch(DEFAULT_LIMIT, request.args.get("cursor"))
    return render_template("payments/refunds.html", desk="desk", page=page, now=clock.now(), **labels.words())


@bp.get("/desk/payments")
@requires("payments:read")
def list_due(actor: Actor) -> str:
    """Show what is to be paid, with the days left, the credit, and what was announced."""
    today = clock.today()
    owed, late = queries.owed_fen(actor, today)
    return render_template(
        "payments/desk.html", owed_fen=owed, late_fen=late, credits=queries.list_credit(actor, today),
        page=queries.list_due(actor, today, limit=DEFAULT_LIMIT, cursor=request.args.get("cursor")),
        announced=refund_queries.list_announcements(actor, today, limit=DEFAULT_LIMIT).items, **labels.words(),
    )  # fmt: skip


@bp.get("/desk/payments/<uuid:order_id>")
@requires("payments:read")
def show(actor: Actor, order_id: UUID) -> str:
    """Show an order's money: sums, account to pay to, receipts, refunds, announcements."""
    today = clock.today()
    order = party.get_order(order_id, actor, today)
    return render_template(
        "payments/order.html", order=order, may_extend=_may_extend(order, actor), money=queries.money_of(order, today),
        receipts=receipt_queries.list_payments(actor, today, limit=MAX_LIMIT, order_id=order.id).items,
        refunds=refund_queries.list_refunds(actor, today, limit=MAX_LIMIT, order_id=order.id).items,
        announced=refund_queries.list_announcements(actor, today, limit=MAX_LIMIT, order_id=order.id).items,
        credit_fen=credit.available_fen(order), **labels.words(),
    )  # fmt: skip


@bp.route("/desk/payments/<uuid:order_id>/announce", methods=["GET", "POST"])
@requires("payments:announce")
@idempotent
def announce(actor: Actor, order_id: UUID) -> Answer:
    """Announce a transfer; the page says to which account and with which code."""
    today = clock.today()
    order = party.get_order(order_id, actor, today)
    form = AnnounceForm()
    if request.method == "GET":
        form.payer_name.data, form.planned_on.data = actor.organisation_name, today
        form.amount.data = due.unpaid_fen(order) or None
    if form.validate_on_submit():
        with form.refusals():
            with transaction():
                announcements.announce(order_id, _announced(form), actor, clock.now())
            flash(_("已告知供应商。转账时请在附言中填写付款识别码 %(code)s。", code=order.reference_code), "success")
            for words in announcements.warnings_of(order_id, form.planned_on.data, actor, today):
                flash(words, "warning")
            return redirect(url_for("buyer_payment_pages.show", order_id=order_id))
    shown = queries.money_of(party.get_order(order_id, actor, today), today)
    return form.answer(render_template("payments/announce.html", order=order, money=shown, form=form))


@bp.route("/desk/payments/<uuid:order_id>/credit", methods=["GET", "POST"])
@requires("payments:announce")
@idempotent
def pay_from_credit(actor: Actor, order_id: UUID) -> Answer:
    """Pay an order from what the institution has left at its producer."""
    order = party.get_order(order_id, actor, clock.today())
    form, available = PayFromCreditForm(), credit.available_fen(order)
    if request.method == "GET":
        form.amount.data = min(available, due.unpaid_fen(order)) or None
    if form.validate_on_submit():
        with form.refusals():
            with transaction():
                credit.pay_from_credit(order_id, form.amount.data or 0, actor, clock.now())
            flash(_("余额已用于订单。"), "success")
            return redirect(url_for("buyer_payment_pages.show", order_id=order_id))
    return form.answer(
        render_template(
            "payments/pay_from_credit.html", form=form, order=order, available_fen=available,
            unpaid_fen=due.unpaid_fen(order),
        )
    )  # fmt: skip


@bp.post("/desk/payments/<uuid:order_id>/announcements/<uuid:announcement_id>/withdraw")
@requires("payments:announce")
@idempotent
def withdraw(actor: Actor, order_id: UUID, announcement_id: UUID) -> Response:
    """Take an announcement back."""
    with transaction():
        announcements.withdraw(announcement_id, actor, clock.now())
    flash(_("付款预告已撤回。"), "success")
    return redirect(url_for("buyer_payment_pages.show", order_id=order_id))


@bp.post("/desk/payments/<uuid:order_id>/extend")
@requires("payments:announce")
@idempotent
def extend(actor: Actor, order_id: UUID) -> Response:
    """Take fifteen more days to pay in advance, once."""
    with transaction():
        extension.extend(order_id, actor, clock.now())
    flash(_("付款期限已延长 15 天。"), "success")
    return redirect(url_for("buyer_payment_pages.show", order_id=order_id))


@bp.post("/desk/payments/<uuid:order_id>/refunds/<uuid:refund_id>/withdraw")
@requires("refunds:request")
@idempotent
def withdraw_refund(actor: Actor, order_id: UUID, refund_id: UUID) -> Answer:
    """Take back what one asked for oneself."""
    form = Form()
    with form.refusals(), transaction():
        withdrawing.withdraw_refund(refund_id, actor, clock.now())
    form.tell(_("退款申请已撤回。"))
    return redirect(url_for("buyer_payment_pages.show", order_id=order_id))


@bp.route("/desk/payments/<uuid:order_id>/refund", methods=["GET", "POST"])
@requires("refunds:request")
@idempotent
def ask_refund(actor: Actor, order_id: UUID) -> Answer:
    """Ask for money back."""
    today = clock.today()
    order = party.get_order(order_id, actor, today)
    lines = refund_paths.list_allowable(order)
    form = refund_form([(one.title, one.left_fen) for one in lines])()
    if form.validate_on_submit():
        allowed = [
            Allowance(line=one.line, amount_fen=field.data)
            for one, field in zip(lines, form.line_fields, strict=True)
            if field.data
        ]
        with form.refusals():
            with transaction():
                refunds.request(order_id, form.wanted_fen, form.reason.data, actor=actor, at=clock.now(), lines=allowed)
            flash(_("已提出退款，请在付款页查看进展。"), "success")
            return redirect(url_for("buyer_payment_pages.show", order_id=order_id))
    shown = queries.money_of(party.get_order(order_id, actor, today), today)
    return form.answer(
        render_template(
            "payments/ask_refund.html", order=order, money=shown, form=form,
            origins=refund_origins.what_is_left(order.id), **labels.words(),
        )
    )  # fmt: skip


@bp.get("/desk/payments/<uuid:order_id>/certificate")
@requires("payments:read")
def show_certificate(actor: Actor, order_id: UUID) -> str:
    """Show the payment-request certificate of an order, to be printed."""
    today = clock.today()
    made = certificate.issue(party.get_order(order_id, actor, today), today, current_app.config["SECRET_KEY"])
    address = public_address(
        "buyer_payment_pages.verify", number=made.order.number, amount=money.format_yuan(made.money.unpaid_fen),
        on=today.isoformat(), account=certificate.account_of(made.money), code=made.code,
    )  # fmt: skip
    qr = Markup(segno.make(address, error="m").svg_inline(scale=3, border=2))  # noqa: S704  drawn by us from our address
    return render_template("payments/certificate.html", made=made, qr=qr, address=address)


@bp.get("/verify/payment-request")
@public
def verify() -> str:
    """Tell anyone whether a payment-request certificate is ours."""
    asked = {name: request.args.get(name, "").strip() for name in ("number", "amount", "on", "account", "code")}
    genuine = None
    if all(asked[name] for name in ("number", "amount", "on", "code")):
        try:
            fen, on = money.parse_yuan(asked["amount"].replace(",", "")), date.fromisoformat(asked["on"])
        except ValueError:
            genuine = False
        else:
            secret = current_app.config["SECRET_KEY"]
            genuine = certificate.is_genuine(
                asked["code"], asked["number"], fen, on=on, account=asked["account"], secret=secret
            )
    return render_template("payments/verify.html", asked=asked, genuine=genuine)


def _may_extend(order: Order, actor: Actor) -> bool:
    found = machine.possible_moves("order", order, actor, at=clock.now())
    return "extend_payment" in [each.event for each in found]


def _announced(form: AnnounceForm) -> AnnouncementFacts:
    return AnnouncementFacts(
        payer_name=form.payer_name.data, payer_account=form.payer_account.data or "", amount_fen=form.amount.data or 0,
        planned_on=form.planned_on.data,
    )  # fmt: skip
