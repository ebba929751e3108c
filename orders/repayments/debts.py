"""What producers owe after they were paid too much, the code under which they pay it back, and to which account."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import text

from orders.banking.models import SupervisedAccount
from orders.purchase.numbers import make_reference
from orders.settlement import payers
from orders.settlement.payers import NoPayerAccount
from orders.settlement.standing import OPEN_SQL, Standing
from shop.db import db

#: What begins the code of a producer; an order's begins with another.
PREFIX = "HK"
#: What is owed only for what was asked back and nobody has agreed to is no debt yet.
_DEBTS = text(f"""
    SELECT o.producer_id AS key, p.public_id AS id, p.name,
           (-sum(least({OPEN_SQL} + coalesce(a.fen, 0), 0)))::bigint AS owed_fen, min(s.due_on) AS since
    FROM order_settlements s JOIN orders o ON o.id = s.order_id JOIN organisations p ON p.id = o.producer_id
    LEFT JOIN LATERAL (SELECT sum(r.amount_fen) AS fen FROM refunds r WHERE r.order_id = o.id AND r.status = 'requested'
                       AND r.cause IN ('agreed', 'overpaid') AND r.attempts = 0) a ON true
    WHERE {OPEN_SQL} < 0 AND (:all OR o.producer_id = ANY(:producers))
    GROUP BY o.producer_id, p.public_id, p.name HAVING sum(least({OPEN_SQL} + coalesce(a.fen, 0), 0)) < 0
    ORDER BY owed_fen DESC, o.producer_id""")


@dataclass(frozen=True)
class Debt:
    """What a producer owes, its code, and the account to pay to, where there is one."""

    key: int
    id: UUID
    name: str
    owed_fen: int
    code: str
    account: SupervisedAccount | None

    @property
    def producer_id(self) -> int:
        """Return whose debt it is."""
        return self.key

    @property
    def number(self) -> str:
        """Return the code."""
        return self.code


@dataclass(frozen=True)
class Part:
    """How much of a repayment an order takes, and what of it is card money."""

    order_id: int
    amount_fen: int
    card_fen: int


def list_debts(on: date, producers: Collection[int] | None = None) -> list[Debt]:
    """Return what producers owe, the most first; of all of them without ``producers``."""
    values = {"all": producers is None, "producers": sorted(producers or ())}
    rows = db.session.execute(_DEBTS, values).all()
    found = [Debt(row.key, row.id, row.name, row.owed_fen, make_reference(row.key, PREFIX), None) for row in rows]
    try:
        by_payer = payers.by_payer(found, on)
    except NoPayerAccount:
        return found
    accounts = {debt.key: account for account, debts in by_payer for debt in debts}
    return [Debt(each.key, each.id, each.name, each.owed_fen, each.code, accounts[each.key]) for each in found]


def owed_fen(standings: Iterable[Standing]) -> int:
    """Return what locked orders owe together."""
    return sum(_owed(each)[0] for each in standings)


def split(standings: Iterable[Standing], amount_fen: int) -> list[Part]:
    """Share a repayment over the locked orders that owe, the oldest first."""
    left, parts = amount_fen, []
    for each in sorted(standings, key=lambda one: one.order.id):
        owed, card = _owed(each)
        if taken := min(owed, left):
            parts.append(Part(each.order.id, taken, min(card, taken)))
            left -= taken
    return parts


def _owed(standing: Standing) -> tuple[int, int]:
    """Return what an order owes, and what of it is card money."""
    found = standing.collectible
    owed = max(-(found.card_fen + found.bank_fen), 0)
    return owed, min(max(-found.card_fen, 0), owed)
