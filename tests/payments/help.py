"""Receipts and refunds in one line each, through the services."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from itertools import count as counter
from typing import Protocol

from sqlalchemy import select

from orders.payments import receipts, refunds
from orders.payments.models import Payment, Refund
from orders.payments.receipts import ReceiptFacts, Share
from orders.payments.refunds import TransferBack
from orders.purchase.models import Order
from shop import clock
from shop.auth import Actor
from shop.db import db
from shop.identity.models import Organisation
from tests.counting.build import Trade, make_actor, make_organisation

_numbers = counter(1)


def facts(*shares: tuple[Order, int], amount: int | None = None, **changes: object) -> ReceiptFacts:
    values: dict[str, object] = {
        "bank_serial": f"B{next(_numbers):08d}", "payer_name": "和平区财政局", "value_on": date(2026, 7, 14),
        "amount_fen": sum(fen for _order, fen in shares) if amount is None else amount,
        "allocations": tuple(Share(order=order.public_id, amount_fen=fen) for order, fen in shares),
    } | changes  # fmt: skip
    return ReceiptFacts(**values)  # type: ignore[arg-type]


class TwoPersons(Protocol):
    """Who records and who confirms."""

    @property
    def clerk(self) -> Actor: ...
    @property
    def checker(self) -> Actor: ...


@dataclass(frozen=True)
class Sellers:
    """Two persons of a producer."""

    clerk: Actor
    checker: Actor


def two_persons(trade: TwoPersons, clearing: object) -> tuple[Actor, Actor]:
    """Who records and who confirms: of the operator for the supervised account, else of the producer."""
    if clearing != "supervised":
        return trade.clerk, trade.checker
    query = select(Organisation).where(Organisation.kind == "operator").order_by(Organisation.id).limit(1)
    operator = db.session.scalars(query).one_or_none() or make_organisation("operator")
    return make_actor(operator), make_actor(operator)


def pay(trade: TwoPersons, *shares: tuple[Order, int], amount: int | None = None, **changes: object) -> Payment:
    """Record and confirm a receipt, by two persons."""
    at = clock.now()
    one, two = two_persons(trade, changes.get("clearing"))
    if one.organisation_kind == "operator" and not shares:
        changes.setdefault("payee", trade.clerk.organisation_public_id)
    payment = receipts.record(facts(*shares, amount=amount, **changes), one, at)
    return receipts.confirm(payment.public_id, two, at)


def slip(**changes: object) -> TransferBack:
    values = {"bank_serial": f"R{next(_numbers):08d}", "value_on": date(2026, 7, 15)} | changes
    return TransferBack(**values)  # type: ignore[arg-type]


def refund(trade: Trade, order: Order, fen: int, at: datetime | None = None, **changes: object) -> Refund:
    """Request, record and confirm a refund."""
    at = at or clock.now()
    made = refunds.request(order.public_id, fen, "协商退款", actor=trade.buyer, at=at)
    one, two = two_persons(trade, changes.get("clearing"))
    refunds.record(made.public_id, slip(**changes), one, at)
    return refunds.confirm(made.public_id, two, at)
