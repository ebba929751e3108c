"""Refunds and announced transfers as lists show them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import InstrumentedAttribute, aliased

from orders.payments import access, refund_groups
from orders.payments.models import Payment, Refund, TransferAnnouncement
from orders.payments.refund_models import RefundReceipt
from orders.purchase.models import Order
from orders.purchase.party import is_party
from shop.auth import Actor
from shop.db import db
from shop.files.models import StoredFile
from shop.identity.models import Organisation
from shop.paging import Page, decode_cursor, make_page


@dataclass(frozen=True)
class RefundRow:
    """A refund as lists show it."""

    key: int
    id: UUID
    order: UUID
    number: str
    buyer: str
    payee: str
    amount_fen: int
    reason: str
    cause: str
    status: str
    clearing: str | None
    bank_serial: str | None
    value_on: date | None
    requested_at: datetime
    recorded_at: datetime | None
    recorded_by: int | None
    #: Nobody, where the system asked.
    requested_by: int | None
    decided_at: datetime | None
    refusal: str
    failure: str
    evidence_file: UUID | None
    version: int
    #: Who paid what goes back, as far as the refund names receipts.
    payer_name: str
    payer_account: str
    #: The first refund of a request that goes back several ways, how many they are and their sum.
    group: UUID | None
    group_count: int
    group_fen: int


@dataclass(frozen=True)
class AnnouncementRow:
    """An announced transfer."""

    key: int
    id: UUID
    order: UUID
    number: str
    reference_code: str
    payer_name: str
    payer_account: str
    amount_fen: int
    planned_on: date
    announced_at: datetime
    withdrawn_at: datetime | None
    warnings: Sequence[str] = ()


def list_refunds(
    actor: Actor,
    on: date,
    *,
    limit: int,
    cursor: str | None = None,
    statuses: Sequence[str] = (),
    order_id: int | None = None,
    clearing: str = "",
    group: UUID | None = None,
) -> Page[RefundRow]:
    """Return a page of the refunds of the actor's orders, newest first; ``clearing`` is from where the money goes back.

    :param group: only those of one request, by its first.
    """
    query = _refunds(actor, on).order_by(Refund.id.desc()).limit(limit + 1)
    if statuses:
        query = query.where(Refund.status.in_(statuses))
    if clearing:
        query = query.where(_way() == clearing)
    if order_id is not None:
        query = query.where(Refund.order_id == order_id)
    if group is not None:
        query = query.where(refund_groups.in_group(group))
    if key := decode_cursor(cursor, int):
        query = query.where(Refund.id < key[0])
    return make_page([_refund_row(*row) for row in db.session.execute(query)], limit, lambda row: (row.key,))


def _way() -> ColumnElement[str]:
    """Return from where a refund goes back: as recorded, as the receipts it names came, or as its order is to be paid."""
    came = (
        select(Payment.clearing)
        .join(RefundReceipt, RefundReceipt.payment_id == Payment.id)
        .where(RefundReceipt.refund_id == Refund.id)
        .limit(1)
        .scalar_subquery()
    )
    return func.coalesce(Refund.clearing, came, Order.clearing)


def count_open(actor: Actor, on: date) -> tuple[int, int]:
    """Return how many refunds the actor can send and record, and how many recorded by others the actor can confirm."""
    open_refunds = _refunds(actor, on).with_only_columns(Refund.status, Refund.recorded_by)
    rows = db.session.execute(open_refunds.where(Refund.status.in_(("requested", "recorded")))).all()
    send = sum(status == "requested" for status, _by in rows) if actor.may("refunds:record") else 0
    confirm = sum(status == "recorded" and by != actor.user_id for status, by in rows)
    return send, confirm if actor.may("refunds:confirm") else 0


def get_refund(public_id: UUID, actor: Actor, on: date) -> RefundRow:
    """Return one refund as lists show it.

    :raises NotFound: if there is none, or it is another's.
    """
    refund, _order = access.get_refund(public_id, actor, on)
    return _refund_row(*db.session.execute(_refunds(actor, on).where(Refund.id == refund.id)).one())


def list_announcements(
    actor: Actor, on: date, *, limit: int, cursor: str | None = None, order_id: int | None = None
) -> Page[AnnouncementRow]:
    """Return a page of announced transfers, newest first."""
    query = (
        _announcements()
        .where(is_party(actor, Order.buyer_id, Order.producer_id, on))
        .order_by(TransferAnnouncement.id.desc())
        .limit(limit + 1)
    )
    if order_id is not None:
        query = query.where(TransferAnnouncement.order_id == order_id)
    if key := decode_cursor(cursor, int):
        query = query.where(TransferAnnouncement.id < key[0])
    return make_page([_announcement_row(*row) for row in db.session.execute(query)], limit, lambda row: (row.key,))


def get_announcement(announcement_id: int) -> AnnouncementRow:
    """Return one announcement by its key, for who has just made or withdrawn it."""
    return _announcement_row(
        *db.session.execute(_announcements().where(TransferAnnouncement.id == announcement_id)).one()
    )


def _announcements() -> Select[*tuple[Any, ...]]:
    return select(TransferAnnouncement, Order.public_id, Order.number, Order.reference_code).join(
        Order, Order.id == TransferAnnouncement.order_id
    )


def _announcement_row(found: TransferAnnouncement, order: UUID, number: str, code: str) -> AnnouncementRow:
    return AnnouncementRow(
        found.id, found.public_id, order, number, code, found.payer_name, found.payer_account, found.amount_fen,
        found.planned_on, found.announced_at, found.withdrawn_at,
    )  # fmt: skip


def _refunds(actor: Actor, on: date) -> Select[*tuple[Any, ...]]:
    payee, buyer = aliased(Organisation), aliased(Organisation)
    return (
        select(
            Refund, Order.public_id, Order.number, buyer.name, payee.name, StoredFile.public_id,
            *(_of_payer(column) for column in (Payment.payer_name, Payment.payer_account)), *refund_groups.columns(),
        )
        .join(Order, Order.id == Refund.order_id)
        .join(payee, payee.id == Order.producer_id)
        .join(buyer, buyer.id == Order.buyer_id)
        .outerjoin(StoredFile, StoredFile.id == Refund.evidence_file_id)
        .where(is_party(actor, Order.buyer_id, Order.producer_id, on))
    )  # fmt: skip


def _of_payer(column: InstrumentedAttribute[str]) -> ColumnElement[str]:
    """Return what the receipts tell that a refund names; they are of one payer."""
    query = (
        select(func.max(column))
        .join(RefundReceipt, RefundReceipt.payment_id == Payment.id)
        .where(RefundReceipt.refund_id == Refund.id)
    )
    return func.coalesce(query.scalar_subquery(), "")


def _refund_row(
    refund: Refund, order: UUID, number: str, buyer: str, payee: str, file: UUID | None, *payer_and_group: Any
) -> RefundRow:
    return RefundRow(
        refund.id, refund.public_id, order, number, buyer, payee, refund.amount_fen, refund.reason, refund.cause,
        refund.status, refund.clearing, refund.bank_serial, refund.value_on, refund.requested_at, refund.recorded_at,
        refund.recorded_by, refund.requested_by, refund.decided_at, refund.refusal, refund.failure, file, refund.version,
        *payer_and_group,
    )  # fmt: skip
