"""What statements say of splits: a line that left the main account, one that came to a sub-account, one that came back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from flask import Flask
from sqlalchemy import or_, select

from orders.banking import working
from orders.banking.models import BankStatementLine, StatementAccount, SupervisedAccount, is_free
from orders.banking.reading.cells import compared_account
from orders.ledger import books
from orders.ledger.books import Account, MoneyPosting, org_owner
from orders.payments import exceptions
from orders.purchase import machine
from orders.settlement import splits
from orders.settlement.split_models import Split
from shop import audit, clock
from shop.db import db
from shop.i18n import _
from shop.money import format_yuan
from shop.typed import fold

#: Days after its release in which a split's line is expected where the bank has left its number out.
_WITHIN = timedelta(days=10)
#: Days that the money may take from one account to the other.
ARRIVES_WITHIN = timedelta(days=3)
#: A split with the numbers of its main account and of its sub-account.
Moving = tuple[Split, str, str]


def init_app(_app: Flask) -> None:
    """Let lines that are splits be taken before any rule takes them for receipts."""
    working.take_first("splits", take)


def take(account: StatementAccount, at: datetime) -> int:
    """Take, of a locked supervised account's open lines, those that are splits; return how many."""
    if account.clearing != "supervised":
        return 0
    moving = _moving(account.number)
    if not moving:
        return 0
    lines = _open_lines(account.id, {split.amount_fen for split, _payer, _payee in moving})
    taken = 0
    for fits, ends in (
        (_leaves, _left), (_arrives, _arrived), (_comes_back, _returned)
    ):  # fmt: skip
        for split, line in _pairs(moving, lines, account.number, fits):
            lines.remove(line)
            ends(split, line, at)
            taken += 1
    return taken


def tell(at: datetime) -> int:
    """Put what left the main account days ago and has not arrived into the queue of exceptions; return how many wait."""
    today = clock.business_day(at)
    rows = db.session.execute(
        select(Split, BankStatementLine.value_on)
        .join(BankStatementLine, BankStatementLine.id == Split.left_line_id)
        .where(Split.status == "sent", BankStatementLine.value_on < today - ARRIVES_WITHIN)
        .order_by(Split.id)
    ).all()
    for split, left_on in rows:
        detail = _("%(day)s 从监管主账户划出 %(figure)s 元，子账户对账单上还没有。", day=left_on.isoformat(),
                   figure=format_yuan(split.amount_fen))  # fmt: skip
        exceptions.open_exception(
            _key(split), "bank", "split_not_arrived", split.number, detail, split.amount_fen, left_on, at,
            producer_id=split.producer_id,
        )  # fmt: skip
    return len(rows)


def _moving(number: str) -> list[Moving]:
    """Return the splits on their way between this account and another one, under lock, the first first."""
    payer, payee = SupervisedAccount.__table__.alias("payer"), SupervisedAccount.__table__.alias("payee")
    rows = db.session.execute(
        select(Split, payer.c.number, payee.c.number)
        .join(payer, payer.c.id == Split.payer_id)
        .join(payee, payee.c.id == Split.payee_id)
        .where(Split.status == "sent", or_(payer.c.number == number, payee.c.number == number))
        .order_by(Split.id)
        .with_for_update(of=Split)
        .execution_options(populate_existing=True)
    )
    return [(split, one, other) for split, one, other in rows]


