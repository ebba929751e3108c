"""Receipts of money: recorded by one person, confirmed or refused by another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from uuid import UUID

from orders.ledger import books
from orders.ledger.books import Account, MoneyPosting, org_owner
from orders.payments import access, serials, shares, taking, transfers
from orders.payments.clearing import CASH, require_direct
from orders.payments.models import Payment, PaymentAllocation
from orders.purchase import counting, machine, party
from orders.purchase.models import Order
from shop import audit, clock, money
from shop.auth import Actor
from shop.constraints import refusing
from shop.db import db
from shop.errors import Conflict, Invalid
from shop.i18n import _
from shop.outbox.services import publish
from shop.typed import fold

#: States of an order that money may be for: it was confirmed once; a cancelled one is paid back.
PAYABLE_STATES = frozenset({"confirmed", "part_shipped", "shipped", "closed_short", "cancelled"})


class ValueDayAhead(Invalid):
    """The value day has not come yet."""

    code = "value-day-ahead"


class SerialAlreadyRecorded(Conflict):
    """The receiver has a receipt with the same bank serial number already."""

    code = "serial-already-recorded"


class TooMuchAllocated(Invalid):
    """The allocations are more than the receipt."""

    code = "too-much-allocated"


class OrderNotPayable(Conflict):
    """Nobody has confirmed the order yet, or it came to nothing before that; no money is for it."""

    code = "order-not-payable"


class OtherParties(Invalid):
    """The orders of one receipt have one producer, and one buyer once it is known whose it is."""

    code = "other-parties"


class BuyerUnknown(Conflict):
    """Nobody knows yet whose money it is: allocate it to an order or name the buyer first."""

    code = "buyer-unknown"


class SamePerson(Conflict):
    """Who recorded or allocated a receipt does not confirm it."""

    code = "same-person"


@dataclass(frozen=True, kw_only=True)
class Share:
    """How much of a receipt is for an order."""

    order: UUID
    amount_fen: int


@dataclass(frozen=True, kw_only=True)
class ReceiptFacts:
    """What a bank's receipt says; ``payee`` is the producer whose money it is: if left out the actor's own, or the orders'."""

    bank_serial: str
    payer_name: str
    amount_fen: int
    value_on: date
    clearing: str = "direct"
    payer_account: str = ""
    remark: str = ""
    payee: UUID | None = None
    buyer: UUID | None = None
    evidence_file: UUID | None = None
    allocations: Sequence[Share] = ()
    #: That it came to the producer's account though an order of it is to be paid to the supervised one.
    is_certain: bool = False


def record(facts: ReceiptFacts, actor: Actor, at: datetime) -> Payment:
    """Record a receipt with the orders that it is for; nothing is paid before another person confirms it.

    Where its orders are of several buyers for whom the payer pays, each buyer has a receipt of its own under the
    transfer's serial number; the first of them is returned. ``facts.buyer`` is then whose what no order gets is.

    :raises NotFound: for a payee, order or file that is not the actor's to use.
    :raises Forbidden: for the supervised account, if the actor is not the operator.
    :raises ValueDayAhead: if the bank's day lies in the future.
    :raises SerialAlreadyRecorded: if the receipt is there already.
    :raises SerialTaken: if the supervised account's line of the serial is taken, or less.
    :raises PaidToSupervised: if it came to the producer, an order is to be paid to the supervised account, and nobody
        said that this is certain.
    :raises OtherParties: if an order is another producer's, or the only order's buyer is not the one named.
    :raises PayerNotAuthorised, CreditOwnerUnknown: if several buyers' orders are named and the payer does not pay for all,
        or it is not said whose the rest is.
    :raises OrderNotPayable, TooMuchAllocated: if an order was never confirmed, or they get more than there is.
    """
    on = clock.business_day(at)
    if facts.value_on > on:
        raise ValueDayAhead(_("起息日不能晚于今天。"), value_on=facts.value_on.isoformat())
    access.require_clearing(facts.clearing, actor)
    payee = facts.payee
    if payee is None and facts.allocations and actor.organisation_kind != "producer":
        payee = party.get_producer_of(facts.allocations[0].order, actor, on)
    payee_id, buyer_id = access.payee_key(payee, actor, on), access.buyer_key(facts.buyer)
    named = [(party.get_order(share.order, actor, on), share.amount_fen) for share in facts.allocations]
    if len({order.buyer_id for order, _fen in named}) < 2:  # noqa: PLR2004  several buyers have a receipt each
        return _record_one(facts, payee_id, buyer_id, actor=actor, at=at)
    transfers.require_authorised(facts.payer_name, facts.payer_account, [order for order, _fen in named], on)
    require_enough(facts.amount_fen, sum(fen for _order, fen in named))
    made = []
    for n, part in enumerate(transfers.parts_of(named, facts.amount_fen, buyer_id), 1):
        own = tuple(Share(order=order.public_id, amount_fen=fen) for order, fen in part.named)
        one = replace(facts, amount_fen=part.amount_fen, allocations=own)
        made.append(
            _record_one(one, payee_id, part.buyer_id, actor=actor, at=at, place=(n, facts.amount_fen))
        )  # fmt: skip
    return made[0]


