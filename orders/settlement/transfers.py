"""Transfers by the card provider: what each charge can carry, and what becomes of a payout when they are made or refused."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, text

from orders.online import calls
from orders.payments import charges, exceptions
from orders.payments.models import Charge
from orders.purchase import machine
from orders.purchase.models import Order, Procurement
from orders.settlement import paying, posting
from orders.settlement.models import Payout, PayoutItem, Transfer
from orders.settlement.positions import Share
from orders.settlement.standing import Standing, lock_standings
from shop import clock
from shop.db import db

_SHARES = text("""
    WITH given AS (
        SELECT a.order_id, p.charge_id, sum(a.amount_fen) AS fen
        FROM payment_allocations a JOIN payments p ON p.id = a.payment_id
        WHERE a.order_id = ANY(:orders) AND p.charge_id IS NOT NULL AND p.status = 'confirmed' GROUP BY 1, 2
        UNION ALL
        SELECT order_id, charge_id, -sum(amount_fen) FROM refunds
        WHERE order_id = ANY(:orders) AND charge_id IS NOT NULL AND status <> 'refused' GROUP BY 1, 2
        UNION ALL
        SELECT h.order_id, d.charge_id, -sum(h.amount_fen) FROM dispute_holds h JOIN disputes d ON d.id = h.dispute_id
        WHERE h.order_id = ANY(:orders) AND d.status = 'open' GROUP BY 1, 2
        UNION ALL
        SELECT order_id, charge_id, -sum(amount_fen - reversed_fen) FROM transfers
        WHERE order_id = ANY(:orders) AND status <> 'failed' GROUP BY 1, 2
    )
    SELECT order_id, charge_id, sum(fen)::bigint AS fen FROM given GROUP BY 1, 2 ORDER BY 1, 2""")


@dataclass(frozen=True)
class Draw:
    """So much of a charge is for an order's transfer."""

    charge: Charge
    amount_fen: int


class Draws:
    """What the charges of orders under lock can still carry, oldest first; locks the charges."""

    def __init__(self, order_ids: Iterable[int]) -> None:
        rows = db.session.execute(_SHARES, {"orders": sorted(order_ids)}).all()
        locked = charges.lock_charges({row.charge_id for row in rows})
        self._rooms: dict[int, list[Draw]] = {}
        for order_id, charge_id, share in rows:
            charge = locked[charge_id]
            rest = charge.amount_fen - charge.refunded_fen - charge.disputed_fen - charge.transferred_fen
            if (room := min(rest, share)) > 0:
                self._rooms.setdefault(order_id, []).append(Draw(charge, room))

    def room_of(self, order_id: int) -> int:
        """Return how much of an order's card money its charges can still carry."""
        return sum(draw.amount_fen for draw in self._rooms.get(order_id, ()))

    def take(self, order_id: int, amount_fen: int) -> list[Draw]:
        """Return the charges that carry so much for an order, oldest first."""
        found, left = [], amount_fen
        for draw in self._rooms.get(order_id, ()):
            if part := min(left, draw.amount_fen):
                found.append(Draw(draw.charge, part))
                left -= part
        return found


def send(payout: Payout, shares: Sequence[Share], draws: Draws, *, account: str, at: datetime) -> None:
    """Write down the transfers of a payout, less what is netted, and the calls that make them after the commit."""
    left = payout.amount_fen
    groups = _groups([share.order_id for share in shares])
    for share in shares:
        for draw in draws.take(share.order_id, min(share.card_fen, left)) if share.card_fen > 0 else ():
            left -= draw.amount_fen
            draw.charge.transferred_fen += draw.amount_fen
            transfer = Transfer(
                payout_id=payout.id, order_id=share.order_id, charge_id=draw.charge.id, amount_fen=draw.amount_fen,
                status="pending", created_at=at,
            )  # fmt: skip
            db.session.add(transfer)
            db.session.flush()  # the call names its key
            calls.enqueue(
                "transfer", transfer,
                {
                    "amount_fen": draw.amount_fen, "destination": account, "charge": draw.charge.charge_ref,
                    "group": groups[share.order_id],
                },
            )  # fmt: skip
    machine.move("payout", payout, "send", actor=None, at=at)


