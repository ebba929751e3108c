"""What the provider pays out to the bank: found on the supervised account's statement, or missed after some days."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import select, text

from orders.banking import acts
from orders.banking.models import BankStatementLine, StatementAccount, is_free
from orders.ledger import books
from orders.ledger.books import PLATFORM, Account, MoneyPosting
from orders.payments import exceptions
from orders.reconciliation.fetching import hold_alone
from orders.reconciliation.models import PayoutArrival
from shop.db import db
from shop.i18n import _
from shop.money import format_yuan

#: Days that a payout may take to a bank account.
ARRIVES_WITHIN = timedelta(days=7)

#: Payouts that did not come back, whose arrival nobody has found or two persons explained.
_UNDERWAY = text("""
    SELECT min(b.id) FILTER (WHERE b.type = 'payout') AS id, b.source_ref AS ref, -sum(b.amount)::bigint AS fen, min(b.occurred_on) AS paid_on
    FROM balance_transactions b
    WHERE b.currency = 'cny' AND b.status = 'posted' AND b.payout_ref <> ''
      AND NOT EXISTS (SELECT FROM payout_arrivals a JOIN balance_transactions o ON o.id = a.transaction_id
                      WHERE o.source_ref = b.source_ref)
      AND NOT EXISTS (SELECT FROM money_exceptions e WHERE e.kind = 'payout_not_arrived' AND e.subject = b.source_ref
                      AND e.resolution IN ('note', 'posting') AND e.status = 'closed')
    GROUP BY b.source_ref HAVING sum(b.amount) < 0 ORDER BY 1""")


@dataclass(frozen=True)
class Underway:
    """A payout that has left the provider's balance: its line there, its name, its sum and day."""

    id: int
    ref: str
    fen: int
    paid_on: date


def match(today: date, at: datetime) -> int:
    """Find what has arrived, tell of what should have, settle what came late; return how many were found."""
    hold_alone()
    waiting = [Underway(*row) for row in db.session.execute(_UNDERWAY)]
    lines = _lines(waiting)
    found = 0
    for payout in waiting:
        line = _line_of(payout, waiting, lines)
        if line is not None:
            lines.remove(line)
            _arrive(payout, line, at)
            found += 1
        elif today > payout.paid_on + ARRIVES_WITHIN:
            exceptions.open_exception(
                _key(payout.ref), "stripe", "payout_not_arrived", payout.ref,
                _("支付机构 %(day)s 提现 %(figure)s 元，监管账户对账单上还没有。", day=payout.paid_on.isoformat(),
                  figure=format_yuan(payout.fen)),
                -payout.fen, payout.paid_on, at,
            )  # fmt: skip
    _settle_what_came_back({payout.ref for payout in waiting}, at)
    return found


def _lines(waiting: Sequence[Underway]) -> list[BankStatementLine]:
    """Lock the open incoming lines of supervised accounts that could be payouts."""
    amounts = {payout.fen for payout in waiting}
    query = (
        select(BankStatementLine)
        .join(StatementAccount, StatementAccount.id == BankStatementLine.account_id)
        .where(
            StatementAccount.clearing == "supervised", BankStatementLine.direction == "in", is_free(),
            BankStatementLine.amount_fen.in_(amounts),
        )
        .order_by(BankStatementLine.id)
        .with_for_update(of=BankStatementLine)
        .execution_options(populate_existing=True)
    )  # fmt: skip
    return list(db.session.scalars(query))


def _line_of(
    payout: Underway, waiting: Sequence[Underway], lines: Sequence[BankStatementLine]
) -> BankStatementLine | None:
    """Return the line that names a payout, or the only one it can be if it is the only payout that it can be."""
    fitting = [line for line in lines if _fits(payout, line)]
    named = [line for line in fitting if payout.ref in line.remark]
    if len(named) == 1:
        return named[0]
    if len(fitting) != 1 or sum(_fits(other, fitting[0]) for other in waiting) != 1:
        return None
    return fitting[0]


def _fits(payout: Underway, line: BankStatementLine) -> bool:
    in_time = payout.paid_on <= line.value_on <= payout.paid_on + 2 * ARRIVES_WITHIN
    return line.amount_fen == payout.fen and in_time


def _arrive(payout: Underway, line: BankStatementLine, at: datetime) -> None:
    acts.settle(line, "matched", rule="provider_payout")
    db.session.add(PayoutArrival(transaction_id=payout.id, line_id=line.id, amount_fen=payout.fen, matched_at=at))
    moved = MoneyPosting(
        Account("bank_supervised", PLATFORM), Account("stripe_payout", PLATFORM), payout.fen, line.value_on
    )
    books.record_entry(f"payout_arrival:{payout.id}:arrived", "provider_payout_arrived", occurred_at=at, money=[moved])
    exceptions.settle(_key(payout.ref), at)


def _settle_what_came_back(waiting: set[str], at: datetime) -> None:
    """Settle what was missed of payouts that are not under way any more."""
    missed = text("""SELECT subject FROM money_exceptions
                     WHERE kind = 'payout_not_arrived' AND status <> 'closed' ORDER BY id""")
    for ref in db.session.scalars(missed).all():
        if ref not in waiting:
            exceptions.settle(_key(ref), at)


def _key(ref: str) -> str:
    return f"payout:{ref}:not_arrived"
