"""Refunds that wait to leave the supervised account, and gathering them for a file."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, text
from sqlalchemy.orm import aliased

from orders.numbers import make_number
from orders.payments.credit_models import CreditRefund
from orders.payments.models import Payment, Refund
from orders.payments.refund_models import RefundReceipt
from orders.payments.refunds import check_clearing
from orders.purchase import machine
from orders.purchase.models import Order
from orders.refunding.locking import Back, GoodsRefund, lock_credit, lock_goods
from orders.refunding.models import RefundRun, RefundTransfer
from shop import audit, clock
from shop.auth import Actor
from shop.db import db
from shop.errors import Conflict, NotFound
from shop.i18n import _
from shop.identity.models import Organisation

#: Refunds that one file carries.
MOST = 500


class NotToBeGathered(Conflict):
    """A refund does not wait, goes back another way, or its payer's account is not known; member ``refunds`` names them."""

    code = "not-to-be-gathered"


@dataclass(frozen=True)
class WaitingRefund:
    """A refund that waits to leave the supervised account; ``is_credit`` where no order has it."""

    id: UUID
    key: int
    is_credit: bool
    #: The order's number, or the receipt's serial.
    number: str
    buyer: str
    payee: str
    producer_id: int
    amount_fen: int
    reason: str
    requested_at: datetime
    failure: str
    payer_name: str
    #: Without it nothing can be sent by file: it is recorded by hand.
    payer_account: str


def list_waiting(actor: Actor) -> list[WaitingRefund]:
    """Return what waits to go back from the supervised account, the oldest first.

    :raises NotFound: for anybody but the operator.
    """
    require_operator(actor)
    return sorted([*_goods(), *_credit()], key=lambda one: (one.requested_at, one.id))[:MOST]


def _goods() -> list[WaitingRefund]:
    payee, buyer = aliased(Organisation), aliased(Organisation)
    rows = db.session.execute(
        select(
            Refund, Order.number, buyer.name, payee.name, payee.id, func.max(Payment.payer_name),
            func.max(Payment.payer_account),
        )
        .join(Order, Order.id == Refund.order_id)
        .join(payee, payee.id == Order.producer_id)
        .join(buyer, buyer.id == Order.buyer_id)
        .join(RefundReceipt, RefundReceipt.refund_id == Refund.id)
        .join(Payment, Payment.id == RefundReceipt.payment_id)
        .where(Refund.status == "requested", Payment.clearing == "supervised")
        .group_by(Refund.id, Order.id, buyer.id, payee.id)
        .order_by(Refund.id)
        .limit(MOST)
    )  # fmt: skip
    return [_waiting(row, is_credit=False) for row in rows]


def _credit() -> list[WaitingRefund]:
    payee, buyer = aliased(Organisation), aliased(Organisation)
    rows = db.session.execute(
        select(
            CreditRefund, Payment.bank_serial, buyer.name, payee.name, payee.id, Payment.payer_name,
            Payment.payer_account,
        )
        .join(Payment, Payment.id == CreditRefund.payment_id)
        .join(payee, payee.id == Payment.payee_id)
        .join(buyer, buyer.id == Payment.buyer_id)
        .where(CreditRefund.status == "requested", Payment.clearing == "supervised")
        .order_by(CreditRefund.id)
        .limit(MOST)
    )  # fmt: skip
    return [_waiting(row, is_credit=True) for row in rows]


def _waiting(row: Any, *, is_credit: bool) -> WaitingRefund:
    refund, number, buyer, payee, producer_id, name, account = row
    return WaitingRefund(
        refund.public_id, refund.id, is_credit, number, buyer, payee, producer_id, refund.amount_fen, refund.reason,
        refund.requested_at, refund.failure, name, account,
    )  # fmt: skip


def gather(refund_ids: Collection[UUID], actor: Actor, at: datetime) -> RefundRun:
    """Gather refunds, of orders and of credit, for a file; another person releases them.

    :raises NotFound: for anybody but the operator.
    :raises NotToBeGathered: naming those that cannot be; then none is.
    """
    waiting = {one.id: one for one in list_waiting(actor) if one.payer_account}
    chosen = [waiting[each] for each in dict.fromkeys(refund_ids) if each in waiting]
    goods = lock_goods([one.key for one in chosen if not one.is_credit])
    credit = lock_credit([one.key for one in chosen if one.is_credit])
    backs: list[tuple[WaitingRefund, Back]] = [
        (one, credit[one.key] if one.is_credit else goods[one.key]) for one in chosen
    ]
    ready = {one.id for one, back in backs if back.refund.status == "requested"}
    _require_all(refund_ids, ready)
    run = RefundRun(on=clock.business_day(at), started_by=actor.user_id, started_at=at)
    db.session.add(run)
    db.session.flush()  # its transfers refer to its row
    for one, back in backs:
        _add(run, one, back, actor, at)
    return run


def _require_all(refund_ids: Collection[UUID], ready: Collection[UUID]) -> None:
    left = [str(each) for each in dict.fromkeys(refund_ids) if each not in ready]
    if left or not ready:
        detail = _("所选退款中有 %(n)s 笔不能生成文件：已在办理、不从监管账户退，或付款账号未知。", n=len(left))
        raise NotToBeGathered(detail, refunds=left)


def _add(run: RefundRun, one: WaitingRefund, back: Back, actor: Actor, at: datetime) -> None:
    if isinstance(back, GoodsRefund):
        check_clearing(back.order, "supervised", one.amount_fen)
    key = int(db.session.scalar(text("SELECT nextval('refund_transfers_id_seq')")) or 0)
    made = RefundTransfer(
        id=key, number=make_number("TK", run.on, key), run_id=run.id, producer_id=one.producer_id,
        refund_id=None if one.is_credit else one.key, credit_refund_id=one.key if one.is_credit else None,
        amount_fen=one.amount_fen, status="prepared", account_holder=one.payer_name,
        account_number=one.payer_account, prepared_by=actor.user_id, prepared_at=at,
    )  # fmt: skip
    back.move("gather", actor=actor, at=at)
    back.refund.failure = ""
    db.session.add(made)
    machine.record_start("refund_transfer", made, "prepare", actor=actor, at=at)
    audit.record(actor, "refunding.transfer_prepared", "refund_transfer", key, amount_fen=[None, made.amount_fen])


def require_operator(actor: Actor) -> None:
    """Let only the operator speak of the supervised account's refunds.

    :raises NotFound: for anybody else.
    """
    if actor.organisation_kind != "operator":
        raise NotFound(_("没有这个页面。"))
