"""Statements and lines as lists show them; each in a constant number of statements."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, and_, func, or_, select

from orders.banking import accounts
from orders.banking.models import (
    OPEN_STATES,
    BankLinePayment,
    BankStatement,
    BankStatementLine,
    StatementAccount,
)
from orders.payments.credit_models import CreditRefund
from orders.payments.models import Payment, Refund
from orders.purchase.models import Order
from shop.auth import Actor
from shop.db import db
from shop.files.models import StoredFile
from shop.identity.models import Organisation, User
from shop.paging import Page, decode_cursor, make_page


@dataclass(frozen=True)
class StatementRow:
    """A statement as lists show it."""

    key: int
    id: UUID
    account: str
    clearing: str
    layout: str
    period_from: date
    period_to: date
    rows: int
    added: int
    known: int
    refused: int
    imported_by: str
    imported_at: datetime
    file: UUID


@dataclass(frozen=True)
class Candidate:
    """An order that a line may be for, a refund or wrong receipt that it may be."""

    id: UUID
    number: str
    party: str
    amount_fen: int


@dataclass(frozen=True)
class LineRow:
    """A line as lists show it, with what may fit and what was recorded of it."""

    key: int
    id: UUID
    account: str
    clearing: str
    serial: str
    direction: str
    amount_fen: int
    value_on: date
    age_days: int
    name: str
    counterparty_account: str
    remark: str
    state: str
    rule: str
    reason: str
    note: str
    noted_by: int | None
    is_wrong: bool
    return_code: str | None
    payee: str | None
    orders: Sequence[Candidate]
    refunds: Sequence[Candidate]
    credits: Sequence[Candidate]
    returns: Sequence[Candidate]
    payments: Sequence[tuple[UUID, str]]
    version: int


def list_statements(actor: Actor, on: date, *, limit: int, cursor: str | None = None) -> Page[StatementRow]:
    """Return a page of the actor's statements, newest first."""
    query = _statements().where(accounts.own_lines(actor, on)).order_by(BankStatement.id.desc()).limit(limit + 1)
    if key := decode_cursor(cursor, int):
        query = query.where(BankStatement.id < key[0])
    return make_page([_statement_row(*row) for row in db.session.execute(query)], limit, lambda row: (row.key,))


def get_statement(key: int) -> StatementRow:
    """Return one statement by its key; the caller has checked whose it is."""
    return _statement_row(*db.session.execute(_statements().where(BankStatement.id == key)).one())


def states_of(statement_id: int) -> dict[str, tuple[int, int]]:
    """Return how many lines of a statement stand in each state, and their sum in fen."""
    rows = db.session.execute(
        select(BankStatementLine.state, func.count(), func.sum(BankStatementLine.amount_fen))
        .where(BankStatementLine.statement_id == statement_id)
        .group_by(BankStatementLine.state)
    )
    return {state: (number, int(fen)) for state, number, fen in rows}


def list_lines(
    actor: Actor,
    on: date,
    *,
    limit: int,
    cursor: str | None = None,
    states: Sequence[str] = (),
    reason: str = "",
    direction: str = "",
    statement_id: int | None = None,
) -> Page[LineRow]:
    """Return a page of lines of the actor's accounts, the oldest first."""
    query = _lines(actor, on).order_by(BankStatementLine.value_on, BankStatementLine.id).limit(limit + 1)
    if states:
        query = query.where(BankStatementLine.state.in_(states))
    for column, value in ((BankStatementLine.reason, reason), (BankStatementLine.direction, direction)):
        if value:
            query = query.where(column == value)
    if statement_id is not None:
        query = query.where(BankStatementLine.statement_id == statement_id)
    if key := decode_cursor(cursor, date.fromisoformat, int):
        after = and_(BankStatementLine.value_on == key[0], BankStatementLine.id > key[1])
        query = query.where(or_(BankStatementLine.value_on > key[0], after))
    return make_page(_line_rows(query, on), limit, lambda row: (row.value_on, row.key))


def get_line(key: int, actor: Actor, on: date) -> LineRow:
    """Return one line as lists show it; the caller has checked whose it is."""
    return _line_rows(_lines(actor, on).where(BankStatementLine.id == key), on)[0]


def count_open(actor: Actor, on: date) -> dict[str, int]:
    """Return how many open lines the actor's accounts have for each reason."""
    rows = db.session.execute(
        _lines(actor, on)
        .where(BankStatementLine.state.in_(OPEN_STATES))
        .with_only_columns(BankStatementLine.reason, func.count())
        .group_by(BankStatementLine.reason)
        .order_by(func.count().desc(), BankStatementLine.reason)
    )
    return {row[0]: row[1] for row in rows}