def _record_one(
    facts: ReceiptFacts, payee_id: int, buyer_id: int | None, *, actor: Actor, at: datetime,
    place: tuple[int, int | None] | None = None,
) -> Payment:  # fmt: skip
    """Record a receipt of one buyer; ``place`` is which part of a transfer it is, and what all of it brought."""
    serial = "".join(fold(facts.bank_serial).split())
    place = place or transfers.place_of(payee_id, serial, facts.amount_fen) or (1, None)
    payment = Payment(
        rail="bank", clearing=facts.clearing, bank_serial=serial, part_no=place[0], transfer_fen=place[1],
        payer_name=facts.payer_name.strip(), payer_account=facts.payer_account.strip(), remark=facts.remark.strip(),
        payee_id=payee_id, buyer_id=buyer_id, amount_fen=facts.amount_fen, allocated_fen=0, returned_fen=0,
        value_on=facts.value_on, status="recorded", recorded_by=actor.user_id, recorded_at=at,
        evidence_file_id=access.file_key(facts.evidence_file, actor),
    )  # fmt: skip
    taken = SerialAlreadyRecorded(_("该银行流水号已经登记过。"), bank_serial=payment.bank_serial)
    with refusing(uq_payments_serial=taken):
        db.session.add(payment)
    if payment.clearing == "supervised":
        serials.require_left(payment.bank_serial, payment.amount_fen, besides=payment.id)
    machine.record_start("receipt", payment, "record", actor=actor, at=at)
    named = allocate_rows(payment, facts.allocations, actor, at)
    if payment.clearing == "direct" and not facts.is_certain:
        require_direct(named)
    audit.record(actor, "payments.receipt_recorded", "payment", payment.id, amount_fen=[None, payment.amount_fen])
    return payment


def require_enough(amount_fen: int, wanted_fen: int) -> None:
    """Ask that orders get no more than there is.

    :raises TooMuchAllocated: if they do.
    """
    if wanted_fen > amount_fen:
        detail = _(
            "分配共 %(shares)s 元，超过了可分配的余额 %(left)s 元。",
            shares=money.show_yuan(wanted_fen),
            left=money.show_yuan(amount_fen),
        )
        raise TooMuchAllocated(detail, left=money.as_json(amount_fen))


def confirm(public_id: UUID, actor: Actor, at: datetime) -> Payment:
    """Confirm a receipt: its orders are paid by it, what is left over becomes the buyer's credit.

    :raises NotFound: if it is not the actor's; WrongState: if it is not waiting, or the same person recorded it.
    :raises BuyerUnknown: if it is for nobody yet.
    :raises SerialTaken: if receipts of its serial are more than the supervised account's line.
    """
    payment_id = access.get_payment(public_id, actor, clock.business_day(at)).id
    payment, by_order, locked = shares.lock_with_orders(payment_id)
    machine.check("receipt", payment, "confirm", actor=actor, at=at)
    access.require_clearing(payment.clearing, actor)
    if shares.took_part(payment_id, actor):
        raise SamePerson(_("登记或分配到账的人不能确认，请由另一位同事办理。"))
    if payment.buyer_id is None:
        raise BuyerUnknown(_("还不知道这笔款是谁付的，请先分配到订单。"))
    if payment.clearing == "supervised":
        serials.require_left(payment.bank_serial, payment.amount_fen, besides=payment.id)
    machine.move("receipt", payment, "confirm", actor=actor, at=at)
    payment.decided_by, payment.decided_at = actor.user_id, at
    enter(payment, by_order, locked, actor=actor, at=at)
    audit.record(actor, "payments.receipt_confirmed", "payment", payment_id, status=["recorded", "confirmed"])
    return payment


