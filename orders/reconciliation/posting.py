"""What only the provider can tell, posted once: its fees, its payouts, and cash that lies in another currency."""

from __future__ import annotations

from datetime import datetime

from orders.ledger import books
from orders.ledger.books import PLATFORM, Account, MoneyPosting, org_owner
from orders.reconciliation.models import BalanceTransaction
from orders.reconciliation.movements import FEES, PAYOUTS
from orders.reconciliation.sources import Source

_FEES = Account("fees", PLATFORM)
_CASH = Account("stripe_cash", PLATFORM)
_ON_ITS_WAY = Account("stripe_payout", PLATFORM)


def costs_of(line: BalanceTransaction) -> int:
    """Return what the provider keeps by a line: all of a fee, else the fee beside the amount."""
    return -line.net if line.type in FEES else line.fee


def post_costs(line: BalanceTransaction, at: datetime) -> None:
    """Post what the provider keeps by a line, and what leaves its cash for the bank or comes back from there."""
    _post(line, "fee", "provider_fee", [_moved(_FEES, _CASH, costs_of(line), line)], at)
    if line.type in PAYOUTS:
        _post(line, "payout", "provider_payout", [_moved(_ON_ITS_WAY, _CASH, -line.amount, line)], at)


def post_fx(line: BalanceTransaction, source: Source, at: datetime) -> None:
    """Move what we booked for a line's source out of the cash in yuan: the provider settled it in another currency."""
    sign = 1 if line.amount > 0 else -1
    moved = [
        _moved(Account("fx", org_owner(producer_id)), Account("stripe_cash", org_owner(producer_id)), sign * fen, line)
        for producer_id, fen in sorted(source.full_fen.items())
    ]
    _post(line, "fx", "provider_fx", moved, at, order_id=source.order_id)


def _moved(debit: Account, credit: Account, fen: int, line: BalanceTransaction) -> MoneyPosting:
    """Return a posting of a signed amount: below zero the accounts are turned round."""
    if fen < 0:
        debit, credit = credit, debit
    return MoneyPosting(debit, credit, abs(fen), line.occurred_on)


def _post(
    line: BalanceTransaction, what: str, fact: str, moved: list[MoneyPosting], at: datetime, *,
    order_id: int | None = None,
) -> None:  # fmt: skip
    if any(one.amount_fen for one in moved):
        key = f"balance_transaction:{line.transaction_ref}:{what}"
        books.record_entry(key, fact, occurred_at=at, money=moved, order_id=order_id)