def _statements() -> Select[*tuple[Any, ...]]:
    return (
        select(BankStatement, StatementAccount.number, StatementAccount.clearing, User.name, StoredFile.public_id)
        .join(StatementAccount, StatementAccount.id == BankStatement.account_id)
        .join(User, User.id == BankStatement.imported_by)
        .join(StoredFile, StoredFile.id == BankStatement.file_id)
    )


def _statement_row(one: BankStatement, number: str, clearing: str, who: str, file: UUID) -> StatementRow:
    return StatementRow(
        one.id, one.public_id, number, clearing, one.layout, one.period_from, one.period_to, one.rows, one.added,
        one.known, one.refused, who, one.imported_at, file,
    )  # fmt: skip


def _lines(actor: Actor, on: date) -> Select[*tuple[Any, ...]]:
    return (
        select(BankStatementLine, StatementAccount.number, StatementAccount.clearing, Organisation.name)
        .join(StatementAccount, StatementAccount.id == BankStatementLine.account_id)
        .outerjoin(Organisation, Organisation.id == BankStatementLine.payee_id)
        .where(accounts.own_lines(actor, on))
    )


def _line_rows(query: Select[*tuple[Any, ...]], on: date) -> list[LineRow]:
    rows = db.session.execute(query).all()
    named = [row[0].candidates for row in rows]
    orders = _orders({pair[0] for one in named for pair in one.get("orders", ())})
    refunds = _refunds({key for one in named for key in one.get("refunds", ())})
    back = _credits({key for one in named for key in one.get("credits", ())})
    wrong = _wrong({key for one in named for key in one.get("lines", ())})
    payments = _payments([row[0].id for row in rows])
    return [
        LineRow(
            line.id, line.public_id, number, clearing, line.serial, line.direction, line.amount_fen, line.value_on,
            (on - line.value_on).days, line.counterparty_name, line.counterparty_account, line.remark, line.state,
            line.rule, line.reason, line.note, line.noted_by, line.wrong_by is not None, line.return_code, payee,
            [Candidate(*orders[key], fen) for key, fen in line.candidates.get("orders", ()) if key in orders],
            [refunds[key] for key in line.candidates.get("refunds", ()) if key in refunds],
            [back[key] for key in line.candidates.get("credits", ()) if key in back],
            [wrong[key] for key in line.candidates.get("lines", ()) if key in wrong],
            payments.get(line.id, []), line.version,
        )
        for line, number, clearing, payee in rows
    ]  # fmt: skip


def _orders(keys: set[int]) -> dict[int, tuple[UUID, str, str]]:
    rows = db.session.execute(
        select(Order.id, Order.public_id, Order.number, Organisation.name)
        .join(Organisation, Organisation.id == Order.buyer_id)
        .where(Order.id.in_(sorted(keys)))
    )
    return {row[0]: (row[1], row[2], row[3]) for row in rows}


def _refunds(keys: set[int]) -> dict[int, Candidate]:
    rows = db.session.execute(
        select(Refund.id, Refund.public_id, Order.number, Organisation.name, Refund.amount_fen)
        .join(Order, Order.id == Refund.order_id)
        .join(Organisation, Organisation.id == Order.buyer_id)
        .where(Refund.id.in_(sorted(keys)))
    )
    return {row[0]: Candidate(*row[1:]) for row in rows}


def _credits(keys: set[int]) -> dict[int, Candidate]:
    rows = db.session.execute(
        select(
            CreditRefund.id, CreditRefund.public_id, Payment.bank_serial, Payment.payer_name, CreditRefund.amount_fen
        )
        .join(Payment, Payment.id == CreditRefund.payment_id)
        .where(CreditRefund.id.in_(sorted(keys)))
    )
    return {row[0]: Candidate(*row[1:]) for row in rows}


def _wrong(keys: set[int]) -> dict[int, Candidate]:
    line = BankStatementLine
    rows = db.session.execute(
        select(line.id, line.public_id, line.serial, line.counterparty_name, line.amount_fen).where(
            line.id.in_(sorted(keys)), line.state == "unmatched"
        )
    )
    return {row[0]: Candidate(*row[1:]) for row in rows}


def _payments(keys: list[int]) -> dict[int, list[tuple[UUID, str]]]:
    found: dict[int, list[tuple[UUID, str]]] = {}
    rows = db.session.execute(
        select(BankLinePayment.line_id, Payment.public_id, Payment.status)
        .join(Payment, Payment.id == BankLinePayment.payment_id)
        .where(BankLinePayment.line_id.in_(keys))
        .order_by(Payment.id)
    )
    for key, payment, status in rows:
        found.setdefault(key, []).append((payment, status))
    return found