def enter(
    payment: Payment, by_order: Mapping[int, int], locked: Mapping[int, Order], *, actor: Actor | None, at: datetime
) -> None:
    """Post a receipt that is confirmed now, count its orders anew under their locks, and tell of it."""
    post_cash(payment, actor, at)
    for order_id, fen in by_order.items():
        order = locked[order_id]
        taking.take_in(order, payment, fen)
        counting.recount(
            order, fact="receipt_confirmed", key=f"order:{order_id}:receipt:{payment.id}", at=at,
            on=paid_on(payment, order), actor=actor,
        )  # fmt: skip
    publish_confirmed(payment, list(locked.values()))


def refuse(public_id: UUID, reason: str, actor: Actor, at: datetime) -> Payment:
    """Refuse a recorded receipt with a reason; it may then be recorded again, rightly.

    :raises NotFound: if it is not the actor's.
    :raises WrongState: if it is not waiting, or the same person recorded it.
    """
    payment_id = access.get_payment(public_id, actor, clock.business_day(at)).id
    payment = access.lock_payment(payment_id)
    machine.move("receipt", payment, "refuse", actor=actor, at=at, why=reason)
    payment.decided_by, payment.decided_at, payment.reason = actor.user_id, at, reason
    audit.record(actor, "payments.receipt_refused", "payment", payment_id, status=["recorded", "refused"])
    publish("orders.payment_refused", organisations=[payment.payee_id], payment_id=str(payment.public_id))
    return payment


def allocate_rows(payment: Payment, wanted: Sequence[Share], actor: Actor, at: datetime) -> dict[int, int]:
    """Write so much of a receipt down for each order; return fen by the order's key. The receipt is new or locked.

    Raises as :func:`record`.
    """
    on = clock.business_day(at)
    by_order: dict[int, int] = {}
    for share in wanted:
        order = party.get_order(share.order, actor, on)
        _check_share(payment, order)
        payment.buyer_id = order.buyer_id
        by_order[order.id] = by_order.get(order.id, 0) + share.amount_fen
        day = paid_on(payment, order) if payment.status == "recorded" else on
        db.session.add(
            PaymentAllocation(
                payment_id=payment.id, order_id=order.id, amount_fen=share.amount_fen, effective_on=day,
                allocated_by=actor.user_id, allocated_at=at,
            )
        )  # fmt: skip
    require_enough(payment.left_fen, sum(by_order.values()))
    payment.allocated_fen += sum(by_order.values())
    return by_order


def _check_share(payment: Payment, order: Order) -> None:
    if order.producer_id != payment.payee_id or payment.buyer_id not in (None, order.buyer_id):
        raise OtherParties(_("这笔到账只能分配给同一采购单位、同一供应商的订单。"), order=order.number)
    if order.status not in PAYABLE_STATES:
        raise OrderNotPayable(_("订单还没有被供应商确认，不能收款。"), order=order.number, state=order.status)


def paid_on(payment: Payment, order: Order) -> date:
    """Return the day a receipt pays an order: the bank's value day, but not before there was an order."""
    return max(payment.value_on, clock.business_day(order.placed_at))


def post_cash(payment: Payment, actor: Actor | None, at: datetime) -> None:
    """Post that the money is there, as the buyer's credit until orders use it."""
    cash = Account(CASH[payment.clearing], org_owner(payment.payee_id))
    credit = Account("buyer_credit", org_owner(payment.buyer_id or 0))
    posting = MoneyPosting(cash, credit, payment.amount_fen, payment.value_on)
    key = f"receipt:{payment.id}:confirmed"
    books.record_entry(key, "receipt_confirmed", occurred_at=at, money=[posting], actor=actor)


def publish_confirmed(payment: Payment, orders: list[Order]) -> None:
    """Tell of a receipt that is confirmed now, and which orders it is for."""
    publish(
        "orders.payment_confirmed",
        organisations=[payment.payee_id, payment.buyer_id or 0],
        payment_id=str(payment.public_id),
        order_ids=[str(order.public_id) for order in orders],
        amount=money.as_json(payment.amount_fen),
        value_on=payment.value_on.isoformat(),
    )
