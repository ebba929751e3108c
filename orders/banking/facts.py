"""What matching knows of movements, orders, refunds and payers, and what it says; values only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date


@dataclass(frozen=True, slots=True)
class OpenOrder:
    """An order as matching sees it; ``open_fen`` is what neither came in nor waits to be confirmed."""

    id: int
    buyer_id: int
    producer_id: int
    is_payable: bool
    open_fen: int
    is_due: bool
    placed_on: date


@dataclass(frozen=True, slots=True)
class Announced:
    """An announced transfer; name and account as compared."""

    order_id: int
    name: str
    account: str
    amount_fen: int
    planned_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Movement:
    """A line as matching sees it; name and account as compared."""

    id: int
    serial: str
    direction: str
    amount_fen: int
    value_on: date
    name: str = ""
    account: str = ""
    remark: str = ""
    #: Whose account it is; ``None`` on the main supervised account.
    payee_id: int | None = None
    is_returned: bool = False


@dataclass(frozen=True, slots=True)
class Receipt:
    """What is to be recorded: one payee's part, with what of it is for which order."""

    payee_id: int
    buyer_id: int
    amount_fen: int
    shares: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What the rules say of a movement."""

    state: str
    rule: str = ""
    reason: str = ""
    receipts: tuple[Receipt, ...] = ()
    #: Receipts that a person typed in before.
    payments: tuple[int, ...] = ()
    refund_id: int | None = None
    credit_refund_id: int | None = None
    #: (order, fen) that a person may choose; refunds and wrong receipts that an outgoing line may be.
    orders: tuple[tuple[int, int], ...] = ()
    refunds: tuple[int, ...] = ()
    credits: tuple[int, ...] = ()
    lines: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class TypedReceipt:
    """A receipt that is there under a serial, and whether another line stands behind it."""

    payment_id: int
    payee_id: int
    amount_fen: int
    is_linked: bool


@dataclass(frozen=True, slots=True)
class OpenRefund:
    """Money that is to go back or was recorded as gone; names and accounts of who paid, as compared."""

    id: int
    payee_id: int
    amount_fen: int
    status: str
    serial: str
    clearing: str
    names: frozenset[str]
    accounts: frozenset[str]
    #: Whether it gives back credit, not money of an order.
    is_credit: bool = False


def is_payers(name: str, account: str, names: frozenset[str], accounts: frozenset[str]) -> bool:
    """Say whether money that went to a name or account went to one of these, as compared; a bank that tells neither cannot say."""
    told = name != "" or account != ""
    return not told or name in names or (account != "" and account in accounts)


@dataclass(frozen=True)
class Index:
    """Everything that the rules ask about, read beforehand; ``open_fen`` falls as movements are matched."""

    clearing: str
    orders: dict[int, OpenOrder] = field(default_factory=dict)
    by_code: dict[str, int] = field(default_factory=dict)
    by_invoice: dict[str, tuple[int, ...]] = field(default_factory=dict)
    announced: Sequence[Announced] = ()
    buyers_by_name: dict[str, frozenset[int]] = field(default_factory=dict)
    buyers_by_account: dict[str, frozenset[int]] = field(default_factory=dict)
    shared: frozenset[str] = frozenset()
    typed: dict[str, tuple[TypedReceipt, ...]] = field(default_factory=dict)
    refunds: Sequence[OpenRefund] = ()
    #: Wrong receipts that wait to be given back: (line, amount, name, account).
    wrong: Sequence[tuple[int, int, str, str]] = ()
