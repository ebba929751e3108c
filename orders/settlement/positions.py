"""What a producer is still to get of an order, and of which money: pure functions of sums."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from shop import money


@dataclass(frozen=True)
class OrderSums:
    """An order's money as its receipts, refunds and counts stand; ``card_leaving_fen`` is asked back from the provider."""

    received_fen: int
    refunded_fen: int
    held_fen: int
    direct_fen: int
    stripe_fen: int
    applied_fen: int
    fee_fen: int
    card_leaving_fen: int = 0


@dataclass(frozen=True)
class PaidOut:
    """How far an order is paid out: both ways and of that in card money, on their way included; fees that have left."""

    total_fen: int
    card_fen: int
    fee_card_fen: int = 0
    fee_bank_fen: int = 0


@dataclass(frozen=True)
class Open:
    """What is still to be paid of an order, of money that came by card and of the rest; below zero is owed back."""

    card_fen: int
    bank_fen: int

    @property
    def total_fen(self) -> int:
        """Return both together."""
        return self.card_fen + self.bank_fen


def open_of(order: OrderSums, paid: PaidOut) -> Open:
    """Return what is still to be paid: applied, less what is there directly, the fee, and what was paid out.

    The fee lies on both kinds of money in proportion, by largest remainder; where no money is ours, all of it is to
    be netted from elsewhere.
    """
    ours = order.applied_fen - min(order.applied_fen, order.direct_fen)
    card = min(ours, max(order.stripe_fen - order.held_fen - order.card_leaving_fen, 0))
    bank_fee, card_fee = money.split(order.fee_fen, [ours - card, card])
    return Open(
        card_fen=card - card_fee - paid.card_fen,
        bank_fen=ours - card - bank_fee - (paid.total_fen - paid.card_fen),
    )


@dataclass(frozen=True)
class FeeMove:
    """The fee that leaves the producer's cash for the platform's, or (below zero) comes back, by where it lies."""

    card_fen: int
    bank_fen: int


def fee_move(order: OrderSums, paid: PaidOut, *, card: bool, bank: bool) -> FeeMove:
    """Return how the fee's cash follows a payout, as far as the cash that it touched has it.

    :param paid: with the payout; ``card`` and ``bank`` say which money it touched.
    """
    delta = order.fee_fen - paid.fee_card_fen - paid.fee_bank_fen
    card_left = order.stripe_fen - order.held_fen - paid.card_fen - paid.fee_card_fen
    bank_left = (
        order.received_fen - order.refunded_fen - order.direct_fen - order.stripe_fen
        - (paid.total_fen - paid.card_fen) - paid.fee_bank_fen
    )  # fmt: skip
    if delta >= 0:
        from_card = min(delta, max(card_left, 0)) if card else 0
        return FeeMove(from_card, min(delta - from_card, max(bank_left, 0)) if bank else 0)
    back = -delta
    # First to where it is missing, then to wherever it came from.
    to_card = min(back, paid.fee_card_fen, max(-card_left, 0)) if card else 0
    to_bank = min(back - to_card, paid.fee_bank_fen) if bank else 0
    to_card += min(back - to_card - to_bank, paid.fee_card_fen - to_card) if card else 0
    return FeeMove(-to_card, -to_bank)


@dataclass(frozen=True)
class Position:
    """An order in a run: what is open of it, and whether it may be paid now; what it owes is due at once."""

    order_id: int
    open: Open
    payable: bool


@dataclass(frozen=True)
class Share:
    """An order's part of a payout, and what of it is card money."""

    order_id: int
    amount_fen: int
    card_fen: int


def plan(positions: Sequence[Position], *, card_rail: bool) -> dict[str, list[Share]]:
    """Return the payouts of a producer, by rail, each with its orders' parts, less what orders owe.

    What is owed of card money is netted from the payout by card if there is one, else from the bank's, and the other
    way round; a payout that would come to nothing is not made, and all of it stays open.

    :param card_rail: whether card money goes through the provider; if not it is paid by bank like the rest.
    """
    taken = [each for each in positions if each.payable or each.open.total_fen < 0]
    by_kind = {
        "stripe": {each.order_id: each.open.card_fen for each in taken},
        "bank": {each.order_id: each.open.bank_fen for each in taken},
    }
    if not card_rail:
        shares = _merge(by_kind["bank"], by_kind["stripe"])
        return {"bank": shares} if _sum(shares) > 0 else {}
    card, bank = sum(by_kind["stripe"].values()), sum(by_kind["bank"].values())
    if card + bank <= 0:
        # Only what one kind has beyond all that is owed could be paid; nothing is.
        return {}
    if card > 0 and bank >= 0:
        found = {"stripe": _merge({}, by_kind["stripe"]), "bank": _merge(by_kind["bank"], {})}
        return {rail: shares for rail, shares in found.items() if _sum(shares) > 0}
    if card <= 0:
        return {"bank": _merge(by_kind["bank"], _owed(by_kind["stripe"], -card))}
    return {"stripe": _merge(_owed(by_kind["bank"], -bank), by_kind["stripe"])}


def _owed(open_fen: Mapping[int, int], most: int) -> dict[int, int]:
    """Return what orders owe, lower keys first, up to ``most``."""
    found: dict[int, int] = {}
    for order_id in sorted(open_fen):
        part = min(-open_fen[order_id], most - sum(-fen for fen in found.values()))
        if part > 0:
            found[order_id] = -part
    return found


def _merge(bank: Mapping[int, int], card: Mapping[int, int]) -> list[Share]:
    return [
        Share(key, bank.get(key, 0) + card.get(key, 0), card.get(key, 0))
        for key in sorted({*bank, *card})
        if bank.get(key) or card.get(key)
    ]


def _sum(shares: Sequence[Share]) -> int:
    return sum(share.amount_fen for share in shares)
