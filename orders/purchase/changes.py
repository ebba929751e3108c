"""What becomes of an order before and instead of delivery: confirmed, declined, lapsed, cancelled, closed short."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import select

from catalog.lots import services as lots
from orders.purchase import counting, machine
from orders.purchase.access import lines_of
from orders.purchase.completion import complete_if_done
from orders.purchase.models import Order, OrderLine
from shop import clock, money
from shop.auth import Actor
from shop.db import db
from shop.errors import Invalid
from shop.i18n import _
from shop.identity.models import Organisation
from shop.outbox.services import publish

#: Topics of what ends an order.
_TOPICS = {
    "decline": "orders.order_declined",
    "lapse": "orders.order_lapsed",
    "cancel": "orders.order_cancelled",
    "close_short": "orders.order_closed_short",
}


class ReasonMissing(Invalid):
    """Declining, cancelling, rejecting or closing short needs a reason."""

    code = "reason-missing"


class BadConfirmation(Invalid):
    """The confirmed price, freight or date makes no sense; ``errors`` points at it."""

    code = "bad-confirmation"


@dataclass(frozen=True, slots=True)
class Confirmation:
    """What a producer confirms. A price that differs from the ordered one is an offer: the buyer signs or declines."""

    freight_fen: int
    promised_on: date
    #: New unit prices in fen by the line's public identifier; lines that are not named keep theirs.
    prices: Mapping[UUID, int]


def confirm(order: Order, what: Confirmation, *, actor: Actor, at: datetime) -> Sequence[OrderLine]:
    """Confirm a locked order: set freight, date and prices, and move the books by the difference.

    :raises WrongState: if it is not waiting, or its time is over.
    :raises BadConfirmation: for a day in the past, or a line that is not of this order.
    """
    machine.check("order", order, "confirm", actor=actor, at=at)
    lines = lines_of(order)
    on = clock.business_day(at)
    _check_confirmation(what, lines, on)
    changed = {
        str(line.public_id): [line.unit_price_fen, what.prices[line.public_id]]
        for line in lines
        if what.prices.get(line.public_id, line.unit_price_fen) != line.unit_price_fen
    }
    facts = {"freight_fen": what.freight_fen, "promised_on": what.promised_on.isoformat(), "prices": changed}
    machine.move("order", order, "confirm", actor=actor, at=at, facts=facts)
    for line in lines:
        line.unit_price_fen = what.prices.get(line.public_id, line.unit_price_fen)
        line.amount_fen = money.line_fen(line.unit_price_fen, line.quantity)
    order.freight_fen, order.promised_on, order.confirmed_at = what.freight_fen, what.promised_on, at
    order.goods_fen = sum(line.amount_fen for line in lines)
    order.total_fen = order.goods_fen + order.freight_fen
    counting.recount(order, fact="order_confirmed", key=f"order:{order.id}:confirmed", at=at, on=on, actor=actor)
    return lines


def _check_confirmation(what: Confirmation, lines: Sequence[OrderLine], on: date) -> None:
    errors = []
    if what.promised_on < on:
        errors.append({"pointer": "#/promised_on", "detail": _("承诺发货日不能早于今天。")})
    if what.freight_fen < 0:
        errors.append({"pointer": "#/freight", "detail": _("运费不能为负。")})
    known = {line.public_id: line for line in lines}
    for n, (public_id, price) in enumerate(what.prices.items()):
        line = known.get(public_id)
        if line is None:
            errors.append({"pointer": f"#/prices/{n}/line_id", "detail": _("订单里没有这一行。")})
        elif price <= 0 or not 0 < money.line_fen(price, line.quantity) <= money.MAX_FEN:
            errors.append({"pointer": f"#/prices/{n}/price", "detail": _("单价不在可用范围内。")})
    if errors:
        raise BadConfirmation(errors[0]["detail"], errors=errors)


def end(order: Order, event: str, *, actor: Actor | None, at: datetime, why: str) -> None:
    """Decline, lapse, cancel or close short a locked order: what is not shipped never will be, and its stock is free.

    :raises WrongState: if it cannot end so now.
    :raises ReasonMissing: if nobody says why; the system needs no reason.
    """
    if actor is not None and not why.strip():
        raise ReasonMissing(_("请填写原因。"), errors=[{"pointer": "#/why", "detail": _("请填写原因。")}])
    machine.move("order", order, event, actor=actor, at=at, why=why.strip())
    lines = lines_of(order)
    freed: dict[int, Decimal] = defaultdict(Decimal)
    for line in lines:
        left = line.quantity - line.cancelled - line.shipped
        if left:
            freed[line.sku_id] += left
            line.cancelled += left
    db.session.flush()  # the lines come before the stock in the lock order
    lots.release(freed)
    on = clock.business_day(at)
    counting.recount(
        order, fact=f"order_{order.status}", key=f"order:{order.id}:{order.status}", at=at, on=on, actor=actor
    )
    tell(_TOPICS[event], order, why=why.strip(), at=at.isoformat())


def settle_acceptance(order: Order, lines: Sequence[OrderLine]) -> None:
    """Note since when everything shipped of an order is decided: the last acceptance, whatever made it the last."""
    is_decided = order.status in ("shipped", "closed_short") and all(
        line.accepted + line.rejected == line.shipped for line in lines
    )
    if is_decided:
        order.accepted_at = order.last_decided_at


def lapse_if_due(order: Order, *, at: datetime) -> bool:
    """Let a locked order lapse if nobody has confirmed it in time."""
    if order.status != "awaiting_confirmation" or at < order.confirm_by:
        return False
    end(order, "lapse", actor=None, at=at, why=_("供应商逾期未确认"))
    complete_if_done(order.procurement_id, at=at)
    return True


def overdue_orders(at: datetime, limit: int = 500) -> Sequence[int]:
    """Return the keys of orders whose time to be confirmed is over, the longest first."""
    return db.session.scalars(
        select(Order.id)
        .where(Order.status == "awaiting_confirmation", Order.confirm_by <= at)
        .order_by(Order.confirm_by)
        .limit(limit)
    ).all()


def tell(topic: str, order: Order, **values: Any) -> None:
    """Publish something that happened to an order to its two organisations."""
    publish(
        topic,
        organisations=(order.buyer_id, order.producer_id),
        order_id=str(order.public_id),
        number=order.number,
        status=order.status,
        total={"amount": money.format_yuan(order.total_fen), "currency": "CNY"},
        due={"amount": money.format_yuan(order.due_fen), "currency": "CNY"},
        **values,
    )


def parties_of(order: Order) -> dict[str, str]:
    """Return who sends an order's goods and who gets them, for what is published of them."""
    rows = db.session.execute(
        select(Organisation.id, Organisation.public_id).where(Organisation.id.in_((order.buyer_id, order.producer_id)))
    )
    known = {row.id: str(row.public_id) for row in rows}
    return {"consignor": known[order.producer_id], "consignee": known[order.buyer_id]}
