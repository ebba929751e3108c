"""What orders' money must be, in plain Python and from facts alone: goods, receipts, and what Stripe and the bank did.

It knows none of the application's code. A test tells it facts as they happen, and asks for figures at the end.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal

ZERO = Decimal(0)


def cost(price_fen: int, quantity: Decimal) -> int:
    """Return a price times a quantity, rounded half-up once."""
    return int((price_fen * quantity).quantize(Decimal(1), ROUND_HALF_UP))


@dataclass
class Line:
    """Goods of one kind, and what became of them; ``given_fen`` was given back for accepted ones."""

    price_fen: int
    quantity: Decimal
    accepted: Decimal = ZERO
    rejected: Decimal = ZERO
    given_fen: int = 0

    @property
    def undecided(self) -> Decimal:
        return self.quantity - self.accepted - self.rejected

    @property
    def owed_fen(self) -> int:
        return cost(self.price_fen, self.quantity - self.rejected) - self.given_fen

    @property
    def earned_fen(self) -> int:
        return cost(self.price_fen, self.accepted) - self.given_fen


@dataclass
class Back:
    """Money asked back of an order, by one way, for a line's accepted goods or for none; ``gone`` once it has left."""

    amount_fen: int
    way: str
    line: int | None = None
    gone: bool = False
    refused: bool = False


@dataclass
class Order:
    """One producer's part of a procurement."""

    producer: int
    lines: list[Line]
    freight_fen: int
    fee_bp: int
    #: What came in, by way: ``direct``, ``supervised``, ``card``.
    came: dict[str, int] = field(default_factory=lambda: dict.fromkeys(("direct", "supervised", "card"), 0))
    back: dict[str, Back] = field(default_factory=dict)
    #: What disputes have of its money: open ones, and lost ones.
    disputed_fen: int = 0
    lost_fen: int = 0
    #: What its producer got of it: the bank's payments, transfers, and transfers taken back.
    by_bank_fen: int = 0
    transferred_fen: int = 0
    reversed_fen: int = 0
    #: What it gave for its producer's other orders that owed something (or, below zero, what they gave for it).
    netted_fen: int = 0

    @property
    def received(self) -> int:
        return sum(self.came.values())

    @property
    def refunded(self) -> int:
        return self.lost_fen + sum(each.amount_fen for each in self.back.values() if each.gone)

    @property
    def refunding(self) -> int:
        return sum(each.amount_fen for each in self.back.values() if not each.gone and not each.refused)

    @property
    def held(self) -> int:
        return self.disputed_fen

    @property
    def due(self) -> int:
        """What the buyer owes for goods that it has or may still take; freight only while there are any."""
        goods = sum(line.owed_fen for line in self.lines)
        return goods + self.freight_fen if goods else 0

    @property
    def earned(self) -> int:
        """What the buyer owes for goods that it has taken; freight with the first of them."""
        goods = sum(line.earned_fen for line in self.lines)
        return goods + self.freight_fen if goods else 0

    @property
    def applied(self) -> int:
        """What of the earned is covered by money that is nobody else's."""
        return min(self.earned, max(self.received - self.refunded - self.held - self.refunding, 0))

    @property
    def fee(self) -> int:
        return int((Decimal(self.applied) * self.fee_bp / 10000).quantize(Decimal(1), ROUND_HALF_UP))

    @property
    def kept_by_producer(self) -> int:
        """What of the applied the producer has had from the buyer itself."""
        given_back = sum(each.amount_fen for each in self.back.values() if each.gone and each.way == "direct")
        return min(self.applied, self.came["direct"] - given_back)

    @property
    def paid_out(self) -> int:
        return self.by_bank_fen + self.transferred_fen + self.netted_fen - self.reversed_fen

    @property
    def still_to_pay(self) -> int:
        """What the producer is still to get; below zero it has had too much."""
        return self.applied - self.kept_by_producer - self.fee - self.paid_out

    @property
    def credit(self) -> int:
        """What is the buyer's and pays for nothing that it has taken yet."""
        return self.received - self.refunded - self.held - self.refunding - self.applied

    def figures(self) -> dict[str, int]:
        """Return what the application must say of the order."""
        return {
            "received": self.received, "refunded": self.refunded, "refunding": self.refunding, "held": self.held,
            "due": self.due, "applied": self.applied, "fee": self.fee, "paid_out": self.paid_out,
            "still_to_pay": self.still_to_pay,
        }  # fmt: skip

    def falls_away(self) -> int:
        """Return what rejected goods leave too much of the buyer's money, as the application must ask back by itself."""
        too_much = self.received - self.refunded - self.refunding - self.held - self.due
        whole = sum(cost(line.price_fen, line.quantity) for line in self.lines) + self.freight_fen
        fell = whole - self.due - sum(line.given_fen for line in self.lines)
        asked = sum(each.amount_fen for key, each in self.back.items() if key in self.by_itself and not each.refused)
        return max(min(too_much, fell - asked), 0)

    #: Which of what is asked back nobody asked for: rejected goods.
    by_itself: set[str] = field(default_factory=set)


def left_over(orders: list[Order]) -> int:
    """Return what is neither with a buyer, a producer, the platform nor a payer's bank: what is left in the accounts.

    Money in = refunds + disputes lost + payouts + what producers had directly + fees + this.
    """
    came = sum(order.received for order in orders)
    gone = sum(order.refunded + order.paid_out + order.kept_by_producer + order.fee for order in orders)
    return came - gone
