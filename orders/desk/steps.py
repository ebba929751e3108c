"""The one next step of an order: what, by whom, until when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from orders.contracts.answers import ContractAnswer
from orders.fulfilment.answers import ShipmentAnswer
from orders.purchase.answers import OrderAnswer
from shop import clock
from shop.i18n import _


@dataclass(frozen=True, slots=True)
class Step:
    """What comes next; ``side`` is who must act, empty when nothing is left to do."""

    code: str
    what: str
    side: str = ""
    until: date | None = None


def next_step(order: OrderAnswer, contract: ContractAnswer | None, shipments: list[ShipmentAnswer]) -> Step:
    """Return the next step of an order."""
    if order.status == "awaiting_confirmation":
        return Step("confirm", _("待供应商确认"), "producer", clock.business_day(order.confirm_by))
    if order.status in ("declined", "lapsed", "cancelled"):
        return _money_back(order) or Step("ended", _("订单已结束"))
    if contract is not None and contract.status == "offered":
        return Step("sign", _("待供应商签署合同"), "producer")
    if contract is not None and contract.status == "signed_by_producer":
        return Step("sign", _("待采购单位签署合同"), "buyer")
    return _delivery(order, shipments)


def _delivery(order: OrderAnswer, shipments: list[ShipmentAnswer]) -> Step:
    if order.status == "confirmed" and order.payment_mode == "pay_first" and order.unpaid_fen:
        return Step("pay", _("待采购单位付款"), "buyer", order.pay_due_on)
    if any(item.undecided for shipment in shipments for item in shipment.items):
        return Step("accept", _("待采购单位验收"), "buyer")
    if order.status == "confirmed":
        return Step("ship", _("待供应商发货"), "producer", order.promised_on)
    if order.status == "part_shipped":
        return Step("ship", _("待供应商发出其余货物"), "producer", order.promised_on)
    if order.unpaid_fen:
        return Step("pay", _("待采购单位付款"), "buyer", order.pay_due_on)
    return _money_back(order) or Step("ended", _("已办结"))


def _money_back(order: OrderAnswer) -> Step | None:
    over = order.received_fen - order.refunded_fen - order.held_fen > order.due_fen
    return Step("refund", _("待供应商退款"), "producer") if over else None
