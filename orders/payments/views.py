"""Receipts, announcements, credit and due days over the API."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import UUID

from orders.payments import (
    announcements,
    credit,
    extension,
    queries,
    receipt_queries,
    receipts,
    refund_queries,
    withdrawing,
)
from orders.payments.announcements import AnnouncementFacts
from orders.payments.queries import DueRow, OrderMoney
from orders.payments.receipt_queries import PaymentRow
from orders.payments.receipts import ReceiptFacts
from orders.payments.refund_queries import AnnouncementRow
from orders.payments.schemas import (
    AllocateSchema,
    AmountSchema,
    AnnouncementPage,
    AnnouncementSchema,
    AnnounceSchema,
    CreditListSchema,
    DuePage,
    OrderMoneySchema,
    PaymentPage,
    PaymentQuery,
    PaymentSchema,
    ReasonSchema,
    RecordPaymentSchema,
)
from orders.purchase import party
from shop import clock
from shop.api import Blueprint
from shop.auth import Actor, requires
from shop.db import transaction
from shop.idempotency import idempotent
from shop.paging import Page, PageQuery

bp = Blueprint("payments", __name__, url_prefix="/api/v1", description="Announced transfers, receipts and credit")


@bp.route("/orders/<uuid:order_id>/money")
@requires("payments:read")
@bp.response(200, OrderMoneySchema)
def get_order_money(order_id: UUID, actor: Actor) -> OrderMoney:
    """Tell what is owed, received, refunded and counted of an order, and when it is due."""
    today = clock.today()
    return queries.money_of(party.get_order(order_id, actor, today), today)


@bp.route("/orders/<uuid:order_id>/announcements")
@requires("payments:read")
@bp.arguments(PageQuery, location="query")
@bp.response(200, AnnouncementPage)
def list_order_announcements(query: dict[str, Any], order_id: UUID, actor: Actor) -> Page[AnnouncementRow]:
    """List the announced transfers of an order."""
    today = clock.today()
    key = party.get_order(order_id, actor, today).id
    return refund_queries.list_announcements(actor, today, order_id=key, **query)


@bp.route("/orders/<uuid:order_id>/announcements", methods=["POST"])
@requires("payments:announce")
@idempotent
@bp.arguments(AnnounceSchema)
@bp.response(201, AnnouncementSchema)
def announce_transfer(body: AnnouncementFacts, order_id: UUID, actor: Actor) -> AnnouncementRow:
    """Announce a transfer for an order; the answer has the code for its remark."""
    with transaction():
        made = announcements.announce(order_id, body, actor, clock.now())
        warnings = announcements.warnings_of(order_id, body.planned_on, actor, clock.today())
        return replace(refund_queries.get_announcement(made.id), warnings=warnings)


@bp.route("/announcements/<uuid:announcement_id>/withdraw", methods=["POST"])
@requires("payments:announce")
@idempotent
@bp.response(200, AnnouncementSchema)
def withdraw_announcement(announcement_id: UUID, actor: Actor) -> AnnouncementRow:
    """Take an announcement back."""
    with transaction():
        made = announcements.withdraw(announcement_id, actor, clock.now())
        return refund_queries.get_announcement(made.id)


@bp.route("/payments")
@requires("payments:read")
@bp.arguments(PaymentQuery, location="query")
@bp.response(200, PaymentPage)
def list_payments(query: dict[str, Any], actor: Actor) -> Page[PaymentRow]:
    """List the receipts of the caller's organisation, newest first."""
    return receipt_queries.list_payments(actor, clock.today(), **query)


@bp.route("/payments", methods=["POST"])
@requires("payments:record")
@idempotent
@bp.arguments(RecordPaymentSchema)
@bp.response(201, PaymentSchema)
def record_payment(body: ReceiptFacts, actor: Actor) -> PaymentRow:
    """Record a bank receipt for orders of one or, if the payer pays for them, several buyers; another person confirms it."""
    with transaction():
        made = receipts.record(body, actor, clock.now())
        return receipt_queries.get_payment(made.public_id, actor, clock.today())


@bp.route("/payments/<uuid:payment_id>")
@requires("payments:read")
@bp.response(200, PaymentSchema)
def get_payment(payment_id: UUID, actor: Actor) -> PaymentRow:
    """Return a receipt with its allocations, and orders that its remark suggests."""
    return receipt_queries.get_payment(payment_id, actor, clock.today())


@bp.route("/payments/<uuid:payment_id>/confirm", methods=["POST"])
@requires("payments:confirm")
@idempotent
@bp.response(200, PaymentSchema)
def confirm_payment(payment_id: UUID, actor: Actor) -> PaymentRow:
    """Confirm a receipt that another person recorded; it pays its orders."""
    with transaction():
        receipts.confirm(payment_id, actor, clock.now())
        return receipt_queries.get_payment(payment_id, actor, clock.today())