def _open_lines(account_id: int, amounts: set[int]) -> list[BankStatementLine]:
    query = (
        select(BankStatementLine)
        .where(
            BankStatementLine.account_id == account_id, is_free(), BankStatementLine.amount_fen.in_(amounts),
        )
        .order_by(BankStatementLine.value_on, BankStatementLine.id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )  # fmt: skip
    return list(db.session.scalars(query))


def _pairs(
    moving: Sequence[Moving], lines: Sequence[BankStatementLine], number: str,
    fits: Callable[[Moving, BankStatementLine, str], bool],
) -> list[tuple[Split, BankStatementLine]]:  # fmt: skip
    """Return what is clear: a line that names a split, or the only one for the only split that it can be."""
    fitting = {one[0].id: [line for line in lines if fits(one, line, number)] for one in moving}
    claims = [line.id for found in fitting.values() for line in found]
    taken: list[tuple[Split, BankStatementLine]] = []
    for split, _payer, _payee in moving:
        found = fitting[split.id]
        named = [line for line in found if split.number in fold(line.remark)]
        alone = [line for line in found if claims.count(line.id) == 1 and not _names_another(line, split)]
        clear = named[:1] if named else alone if len(found) == len(alone) == 1 else []
        taken += [(split, line) for line in clear]
    return taken


def _names_another(line: BankStatementLine, split: Split) -> bool:
    """Say whether a remark names a split, and it is not this one."""
    return "HB" in fold(line.remark) and split.number not in fold(line.remark)


def _between(moving: Moving, line: BankStatementLine, other: str) -> bool:
    """Say whether a line is a split's by its number, or by the other side's account and the days after its release."""
    split = moving[0]
    released_on = clock.business_day(split.released_at or split.prepared_at)
    if line.amount_fen != split.amount_fen or line.value_on < released_on:
        return False
    by_account = compared_account(line.counterparty_account) == other and line.value_on <= released_on + _WITHIN
    return split.number in fold(line.remark) or by_account


def _leaves(moving: Moving, line: BankStatementLine, number: str) -> bool:
    split, payer, payee = moving
    is_out = line.direction == "out" and number == payer and split.left_line_id is None
    return is_out and _between(moving, line, payee)


def _arrives(moving: Moving, line: BankStatementLine, number: str) -> bool:
    split, payer, payee = moving
    is_in = line.direction == "in" and number == payee and split.arrived_line_id is None
    return is_in and line.return_code is None and _between(moving, line, payer)


def _comes_back(moving: Moving, line: BankStatementLine, number: str) -> bool:
    split, payer, _payee = moving
    is_in = line.direction == "in" and number == payer
    has_left = split.left_line_id is not None and split.arrived_line_id is None
    return is_in and has_left and split.number in fold(line.remark)


def _left(split: Split, line: BankStatementLine, at: datetime) -> None:
    _mark(line, "matched", "split")
    split.left_line_id = line.id
    _settle(split, at)
    _post(split, "left", Account("bank_moving", _owner(split)), Account("bank_supervised", _owner(split)), line, at)


def _arrived(split: Split, line: BankStatementLine, at: datetime) -> None:
    _mark(line, "matched", "split")
    split.arrived_line_id = line.id
    _settle(split, at)
    _post(split, "arrived", Account("bank_supervised", _owner(split)), Account("bank_moving", _owner(split)), line, at)
    exceptions.settle(_key(split), at)


def _settle(split: Split, at: datetime) -> None:
    """Let a split be done once both statements have told of it."""
    if split.left_line_id is not None and split.arrived_line_id is not None:
        machine.move("split", split, "settle", actor=None, at=at)
        split.decided_at = at
        audit.record(None, "settlement.split_done", "split", split.id, status=["sent", "done"])


def _returned(split: Split, line: BankStatementLine, at: datetime) -> None:
    """Let a split fail that came back to the main account; its money may be split again."""
    _mark(line, "returned", "split_return")
    split.returned_line_id = line.id
    split.failure = " ".join(part for part in (line.return_code, line.remark) if part)[:500]
    machine.move("split", split, "fail", actor=None, at=at, why=split.failure)
    split.decided_at = at
    _post(split, "returned", Account("bank_supervised", _owner(split)), Account("bank_moving", _owner(split)), line, at)
    exceptions.settle(_key(split), at)
    splits.give_back(split)
    audit.record(None, "settlement.split_failed", "split", split.id, status=["sent", "failed"])


def _mark(line: BankStatementLine, state: str, rule: str) -> None:
    line.state, line.rule, line.reason, line.candidates = state, rule, "", {}


def _post(
    split: Split, what: str, debit: Account, credit: Account, line: BankStatementLine, at: datetime
) -> None:  # fmt: skip
    moved = MoneyPosting(debit, credit, split.amount_fen, line.value_on)
    books.record_entry(f"split:{split.id}:{what}", f"split_{what}", occurred_at=at, money=[moved])


def _owner(split: Split) -> str:
    return org_owner(split.producer_id)


def _key(split: Split) -> str:
    return f"split:{split.id}:not_arrived"
