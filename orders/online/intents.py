"""Payments that a buyer asks for: at most one of a procurement is under way, and it is for what its orders still owe."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select

from orders.online import calls, configuration
from orders.online.configuration import MOST_FEN
from orders.online.models import OPEN_STATES, IntentShare, PaymentIntent
from orders.online.snapshots import PROCUREMENT, SUBJECT
from orders.payments.receipts import PAYABLE_STATES
from orders.purchase import due, party
from orders.purchase.models import Order, Procurement
from shop import audit, clock, money
from shop.auth import Actor
from shop.db import db
from shop.errors import Conflict, Invalid, NotFound
from shop.i18n import _
from shop.identity.models import Organisation, User

#: Orders that are asked to be paid; money for a cancelled one would only go back.
ASKED_STATES = PAYABLE_STATES - {"cancelled"}


class NothingToPay(Conflict):
    """No order of the procurement is confirmed and owes anything."""

    code = "nothing-to-pay"


class MoreThanOwed(Invalid):
    """More is to be paid than the procurement's orders owe; member ``unpaid`` says how much that is."""

    code = "more-than-owed"


class AboveCardLimit(Invalid):
    """More than one payment by card can be; pay a part, or by bank transfer. Member ``most`` is the limit."""

    code = "above-card-limit"


class NoSuchIntent(NotFound):
    """There is no such payment by card that the actor may see."""

    code = "no-such-payment-intent"


@dataclass(frozen=True, kw_only=True)
class Wish:
    """How a buyer wants to pay, and how much of what is owed: all if it does not say."""

    mode: str
    amount_fen: int | None = None


def get_procurement(public_id: UUID, actor: Actor) -> Procurement:
    """Return a procurement of the actor's own organisation.

    :raises NotFound: if there is none.
    """
    found = db.session.scalars(
        select(Procurement).where(
            Procurement.public_id == public_id, Procurement.organisation_id == actor.organisation_id
        )
    ).one_or_none()
    if found is None:
        raise NotFound(_("没有这张采购单。"))
    return found


def get_intent(public_id: UUID, actor: Actor) -> PaymentIntent:
    """Return a payment of the actor's own organisation.

    :raises NoSuchIntent: if there is none.
    """
    found = db.session.scalars(
        select(PaymentIntent).where(
            PaymentIntent.public_id == public_id, PaymentIntent.buyer_id == actor.organisation_id
        )
    ).one_or_none()
    if found is None:
        raise NoSuchIntent(_("没有这笔在线支付。"))
    return found


def ask(procurement_id: UUID, wish: Wish, actor: Actor, at: datetime) -> PaymentIntent:
    """Ask for a payment; the same wish while one is under way is the same payment, another one takes its place.

    What takes its place comes to be when the provider has given the old one up: the returned one is still the old.

    :raises NotFound: if the procurement is not the actor's.
    :raises NothingToPay: if nothing is owed.
    :raises MoreThanOwed, AboveCardLimit: if it cannot be so much.
    """
    procurement = get_procurement(procurement_id, actor)
    orders = lock_orders_of(procurement.id)
    amounts = spread(orders, wish.amount_fen)
    under_way = find_open(procurement.id)
    if under_way is not None and under_way.status == "creating" and _differs(under_way, wish, amounts):
        give_up(under_way, at)
        db.session.flush()  # the next one may be under way only when this one is not
        under_way = None
    if under_way is None:
        intent = start(procurement, wish.mode, amounts, user_id=actor.user_id, at=at)
        audit.record(actor, "online.payment_asked", "payment_intent", intent.id, amount_fen=[None, intent.amount_fen])
        return intent
    if _differs(under_way, wish, amounts):
        again = {"mode": wish.mode, "amount_fen": wish.amount_fen, "user_id": actor.user_id}
        give_up(under_way, at, then=again)
    return under_way


def _differs(intent: PaymentIntent, wish: Wish, amounts: Mapping[int, int]) -> bool:
    return (intent.mode, intent.amount_fen) != (wish.mode, sum(amounts.values()))


def start(
    procurement: Procurement, mode: str, amounts: Mapping[int, int], *, user_id: int, at: datetime
) -> PaymentIntent:
    """Write a new payment down, and the call that asks the provider for it, under the locks of the orders."""
    last = db.session.scalar(
        select(func.max(PaymentIntent.attempt)).where(PaymentIntent.procurement_id == procurement.id)
    )
    intent = PaymentIntent(
        procurement_id=procurement.id, buyer_id=procurement.organisation_id, attempt=(last or 0) + 1, mode=mode,
        amount_fen=sum(amounts.values()), status="creating", created_by=user_id, created_at=at,
    )  # fmt: skip
    db.session.add(intent)
    db.session.flush()  # obtains the key for its shares and its call
    for order_id, fen in sorted(amounts.items()):
        db.session.add(IntentShare(intent_id=intent.id, order_id=order_id, amount_fen=fen))
    calls.enqueue("create_intent", intent, _asked(procurement, intent, sorted(amounts), at))
    return intent


