"""Which lines of supervised accounts are the transfers of files that the bank was sent: payouts and refunds alike."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from typing import Any, Protocol, TypeVar

from sqlalchemy import ColumnElement, select

from orders.banking.models import BankStatementLine, StatementAccount, is_free
from orders.banking.reading.cells import compared_account
from shop import clock
from shop.db import db
from shop.typed import fold

#: Days after its release in which a transfer's line is expected where the bank has left its number out.
WITHIN = timedelta(days=10)
#: Pairs that one transaction takes in.
_MOST = 500
#: A transfer's number: a line that names another one is that one's, whatever account and sum say.
_NUMBER = re.compile(r"(?:FK|TK)[0-9]{8}-[0-9A-Z]{6}")
_CAME_BACK = re.compile("退汇|退票|退回|退款")


class Sent(Protocol):
    """A transfer of a file: a payout to a producer, or a refund to its payer."""

    id: Any
    number: Any
    amount_fen: Any
    account_number: Any
    value_on: Any
    prepared_at: Any
    released_at: Any


One = TypeVar("One", bound=Sent)


def open_lines(direction: str, *conditions: ColumnElement[bool]) -> Sequence[BankStatementLine]:
    """Return the open lines of supervised accounts that went one way."""
    query = (
        select(BankStatementLine)
        .join(StatementAccount, StatementAccount.id == BankStatementLine.account_id)
        .where(
            StatementAccount.clearing == "supervised", BankStatementLine.direction == direction,
            is_free(), BankStatementLine.amount_fen > 0, *conditions,
        )
        .order_by(BankStatementLine.id)
        .execution_options(populate_existing=True)
    )  # fmt: skip
    return db.session.scalars(query).all()


def find_pairs(
    sent: Sequence[One], lines: Sequence[BankStatementLine], fits: Callable[[One, BankStatementLine], bool]
) -> list[tuple[One, BankStatementLine]]:
    """Return what is clear: a line that names a transfer, or the only one for the only transfer that it can be."""
    by_amount: dict[int, list[BankStatementLine]] = {}
    for line in lines:
        by_amount.setdefault(line.amount_fen, []).append(line)
    fitting = {one.id: [line for line in by_amount.get(one.amount_fen, ()) if fits(one, line)] for one in sent}
    claims = [line.id for found in fitting.values() for line in found]
    taken: list[tuple[One, BankStatementLine]] = []
    for one in sent:
        named = [line for line in fitting[one.id] if is_named(one, line)]
        alone = [line for line in fitting[one.id] if claims.count(line.id) == 1]
        clear = named if len(named) == 1 else alone if len(fitting[one.id]) == len(alone) == 1 else []
        taken += [(one, line) for line in clear]
    return taken[:_MOST]


def is_named(one: Sent, line: BankStatementLine) -> bool:
    """Say whether a line's remark names a transfer."""
    return one.number in fold(line.remark)


def may_be_paid(one: Sent, line: BankStatementLine) -> bool:
    """Say whether a line can be what the bank paid of a transfer."""
    released_on = clock.business_day(one.released_at or one.prepared_at)
    seems = not _NUMBER.search(fold(line.remark)) and _same_account(one, line)
    return line.value_on >= released_on and (is_named(one, line) or (seems and line.value_on <= released_on + WITHIN))


def may_have_come_back(one: Sent, line: BankStatementLine) -> bool:
    """Say whether a line can be a paid transfer that came back."""
    paid_on = one.value_on or date.max
    says_so = line.return_code is not None or _CAME_BACK.search(line.remark) is not None
    return line.value_on >= paid_on and (
        is_named(one, line) or (says_so and _same_account(one, line) and line.value_on <= paid_on + WITHIN)
    )


def _same_account(one: Sent, line: BankStatementLine) -> bool:
    return compared_account(line.counterparty_account) == compared_account(one.account_number)
