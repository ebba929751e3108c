"""The acts about money: invoice and its check, receipts and their confirmation, refunds."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import select

from admin.demo.stage import Stage, draw_for, later, lines_of
from admin.demo.story import Step
from orders.invoices import services as invoices
from orders.payments import receipts, refunds
from orders.payments.models import Refund
from orders.purchase.models import Order
from shop.clock import business_day
from shop.db import db
from shop.identity.models import Organisation

#: The story keeps the invoices of its last years only: older ones are on paper.
_INVOICES_SINCE = 2025


def invoice(stage: Stage, step: Step) -> list[Step]:
    """Record the producer's invoice over what was accepted and its freight."""
    order = db.session.get_one(Order, int(step.memory["key"]))
    pay_first = order.payment_mode == "pay_first"
    if step.at.year < _INVOICES_SINCE:
        return [] if pay_first else [later(step, "pay", days=(3, 27))]
    rates = {line.tax_rate for line in lines_of(step)}
    rate = rates.pop() if len(rates) == 1 else "9"
    if order.due_fen > 0:
        buyer = db.session.get_one(Organisation, order.buyer_id)
        tax = 0 if rate == "exempt" else order.due_fen * int(rate) // (100 + int(rate))
        facts = invoices.InvoiceFacts(
            number=f"{business_day(step.at):%y}62{order.id:016d}", amount_fen=order.due_fen, tax_fen=tax, tax_rate=rate,
            issued_on=business_day(step.at), buyer_header=buyer.name, buyer_tax_no=buyer.credit_code or "",
            orders=(invoices.InvoiceShare(order=order.public_id, amount_fen=order.due_fen),),
        )  # fmt: skip
        made = invoices.record(facts, stage.seller(step), step.at)
        return [later(step, "check", days=(0.3, 3), invoice=str(made.public_id), paid_first=pay_first)]
    return []


def check(stage: Stage, step: Step) -> list[Step]:
    """Check the invoice as the institution; goods-first it now pays."""
    invoices.check(UUID(step.memory["invoice"]), stage.buyer(step), step.at)
    return [] if step.memory["paid_first"] else [later(step, "pay", days=(2, 24))]


def pay(stage: Stage, step: Step) -> list[Step]:
    """Record what the producer's bank shows: the whole, a part, or one transfer for several orders."""
    order = db.session.get_one(Order, int(step.memory["key"]))
    owed = order.due_fen - order.received_fen + order.refunded_fen
    if owed <= 0:
        return []
    in_parts = "rest" not in step.memory and draw_for(step, "parts").random() < 0.12  # noqa: PLR2004  one in eight
    amount = owed * 6 // 10 if in_parts else owed
    shares = [receipts.Share(order=order.public_id, amount_fen=amount)]
    if not in_parts and order.payment_mode == "goods_first":
        shares += _others_owed(order)
    total = sum(share.amount_fen for share in shares)
    buyer = stage.buyer(step)
    facts = receipts.ReceiptFacts(
        bank_serial=f"YS{business_day(step.at):%Y%m%d}{order.id:08d}{'B' if 'rest' in step.memory else 'A'}",
        payer_name=buyer.organisation_name, amount_fen=total, value_on=business_day(step.at),
        remark=order.reference_code, allocations=tuple(shares),
        clearing=order.clearing,
    )  # fmt: skip
    made = receipts.record(facts, _people(stage, step, facts.clearing)[0], step.at)
    return [later(step, "settle", days=(0.05, 1), payment=str(made.public_id), more=in_parts, clearing=facts.clearing)]


def _people(stage: Stage, step: Step, clearing: str) -> tuple[Any, Any]:
    """Return who records and who confirms: the operator's people for the supervised account."""
    if clearing == "supervised":
        one, two = stage.world.cast.people["operator"][:2]
        return one, two
    return stage.seller(step, second=True), stage.seller(step)


def settle(stage: Stage, step: Step) -> list[Step]:
    """Confirm the receipt as another person of the producer."""
    receipts.confirm(
        UUID(step.memory["payment"]), _people(stage, step, step.memory.get("clearing", "direct"))[1], step.at
    )
    if step.memory["more"]:
        return [later(step, "pay", days=(5, 20), rest=1)]
    order = db.session.get_one(Order, int(step.memory["key"]))
    if order.payment_mode == "pay_first" and order.first_shipped_at is None:
        return [later(step, "ship", days=(1, 5))]
    return []


def _others_owed(order: Order) -> list[receipts.Share]:
    """Return shares for the buyer's other accepted orders at the producer that nobody has paid anything of."""
    rows = db.session.scalars(
        select(Order)
        .where(
            Order.buyer_id == order.buyer_id, Order.producer_id == order.producer_id, Order.id != order.id,
            Order.accepted_at.is_not(None), Order.received_fen == 0, Order.due_fen > 0,
            Order.payment_mode == "goods_first", Order.clearing == order.clearing,
        )
        .order_by(Order.id)
        .limit(3)
    )  # fmt: skip
    return [receipts.Share(order=row.public_id, amount_fen=row.due_fen) for row in rows]


def refund_if_owed(step: Step) -> list[Step]:
    """Ask back what the order's money exceeds, if anything; begins a thread of its own."""
    refund = refunds.request_what_is_too_much(UUID(step.memory["order"]), step.at)
    if refund is None:
        return []
    db.session.flush()  # obtains its public identifier
    memory = {**step.memory, "refund": str(refund.public_id)}
    thread = Step(step.at, f"refund:{refund.id}", "asked", memory)
    return [later(thread, "send_back", days=(1, 6))]


def send_back(stage: Stage, step: Step) -> list[Step]:
    """Send money back as the producer and record it."""
    refund = db.session.scalars(select(Refund).where(Refund.public_id == UUID(step.memory["refund"]))).one()
    if refund.status != "requested":
        return []
    order = db.session.get_one(Order, refund.order_id)
    clearing = "direct" if order.direct_fen >= refund.amount_fen else "supervised"
    slip = refunds.TransferBack(
        bank_serial=f"TK{refund.id:012d}", value_on=business_day(step.at), clearing=clearing
    )  # fmt: skip
    refunds.record(refund.public_id, slip, _people(stage, step, clearing)[0], step.at)
    return [later(step, "sent_back", days=(0.1, 1), clearing=clearing)]


def sent_back(stage: Stage, step: Step) -> list[Step]:
    """Confirm the refund as another person."""
    refunds.confirm(
        UUID(step.memory["refund"]), _people(stage, step, step.memory.get("clearing", "direct"))[1], step.at
    )
    return []
