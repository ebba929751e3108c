"""Matching an account's open lines and writing what came of it, in set-based statements."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from sqlalchemy import select

from orders.banking import index, matching, recording
from orders.banking.facts import Movement
from orders.banking.models import BankStatementLine, StatementAccount, is_free
from orders.banking.reading.cells import compared_account, compared_name
from shop import clock
from shop.auth import Actor
from shop.db import db

#: Open lines that one pass looks at again, the newest.
MOST_AGAIN = 20_000

#: Packages above that know lines by a reference of their own, and take them before any rule looks.
_takers: dict[str, Callable[[StatementAccount, datetime], object]] = {}


def take_first(name: str, take: Callable[[StatementAccount, datetime], object]) -> None:
    """Let ``take`` have an account's open lines before the rules, under the account's lock."""
    _takers[name] = take


def match_lines(account: StatementAccount, keys: Sequence[int], actor: Actor, at: datetime) -> None:
    """Match lines of a locked account and record receipts of what matched, in the actor's name.

    They are locked before the rules look at them: what a person, a claim or a payout took meanwhile is passed over.
    """
    if not keys:
        return
    for take in _takers.values():
        take(account, at)
    lines = list(
        db.session.scalars(
            select(BankStatementLine)
            .where(BankStatementLine.account_id == account.id, BankStatementLine.id.in_(keys), is_free())
            .order_by(BankStatementLine.id)
            .with_for_update(key_share=True)
            .execution_options(populate_existing=True)
        )
    )
    movements = [movement_of(line) for line in lines]
    names = {line.counterparty_name for line in lines}
    prepared = index.prepare(account.id, account.clearing, movements, names, clock.business_day(at))
    outcomes = matching.match_all(movements, prepared)
    recording.write(account, {line.id: line for line in lines}, prepared, outcomes, actor=actor, at=at)


def match_again(account: StatementAccount, actor: Actor, at: datetime) -> int:
    """Match once more what is open on a locked account: orders may be payable now that were not; return how many."""
    keys = db.session.scalars(
        select(BankStatementLine.id)
        .where(BankStatementLine.account_id == account.id, is_free())
        .order_by(BankStatementLine.id.desc())
        .limit(MOST_AGAIN)
    ).all()
    match_lines(account, keys, actor, at)
    return len(keys)


def movement_of(line: BankStatementLine) -> Movement:
    """Return a line as matching sees it."""
    return Movement(
        id=line.id, serial=line.serial, direction=line.direction, amount_fen=line.amount_fen, value_on=line.value_on,
        name=compared_name(line.counterparty_name), account=compared_account(line.counterparty_account),
        remark=line.remark, payee_id=line.payee_id, is_returned=line.return_code is not None,
    )  # fmt: skip
