"""Holding the provider's lines against what our books say of the same things, and posting what only it can tell."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import groupby

from sqlalchemy import ColumnElement, Select, select

from orders.payments.models import MoneyException
from orders.reconciliation import differing, posting
from orders.reconciliation.fetching import hold_alone
from orders.reconciliation.models import BalanceTransaction
from orders.reconciliation.movements import CNY, FEES, PAYOUTS, SOURCED
from orders.reconciliation.sources import Source, find_sources
from shop.db import db

#: Lines looked at in one transaction.
BATCH = 200


def match_new(at: datetime) -> int:
    """Match some lines that nobody has looked at, with all lines of the same things; return how many there were."""
    hold_alone()
    new = _lines(BalanceTransaction.status == "new").order_by(BalanceTransaction.id).limit(BATCH)
    rows = db.session.scalars(new).all()
    _match(rows, at)
    return len(rows)


def match_again(at: datetime, after: int = 0) -> int:
    """Match lines once more whose exceptions wait: what was missing may have come.

    :return: the key of the last line looked at, to go on after; 0 if there are no more.
    """
    hold_alone()
    waiting = select(MoneyException.id).where(MoneyException.status != "closed")
    query = _lines(BalanceTransaction.exception_id.in_(waiting), BalanceTransaction.id > after)
    rows = db.session.scalars(
        query.where(BalanceTransaction.status == "exception").order_by(BalanceTransaction.id).limit(BATCH)
    ).all()
    _match(rows, at)
    return rows[-1].id if len(rows) == BATCH else 0


def _lines(*conditions: ColumnElement[bool]) -> Select[BalanceTransaction]:
    return select(BalanceTransaction).where(*conditions).execution_options(populate_existing=True)


def _match(rows: Sequence[BalanceTransaction], at: datetime) -> None:
    refs = {row.source_ref for row in rows if row.source_ref and row.type in SOURCED}
    alone = [row for row in rows if row.source_ref not in refs]
    about = db.session.scalars(
        _lines(BalanceTransaction.source_ref.in_(refs), BalanceTransaction.type.in_(SOURCED)).order_by(
            BalanceTransaction.source_ref, BalanceTransaction.id
        )
    ).all()
    for line in (*alone, *about):
        if line.status == "new" and line.currency == CNY:
            posting.post_costs(line, at)
    for line in alone:
        _match_alone(line, at)
    sources = find_sources(refs)
    for ref, lines in groupby(about, key=lambda line: line.source_ref):
        _match_source(list(lines), sources.get(ref), at)


def _match_alone(line: BalanceTransaction, at: datetime) -> None:
    """Match a line that is about nothing of ours: a fee, a payout to the bank, or something that we do not know."""
    if line.type not in FEES and line.type not in PAYOUTS:
        differing.unknown([line], at)
    elif line.currency != CNY:
        differing.other_currency(line, None, at)
    else:
        line.status = "posted"


def _match_source(lines: Sequence[BalanceTransaction], source: Source | None, at: datetime) -> None:
    """Hold all lines of one thing together against our books: what failed and came back is right again."""
    if source is None:
        differing.unknown(lines, at)
        return
    for line in lines:
        if line.currency != CNY and line.status != "posted":
            posting.post_fx(line, source, at)
            differing.other_currency(line, source, at)
    if ours := [line for line in lines if line.currency == CNY]:
        differing.compare(ours, source, at)
