"""Incoming lines of supervised accounts by which producers pay back what they owe: the code in the remark tells."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from orders.banking import acts
from orders.banking.models import BankStatement, BankStatementLine
from orders.purchase.numbers import find_references
from orders.repayments import debts, services
from orders.repayments.models import ProducerRepayment
from orders.settlement.line_pairs import open_lines
from orders.settlement.standing import lock_standings, orders_with_open
from shop import clock
from shop.db import db


def match(at: datetime) -> int:
    """Take in what producers have paid back; return how many lines were theirs.

    A line that somebody was faster with is that repayment's, by serial number and amount. One that names no code, or
    brings more than is owed, stays a person's.
    """
    lines = open_lines("in")
    return sum(_take_typed(line, at) or _take_named(line, at) for line in lines)


def _take_typed(line: BankStatementLine, at: datetime) -> bool:
    """Give a line to the repayment that was typed in with its serial number, and confirm that by it."""
    query = select(ProducerRepayment).where(
        ProducerRepayment.bank_serial == line.serial, ProducerRepayment.amount_fen == line.amount_fen,
        ProducerRepayment.status != "refused", ProducerRepayment.line_id.is_(None),
    )  # fmt: skip
    typed = db.session.scalars(query).one_or_none()
    if typed is None:
        return False
    standings = lock_standings(orders_with_open(typed.producer_id))
    found = services.lock_repayment(typed.public_id)
    if found.status == "refused" or (
        found.status == "recorded" and found.amount_fen > debts.owed_fen(standings.values())
    ):
        return False
    found.line_id = line.id
    if found.status == "recorded":
        services.enter(found, standings, actor=None, at=at)
    acts.settle(acts.lock_open(line.id, "in"), "matched", rule="repayment")
    return True


def _take_named(line: BankStatementLine, at: datetime) -> bool:
    """Take a line whose remark has the code of one producer that owes so much."""
    codes = find_references(line.remark, debts.PREFIX)
    if len(codes) != 1:
        return False
    owing = {each.code: each for each in debts.list_debts(clock.business_day(at))}
    debt = owing.get(codes[0])
    if debt is None or line.amount_fen > debt.owed_fen:
        return False
    imported_by = db.session.get_one(BankStatement, line.statement_id).imported_by
    if services.take_line(line, debt.key, imported_by, at) is None:
        return False
    acts.settle(acts.lock_open(line.id, "in"), "matched", rule="repayment")
    return True
