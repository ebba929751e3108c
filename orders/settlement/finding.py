"""A payout that two persons had said was not made, and that a statement shows to have left: never paid a second time by us."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import select

from orders.payments import exceptions
from orders.settlement import bank, paying
from orders.settlement.bank import Confirmation
from orders.settlement.models import Payout, PayoutItem
from orders.settlement.standing import Standing, lock_standings
from shop import clock
from shop.db import db
from shop.i18n import _


def find_paid(told: Confirmation, at: datetime) -> Payout | None:
    """Take a statement's word that a failed payout by bank has left; ``None`` if it is not failed any more.

    What was prepared or released meanwhile for the same orders is given up, under the orders' locks; what had gone to
    the bank already is paid twice: the producer owes it, and an exception says so.

    :raises BadValueDay, PayoutSerialTaken: as :func:`orders.settlement.bank.confirm`.
    """
    key = db.session.scalars(select(Payout.id).where(Payout.public_id == told.payout)).one()
    standings = lock_standings(paying.orders_of([key]))
    again = _paid_again(key)
    standings |= lock_standings(set(paying.orders_of(again)) - standings.keys())
    locked = paying.lock_payouts([key, *again])
    payout = locked[key]
    if payout.status != "failed":
        return None
    for other in again:
        if locked[other].status in ("prepared", "released"):
            reason = _("付款 %(number)s 银行已付出，本笔不再支付。", number=payout.number)
            paying.cancel_locked(locked[other], paying.items_of(other), standings, reason, actor=None, at=at)
    bank.take_serial(payout, told, at)
    owed_fen = _owed(standings)
    paying.find_locked(payout, paying.items_of(key), standings, on=told.value_on, at=at)
    if twice := _owed(standings) - owed_fen:
        _tell_twice(payout, twice, at)
    return payout


def _paid_again(key: int) -> list[int]:
    """Return the payouts that are on their way to the same producer for the same orders, not yet with the bank."""
    mine = select(PayoutItem.order_id).where(PayoutItem.payout_id == key)
    query = (
        select(Payout.id)
        .join(PayoutItem, PayoutItem.payout_id == Payout.id)
        .where(Payout.status.in_(("prepared", "released")), Payout.rail == "bank", PayoutItem.order_id.in_(mine))
        .distinct()
    )
    return sorted(db.session.scalars(query))


def _owed(standings: Mapping[int, Standing]) -> int:
    """Return what is paid, or on its way, beyond what the orders have earned."""
    return -sum(min(each.open.card_fen + each.open.bank_fen, 0) for each in standings.values())


def _tell_twice(payout: Payout, twice_fen: int, at: datetime) -> None:
    detail = _("付款 %(number)s 登记未付成后又已付出，款项已另行付出；多付部分从下次付款扣回。", number=payout.number)
    exceptions.open_exception(
        f"payout:{payout.id}:paid_twice", "bank", "payout_paid_twice", payout.number, detail, -twice_fen,
        payout.value_on or clock.business_day(at), at, producer_id=payout.producer_id,
    )  # fmt: skip
