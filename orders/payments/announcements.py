"""An institution's word that it will pay: who, how much, when."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import select

from orders.payments.clearing import whose
from orders.payments.models import TransferAnnouncement
from orders.payments.receipts import PAYABLE_STATES, OrderNotPayable
from orders.purchase import party
from orders.purchase.models import Order
from shop import audit, clock
from shop.auth import Actor
from shop.db import db
from shop.errors import Conflict, Forbidden, Invalid, NotFound
from shop.i18n import _
from shop.outbox.services import publish


class PlannedDayPast(Invalid):
    """The day planned for the transfer is over."""

    code = "planned-day-past"


class AlreadyWithdrawn(Conflict):
    """The announcement was withdrawn before."""

    code = "already-withdrawn"


@dataclass(frozen=True, kw_only=True)
class AnnouncementFacts:
    """Who will pay how much, and when."""

    payer_name: str
    amount_fen: int
    planned_on: date
    payer_account: str = ""


#: Says, of a buyer and the day on which it plans to pay, what may hinder it, as of a day; of packages above.
Warner = Callable[[int, date, date], list[str]]
_warners: list[Warner] = []


def warn_by(warner: Warner) -> None:
    """Let a package above warn of days on which buyers cannot pay."""
    if warner not in _warners:
        _warners.append(warner)


def warnings_of(order_id: UUID, planned_on: date, actor: Actor, on: date) -> list[str]:
    """Return, in words, what may hinder the payment of an order on a planned day; nothing is refused for it.

    :raises NotFound: if the order is not the actor's.
    """
    buyer_id = party.get_order(order_id, actor, on).buyer_id
    return [words for warner in _warners for words in warner(buyer_id, planned_on, on)]


def announce(order_id: UUID, facts: AnnouncementFacts, actor: Actor, at: datetime) -> TransferAnnouncement:
    """Say that a transfer for an order will come; the producer is told, nothing is paid by it.

    :raises NotFound: if the order is not the actor's.
    :raises Forbidden: if the actor is not the buyer.
    :raises OrderNotPayable: if nobody has confirmed the order, or it was cancelled.
    :raises PlannedDayPast: if the day is over.
    """
    on = clock.business_day(at)
    order = party.get_order(order_id, actor, on)
    _require_buyer(order, actor)
    if order.status not in PAYABLE_STATES - {"cancelled"}:
        raise OrderNotPayable(_("订单还没有被供应商确认，不能付款。"), order=order.number, state=order.status)
    if facts.planned_on < on:
        raise PlannedDayPast(_("计划付款日不能早于今天。"), planned_on=facts.planned_on.isoformat())
    announcement = TransferAnnouncement(
        order_id=order.id, payer_name=facts.payer_name.strip(), payer_account=facts.payer_account.strip(),
        amount_fen=facts.amount_fen, planned_on=facts.planned_on, announced_by=actor.user_id, announced_at=at,
    )  # fmt: skip
    db.session.add(announcement)
    db.session.flush()  # obtains the keys for the trail and the answer
    audit.record(actor, "payments.transfer_announced", "order", order.id, amount_fen=[None, facts.amount_fen])
    more, by = whose(order.clearing)
    publish(
        "orders.transfer_announced", organisations=[order.buyer_id, order.producer_id, *more],
        order_id=str(order.public_id), number=order.number, announcement_id=str(announcement.public_id),
        planned_on=facts.planned_on.isoformat(), **by,
    )  # fmt: skip
    return announcement


def withdraw(announcement_id: UUID, actor: Actor, at: datetime) -> TransferAnnouncement:
    """Take an announcement back.

    :raises NotFound: if it is not the actor's.
    :raises Forbidden: if the actor is not the buyer.
    :raises AlreadyWithdrawn: if it was taken back before.
    """
    found = db.session.execute(
        select(TransferAnnouncement, Order)
        .join(Order, Order.id == TransferAnnouncement.order_id)
        .where(
            TransferAnnouncement.public_id == announcement_id,
            party.is_party(actor, Order.buyer_id, Order.producer_id, clock.business_day(at)),
        )
        .with_for_update(of=TransferAnnouncement)
    ).one_or_none()
    if found is None:
        raise NotFound(_("没有这份付款预告。"))
    announcement, order = found
    _require_buyer(order, actor)
    if announcement.withdrawn_at is not None:
        raise AlreadyWithdrawn(_("这份付款预告已经撤回。"))
    announcement.withdrawn_at = at
    audit.record(actor, "payments.announcement_withdrawn", "order", order.id, announcement=[announcement.id, None])
    return announcement


def _require_buyer(order: Order, actor: Actor) -> None:
    if order.buyer_id != actor.organisation_id:
        raise Forbidden(_("只有采购单位可以预告付款。"))
