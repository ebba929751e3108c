"""The one next step of an order: what, by whom, until when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from orders.contracts.answers import ContractAnswer
from orders.desk.documents import Papers
from orders.fulfilment.answers import ShipmentAnswer
from orders.purchase.answers import OrderAnswer
from orders.purchase.labels import STATES
from shop import clock
from shop.i18n import _, lazy


@dataclass(frozen=True, slots=True)
class Step:
    """What comes next; ``side`` is who must act, empty when nothing is left to do.

    Codes: ``confirm``, ``sign``, ``ship``, ``accept``, ``pay``, ``receive`` (announced, to be recorded), ``count``
    (recorded, to be confirmed by a second person), ``refund``, ``ended``.
    """

    code: str
    what: str
    side: str = ""
    until: date | None = None

    def deadline(self, today: date) -> str:
        """Return until when, and how many days are left; empty where there is no deadline."""
        if self.until is None:
            return ""
        left = (self.until - today).days
        if left < 0:
            rest = _("已逾期 %(days)s 天", days=-left)
        else:
            rest = _("剩 %(days)s 天", days=left) if left else _("今天到期")
        return _("期限 %(day)s", day=self.until.isoformat()) + " · " + rest


#: Where a delivered order stands, in the words of lists and their filter.
STAGES = {
    "to_confirm": lazy("待确认"), "to_sign": lazy("待签合同"), "to_ship": lazy("待发货"), "to_accept": lazy("待验收"),
    "to_invoice": lazy("待开票"), "to_pay": lazy("待付款"), "done": lazy("已办结"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Stage:
    """Where an order stands, in a word for lists, and how it looks."""

    what: str
    kind: str


def stage_of(order: OrderAnswer) -> Stage:
    """Return where an order stands as far as its own row says: what a list can tell without reading more."""
    if order.status in ("shipped", "closed_short"):
        if order.accepted_at is None:
            return Stage(str(STAGES["to_accept"]), "wait")
        return Stage(str(STAGES["to_pay"]), "wait") if order.unpaid_fen else Stage(str(STAGES["done"]), "good")
    if order.status == "confirmed" and order.payment_mode == "pay_first" and order.unpaid_fen:
        return Stage(str(STAGES["to_pay"]), "wait")
    kinds = {"awaiting_confirmation": "wait", "confirmed": "info", "part_shipped": "wait"}
    return Stage(str(STATES["order"][order.status]), kinds.get(order.status, ""))


def next_step(
    order: OrderAnswer, contract: ContractAnswer | None, shipments: list[ShipmentAnswer], papers: Papers
) -> Step:
    """Return the next step of an order."""
    if order.status == "awaiting_confirmation":
        return Step("confirm", _("待供应商确认"), "producer", clock.business_day(order.confirm_by))
    if order.status in ("declined", "lapsed", "cancelled"):
        return _money_back(order) or Step("ended", _("订单已结束"))
    if contract is not None and contract.status == "offered":
        return Step("sign", _("待供应商签署合同"), "producer", _sign_by(contract))
    if contract is not None and contract.status == "signed_by_producer":
        return Step("sign", _("待采购单位签署合同"), "buyer", _sign_by(contract))
    return _delivery(order, shipments, papers)


def _sign_by(contract: ContractAnswer) -> date | None:
    return clock.business_day(contract.sign_by) if contract.sign_by else None


def _delivery(order: OrderAnswer, shipments: list[ShipmentAnswer], papers: Papers) -> Step:
    if order.status == "confirmed" and order.payment_mode == "pay_first" and order.unpaid_fen:
        return _payment(order, papers)
    if any(item.undecided for shipment in shipments for item in shipment.items):
        return Step("accept", _("待采购单位验收"), "buyer")
    if order.status == "confirmed":
        return Step("ship", _("待供应商发货"), "producer", order.promised_on)
    if order.status == "part_shipped":
        return Step("ship", _("待供应商发出其余货物"), "producer", order.promised_on)
    if order.unpaid_fen:
        return _payment(order, papers)
    return _money_back(order) or Step("ended", _("已办结"))


def _payment(order: OrderAnswer, papers: Papers) -> Step:
    """Return who must act for the money: who confirms it, who records it, or who pays."""
    recorded = sum(each.share_fen for each in papers.payments if each.status == "recorded")
    announced = sum(each.amount_fen for each in papers.announcements)
    is_ours = order.clearing == "supervised"
    if recorded >= order.unpaid_fen:
        by_producer = any(each.clearing == "direct" for each in papers.payments if each.status == "recorded")
        if is_ours and not by_producer:
            return Step("count", _("到账已登记，待平台第二人确认"), "operator", order.pay_due_on)
        return Step("count", _("到账已登记，待第二人确认"), "producer", order.pay_due_on)
    if announced >= order.unpaid_fen + order.received_fen:
        if is_ours:
            return Step("receive", _("已预告付款，待平台登记到账"), "operator", order.pay_due_on)
        return Step("receive", _("已预告付款，待登记到账"), "producer", order.pay_due_on)
    return Step("pay", _("待采购单位付款"), "buyer", order.pay_due_on)


def _money_back(order: OrderAnswer) -> Step | None:
    over = order.received_fen - order.refunded_fen - order.held_fen > order.due_fen
    if over and order.clearing == "supervised":
        return Step("refund", _("待平台从监管账户退款"), "operator")
    return Step("refund", _("待供应商退款"), "producer") if over else None
