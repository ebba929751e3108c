"""Between which accounts an exception may be posted, and whose these are."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import select

from orders.ledger.books import PLATFORM, Account, org_owner
from orders.payments.models import MoneyException
from orders.purchase.models import Order
from shop.db import db
from shop.errors import Invalid
from shop.i18n import _

#: Pairs between which money may be moved, either way; everything else has a document of its own.
_PAIRS = (
    ("fees", "stripe_cash"),
    ("fees", "bank_supervised"),
    ("fees", "fx"),
    ("fees", "stripe_payout"),
    ("fx", "stripe_cash"),
    ("fx", "bank_supervised"),
    ("stripe_payout", "bank_supervised"),
    ("stripe_payout", "operator_bank"),
    ("stripe_payout", "stripe_cash"),
    ("operator_bank", "stripe_cash"),
    ("operator_bank", "bank_supervised"),
    ("operator_bank", "fees"),
    ("buyer_credit", "bank_supervised"),
    ("buyer_credit", "stripe_cash"),
)
#: The rail of producers' own accounts.
DIRECT = "direct"
#: Each pair in both directions: debit and credit.
ALLOWED = tuple(sorted({pair for one, other in _PAIRS for pair in ((one, other), (other, one))}))
#: The operator's own, whatever the exception concerns.
_PLATFORMS = frozenset({"fees", "operator_bank", "stripe_payout"})


class PostingNotAllowed(Invalid):
    """An exception is not posted between these accounts, not for this amount, or it is not known whose they are."""

    code = "posting-not-allowed"


def accounts_for(row: MoneyException, debit: str, credit: str) -> tuple[Account, Account]:
    """Return the accounts of two kinds that a posting of an exception moves.

    What the operator bears or keeps moves its own cash; all else is the producer's that the exception names, and credit
    its order's buyer's.

    :raises PostingNotAllowed: if the pair is not in the table, or the exception does not say whose the accounts are.
    """
    if row.rail == DIRECT or (debit, credit) not in ALLOWED:
        raise PostingNotAllowed(_("异常款不能在这两个科目之间入账。"), debit=debit, credit=credit)
    owner_of = _owner_of(row, {debit, credit})
    return Account(debit, owner_of(debit)), Account(credit, owner_of(credit))


def possible_pairs(row: MoneyException) -> list[tuple[str, str]]:
    """Return the pairs between which an exception can be posted with what it says.

    Money on a producer's own account is never posted by hand: its receipts and refunds are entered as such.
    """
    if row.rail == DIRECT:
        return []
    return [pair for pair in ALLOWED if "buyer_credit" not in pair or row.order_id is not None]


def _owner_of(row: MoneyException, kinds: set[str]) -> Callable[[str], str]:
    own = PLATFORM if row.producer_id is None or kinds & _PLATFORMS else org_owner(row.producer_id)

    def owner(kind: str) -> str:
        if kind in _PLATFORMS:
            return PLATFORM
        return _buyer(row) if kind == "buyer_credit" else own

    return owner


def _buyer(row: MoneyException) -> str:
    if row.order_id is None:
        raise PostingNotAllowed(_("这笔异常款没有对应的订单，不能记入采购单位余额。"))
    return org_owner(db.session.scalars(select(Order.buyer_id).where(Order.id == row.order_id)).one())


def written(account: Account) -> str:
    """Return an account as an exception keeps it."""
    return f"{account.kind} {account.owner}"


def read(text: str | None) -> Account:
    """Return the account that an exception keeps."""
    kind, _space, owner = str(text).partition(" ")
    return Account(kind, owner)
