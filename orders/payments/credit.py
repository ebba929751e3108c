"""Allocating what is left of receipts: the credit of a buyer at a producer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import func, select

from orders.payments import access, carving, clearing, receipts, refund_origins, taking
from orders.payments import shares as receipt_shares
from orders.payments.models import GONE, Payment, PaymentAllocation
from orders.payments.receipts import OrderNotPayable, Share, TooMuchAllocated
from orders.purchase import counting, party
from orders.purchase.models import Order
from shop import audit, clock, money
from shop.auth import Actor
from shop.db import db
from shop.errors import Conflict, Forbidden, Invalid
from shop.i18n import _


class NotEnoughCredit(Invalid):
    """The buyer has less credit at this producer."""

    code = "not-enough-credit"


class ReceiptRefused(Conflict):
    """The receipt was refused or reversed; there is no money in it."""

    code = "receipt-refused"


@dataclass(frozen=True)
class CreditSource:
    """Credit that can be used: left over in a receipt (no order), or more than an order owes."""

    payment_id: int
    order_id: int | None
    amount_fen: int


def allocate(
    public_id: UUID, shares: Sequence[Share], actor: Actor, at: datetime, *, is_certain: bool = False
) -> Payment:
    """Give what is left of a receipt to orders; of a confirmed one it pays them at once, on today's business day.

    Of one that waits, orders of further buyers for whom its payer pays get a receipt of their own.

    :raises NotFound: for a receipt or order that is not the actor's.
    :param is_certain: that a receipt that waits did come to the producer, though an order is to be paid to the supervised account.
    :raises ReceiptRefused: if the receipt was refused.
    :raises PaidToSupervised: if it waits, and an order is to be paid to the supervised account.
    :raises TooMuchAllocated, OtherParties, OrderNotPayable, PayerNotAuthorised: as :func:`orders.payments.receipts.record`.
    """
    on = clock.business_day(at)
    payment_id = access.get_payment(public_id, actor, on).id
    wanted = [party.get_order(share.order, actor, on).id for share in shares]
    payment, _by_order, locked = receipt_shares.lock_with_orders(payment_id, wanted)
    if payment.status in GONE:
        raise ReceiptRefused(_("这笔到账已被退回，不能分配。"))
    before = payment.allocated_fen
    by_order: dict[int, int] = {}
    for part, own in carving.carve(payment, shares, actor, at):
        by_order |= receipts.allocate_rows(part, own, actor, at)
    if payment.status == "recorded" and payment.clearing == "direct" and not is_certain:
        clearing.require_direct(by_order)
    if payment.status == "confirmed":
        for order_id, fen in sorted(by_order.items()):
            _pay_by(locked[order_id], payment, fen, actor=actor, at=at)
    audit.record(
        actor, "payments.receipt_allocated", "payment", payment_id, allocated_fen=[before, payment.allocated_fen]
    )
    return payment


def use_credit(order_public_id: UUID, amount_fen: int, actor: Actor, at: datetime) -> Order:
    """Pay an order from its buyer's credit at its producer: what receipts have left, then what other orders have too much.

    :raises NotFound: if the order is not the actor's.
    :raises OrderNotPayable: if it was never confirmed.
    :raises NotEnoughCredit: if there is less; nothing is changed.
    """
    on = clock.business_day(at)
    target = party.get_order(order_public_id, actor, on)
    locked, payments = _lock_everything(target)
    order = locked[target.id]
    if order.status not in receipts.PAYABLE_STATES:
        raise OrderNotPayable(_("订单还没有被供应商确认，不能收款。"), order=order.number, state=order.status)
    sources = _sources(order, locked, payments)
    if sum(source.amount_fen for source in sources) < amount_fen:
        available = sum(source.amount_fen for source in sources)
        raise NotEnoughCredit(_("该采购单位在这家供应商的余额不足。"), available=money.as_json(available))
    left = amount_fen
    for source in sources:
        taken = min(source.amount_fen, left)
        if taken:
            _use(source, taken, order=order, locked=locked, payments=payments, actor=actor, at=at)
        left -= taken
    audit.record(actor, "payments.credit_used", "order", order.id, amount_fen=[0, amount_fen])
    return order


def pay_from_credit(order_public_id: UUID, amount_fen: int, actor: Actor, at: datetime) -> Order:
    """Pay an order, as its buyer, from what it has left at the producer; raises as :func:`use_credit`.

    :raises Forbidden: for anybody but the buyer.
    :raises TooMuchAllocated: if the order waits for less.
    """
    if party.get_order(order_public_id, actor, clock.business_day(at)).buyer_id != actor.organisation_id:
        raise Forbidden(_("只有采购单位可以用自己的余额付款。"))
    order = use_credit(order_public_id, amount_fen, actor, at)
    if beyond := excess_fen(order):
        left = max(amount_fen - beyond, 0)
        detail = _("这张订单只需再付 %(left)s 元。", left=money.show_yuan(left))
        raise TooMuchAllocated(detail, left=money.as_json(left))
    return order


def available_fen(order: Order) -> int:
    """Return what credit the buyer of an order has at its producer for it, as it stands now."""
    left = Payment.amount_fen - Payment.allocated_fen - Payment.returned_fen
    kept = db.session.scalar(
        select(func.coalesce(func.sum(left), 0)).where(
            Payment.buyer_id == order.buyer_id, Payment.payee_id == order.producer_id, Payment.status == "confirmed"
        )
    )
    excess = Order.received_fen - Order.refunded_fen - Order.refunding_fen - Order.held_fen - Order.due_fen
    beyond = db.session.scalar(
        select(func.coalesce(func.sum(excess), 0)).where(
            Order.buyer_id == order.buyer_id, Order.producer_id == order.producer_id, Order.id != order.id, excess > 0
        )
    )
    return int(kept or 0) + int(beyond or 0)


def _lock_everything(target: Order) -> tuple[dict[int, Order], dict[int, Payment]]:
    """Lock the parties' overpaid orders with the target, then their receipts with money in them."""
    overpaid = db.session.scalars(
        select(Order.id).where(
            Order.buyer_id == target.buyer_id,
            Order.producer_id == target.producer_id,
            Order.received_fen - Order.refunded_fen - Order.refunding_fen - Order.held_fen > Order.due_fen,
        )
    )
    locked = party.lock_orders([target.id, *overpaid])
    found = db.session.scalars(
        select(Payment)
        .where(
            Payment.buyer_id == target.buyer_id, Payment.payee_id == target.producer_id, Payment.status == "confirmed"
        )
        .order_by(Payment.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return locked, {payment.id: payment for payment in found}


def _sources(order: Order, locked: dict[int, Order], payments: dict[int, Payment]) -> list[CreditSource]:
    """Return the credit in the order of its use: oldest receipts' rests, then the latest receipts of overpaid orders."""
    found = [CreditSource(payment.id, None, payment.left_fen) for payment in payments.values() if payment.left_fen]
    others = [other for key, other in sorted(locked.items()) if key != order.id]
    for other in others:
        left, there = excess_fen(other), clearing.by_clearing(other)
        for payment_id, fen in reversed(_paid_by(other.id, payments)):
            way = payments[payment_id].clearing
            taken = min(fen, left, there[way])
            if taken > 0:
                found.append(CreditSource(payment_id, other.id, taken))
                left -= taken
                there[way] -= taken
    return found


def excess_fen(order: Order) -> int:
    """Return what an order has beyond what it owes and what is on its way back."""
    net = order.received_fen - order.refunded_fen - order.refunding_fen - order.held_fen
    return max(net - order.due_fen, 0)


def _paid_by(order_id: int, payments: dict[int, Payment]) -> list[tuple[int, int]]:
    """Return what of each receipt an order has and no refund gives back."""
    promised = refund_origins.promised_fen([order_id])
    rows = db.session.execute(
        select(PaymentAllocation.payment_id, func.sum(PaymentAllocation.amount_fen))
        .where(PaymentAllocation.order_id == order_id, PaymentAllocation.payment_id.in_(payments))
        .group_by(PaymentAllocation.payment_id)
        .order_by(PaymentAllocation.payment_id)
    )
    return [(payment_id, int(fen) - promised.get((payment_id, order_id), 0)) for payment_id, fen in rows]


def _use(
    source: CreditSource,
    fen: int,
    *,
    order: Order,
    locked: dict[int, Order],
    payments: dict[int, Payment],
    actor: Actor,
    at: datetime,
) -> None:
    payment, on = payments[source.payment_id], clock.business_day(at)
    if source.order_id is None:
        payment.allocated_fen += fen
    else:
        other = locked[source.order_id]
        row = _add_row(payment, other, -fen, actor=actor, at=at, on=on)
        taking.take_in(other, payment, -fen)
        counting.recount(
            other, fact="credit_moved", key=f"order:{other.id}:allocation:{row.id}", at=at, on=on, actor=actor
        )
    _pay_by(order, payment, fen, actor=actor, at=at, row=_add_row(payment, order, fen, actor=actor, at=at, on=on))


def _add_row(payment: Payment, order: Order, fen: int, *, actor: Actor, at: datetime, on: date) -> PaymentAllocation:
    row = PaymentAllocation(
        payment_id=payment.id, order_id=order.id, amount_fen=fen, effective_on=on, allocated_by=actor.user_id,
        allocated_at=at,
    )  # fmt: skip
    db.session.add(row)
    db.session.flush()  # obtains the row's key, which names the fact in the books
    return row


def _pay_by(
    order: Order, payment: Payment, fen: int, *, actor: Actor, at: datetime, row: PaymentAllocation | None = None
) -> None:
    """Take in so much of a confirmed receipt, under the order's lock, and recount."""
    row = row or _last_row(payment, order)
    taking.take_in(order, payment, fen)
    counting.recount(
        order, fact="credit_used", key=f"order:{order.id}:allocation:{row.id}", at=at,
        on=clock.business_day(at), actor=actor,
    )  # fmt: skip


def _last_row(payment: Payment, order: Order) -> PaymentAllocation:
    return db.session.scalars(
        select(PaymentAllocation)
        .where(PaymentAllocation.payment_id == payment.id, PaymentAllocation.order_id == order.id)
        .order_by(PaymentAllocation.id.desc())
        .limit(1)
    ).one()
