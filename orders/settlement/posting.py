"""Payouts and what came back of them in the money book."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime

from orders.ledger import books
from orders.ledger.books import PLATFORM, Account, MoneyPosting, org_owner
from orders.settlement.models import Payout, PayoutItem, PayoutReturn, TransferReversal
from orders.settlement.positions import fee_move
from orders.settlement.standing import Standing
from shop.auth import Actor

_STRIPE, _BANK = "stripe_cash", "bank_supervised"
#: The platform's money at the provider and on the supervised account.
_AT_PROVIDER, _AT_BANK = (_STRIPE, PLATFORM), (_BANK, PLATFORM)


def settle_items(payout: Payout, items: Sequence[PayoutItem], standings: Mapping[int, Standing]) -> None:
    """Let what was on its way be paid out, and the fee's cash follow it."""
    for item in items:
        standing = standings[item.order_id]
        row = standing.settlement
        unmove_item(payout, item, standing)
        if payout.rail == "bank":
            row.bank_settled_fen += item.amount_fen
        else:
            row.stripe_settled_fen += item.amount_fen
        row.card_settled_fen += item.card_fen
        _settle_fee(payout, item, standing)


def _settle_fee(payout: Payout, item: PayoutItem, standing: Standing) -> None:
    """Let the fee's cash follow an item that is paid: by bank exactly what the file carried."""
    row, sent = standing.settlement, item.fee_sent_fen
    bank = 0
    if sent is not None:
        bank = sent
        row.fee_settling_fen -= bank
        row.fee_bank_fen += bank
    move = fee_move(
        standing.sums, standing.paid_out(moving=False), card=payout.rail == "stripe" or item.card_fen != 0,
        bank=sent is None and item.amount_fen != item.card_fen,
    )  # fmt: skip
    item.fee_card_fen, item.fee_bank_fen = move.card_fen, bank + move.bank_fen
    row.fee_card_fen += move.card_fen
    row.fee_bank_fen += move.bank_fen


def send_fee(items: Sequence[PayoutItem], standings: Mapping[int, Standing]) -> int:
    """Keep what of the fee leaves the supervised account with a payout's file, and return it.

    Whatever is settled or sent meanwhile, the books follow this figure, and no other file carries it. A file that is
    made again begins anew.
    """
    for item in items:
        standing = standings[item.order_id]
        standing.settlement.fee_settling_fen -= item.fee_sent_fen or 0
        before = standing.paid_out(moving=False)
        paid = replace(before, total_fen=before.total_fen + item.amount_fen, card_fen=before.card_fen + item.card_fen)
        move = fee_move(standing.sums, paid, card=item.card_fen != 0, bank=item.amount_fen != item.card_fen)
        item.fee_sent_fen = move.bank_fen
        standing.settlement.fee_settling_fen += move.bank_fen
    return sum(item.fee_sent_fen or 0 for item in items)


def unsend_fee(items: Sequence[PayoutItem], standings: Mapping[int, Standing], *, has_left: bool) -> int:
    """Say of a payout that failed whether its file's fee has left the account all the same; return what has.

    What has not is carried by a later file.
    """
    for item in items:
        row, sent = standings[item.order_id].settlement, item.fee_sent_fen or 0
        row.fee_settling_fen -= sent
        if has_left:
            item.fee_bank_fen = sent
            row.fee_bank_fen += sent
    return sum(item.fee_bank_fen for item in items)


def move_item(payout: Payout, item: PayoutItem, standing: Standing) -> None:
    """Say of an order that an item's money is on its way: nobody else may pay it."""
    _moving(payout, standing, item.amount_fen, card_fen=item.card_fen)


def unmove_item(payout: Payout, item: PayoutItem, standing: Standing) -> None:
    """Say that it is no longer: it arrived, or is the payable's again."""
    _moving(payout, standing, -item.amount_fen, card_fen=-item.card_fen)


def unmove_part(payout: Payout, standing: Standing, card_fen: int) -> None:
    """Say that a part of an item, of card money, is not on its way after all."""
    _moving(payout, standing, -card_fen, card_fen=-card_fen)


def _moving(payout: Payout, standing: Standing, fen: int, *, card_fen: int) -> None:
    if payout.rail == "bank":
        standing.settlement.bank_settling_fen += fen
    else:
        standing.settlement.stripe_settling_fen += fen
    standing.settlement.card_settling_fen += card_fen


def unsettle_items(items: Sequence[PayoutItem], standings: Mapping[int, Standing]) -> None:
    """Let what a payout by bank has paid be owed again; the platform's fee is earned all the same, and stays."""
    for item in items:
        row = standings[item.order_id].settlement
        row.bank_settled_fen -= item.amount_fen
        row.card_settled_fen -= item.card_fen


