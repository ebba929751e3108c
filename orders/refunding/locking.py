"""Transfers of refunds under lock: their orders and receipts first, then the refunds, then they themselves."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from sqlalchemy import Select, select

from orders.payments import credit_refunds, refunds
from orders.payments.credit_models import CreditRefund
from orders.payments.models import Payment, Refund
from orders.purchase import machine, party
from orders.purchase.models import Order
from orders.refunding.models import RefundTransfer
from shop.auth import Actor
from shop.db import db
from shop.errors import NotFound
from shop.i18n import _

Row = TypeVar("Row")


@dataclass(frozen=True)
class GoodsRefund:
    """A refund of an order under lock."""

    refund: Refund
    order: Order

    def move(self, event: str, *, actor: Actor | None, at: datetime, why: str = "") -> None:
        """Move the refund."""
        parties = refunds.parties_of(self.order)
        machine.move("refund", self.refund, event, actor=actor, at=at, why=why, parties=parties)

    def enter(self, *, actor: Actor | None, at: datetime) -> None:
        """Post that it has gone."""
        self.refund.clearing = "supervised"
        refunds.enter(self.refund, self.order, actor=actor, at=at)

    @property
    def parties(self) -> list[int]:
        """Return buyer and producer."""
        return [self.order.buyer_id, self.order.producer_id]


@dataclass(frozen=True)
class CreditBack:
    """A refund of credit under lock, with its receipt."""

    refund: CreditRefund
    payment: Payment

    def move(self, event: str, *, actor: Actor | None, at: datetime, why: str = "") -> None:
        """Move the refund."""
        parties = credit_refunds.parties_of(self.payment)
        machine.move("credit_refund", self.refund, event, actor=actor, at=at, why=why, parties=parties)

    def enter(self, *, actor: Actor | None, at: datetime) -> None:
        """Post that it has gone."""
        credit_refunds.enter(self.refund, self.payment, actor=actor, at=at)

    @property
    def parties(self) -> list[int]:
        """Return buyer and producer."""
        return [self.payment.buyer_id or 0, self.payment.payee_id]


Back = GoodsRefund | CreditBack


@dataclass(frozen=True)
class Locked:
    """A transfer with what it gives back."""

    transfer: RefundTransfer
    back: Back


def lock_goods(keys: Collection[int]) -> dict[int, GoodsRefund]:
    """Lock refunds of orders after their orders."""
    orders = party.lock_orders(db.session.scalars(select(Refund.order_id).where(Refund.id.in_(keys))))
    found = _locked(select(Refund).where(Refund.id.in_(keys)).order_by(Refund.id))
    return {each.id: GoodsRefund(each, orders[each.order_id]) for each in found}


def lock_credit(keys: Collection[int]) -> dict[int, CreditBack]:
    """Lock refunds of credit after their receipts."""
    named = select(CreditRefund.payment_id).where(CreditRefund.id.in_(keys))
    payments = {each.id: each for each in _locked(select(Payment).where(Payment.id.in_(named)).order_by(Payment.id))}
    found = _locked(select(CreditRefund).where(CreditRefund.id.in_(keys)).order_by(CreditRefund.id))
    return {each.id: CreditBack(each, payments[each.payment_id]) for each in found}


def lock(ids: Collection[UUID], actor: Actor | None) -> list[Locked]:
    """Lock transfers with all that they touch, ascending; they are the operator's to move.

    :raises NotFound: if one is not there, or for anybody else.
    """
    found = db.session.scalars(select(RefundTransfer).where(RefundTransfer.public_id.in_(ids))).all()
    if (actor is not None and actor.organisation_kind != "operator") or len(found) < len(set(ids)):
        raise NotFound(_("没有这笔退款付款。"))
    goods = lock_goods([each.refund_id for each in found if each.refund_id is not None])
    credit = lock_credit([each.credit_refund_id for each in found if each.credit_refund_id is not None])
    query = select(RefundTransfer).where(RefundTransfer.id.in_([each.id for each in found])).order_by(RefundTransfer.id)
    return [
        Locked(each, goods[each.refund_id] if each.refund_id is not None else credit[each.credit_refund_id or 0])
        for each in _locked(query)
    ]


def _locked(query: Select[Row]) -> Sequence[Row]:
    return db.session.scalars(query.with_for_update().execution_options(populate_existing=True)).all()
