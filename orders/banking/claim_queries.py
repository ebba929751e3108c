"""Claims as lists show them, in a constant number of statements."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, case, func, or_, select
from sqlalchemy.orm import aliased

from orders.banking import accounts
from orders.banking.models import OPEN_STATES, BankStatementLine, StatementAccount, TransferClaim, TransferClaimOrder
from orders.banking.queries import Candidate
from orders.purchase.models import Order
from orders.purchase.party import is_party
from shop.auth import Actor
from shop.db import db
from shop.files.models import StoredFile
from shop.i18n import _
from shop.identity.models import Organisation
from shop.paging import Page, decode_cursor, make_page

#: Lines that a person is shown to choose from.
MOST_LINES = 50


@dataclass(frozen=True)
class ClaimRow:
    """A claim as lists show it."""

    key: int
    id: UUID
    status: str
    buyer: str
    payee: str
    amount_fen: int
    paid_on: date
    payer_name: str
    bank_serial: str
    note: str
    file: UUID | None
    has_line: bool
    line: UUID | None
    claimed_by: int
    claimant_id: int
    claimed_at: datetime
    reason: str
    orders: Sequence[Candidate]


@dataclass(frozen=True)
class LineChoice:
    """A line that a claim may be confirmed by; the one that is the claim's already comes first."""

    id: UUID
    serial: str
    value_on: date
    amount_fen: int
    name: str
    remark: str


_CHOICE = (
    BankStatementLine.public_id, BankStatementLine.serial, BankStatementLine.value_on, BankStatementLine.amount_fen,
    BankStatementLine.counterparty_name, BankStatementLine.remark,
)  # fmt: skip


def lines_for(claim: TransferClaim, actor: Actor, on: date) -> list[LineChoice]:
    """Return the claim's line, and open lines of the actor's accounts with its amount, the nearest to its day first."""
    query = _incoming(actor, on).where(
        BankStatementLine.amount_fen == claim.amount_fen,
        or_(
            BankStatementLine.id == claim.line_id,
            BankStatementLine.state.in_(OPEN_STATES)
            & BankStatementLine.wrong_by.is_(None)
            & or_(BankStatementLine.payee_id == claim.payee_id, BankStatementLine.payee_id.is_(None)),
        ),
    )
    nearest = func.abs(BankStatementLine.value_on - claim.paid_on)
    own = case((BankStatementLine.id == claim.line_id, 0), else_=1)
    rows = db.session.execute(query.order_by(own, nearest, BankStatementLine.id).limit(MOST_LINES))
    return [LineChoice(*row) for row in rows]


def open_lines(actor: Actor, on: date) -> list[LineChoice]:
    """Return open incoming lines of the actor's accounts, the newest first, for a claim of their own people."""
    query = _incoming(actor, on).where(
        BankStatementLine.state.in_(OPEN_STATES), BankStatementLine.wrong_by.is_(None), BankStatementLine.amount_fen > 0
    )
    rows = db.session.execute(
        query.order_by(BankStatementLine.value_on.desc(), BankStatementLine.id.desc()).limit(MOST_LINES)
    )
    return [LineChoice(*row) for row in rows]


def _incoming(actor: Actor, on: date) -> Select[*tuple[Any, ...]]:
    return (
        select(*_CHOICE)
        .join(StatementAccount, StatementAccount.id == BankStatementLine.account_id)
        .where(accounts.own_lines(actor, on), BankStatementLine.direction == "in")
    )


def list_claims(
    actor: Actor, on: date, *, limit: int, cursor: str | None = None, statuses: Sequence[str] = ()
) -> Page[ClaimRow]:
    """Return a page of claims that the actor's side made or is asked about, newest first."""
    query = _claims(actor, on).order_by(TransferClaim.id.desc()).limit(limit + 1)
    if statuses:
        query = query.where(TransferClaim.status.in_(statuses))
    if key := decode_cursor(cursor, int):
        query = query.where(TransferClaim.id < key[0])
    return make_page(_claim_rows(query), limit, lambda row: (row.key,))


def get_claim(key: int, actor: Actor, on: date) -> ClaimRow:
    """Return one claim as lists show it; the caller has checked whose it is."""
    return _claim_rows(_claims(actor, on).where(TransferClaim.id == key))[0]


def _claims(actor: Actor, on: date) -> Select[*tuple[Any, ...]]:
    buyer, payee = aliased(Organisation), aliased(Organisation)
    return (
        select(TransferClaim, buyer.name, payee.name, StoredFile.public_id, BankStatementLine.public_id)
        .join(buyer, buyer.id == TransferClaim.buyer_id)
        .outerjoin(payee, payee.id == TransferClaim.payee_id)
        .outerjoin(StoredFile, StoredFile.id == TransferClaim.file_id)
        .outerjoin(BankStatementLine, BankStatementLine.id == TransferClaim.line_id)
        .where(is_party(actor, TransferClaim.buyer_id, TransferClaim.payee_id, on))
    )


def _claim_rows(query: Select[*tuple[Any, ...]]) -> list[ClaimRow]:
    rows = db.session.execute(query).all()
    shares: dict[int, list[Candidate]] = {}
    named = db.session.execute(
        select(TransferClaimOrder.claim_id, Order.public_id, Order.number, TransferClaimOrder.amount_fen)
        .join(Order, Order.id == TransferClaimOrder.order_id)
        .where(TransferClaimOrder.claim_id.in_([row[0].id for row in rows]))
        .order_by(Order.id)
    )
    for key, order, number, fen in named:
        shares.setdefault(key, []).append(Candidate(order, number, "", fen))
    return [
        ClaimRow(
            one.id, one.public_id, one.status, buyer, payee or _("监管账户（几个供应商）"), one.amount_fen, one.paid_on, one.payer_name, one.bank_serial,
            one.note, file, line is not None, line, one.claimed_by, one.claimant_id, one.claimed_at, one.reason, shares.get(one.id, []),
        )
        for one, buyer, payee, file, line in rows
    ]  # fmt: skip
