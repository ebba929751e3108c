"""Batches of refunds and their transfers, as the operator's lists show them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ColumnElement, Select, cast, func, select

from orders.payments.credit_models import CreditRefund
from orders.payments.models import Payment, Refund
from orders.purchase.models import Order
from orders.refunding.gathering import require_operator
from orders.refunding.models import RefundRun, RefundTransfer
from shop.auth import Actor
from shop.db import db
from shop.errors import NotFound
from shop.files.models import StoredFile
from shop.i18n import _
from shop.identity.models import Organisation
from shop.paging import Page, decode_cursor, make_page


@dataclass(frozen=True)
class RefundRunRow:
    """A batch with its sums; what failed or was given up is not among them."""

    key: int
    id: UUID
    on: date
    started_at: datetime
    started_by: int
    transfers: int
    amount_fen: int
    #: Of them: not released yet, released and not sent, sent and not decided.
    waiting: int
    waiting_fen: int
    released: int
    sent: int
    file: UUID | None
    sha256: str | None


@dataclass(frozen=True)
class TransferRow:
    """A transfer with what it gives back."""

    key: int
    id: UUID
    number: str
    run: UUID
    #: The refund of an order, or that of credit.
    refund: UUID | None
    credit_refund: UUID | None
    #: The order's number, or the receipt's serial.
    about: str
    producer: str
    amount_fen: int
    status: str
    account_holder: str
    account_number: str
    bank_serial: str | None
    value_on: date | None
    prepared_by: int
    prepared_at: datetime
    released_at: datetime | None
    doubted_by: int | None
    decided_at: datetime | None
    failure: str


def list_runs(actor: Actor, *, limit: int, cursor: str | None = None) -> Page[RefundRunRow]:
    """Return a page of batches, newest first, for the operator."""
    query = _runs(actor).order_by(RefundRun.id.desc()).limit(limit + 1)
    if key := decode_cursor(cursor, int):
        query = query.where(RefundRun.id < key[0])
    return make_page([RefundRunRow(*row) for row in db.session.execute(query)], limit, lambda row: (row.key,))


def get_run(public_id: UUID, actor: Actor) -> RefundRunRow:
    """Return a batch.

    :raises NotFound: if there is none, or for anybody but the operator.
    """
    row = db.session.execute(_runs(actor).where(RefundRun.public_id == public_id)).one_or_none()
    if row is None:
        raise NotFound(_("没有这一批退款。"))
    return RefundRunRow(*row)


def list_transfers(
    actor: Actor, *, limit: int, cursor: str | None = None, run: UUID | None = None, statuses: tuple[str, ...] = ()
) -> Page[TransferRow]:
    """Return a page of transfers, newest first, for the operator."""
    query = _transfers(actor).order_by(RefundTransfer.id.desc()).limit(limit + 1)
    if run is not None:
        query = query.where(RefundRun.public_id == run)
    if statuses:
        query = query.where(RefundTransfer.status.in_(statuses))
    if key := decode_cursor(cursor, int):
        query = query.where(RefundTransfer.id < key[0])
    return make_page([_row(row) for row in db.session.execute(query)], limit, lambda row: (row.key,))


def get_transfer(public_id: UUID, actor: Actor) -> TransferRow:
    """Return a transfer.

    :raises NotFound: if there is none, or for anybody but the operator.
    """
    row = db.session.execute(_transfers(actor).where(RefundTransfer.public_id == public_id)).one_or_none()
    if row is None:
        raise NotFound(_("没有这笔退款付款。"))
    return _row(row)


def transfers_of(*, refund: int | None = None, credit_refund: int | None = None) -> list[RefundTransfer]:
    """Return the transfers of a refund, the last first."""
    query = select(RefundTransfer).order_by(RefundTransfer.id.desc())
    column = RefundTransfer.refund_id if refund is not None else RefundTransfer.credit_refund_id
    return list(db.session.scalars(query.where(column == (refund if refund is not None else credit_refund))))


def _runs(actor: Actor) -> Select[*tuple[Any, ...]]:
    require_operator(actor)
    one = RefundTransfer
    mine = one.run_id == RefundRun.id

    def count(*statuses: str) -> ColumnElement[int]:
        return select(func.count()).where(mine, one.status.in_(statuses)).scalar_subquery()

    def fen(*conditions: ColumnElement[bool]) -> ColumnElement[int]:
        total = select(func.sum(one.amount_fen)).where(mine, *conditions).scalar_subquery()
        return cast(func.coalesce(total, 0), BigInteger)

    live = one.status.not_in(("failed", "cancelled"))
    return select(
        RefundRun.id, RefundRun.public_id, RefundRun.on, RefundRun.started_at, RefundRun.started_by,
        select(func.count()).where(mine, live).scalar_subquery(), fen(live), count("prepared"),
        fen(one.status == "prepared"), count("released"), count("sent", "failing"), StoredFile.public_id,
        StoredFile.sha256,
    ).outerjoin(StoredFile, StoredFile.id == RefundRun.file_id)  # fmt: skip


def _transfers(actor: Actor) -> Select[*tuple[Any, ...]]:
    require_operator(actor)
    return (
        select(
            RefundTransfer, RefundRun.public_id, Refund.public_id, CreditRefund.public_id,
            func.coalesce(Order.number, Payment.bank_serial), Organisation.name,
        )
        .join(RefundRun, RefundRun.id == RefundTransfer.run_id)
        .join(Organisation, Organisation.id == RefundTransfer.producer_id)
        .outerjoin(Refund, Refund.id == RefundTransfer.refund_id)
        .outerjoin(Order, Order.id == Refund.order_id)
        .outerjoin(CreditRefund, CreditRefund.id == RefundTransfer.credit_refund_id)
        .outerjoin(Payment, Payment.id == CreditRefund.payment_id)
    )  # fmt: skip


def _row(row: Any) -> TransferRow:
    one, run, refund, credit_refund, about, producer = row
    return TransferRow(
        one.id, one.public_id, one.number, run, refund, credit_refund, about, producer, one.amount_fen, one.status,
        one.account_holder, one.account_number, one.bank_serial, one.value_on, one.prepared_by, one.prepared_at,
        one.released_at, one.doubted_by, one.decided_at, one.failure,
    )  # fmt: skip
