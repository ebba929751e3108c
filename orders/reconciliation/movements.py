"""The provider's account of its balance: what its lines are, and what each kind of line moves in our books."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Protocol

CNY = "cny"
#: Lines that are a fee as a whole.
FEES = ("stripe_fee", "stripe_fx_fee", "tax_fee", "fee_credit_funding")
#: Lines of what goes to the operator's bank account, and comes back from there.
PAYOUTS = ("payout", "payout_cancel", "payout_failure")
#: Lines about something of ours: a charge, a refund, a dispute, a transfer, a transfer's reversal.
SOURCED = (
    "adjustment", "charge", "payment", "payment_failure_refund", "payment_refund", "payment_reversal", "refund",
    "refund_failure", "transfer", "transfer_cancel", "transfer_failure", "transfer_refund",
)  # fmt: skip


class Movement(Protocol):
    """A line of the provider's account of its balance, in the smallest unit of its currency; net = amount - fee."""

    @property
    def ref(self) -> str:
        """The provider's name of it, ``txn_…``."""

    @property
    def source_ref(self) -> str:
        """The provider's name of what it is about; empty if that is nothing."""

    @property
    def type(self) -> str:
        """What kind of line it is."""

    @property
    def amount(self) -> int:
        """What it moves before the fee."""

    @property
    def fee(self) -> int:
        """What the provider keeps of it."""

    @property
    def net(self) -> int:
        """What it moves."""

    @property
    def currency(self) -> str:
        """Its currency, in lower case."""

    @property
    def created_at(self) -> datetime:
        """When it moved."""


#: Lists the movements from an instant on, to another; talks to the network, so never inside a transaction.
Lister = Callable[[datetime, datetime], Iterable[Movement]]