@bp.route("/payments/<uuid:payment_id>/withdraw", methods=["POST"])
@requires("payments:record")
@idempotent
@bp.response(200, PaymentSchema)
def withdraw_payment(payment_id: UUID, actor: Actor) -> PaymentRow:
    """Take back a receipt that one recorded oneself, before it is confirmed."""
    with transaction():
        withdrawing.withdraw_receipt(payment_id, actor, clock.now())
        return receipt_queries.get_payment(payment_id, actor, clock.today())


@bp.route("/payments/<uuid:payment_id>/refuse", methods=["POST"])
@requires("payments:confirm")
@idempotent
@bp.arguments(ReasonSchema)
@bp.response(200, PaymentSchema)
def refuse_payment(body: dict[str, Any], payment_id: UUID, actor: Actor) -> PaymentRow:
    """Refuse a receipt that another person recorded, with a reason."""
    with transaction():
        receipts.refuse(payment_id, body["reason"], actor, clock.now())
        return receipt_queries.get_payment(payment_id, actor, clock.today())


@bp.route("/payments/<uuid:payment_id>/allocate", methods=["POST"])
@requires("payments:record")
@idempotent
@bp.arguments(AllocateSchema)
@bp.response(200, PaymentSchema)
def allocate_payment(body: dict[str, Any], payment_id: UUID, actor: Actor) -> PaymentRow:
    """Give what is left of a receipt to orders of the same buyer and producer."""
    with transaction():
        credit.allocate(payment_id, body["allocations"], actor, clock.now(), is_certain=body["is_certain"])
        return receipt_queries.get_payment(payment_id, actor, clock.today())


@bp.route("/orders/<uuid:order_id>/payments")
@requires("payments:read")
@bp.arguments(PaymentQuery, location="query")
@bp.response(200, PaymentPage)
def list_order_payments(query: dict[str, Any], order_id: UUID, actor: Actor) -> Page[PaymentRow]:
    """List the receipts that are allocated to an order."""
    today = clock.today()
    key = party.get_order(order_id, actor, today).id
    return receipt_queries.list_payments(actor, today, order_id=key, **query)


@bp.route("/orders/<uuid:order_id>/payments", methods=["POST"])
@requires("payments:record")
@idempotent
@bp.arguments(RecordPaymentSchema)
@bp.response(201, PaymentSchema)
def record_order_payment(body: ReceiptFacts, order_id: UUID, actor: Actor) -> PaymentRow:
    """Record a bank receipt for this order; without allocations all of it is for the order."""
    share = receipts.Share(order=order_id, amount_fen=body.amount_fen)
    with transaction():
        payee = party.get_producer_of(order_id, actor, clock.today())
        facts = replace(body, payee=body.payee or payee, allocations=body.allocations or (share,))
        made = receipts.record(facts, actor, clock.now())
        return receipt_queries.get_payment(made.public_id, actor, clock.today())


@bp.route("/orders/<uuid:order_id>/use-credit", methods=["POST"])
@requires("payments:record")
@idempotent
@bp.arguments(AmountSchema)
@bp.response(200, OrderMoneySchema)
def use_credit(body: dict[str, Any], order_id: UUID, actor: Actor) -> OrderMoney:
    """Pay an order from what its buyer has left at its producer."""
    with transaction():
        order = credit.use_credit(order_id, body["amount"], actor, clock.now())
        return queries.money_of(order, clock.today())


@bp.route("/orders/<uuid:order_id>/pay-from-credit", methods=["POST"])
@requires("payments:announce")
@idempotent
@bp.arguments(AmountSchema)
@bp.response(200, OrderMoneySchema)
def pay_from_credit(body: dict[str, Any], order_id: UUID, actor: Actor) -> OrderMoney:
    """Pay an order, as its buyer, from what it has left at the producer."""
    with transaction():
        order = credit.pay_from_credit(order_id, body["amount"], actor, clock.now())
        return queries.money_of(order, clock.today())


@bp.route("/orders/<uuid:order_id>/extend-payment", methods=["POST"])
@requires("payments:announce")
@idempotent
@bp.response(200, OrderMoneySchema)
def extend_payment(order_id: UUID, actor: Actor) -> OrderMoney:
    """Take fifteen more days to pay a pay-first order, once."""
    with transaction():
        return queries.money_of(extension.extend(order_id, actor, clock.now()), clock.today())


@bp.route("/credits")
@requires("payments:read")
@bp.response(200, CreditListSchema)
def list_credit(actor: Actor) -> dict[str, Any]:
    """List what buyers have at producers beyond what they owe there."""
    return {"items": queries.list_credit(actor, clock.today())}


@bp.route("/due")
@requires("payments:read")
@bp.arguments(PageQuery, location="query")
@bp.response(200, DuePage)
def list_due(query: dict[str, Any], actor: Actor) -> Page[DueRow]:
    """List the orders that wait for money, the most urgent first, with the days left."""
    return queries.list_due(actor, clock.today(), **query)
