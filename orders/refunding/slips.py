"""Banks' electronic receipts of refunds: put to one by a person, or with many others by serial or number."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any
from uuid import UUID

from flask import Flask
from sqlalchemy import ColumnElement, Select, or_, select
from sqlalchemy.dialects.postgresql import insert

from orders.banking import slips
from orders.payments import access, credit_refunds
from orders.payments.credit_models import CreditRefund
from orders.payments.models import Payment, Refund
from orders.purchase.models import Order
from orders.purchase.party import is_party
from orders.refunding.models import RefundTransfer
from orders.refunding.slip_models import CreditRefundSlip, RefundSlip
from shop import audit, clock
from shop.auth import Actor
from shop.db import db
from shop.errors import Forbidden
from shop.files import services as files
from shop.files.models import StoredFile
from shop.i18n import _

#: Of orders and of credit: where the receipts of each are kept.
TABLES: Mapping[str, type[RefundSlip | CreditRefundSlip]] = MappingProxyType(
    {"refund": RefundSlip, "credit_refund": CreditRefundSlip}
)


def attach(kind: str, refund_id: UUID, file_id: UUID, actor: Actor, at: datetime) -> None:
    """Put a file to a refund; who sends the money back does.

    :param kind: ``refund`` or ``credit_refund``.
    :raises NotFound: for a refund or file that is not the actor's; Forbidden: for the buyer's people.
    """
    key = key_of(kind, refund_id, actor, at)
    if actor.organisation_kind == "institution":
        raise Forbidden(_("退款的回单由收款方或平台上传。"))
    _attach(kind, key, files.get_own(file_id, actor), actor, at)


def key_of(kind: str, refund_id: UUID, actor: Actor, at: datetime) -> int:
    """Return the key of a refund of the actor's.

    :raises NotFound: if there is none, or it is another's.
    """
    on = clock.business_day(at)
    if kind == "refund":
        return access.get_refund(refund_id, actor, on)[0].id
    return credit_refunds.get(refund_id, actor, on)[0].id


def take(file: StoredFile, words: Collection[str], actor: Actor, at: datetime) -> tuple[str, UUID] | None:
    """Put a file to the one refund whose serial, or whose transfer's number, is among its words; return which."""
    if not (actor.may("refunds:record") or actor.may("refunds:confirm")):
        return None
    found = [
        (kind, key, public_id)
        for kind in TABLES
        for key, public_id in db.session.execute(_named(kind, words, actor).limit(2))
    ]
    if len(found) != 1:
        return None
    kind, key, public_id = found[0]
    _attach(kind, key, file, actor, at)
    return kind, public_id


def _named(kind: str, words: Collection[str], actor: Actor) -> Select[*tuple[Any, ...]]:
    numbers = select(RefundTransfer.id).where(RefundTransfer.number.in_(words), RefundTransfer.status == "paid")
    if kind == "refund":
        by_number = numbers.where(RefundTransfer.refund_id == Refund.id).exists()
        query = select(Refund.id, Refund.public_id).join(Order, Order.id == Refund.order_id)
        return query.where(
            Refund.charge_id.is_(None), Refund.status != "refused", or_(Refund.bank_serial.in_(words), by_number),
            _is_refunds_party(actor),
        )  # fmt: skip
    by_number = numbers.where(RefundTransfer.credit_refund_id == CreditRefund.id).exists()
    query = select(CreditRefund.id, CreditRefund.public_id).join(Payment, Payment.id == CreditRefund.payment_id)
    return query.where(
        CreditRefund.status != "refused", or_(CreditRefund.bank_serial.in_(words), by_number), _is_credits_party(actor)
    )


def slips_of(kind: str, key: int) -> Sequence[StoredFile]:
    """Return the electronic receipts of a refund."""
    table = TABLES[kind]
    query = select(StoredFile).join(table, table.file_id == StoredFile.id).where(table.refund_id == key)
    return db.session.scalars(query.order_by(StoredFile.id)).all()


def may_read(actor: Actor, file_id: int) -> bool:
    """Say whether a file is the electronic receipt of a refund that the actor sees: the buyer too, whose money it is."""
    if not actor.may("payments:read"):
        return False
    of_orders = (
        select(Refund.id)
        .join(RefundSlip, RefundSlip.refund_id == Refund.id)
        .join(Order, Order.id == Refund.order_id)
        .where(RefundSlip.file_id == file_id, _is_refunds_party(actor))
    )
    of_credit = (
        select(CreditRefund.id)
        .join(CreditRefundSlip, CreditRefundSlip.refund_id == CreditRefund.id)
        .join(Payment, Payment.id == CreditRefund.payment_id)
        .where(CreditRefundSlip.file_id == file_id, _is_credits_party(actor))
    )
    return any(db.session.scalar(query.limit(1)) is not None for query in (of_orders, of_credit))


def init_app(app: Flask) -> None:
    """Let refunds take electronic receipts, those be opened, and the pages of refunds show them."""
    slips.add_taker(take)
    files.allow(may_read)
    app.jinja_env.globals["refund_slips"] = slips_of


def _is_refunds_party(actor: Actor) -> ColumnElement[bool]:
    return is_party(actor, Order.buyer_id, Order.producer_id, clock.today())


def _is_credits_party(actor: Actor) -> ColumnElement[bool]:
    return is_party(actor, Payment.buyer_id, Payment.payee_id, clock.today())


def _attach(kind: str, key: int, file: StoredFile, actor: Actor, at: datetime) -> None:
    db.session.execute(
        insert(TABLES[kind])
        .values(refund_id=key, file_id=file.id, attached_by=actor.user_id, attached_at=at)
        .on_conflict_do_nothing()
    )
    audit.record(actor, "refunding.slip_attached", kind, key, file=[None, file.id])
