"""Preparing a producer's payouts: under the locks of its orders, so that two runs at once pay once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime

from sqlalchemy import select, text

from orders.numbers import make_number
from orders.online.models import ConnectedAccount
from orders.purchase import machine
from orders.settlement import payees, posting, reversals, transfers
from orders.settlement.models import Payout, PayoutItem, PayoutRun
from orders.settlement.positions import Open, Position, Share, plan
from orders.settlement.standing import Standing, lock_standings, orders_with_open
from shop import audit, clock
from shop.auth import Actor
from shop.db import db
from shop.identity.models import BankAccount


def prepare_producer(
    producer_id: int, runs: Mapping[str, PayoutRun], *, on: date, actor: Actor | None, at: datetime
) -> list[Payout]:
    """Prepare one payout of each way for all that is due to a producer, less what it owes; return them.

    What was paid out too much through the provider is first asked back from there. A producer without a bank account
    gets nothing by bank: all of it stays open.
    """
    standings = lock_standings(orders_with_open(producer_id))
    if not standings:
        return []
    for standing in standings.values():
        reversals.ask_back(standing, at=at)
    account = find_connected(producer_id)
    draws = transfers.Draws(standings) if account else None
    positions = [_limited(each.position(on), draws) for each in standings.values()]
    made = []
    for rail, shares in plan(positions, card_rail=account is not None).items():
        bank = payees.find_account(producer_id, on) if rail == "bank" else None
        if rail == "bank" and bank is None:
            continue
        payout = _add_payout(runs[rail], producer_id, shares, standings, bank=bank, actor=actor, at=at)
        if account is not None and draws is not None and rail == "stripe":
            transfers.send(payout, shares, draws, account=str(account.account_ref), at=at)
        made.append(payout)
    return made


def find_connected(producer_id: int) -> ConnectedAccount | None:
    """Return a producer's account at the provider, if money can go there."""
    return db.session.scalars(
        select(ConnectedAccount).where(
            ConnectedAccount.organisation_id == producer_id, ConnectedAccount.status == "active",
            ConnectedAccount.account_ref.is_not(None),
        )
    ).one_or_none()  # fmt: skip


def _limited(position: Position, draws: transfers.Draws | None) -> Position:
    """Lower what is open of card money to what its charges can carry."""
    if draws is None or position.open.card_fen <= 0:
        return position
    card = min(position.open.card_fen, draws.room_of(position.order_id))
    return replace(position, open=Open(card, position.open.bank_fen))


def _add_payout(
    run: PayoutRun, producer_id: int, shares: Sequence[Share], standings: Mapping[int, Standing], *,
    bank: BankAccount | None, actor: Actor | None, at: datetime,
) -> Payout:  # fmt: skip
    key = int(db.session.scalar(text("SELECT nextval('payouts_id_seq')")) or 0)
    payout = Payout(
        id=key, number=make_number("FK", clock.business_day(at), key), run_id=run.id, producer_id=producer_id,
        rail=run.rail, amount_fen=sum(share.amount_fen for share in shares), status="prepared",
        account_holder=bank.holder if bank else "", account_bank=bank.bank if bank else "",
        account_number=bank.number if bank else "", prepared_by=actor.user_id if actor else None, prepared_at=at,
    )  # fmt: skip
    db.session.add(payout)
    db.session.flush()  # its items refer to its row
    for share in shares:
        item = PayoutItem(payout_id=key, order_id=share.order_id, amount_fen=share.amount_fen, card_fen=share.card_fen)
        db.session.add(item)
        posting.move_item(payout, item, standings[share.order_id])
    machine.record_start("payout", payout, "prepare", actor=actor, at=at)
    audit.record(actor, "settlement.payout_prepared", "payout", key, amount_fen=[None, payout.amount_fen])
    return payout
