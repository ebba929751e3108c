"""What producers were paid too much through the provider is asked back from there; what it refuses is netted later."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select

from orders.online import calls
from orders.payments import charges, exceptions
from orders.payments.models import Refund
from orders.settlement import posting
from orders.settlement.models import Transfer, TransferReversal
from orders.settlement.positions import fee_move
from orders.settlement.standing import Standing, lock_standings, orders_to_ask_back
from shop import audit, clock
from shop.db import db


def ask_back(standing: Standing, *, at: datetime, again: bool = False) -> int:
    """Ask back, under the order's lock, what it was paid too much of card money; return how much of it is asked for.

    Newest transfers first. One whose reversal was refused is left alone, unless a person wants it tried ``again``:
    what the account does not have is netted from the next payout.
    """
    wanted = min(-standing.collectible.card_fen, -standing.collectible.total_fen)
    left = wanted
    for transfer in _reversible(standing.order.id, again=again) if wanted > 0 else ():
        part = min(left, transfer.amount_fen - transfer.reversed_fen)
        if part > 0:
            _ask(standing, transfer, part, at)
            left -= part
    return max(wanted, 0) - max(left, 0)


def ask_back_all(at: datetime) -> int:
    """Ask back whatever was paid too much through the provider and nobody has asked for; return how much that is."""
    standings = lock_standings(orders_to_ask_back())
    return sum(ask_back(standing, at=at) for standing in standings.values())


def _reversible(order_id: int, *, again: bool) -> Sequence[Transfer]:
    query = (
        select(Transfer)
        .where(Transfer.order_id == order_id, Transfer.status == "done", Transfer.reversed_fen < Transfer.amount_fen)
        .order_by(Transfer.id.desc())
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if not again:
        refused = select(TransferReversal.transfer_id).where(
            TransferReversal.order_id == order_id, TransferReversal.status == "failed"
        )
        query = query.where(Transfer.id.not_in(refused))
    return db.session.scalars(query).all()


def _ask(standing: Standing, transfer: Transfer, fen: int, at: datetime) -> None:
    cause = "dispute" if standing.order.held_fen or _lost(standing.order.id) else "refund"
    reversal = TransferReversal(
        transfer_id=transfer.id, order_id=standing.order.id, amount_fen=fen, cause=cause, status="pending",
        created_at=at,
    )  # fmt: skip
    db.session.add(reversal)
    transfer.reversed_fen += fen
    standing.settlement.stripe_settling_fen -= fen
    standing.settlement.card_settling_fen -= fen
    db.session.flush()  # the call names its key
    calls.enqueue("reverse_transfer", reversal, {"transfer": transfer.transfer_ref, "amount_fen": fen})
    audit.record(None, "settlement.reversal_asked", "transfer_reversal", reversal.id, amount_fen=[None, fen])


def _lost(order_id: int) -> bool:
    """Say whether the last thing that took an order's money was a lost dispute."""
    query = select(Refund.cause).where(Refund.order_id == order_id, Refund.status == "confirmed")
    return db.session.scalar(query.order_by(Refund.decided_at.desc(), Refund.id.desc()).limit(1)) == "dispute"


def take(reversal_id: int, reversal_ref: str, at: datetime) -> None:
    """Take the provider's word that money came back: it is owed to the producer again, and the fee follows."""
    reversal, transfer, standing = _locked(reversal_id)
    if reversal.status != "pending":
        return
    row = standing.settlement
    reversal.status, reversal.reversal_ref, reversal.done_at = "done", reversal_ref, at
    row.stripe_settling_fen += reversal.amount_fen
    row.card_settling_fen += reversal.amount_fen
    row.stripe_settled_fen -= reversal.amount_fen
    row.card_settled_fen -= reversal.amount_fen
    charges.lock_charges([transfer.charge_id])[transfer.charge_id].transferred_fen -= reversal.amount_fen
    move = fee_move(standing.sums, standing.paid_out(moving=False), card=True, bank=False)
    reversal.fee_card_fen = min(move.card_fen, 0)
    row.fee_card_fen += reversal.fee_card_fen
    posting.post_reversal(reversal, standing.order.producer_id, at=at, on=clock.business_day(at))
    audit.record(None, "settlement.reversal_done", "transfer_reversal", reversal.id, status=["pending", "done"])


def fail(reversal_id: int, failure: str, at: datetime) -> None:
    """Take the provider's refusal: what was to come back is netted from the producer's next payout."""
    reversal, transfer, standing = _locked(reversal_id)
    if reversal.status != "pending":
        return
    reversal.status, reversal.failure, reversal.done_at = "failed", failure, at
    transfer.reversed_fen -= reversal.amount_fen
    standing.settlement.stripe_settling_fen += reversal.amount_fen
    standing.settlement.card_settling_fen += reversal.amount_fen
    exceptions.open_exception(
        f"reversal:{reversal.id}", "stripe", "reversal_failed", standing.order.number, failure, reversal.amount_fen,
        clock.business_day(at), at, producer_id=standing.order.producer_id, order_id=standing.order.id,
    )  # fmt: skip
    audit.record(None, "settlement.reversal_failed", "transfer_reversal", reversal.id, status=["pending", "failed"])


def _locked(reversal_id: int) -> tuple[TransferReversal, Transfer, Standing]:
    """Lock the order, then the transfer and its reversal."""
    order_id = db.session.scalars(select(TransferReversal.order_id).where(TransferReversal.id == reversal_id)).one()
    standing = lock_standings([order_id])[order_id]
    reversal = db.session.execute(
        select(TransferReversal)
        .where(TransferReversal.id == reversal_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).scalar_one()
    transfer = db.session.execute(
        select(Transfer)
        .where(Transfer.id == reversal.transfer_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).scalar_one()
    return reversal, transfer, standing
