"""A receipt that waits and turns out to be for several buyers: each further buyer gets a receipt of its own out of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, select, text

from orders.payments import transfers
from orders.payments.models import Payment
from orders.payments.receipts import OtherParties, Share, require_enough
from orders.purchase import machine, party
from orders.purchase.models import Order
from shop import audit, clock
from shop.auth import Actor
from shop.db import db
from shop.i18n import _

#: A bank line that stands behind a receipt stands behind what comes out of it too.
_LINK = text("""
    INSERT INTO bank_line_payments (line_id, payment_id)
    SELECT line_id, :part FROM bank_line_payments WHERE payment_id = :payment""")


def carve(
    payment: Payment, wanted: Sequence[Share], actor: Actor, at: datetime
) -> list[tuple[Payment, Sequence[Share]]]:  # fmt: skip
    """Return the receipt, locked by the caller, and those made out of it, each with its own buyer's shares.

    :raises OtherParties: if it is confirmed, or nothing would be left of it for the buyer that it has.
    :raises PayerNotAuthorised: if its payer does not pay for all of these buyers.
    :raises TooMuchAllocated: if orders get more than is left.
    """
    on = clock.business_day(at)
    named = [(share, party.get_order(share.order, actor, on)) for share in wanted]
    own = payment.buyer_id or (named[0][1].buyer_id if named else 0)
    others = list(dict.fromkeys(order.buyer_id for _share, order in named if order.buyer_id != own))
    if payment.status != "recorded" or not others:
        return [(payment, wanted)]
    orders = [order for _share, order in named]
    transfers.require_authorised(payment.payer_name, payment.payer_account, [*orders, *_before(payment)], on)
    require_enough(payment.left_fen, sum(share.amount_fen for share in wanted))
    away = sum(share.amount_fen for share, order in named if order.buyer_id != own)
    if away == payment.amount_fen:
        raise OtherParties(_("这笔到账只能分配给同一采购单位、同一供应商的订单。"), order=orders[0].number)
    payment.transfer_fen = payment.transfer_fen or payment.amount_fen
    payment.amount_fen -= away
    found: list[tuple[Payment, Sequence[Share]]] = []
    for buyer in others:
        theirs = [share for share, order in named if order.buyer_id == buyer]
        found.append((_part(payment, buyer, sum(share.amount_fen for share in theirs), actor, at), theirs))
    mine = [share for share, order in named if order.buyer_id == own]
    return [(payment, mine), *found]


def _part(payment: Payment, buyer_id: int, amount_fen: int, actor: Actor, at: datetime) -> Payment:
    """Make a receipt of another buyer out of one, in the name of who says so; who recorded the first is kept in the trail."""
    last = select(func.max(Payment.part_no)).where(
        Payment.payee_id == payment.payee_id, Payment.bank_serial == payment.bank_serial
    )
    part = Payment(
        rail=payment.rail, clearing=payment.clearing, bank_serial=payment.bank_serial,
        part_no=db.session.scalars(last).one() + 1, transfer_fen=payment.transfer_fen, payer_name=payment.payer_name,
        payer_account=payment.payer_account, remark=payment.remark, payee_id=payment.payee_id, buyer_id=buyer_id,
        amount_fen=amount_fen, allocated_fen=0, returned_fen=0, value_on=payment.value_on, status="recorded",
        recorded_by=payment.recorded_by, recorded_at=payment.recorded_at, evidence_file_id=payment.evidence_file_id,
    )  # fmt: skip
    db.session.add(part)
    db.session.flush()  # obtains the part's key for its line and its trail
    db.session.execute(_LINK, {"part": part.id, "payment": payment.id})
    machine.record_start("receipt", part, "record", actor=actor, at=at)
    audit.record(
        actor, "payments.receipt_carved", "payment", part.id, amount_fen=[None, amount_fen], of=[None, payment.id]
    )
    return part


def _before(payment: Payment) -> list[Order]:
    """Return an order of the buyer that a receipt has already, so that its payer is asked for it too."""
    if payment.buyer_id is None:
        return []
    query = select(Order).where(Order.buyer_id == payment.buyer_id, Order.producer_id == payment.payee_id)
    return list(db.session.scalars(query.order_by(Order.id).limit(1)))
