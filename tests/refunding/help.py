"""An operator with an account to pay from, and money that waits to go back from the supervised account."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select

from orders.banking.models import SupervisedAccount
from orders.payments import credit_refunds, refunds
from orders.payments.credit_models import CreditRefund
from orders.payments.models import Refund
from orders.purchase.models import Order
from orders.refunding import gathering, transfers
from orders.refunding.models import RefundRun, RefundTransfer
from shop import clock
from shop.auth import Actor
from shop.db import db
from tests import factories
from tests.conftest import NOON
from tests.counting.build import Trade, accept, make_order, make_trade
from tests.payments.help import pay
from tests.settlement.help import give_payer

PAYER = {"clearing": "supervised", "payer_name": "和平区财政局", "payer_account": "12001618400052500001"}


@dataclass(frozen=True)
class Scene:
    """Two persons of the operator, and a refund of an order (40.00) and one of credit (30.00)."""

    a: Actor
    b: Actor
    trade: Trade
    order: Order
    goods: Refund
    credit: CreditRefund


def make_scene() -> Scene:
    operator = factories.make_organisation("operator")
    give_payer(operator)
    a, b = (
        factories.make_member("operator", role, organisation=operator)
        for role in ("operator_finance", "operator_confirmer")
    )
    trade = make_trade(members=True)
    order = make_order(trade)
    accept(order, ("10", "0"))
    payment = pay(trade, (order, 10_000), amount=13_000, **PAYER)
    goods = refunds.request(order.public_id, 4_000, "质量问题", actor=trade.buyer, at=NOON)
    credit = credit_refunds.request(payment.public_id, 3_000, "多付", trade.buyer, NOON)
    return Scene(a, b, trade, order, goods, credit)


def gathered(scene: Scene, *chosen: UUID) -> list[RefundTransfer]:
    """Gather both refunds, or those that are chosen, and return their transfers."""
    run = gathering.gather(chosen or [scene.goods.public_id, scene.credit.public_id], scene.a, clock.now())
    return transfers_of(run)


def transfers_of(run: RefundRun) -> list[RefundTransfer]:
    query = select(RefundTransfer).where(RefundTransfer.run_id == run.id).order_by(RefundTransfer.id)
    return list(db.session.scalars(query))


def sent(scene: Scene, *chosen: UUID) -> list[RefundTransfer]:
    """Gather, release and send."""
    made = gathered(scene, *chosen)
    transfers.release([each.public_id for each in made], scene.b, clock.now())
    transfers.send(db.session.get_one(RefundRun, made[0].run_id).public_id, "csv", scene.a, clock.now())
    return made


def supervised_account(number: str = "62000000000000001") -> UUID:
    """Return the account that :func:`make_scene` gives the operator."""
    return db.session.scalars(select(SupervisedAccount.public_id).where(SupervisedAccount.number == number)).one()