def move_again(payout: Payout, items: Sequence[PayoutItem], standings: Mapping[int, Standing]) -> int:
    """Say that the money of a payout that had failed was on its way all the same; return what of its fee is posted already.

    What of the fee had left counts as sent, as it was. Else the file carried what no other has carried since.
    """
    left = sum(item.fee_bank_fen for item in items)
    for item in items:
        row = standings[item.order_id].settlement
        move_item(payout, item, standings[item.order_id])
        if left:
            row.fee_settling_fen += item.fee_bank_fen
            row.fee_bank_fen -= item.fee_bank_fen
        item.fee_sent_fen, item.fee_bank_fen = (item.fee_bank_fen if left else None), 0
    if not left:
        send_fee(items, standings)
    return left


def post_payout(
    payout: Payout, items: Sequence[PayoutItem], *, at: datetime, on: date, actor: Actor | None, fee_posted_fen: int = 0
) -> None:
    """Post a payout that has arrived: the payable is paid from where the money lay, and the fee follows.

    :param fee_posted_fen: what of the fee by bank has been posted before.
    """
    owner = org_owner(payout.producer_id)
    bank_fen = sum(item.fee_bank_fen for item in items) - fee_posted_fen
    fees = _fees(owner, sum(item.fee_card_fen for item in items), bank_fen, on=on)
    _post_paid(payout, items, "paid", fees, at=at, on=on, actor=actor)


def post_fee(payout: Payout, fen: int, *, at: datetime, on: date, actor: Actor | None) -> None:
    """Post that the fee has left the supervised account though its payout failed."""
    fees = _fees(org_owner(payout.producer_id), 0, fen, on=on)
    books.record_entry(f"payout:{payout.id}:fee", "payout_fee_moved", occurred_at=at, money=fees[1:], actor=actor)


def post_return(
    payout: Payout, items: Sequence[PayoutItem], found: PayoutReturn, *, at: datetime, actor: Actor | None
) -> None:
    """Post that what the bank had paid is on the supervised account again, and owed."""
    _post_paid(payout, items, "returned", [], at=at, on=found.returned_on, actor=actor)


def _post_paid(
    payout: Payout, items: Sequence[PayoutItem], what: str, fees: list[MoneyPosting], *, at: datetime, on: date,
    actor: Actor | None,
) -> None:  # fmt: skip
    """Post what a payout paid, or turned round what came back of it.

    What the bank pays of card money leaves the supervised account, to which the operator has moved it from the provider
    as the platform's: so the producer's money there becomes the platform's. What a payout by the provider keeps back for
    a debt of the other kind stays at the provider as the platform's: so the platform's at the bank becomes the producer's.
    """
    sign = 1 if what == "paid" else -1
    owner = org_owner(payout.producer_id)
    payable = Account("producer_payable", owner)
    card = sum(item.card_fen for item in items)
    rest = payout.amount_fen - card
    by_bank = payout.rail == "bank"
    card_from, rest_from = (_AT_BANK, (_BANK, owner)) if by_bank else ((_STRIPE, owner), _AT_PROVIDER)
    money = [
        _signed(payable, Account(*card_from), sign * card, on),
        _signed(payable, Account(*rest_from), sign * rest, on),
        *fees,
    ]
    books.record_entry(f"payout:{payout.id}:{what}", f"payout_{what}", occurred_at=at, money=money, actor=actor)
    kind, moved, place = ("card", card, _STRIPE) if by_bank else ("bank", rest, _BANK)
    if moved:
        posting = _signed(Account(place, PLATFORM), Account(place, owner), sign * moved, on)
        key = f"payout:{payout.id}:{what}:{kind}"
        books.record_entry(key, f"payout_{kind}_moved", occurred_at=at, money=[posting], actor=actor)


def post_reversal(reversal: TransferReversal, producer_id: int, *, at: datetime, on: date) -> None:
    """Post that money came back from a producer's account at the provider: it is owed again."""
    owner = org_owner(producer_id)
    money = [
        _signed(Account("stripe_cash", owner), Account("producer_payable", owner), reversal.amount_fen, on),
        *_fees(owner, reversal.fee_card_fen, 0, on=on),
    ]
    books.record_entry(f"reversal:{reversal.id}:done", "transfer_reversed", occurred_at=at, money=money)


def _fees(owner: str, card_fen: int, bank_fen: int, *, on: date) -> list[MoneyPosting]:
    return [
        _signed(Account("stripe_cash", PLATFORM), Account("stripe_cash", owner), card_fen, on),
        _signed(Account("operator_bank", PLATFORM), Account("bank_supervised", owner), bank_fen, on),
    ]


def _signed(debit: Account, credit: Account, fen: int, on: date) -> MoneyPosting:
    """Return the posting, turned round when below zero."""
    return MoneyPosting(debit, credit, fen, on) if fen >= 0 else MoneyPosting(credit, debit, -fen, on)
