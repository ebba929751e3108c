"""The receipt that takes the place of a wrong one, and the postings of both."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import func, select, text

from orders.ledger import books
from orders.ledger.books import Account, MoneyPosting, org_owner
from orders.payments import receipts, serials, taking
from orders.payments.clearing import CASH
from orders.payments.correction_facts import RightFacts
from orders.payments.models import GONE, Payment, PaymentAllocation
from orders.payments.receipts import PAYABLE_STATES, OrderNotPayable, OtherParties, SerialAlreadyRecorded, ValueDayAhead
from orders.purchase import machine, party
from orders.purchase.models import Order
from shop import clock
from shop.auth import Actor
from shop.constraints import refusing
from shop.db import db
from shop.errors import Conflict
from shop.i18n import _
from shop.typed import fold

#: A bank line that stands behind the wrong receipt stands behind the right one, if that has its serial number.
_LINK = text("""
    INSERT INTO bank_line_payments (line_id, payment_id)
    SELECT line_id, :made FROM bank_line_payments WHERE payment_id = :wrong""")
_LINED = text("SELECT EXISTS (SELECT FROM bank_line_payments WHERE payment_id = :payment)")


class LineSaysOtherwise(Conflict):
    """A line of the bank's statement stands behind the receipt: its serial number, amount and day are as the bank says."""

    code = "line-says-otherwise"


def check(payment: Payment, right: RightFacts, actor: Actor, at: datetime) -> None:
    """Ask, when it is proposed, that what is said to be right can be.

    :raises NotFound: for an order that is not the actor's.
    :raises ValueDayAhead, OtherParties, OrderNotPayable, TooMuchAllocated, LineSaysOtherwise: if it cannot.
    """
    on = clock.business_day(at)
    if right.value_on > on:
        raise ValueDayAhead(_("起息日不能晚于今天。"), value_on=right.value_on.isoformat())
    orders = [party.get_order(share.order, actor, on) for share in right.allocations]
    _check_orders(payment, orders)
    _check_line(payment, right)
    receipts.require_enough(right.amount_fen, sum(share.amount_fen for share in right.allocations))


def orders_of(right: RightFacts | None) -> list[int]:
    """Return the keys of the orders that a right receipt is for."""
    if right is None:
        return []
    query = select(Order.id).where(Order.public_id.in_([share.order for share in right.allocations]))
    return list(db.session.scalars(query.order_by(Order.id)))


def replace(
    wrong: Payment, right: RightFacts, locked: Mapping[int, Order], *, proposer: int, actor: Actor, at: datetime
) -> Payment:
    """Record what is right in the proposer's name and confirm it in the actor's; its orders have it from today.

    The caller holds the locks of the orders and recounts them.

    :raises OrderNotPayable, SerialAlreadyRecorded, SerialTaken: if it cannot be recorded any more.
    """
    by_name = {order.public_id: order for order in locked.values()}
    named = [(by_name[share.order], share.amount_fen) for share in right.allocations]
    _check_orders(wrong, [order for order, _fen in named])
    _check_line(wrong, right)
    serial = _serial(right)
    is_same = serial == wrong.bank_serial
    made = Payment(
        rail="bank", clearing=wrong.clearing, bank_serial=serial, part_no=wrong.part_no if is_same else 1,
        transfer_fen=wrong.transfer_fen if is_same else None, payer_name=right.payer_name.strip(),
        payer_account=right.payer_account.strip(), remark=right.remark.strip(), payee_id=wrong.payee_id,
        buyer_id=named[0][0].buyer_id if named else wrong.buyer_id, amount_fen=right.amount_fen,
        allocated_fen=sum(fen for _order, fen in named), returned_fen=0, value_on=right.value_on, status="recorded",
        recorded_by=proposer, recorded_at=at, evidence_file_id=wrong.evidence_file_id,
    )  # fmt: skip
    if made.transfer_fen is not None:
        receipts.require_enough(made.transfer_fen - _others_fen(made), made.amount_fen)
    with refusing(uq_payments_serial=SerialAlreadyRecorded(_("该银行流水号已经登记过。"), bank_serial=serial)):
        db.session.add(made)
    if made.clearing == "supervised":
        serials.require_left(serial, made.amount_fen, besides=made.id)
    machine.record_start("receipt", made, "record", actor=actor, at=at)
    if is_same:
        db.session.execute(_LINK, {"made": made.id, "wrong": wrong.id})
    _pay(made, named, proposer, at)
    machine.move("receipt", made, "confirm", actor=actor, at=at)
    made.decided_by, made.decided_at = actor.user_id, at
    receipts.post_cash(made, actor, at)
    receipts.publish_confirmed(made, [order for order, _fen in named])
    return made


def post_reversal(payment: Payment, actor: Actor, at: datetime) -> None:
    """Post today that the money of a receipt is not there, and is no credit of its buyer's."""
    cash = Account(CASH[payment.clearing], org_owner(payment.payee_id))
    credit = Account("buyer_credit", org_owner(payment.buyer_id or 0))
    posting = MoneyPosting(credit, cash, payment.amount_fen, clock.business_day(at))
    key = f"receipt:{payment.id}:reversed"
    books.record_entry(key, "receipt_reversed", occurred_at=at, money=[posting], actor=actor)


def _pay(made: Payment, named: list[tuple[Order, int]], proposer: int, at: datetime) -> None:
    for order, fen in named:
        db.session.add(
            PaymentAllocation(
                payment_id=made.id, order_id=order.id, amount_fen=fen, effective_on=clock.business_day(at),
                allocated_by=proposer, allocated_at=at,
            )
        )  # fmt: skip
        taking.take_in(order, made, fen)


def _others_fen(made: Payment) -> int:
    """Return what other buyers' receipts have of a transfer."""
    query = select(func.coalesce(func.sum(Payment.amount_fen), 0)).where(
        Payment.payee_id == made.payee_id, Payment.bank_serial == made.bank_serial, Payment.status.not_in(GONE)
    )
    return int(db.session.scalars(query).one())


def _check_line(payment: Payment, right: RightFacts) -> None:
    says = (payment.bank_serial, payment.amount_fen, payment.value_on)
    if (_serial(right), right.amount_fen, right.value_on) != says and db.session.scalar(
        _LINED, {"payment": payment.id}
    ):
        raise LineSaysOtherwise(_("这笔到账来自银行对账单，流水号、金额和日期以对账单为准，只能更正订单和付款人。"))


def _serial(right: RightFacts) -> str:
    return "".join(fold(right.bank_serial).split())


def _check_orders(payment: Payment, orders: list[Order]) -> None:
    buyers = {order.buyer_id for order in orders}
    for order in orders:
        if order.producer_id != payment.payee_id or len(buyers) > 1:
            raise OtherParties(_("这笔到账只能分配给同一采购单位、同一供应商的订单。"), order=order.number)
        if order.status not in PAYABLE_STATES:
            raise OrderNotPayable(_("订单还没有被供应商确认，不能收款。"), order=order.number, state=order.status)