def _asked(procurement: Procurement, intent: PaymentIntent, order_ids: list[int], at: datetime) -> dict[str, object]:
    """Return everything that the provider is told."""
    buyer = db.session.get_one(Organisation, procurement.organisation_id)
    days = [
        due.days_left(day, clock.business_day(at))
        for day in db.session.scalars(select(Order.pay_due_on).where(Order.id.in_(order_ids)))
        if day is not None
    ]
    page = configuration.address(f"/desk/procurements/{procurement.public_id}/pay/{intent.public_id}")
    return {
        "mode": intent.mode,
        "amount_fen": intent.amount_fen,
        "group": procurement.number,
        "return_url": f"{page}/return",
        "cancel_url": page,
        "buyer_name": buyer.name,
        "email": db.session.get_one(User, intent.created_by).email or "",
        "days_until_due": max(min(days, default=due.GOODS_FIRST_DAYS), 1),
        "metadata": {SUBJECT: str(intent.public_id), PROCUREMENT: procurement.number},
    }


def give_up(intent: PaymentIntent, at: datetime, *, then: Mapping[str, object] | None = None) -> None:
    """Give a payment up that is under way, under the locks of its orders; the provider has the last word on it.

    :param then: a wish that takes its place once it is given up.
    """
    if intent.status == "creating":
        # Nobody has its secret or address yet, so nobody can pay it; once there is something, it is given up there.
        intent.status, intent.closed_at = "cancelled", at
        return
    refs = {"intent": intent.intent_ref, "session": intent.session_ref, "invoice": intent.invoice_ref}
    params = {"mode": intent.mode, "refs": refs, "then": dict(then) if then else None}
    if not calls.open_calls("cancel_intent", intent.id):
        calls.enqueue_again("cancel_intent", intent, params)


def cancel(public_id: UUID, actor: Actor, at: datetime) -> PaymentIntent:
    """Give a payment of the actor's up; nothing changes if it has ended.

    :raises NoSuchIntent: if it is not the actor's.
    """
    intent, _orders = lock(get_intent(public_id, actor).id)
    if intent.status in OPEN_STATES:
        give_up(intent, at)
        audit.record(actor, "online.payment_given_up", "payment_intent", intent.id)
    return intent


def cancel_what_is_too_much(procurement_id: int, at: datetime) -> None:
    """Give a payment up that asks for more than its orders still owe: one was cancelled, or paid in another way."""
    orders = {order.id: order for order in lock_orders_of(procurement_id)}
    intent = find_open(procurement_id)
    if intent is None:
        return
    shares = shares_of(intent.id)
    if any(fen > _owed(orders[order_id]) for order_id, fen in shares.items()):
        give_up(intent, at)


def lock_orders_of(procurement_id: int) -> list[Order]:
    """Lock a procurement's orders in ascending key: whoever pays for it, or is told of it, does so one at a time."""
    query = select(Order.id).where(Order.procurement_id == procurement_id)
    return list(party.lock_orders(db.session.scalars(query)).values())


def lock(intent_id: int) -> tuple[PaymentIntent, dict[int, Order]]:
    """Lock the orders of a payment's procurement, then the payment, and return them as they are now."""
    procurement_id = db.session.scalars(select(PaymentIntent.procurement_id).where(PaymentIntent.id == intent_id)).one()
    orders = {order.id: order for order in lock_orders_of(procurement_id)}
    query = select(PaymentIntent).where(PaymentIntent.id == intent_id).with_for_update()
    return db.session.scalars(query.execution_options(populate_existing=True)).one(), orders


def find_open(procurement_id: int) -> PaymentIntent | None:
    """Return the payment of a procurement that is under way, locked; the caller has locked the orders."""
    query = select(PaymentIntent).where(
        PaymentIntent.procurement_id == procurement_id, PaymentIntent.status.in_(OPEN_STATES)
    )
    return db.session.scalars(query.with_for_update().execution_options(populate_existing=True)).one_or_none()


def shares_of(intent_id: int) -> dict[int, int]:
    """Return how much of a payment is for each order."""
    rows = db.session.execute(
        select(IntentShare.order_id, IntentShare.amount_fen)
        .where(IntentShare.intent_id == intent_id)
        .order_by(IntentShare.order_id)
    )
    return dict(rows.all())


def owed_by(procurement_id: int) -> list[tuple[Order, int]]:
    """Return a procurement's orders that owe something, with how much, for showing."""
    query = select(Order).where(Order.procurement_id == procurement_id).order_by(Order.id)
    return [(order, fen) for order in db.session.scalars(query) if (fen := _owed(order))]


def spread(orders: list[Order], amount_fen: int | None) -> dict[int, int]:
    """Return fen by order: what each owes, or the asked amount, the oldest order first.

    :raises NothingToPay, MoreThanOwed, AboveCardLimit: if it cannot be.
    """
    owed = {order.id: _owed(order) for order in sorted(orders, key=lambda order: order.id)}
    total = sum(owed.values())
    if not total:
        raise NothingToPay(_("这张采购单现在没有待付的订单。"))
    wanted = total if amount_fen is None else amount_fen
    if wanted > total:
        raise MoreThanOwed(_("付款金额不能超过待付金额。"), unpaid=money.as_json(total))
    if wanted > MOST_FEN:
        raise AboveCardLimit(
            _("单笔在线支付不能超过 %(most)s 元，请分次支付或使用对公转账。", most=money.show_yuan(MOST_FEN)),
            most=money.as_json(MOST_FEN),
        )
    found: dict[int, int] = {}
    for order_id, fen in owed.items():
        if part := min(fen, wanted - sum(found.values())):
            found[order_id] = part
    return found


def _owed(order: Order) -> int:
    """Return what an order is asked to pay."""
    return due.unpaid_fen(order) if order.status in ASKED_STATES else 0
