"""What became of a file's rows, with what each says and which orders it pays, for who confirms them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import select

from orders.banking.models import BankLinePayment, BankStatementLine, BankStatementRow
from orders.banking.queries import Candidate
from orders.payments.models import GONE, Payment, PaymentAllocation
from orders.purchase.models import Order
from shop.db import db
from shop.identity.models import Organisation
from shop.paging import Page, decode_cursor, make_page


@dataclass(frozen=True)
class RowOutcome:
    """What became of a row of a file; what its line says and pays, if it brought one or one was there."""

    row_no: int
    outcome: str
    line: UUID | None
    serial: str | None
    detail: str
    direction: str | None
    amount_fen: int | None
    name: str | None
    state: str | None
    orders: Sequence[Candidate]


def list_rows(
    statement_id: int, *, limit: int, cursor: str | None = None, outcomes: Sequence[str] = ()
) -> Page[RowOutcome]:
    """Return a page of what became of a file's rows, in its order."""
    line = BankStatementLine
    query = (
        select(
            line.id, BankStatementRow.row_no, BankStatementRow.outcome, line.public_id, line.serial, BankStatementRow.detail,
            line.direction, line.amount_fen, line.counterparty_name, line.state,
        )
        .outerjoin(line, line.id == BankStatementRow.line_id)
        .where(BankStatementRow.statement_id == statement_id)
        .order_by(BankStatementRow.row_no)
        .limit(limit + 1)
    )  # fmt: skip
    if outcomes:
        query = query.where(BankStatementRow.outcome.in_(outcomes))
    if key := decode_cursor(cursor, int):
        query = query.where(BankStatementRow.row_no > key[0])
    rows: Sequence[Any] = db.session.execute(query).all()
    paid = _paid_by([row[0] for row in rows if row[0] is not None])
    found = [RowOutcome(*(*row[1:], paid.get(row[0], []))) for row in rows]
    return make_page(found, limit, lambda row: (row.row_no,))


def _paid_by(lines: Sequence[int]) -> dict[int, list[Candidate]]:
    """Return the orders that receipts of lines were given to, refused ones left out."""
    rows: Any = db.session.execute(
        select(BankLinePayment.line_id, Order.public_id, Order.number, Organisation.name, PaymentAllocation.amount_fen)
        .join(Payment, Payment.id == BankLinePayment.payment_id)
        .join(PaymentAllocation, PaymentAllocation.payment_id == Payment.id)
        .join(Order, Order.id == PaymentAllocation.order_id)
        .join(Organisation, Organisation.id == Order.buyer_id)
        .where(BankLinePayment.line_id.in_(lines), Payment.status.not_in(GONE))
        .order_by(Order.id)
    )
    found: dict[int, list[Candidate]] = {}
    for line_id, *order in rows:
        found.setdefault(line_id, []).append(Candidate(*order))
    return found
