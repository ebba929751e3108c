"""The end of a payout: paid and posted, or back to the payable; always under the locks of its orders, then its own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import select

from orders.purchase import machine
from orders.settlement import payers, posting
from orders.settlement.models import Payout, PayoutItem, PayoutReturn
from orders.settlement.standing import Standing
from shop import audit, clock, money
from shop.auth import Actor
from shop.db import db
from shop.identity.models import Organisation
from shop.outbox.services import publish


def orders_of(payout_ids: Iterable[int]) -> list[int]:
    """Return the orders of payouts."""
    query = select(PayoutItem.order_id).where(PayoutItem.payout_id.in_(sorted(set(payout_ids)))).distinct()
    return list(db.session.scalars(query.order_by(PayoutItem.order_id)))


def items_of(payout_id: int) -> list[PayoutItem]:
    """Return a payout's orders' parts, as they are now."""
    query = select(PayoutItem).where(PayoutItem.payout_id == payout_id).order_by(PayoutItem.order_id)
    return list(db.session.scalars(query.execution_options(populate_existing=True)))


def lock_payouts(ids: Iterable[int]) -> dict[int, Payout]:
    """Lock payouts in ascending key, after their orders, and return them as they are now."""
    rows = db.session.scalars(
        select(Payout)
        .where(Payout.id.in_(sorted(set(ids))))
        .order_by(Payout.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return {payout.id: payout for payout in rows}


def pay_locked(
    payout: Payout, items: Sequence[PayoutItem], standings: Mapping[int, Standing], *, on: date, actor: Actor | None,
    at: datetime,
) -> None:  # fmt: skip
    """Let a payout be paid on a day: its orders are paid out, the books follow, the producer is told."""
    was = payout.status
    machine.move("payout", payout, "pay", actor=actor, at=at)
    payout.failure, payout.doubted_by, payout.doubted_at = "", None, None
    _paid(payout, items, standings, on=on, actor=actor, at=at, was=was)


def find_locked(
    payout: Payout, items: Sequence[PayoutItem], standings: Mapping[int, Standing], *, on: date, at: datetime
) -> None:  # fmt: skip
    """Let a payout that had failed be paid on a day after all, as a statement tells: its orders are paid out with it."""
    machine.move("payout", payout, "find", actor=None, at=at)
    payout.found_at = at
    posted = posting.move_again(payout, items, standings)
    _paid(payout, items, standings, on=on, actor=None, at=at, was="failed", fee_posted_fen=posted)


def _paid(
    payout: Payout, items: Sequence[PayoutItem], standings: Mapping[int, Standing], *, on: date, actor: Actor | None,
    at: datetime, was: str, fee_posted_fen: int = 0,
) -> None:  # fmt: skip
    payout.value_on, payout.decided_at = on, at
    payout.decided_by = actor.user_id if actor else None
    posting.settle_items(payout, items, standings)
    posting.post_payout(payout, items, at=at, on=on, actor=actor, fee_posted_fen=fee_posted_fen)
    audit.record(actor, "settlement.payout_paid", "payout", payout.id, status=[was, "paid"])
    _tell("orders.payout_paid", payout, value_on=on.isoformat())


def fail_locked(
    payout: Payout, items: Sequence[PayoutItem], standings: Mapping[int, Standing], failure: str, *,
    actor: Actor | None, at: datetime,
) -> None:  # fmt: skip
    """Let a payout fail with a reason: its money is the payable's again.

    The fee of its file is carried by a later one, unless a statement tells that it has left the account.
    """
    was = payout.status
    machine.move("payout", payout, "fail", actor=actor, at=at, why=failure)
    payout.failure, payout.decided_at = failure, at
    payout.decided_by = actor.user_id if actor else None
    _give_back(payout, items, standings)
    if left_on := payers.fee_left_on(payout, clock.business_day(payout.released_at or payout.prepared_at)):
        if fen := posting.unsend_fee(items, standings, has_left=True):
            posting.post_fee(payout, fen, at=at, on=left_on, actor=actor)
    else:
        posting.unsend_fee(items, standings, has_left=False)
    audit.record(actor, "settlement.payout_failed", "payout", payout.id, status=[was, "failed"])
    _tell("orders.payout_failed", payout, why=failure)


def return_locked(
    payout: Payout, items: Sequence[PayoutItem], standings: Mapping[int, Standing], found: PayoutReturn, *,
    actor: Actor | None, at: datetime,
) -> None:  # fmt: skip
    """Let a payout that was paid come back: its orders are owed again, the books follow, the producer is told."""
    machine.move("payout", payout, "return", actor=actor, at=at, why=found.reason)
    payout.failure = found.reason
    posting.unsettle_items(items, standings)
    posting.post_return(payout, items, found, at=at, actor=actor)
    audit.record(actor, "settlement.payout_returned", "payout", payout.id, status=["paid", "returned"])
    _tell("orders.payout_returned", payout, returned_on=found.returned_on.isoformat(), why=found.reason)


def cancel_locked(
    payout: Payout, items: Sequence[PayoutItem], standings: Mapping[int, Standing], reason: str, *,
    actor: Actor | None, at: datetime,
) -> None:  # fmt: skip
    """Give a payout up before it was sent."""
    was = payout.status
    machine.move("payout", payout, "cancel", actor=actor, at=at, why=reason)
    payout.failure, payout.decided_at = reason, at
    payout.decided_by = actor.user_id if actor else None
    _give_back(payout, items, standings)
    audit.record(actor, "settlement.payout_cancelled", "payout", payout.id, status=[was, "cancelled"])


def _give_back(payout: Payout, items: Sequence[PayoutItem], standings: Mapping[int, Standing]) -> None:
    for item in items:
        posting.unmove_item(payout, item, standings[item.order_id])


def _tell(topic: str, payout: Payout, **values: str) -> None:
    publish(
        topic,
        organisations=[payout.producer_id],
        payout_id=str(payout.public_id),
        number=payout.number,
        producer_id=str(_public_id(payout.producer_id)),
        amount=money.as_json(payout.amount_fen),
        **values,
    )


def _public_id(producer_id: int) -> UUID:
    return db.session.get_one(Organisation, producer_id).public_id
