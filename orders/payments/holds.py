"""Disputed money: held while the dispute is open, the order's again when it is won, gone when it is lost."""

from __future__ import annotations

from datetime import datetime

from orders.ledger import books
from orders.ledger.books import Account, MoneyPosting, org_owner
from orders.payments.clearing import add_to_clearing
from orders.payments.models import Refund
from orders.purchase import counting, machine
from orders.purchase.models import Order
from shop import clock
from shop.db import db


def hold(order: Order, amount_fen: int, *, key: str, at: datetime) -> int:
    """Hold so much of an order's money, at most what is left of it, under its lock; return what is held.

    The provider has taken the money from its balance; what counted because of it falls.

    :param key: names the dispute's part in the books: ``dispute:7:order:12``.
    """
    left = order.received_fen - order.refunded_fen - order.refunding_fen - order.held_fen
    held = max(min(amount_fen, left, order.stripe_fen), 0)
    if held:
        order.held_fen += held
        producer = org_owner(order.producer_id)
        _post(order, f"{key}:held", "dispute_held", Account("stripe_disputed", producer),
              Account("stripe_cash", producer), fen=held, at=at)  # fmt: skip
        _recount(order, "dispute_held", f"order:{order.id}:{key}:held", at)
    return held


def release(order: Order, held_fen: int, *, key: str, at: datetime) -> None:
    """Give back what a dispute held: it was won, and the provider has put the money back."""
    order.held_fen -= held_fen
    producer = org_owner(order.producer_id)
    _post(order, f"{key}:won", "dispute_won", Account("stripe_cash", producer), Account("stripe_disputed", producer),
          fen=held_fen, at=at)  # fmt: skip
    _recount(order, "dispute_won", f"order:{order.id}:{key}:won", at)


def lose(order: Order, held_fen: int, charge_id: int, *, dispute_ref: str, key: str, at: datetime) -> Refund:
    """Let what a dispute held go to the payer: it was lost, which is a refund that nobody was asked for."""
    on = clock.business_day(at)
    refund = Refund(
        order_id=order.id, amount_fen=held_fen, reason=dispute_ref, cause="dispute", status="confirmed",
        clearing="stripe", charge_id=charge_id, bank_serial=dispute_ref, value_on=on, requested_at=at, decided_at=at,
    )  # fmt: skip
    db.session.add(refund)
    db.session.flush()  # obtains the refund's key
    machine.record_start("refund", refund, "lose", actor=None, at=at)
    order.held_fen -= held_fen
    order.refunded_fen += held_fen
    add_to_clearing(order, "stripe", -held_fen)
    _post(order, f"{key}:lost", "dispute_lost", Account("refund_payable", org_owner(order.buyer_id)),
          Account("stripe_disputed", org_owner(order.producer_id)), fen=held_fen, at=at)  # fmt: skip
    _recount(order, "dispute_lost", f"order:{order.id}:{key}:lost", at)
    return refund


def _post(order: Order, key: str, fact: str, debit: Account, credit: Account, *, fen: int, at: datetime) -> None:
    posting = MoneyPosting(debit, credit, fen, clock.business_day(at))
    books.record_entry(key, fact, occurred_at=at, money=[posting], order_id=order.id)


def _recount(order: Order, fact: str, key: str, at: datetime) -> None:
    counting.recount(order, fact=fact, key=key, at=at, on=clock.business_day(at))