def _groups(order_ids: Sequence[int]) -> dict[int, str]:
    rows = db.session.execute(
        select(Order.id, Procurement.number)
        .join(Procurement, Procurement.id == Order.procurement_id)
        .where(Order.id.in_(order_ids))
    )
    return {row.id: row.number for row in rows}


def take(transfer_id: int, transfer_ref: str, at: datetime) -> list[Standing]:
    """Take the provider's word that a transfer is made; the payout is paid once all of its are decided.

    :return: the payout's orders as they stand then, under lock.
    """
    transfer, payout, items, standings = _locked(transfer_id)
    if transfer.status == "done":
        return []
    if transfer.status == "failed":
        # It was given up before: it has been made after all.
        message = f"The transfer {transfer.id} was refused and is made."
        raise ValueError(message)
    transfer.status, transfer.transfer_ref, transfer.done_at = "done", transfer_ref, at
    _decide(payout, items, standings, at=at)
    return list(standings.values())


def fail(transfer_id: int, failure: str, at: datetime) -> None:
    """Take the provider's refusal of a transfer: its money is the payable's again, and somebody must look."""
    transfer, payout, items, standings = _locked(transfer_id)
    if transfer.status != "pending":
        return
    transfer.status, transfer.failure, transfer.done_at = "failed", failure, at
    charge = charges.lock_charges([transfer.charge_id])[transfer.charge_id]
    charge.transferred_fen -= transfer.amount_fen
    _tell(transfer, payout, at)
    _decide(payout, items, standings, at=at)


def _tell(transfer: Transfer, payout: Payout, at: datetime) -> None:
    """Open an exception, one for each cause: while it waits, the next run's refusal for the same reason is the same finding."""
    cause = hashlib.sha256(transfer.failure.encode()).hexdigest()[:16]
    exceptions.open_unless_waiting(
        f"transfer:org:{payout.producer_id}:{cause}", f"{transfer.id}", "stripe", "transfer_failed", payout.number,
        transfer.failure, -transfer.amount_fen, clock.business_day(at), at, producer_id=payout.producer_id,
        order_id=transfer.order_id,
    )  # fmt: skip


def _locked(transfer_id: int) -> tuple[Transfer, Payout, list[PayoutItem], dict[int, Standing]]:
    """Lock the orders of a transfer's payout, then the payout and the transfer."""
    payout_id = db.session.scalars(select(Transfer.payout_id).where(Transfer.id == transfer_id)).one()
    standings = lock_standings(paying.orders_of([payout_id]))
    payout = paying.lock_payouts([payout_id])[payout_id]
    transfer = db.session.execute(
        select(Transfer).where(Transfer.id == transfer_id).with_for_update().execution_options(populate_existing=True)
    ).scalar_one()
    return transfer, payout, paying.items_of(payout_id), standings


def _decide(payout: Payout, items: list[PayoutItem], standings: dict[int, Standing], *, at: datetime) -> None:
    """End the payout when no transfer is open: paid as far as transfers were made, the rest the payable's again."""
    db.session.flush()  # the transfer's outcome is read with the others'
    made = db.session.scalars(select(Transfer).where(Transfer.payout_id == payout.id).order_by(Transfer.id)).all()
    if any(each.status == "pending" for each in made):
        return
    failed = [each for each in made if each.status == "failed"]
    if len(failed) == len(made):
        paying.fail_locked(payout, items, standings, failed[0].failure, actor=None, at=at)
        return
    for each in failed:
        item = next(item for item in items if item.order_id == each.order_id)
        posting.unmove_part(payout, standings[each.order_id], each.amount_fen)
        item.amount_fen -= each.amount_fen
        item.card_fen -= each.amount_fen
        payout.amount_fen -= each.amount_fen
        payout.failure = each.failure
        if not item.amount_fen and not item.card_fen:
            items.remove(item)
            db.session.delete(item)
    paying.pay_locked(payout, items, standings, on=clock.business_day(at), actor=None, at=at)
