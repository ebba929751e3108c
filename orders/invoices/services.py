"""Invoices: recorded by the producer, checked (验票) or refused by the institution."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import select, text

from orders.invoices import flags, queries, reds
from orders.invoices.models import Invoice, InvoiceOrder
from orders.numbers import hold_number
from orders.purchase import machine, party
from orders.purchase.models import Order
from shop import audit, clock, money
from shop.auth import Actor
from shop.constraints import refusing
from shop.db import db
from shop.errors import Conflict, Forbidden, Invalid, NotFound
from shop.files import services as files
from shop.i18n import _
from shop.outbox.services import publish

_NUMBER_20, _CODE, _NUMBER_8 = re.compile(r"[0-9]{20}"), re.compile(r"[0-9]{10}|[0-9]{12}"), re.compile(r"[0-9]{8}")
#: States of an order that goods and so an invoice can be for.
INVOICED_STATES = frozenset({"confirmed", "part_shipped", "shipped", "closed_short"})


class BadInvoiceKey(Invalid):
    """Neither a 数电票 (20 digits, no code) nor a 10- or 12-digit code with an 8-digit number."""

    code = "bad-invoice-key"


class InvoiceAlreadyRecorded(Conflict):
    """An invoice with this code and number is there already."""

    code = "invoice-already-recorded"


class BadInvoiceAmount(Invalid):
    """Amount, tax and shares of an invoice make no sense together."""

    code = "bad-invoice-amount"


class OrderNotInvoiced(Conflict):
    """Nobody has confirmed the order, or it came to nothing; there is nothing to invoice."""

    code = "order-not-invoiced"


class InvoiceOtherParties(Invalid):
    """The orders of one invoice have one buyer and one producer."""

    code = "invoice-other-parties"


class InvoiceOverAccepted(Conflict):
    """The invoices of an order would be more than what was accepted of it, less allowances."""

    code = "invoice-over-accepted"


class InvoiceFlagged(Conflict):
    """The header or tax number is not the buyer's; member ``flags`` says which. Check it with ``despite_flags``."""

    code = "invoice-flagged"


@dataclass(frozen=True, kw_only=True)
class InvoiceShare:
    """How much of an invoice is for an order; negative for a red one."""

    order: UUID
    amount_fen: int


@dataclass(frozen=True, kw_only=True)
class InvoiceFacts:
    """What is printed on an invoice, and the orders that it is for."""

    number: str
    amount_fen: int
    tax_fen: int
    tax_rate: str
    issued_on: date
    buyer_header: str
    orders: Sequence[InvoiceShare]
    code: str = ""
    buyer_tax_no: str = ""
    kind: str = "blue"
    red_of: UUID | None = None
    file: UUID | None = None


def record(facts: InvoiceFacts, actor: Actor, at: datetime) -> Invoice:
    """Record an invoice that the producer issued for orders of one buyer.

    :raises NotFound: for an order, blue invoice or file that is not the actor's.
    :raises BadInvoiceKey, BadInvoiceAmount, BadRedInvoice: if the paper makes no sense.
    :raises OrderNotInvoiced, InvoiceOtherParties: for orders that it cannot be for.
    :raises InvoiceAlreadyRecorded: if it is there already, or its sale was filed and counts.
    """
    code, number = check_key(facts.code, facts.number)
    check_amounts(facts, clock.business_day(at))
    _require_not_filed(f"{code}-{number}" if code else number)
    orders = _orders(facts, actor, at)
    first = orders[0]
    blue = (
        reds.lock_blue(facts.red_of, _red_shares(facts), facts.amount_fen, first, actor, at)
        if facts.kind == "red"
        else None
    )
    invoice = Invoice(
        code=code, number=number, kind=facts.kind, red_of_id=blue.id if blue else None, seller_id=first.producer_id,
        buyer_id=first.buyer_id, buyer_header=facts.buyer_header.strip(), buyer_tax_no=facts.buyer_tax_no.strip().upper(),
        amount_fen=facts.amount_fen, tax_fen=facts.tax_fen, tax_rate=facts.tax_rate, issued_on=facts.issued_on,
        file_id=files.get_own(facts.file, actor).id if facts.file else None, status="recorded",
        recorded_by=actor.user_id, recorded_at=at, reason="",
    )  # fmt: skip
    with refusing(uq_invoices_key=InvoiceAlreadyRecorded(_("这张发票已经登记过。"), number=number)):
        db.session.add(invoice)
    for order, share in zip(orders, facts.orders, strict=True):
        db.session.add(InvoiceOrder(invoice_id=invoice.id, order_id=order.id, amount_fen=share.amount_fen))
    machine.record_start("invoice", invoice, "record", actor=actor, at=at)
    audit.record(actor, "invoices.invoice_recorded", "invoice", invoice.id, status=[None, "recorded"])
    _publish("orders.invoice_recorded", invoice, orders)
    return invoice


_FILED = text("""SELECT 1 FROM filing_keys k JOIN filings f ON f.id = k.filing_id
                 WHERE k.kind = 'invoice' AND k.key = :key AND f.status = 'confirmed'""")


def _require_not_filed(key: str) -> None:
    """Refuse an invoice whose sale counts by a confirmed filing; one that only waits blocks nobody."""
    hold_number("invoice", key)
    if db.session.execute(_FILED, {"key": key}).first() is not None:
        raise InvoiceAlreadyRecorded(_("这张发票已经登记过。"), number=key)


def check(public_id: UUID, actor: Actor, at: datetime, *, despite_flags: bool = False) -> Invoice:
    """Check an invoice (验票): its header is the buyer's and its amounts are what was accepted.

    :param despite_flags: a person has looked at a header or tax number that is not the organisation's, such as a union's.
    :raises NotFound: if it is not the actor's.
    :raises WrongState, Forbidden: if it is not waiting, or another side's to check.
    :raises InvoiceOverAccepted: if the invoices of an order would be more than was accepted.
    :raises InvoiceFlagged: for a header or tax number that nobody has looked at.
    """
    invoice, orders = _locked(public_id, actor, at)
    machine.check("invoice", invoice, "check", actor=actor, at=at)
    for state in queries.orders_by_invoice([invoice.id])[invoice.id]:
        if state.checked_fen + state.share_fen > state.earned_fen:
            raise InvoiceOverAccepted(
                _("发票金额超过已验收金额。"), order=state.number, accepted=money.as_json(state.earned_fen),
                invoiced=money.as_json(state.checked_fen + state.share_fen),
            )  # fmt: skip
    found = [flag for flag in queries.flags_of(invoice) if flag in flags.ON_PAPER]
    if found and not despite_flags:
        raise InvoiceFlagged(_("抬头或税号与本单位不一致，请核对后再确认。"), flags=found)
    machine.move("invoice", invoice, "check", actor=actor, at=at)
    invoice.checked_by, invoice.checked_at = actor.user_id, at
    audit.record(actor, "invoices.invoice_checked", "invoice", invoice.id, status=["recorded", "checked"], flags=found)
    _publish("orders.invoice_checked", invoice, orders)
    return invoice


def refuse(public_id: UUID, reason: str, actor: Actor, at: datetime) -> Invoice:
    """Refuse an invoice with a reason; its number may then be recorded again, rightly.

    :raises NotFound: if it is not the actor's.
    :raises WrongState, Forbidden: if it is not waiting, or another side's to check.
    """
    invoice, orders = _locked(public_id, actor, at)
    machine.move("invoice", invoice, "refuse", actor=actor, at=at, why=reason)
    invoice.checked_by, invoice.checked_at, invoice.reason = actor.user_id, at, reason
    audit.record(actor, "invoices.invoice_refused", "invoice", invoice.id, status=["recorded", "refused"])
    _publish("orders.invoice_refused", invoice, orders)
    return invoice


def withdraw(public_id: UUID, actor: Actor, at: datetime) -> Invoice:
    """Take back an invoice that one recorded oneself, before it is checked; its number may then be recorded again.

    :raises NotFound: if it is not the actor's.
    :raises WrongState, Forbidden: if it is not waiting, or another person or side recorded it.
    """
    invoice, orders = _locked(public_id, actor, at)
    machine.move("invoice", invoice, "withdraw", actor=actor, at=at)
    invoice.reason = _("登记人撤回")
    audit.record(actor, "invoices.invoice_withdrawn", "invoice", invoice.id, status=["recorded", "refused"])
    _publish("orders.invoice_withdrawn", invoice, orders)
    return invoice


def check_key(code: str, number: str) -> tuple[str, str]:
    """Return code and number without spaces.

    :raises BadInvoiceKey: if they are not a key of an invoice.
    """
    code, number = "".join(code.split()), "".join(number.split())
    digital = not code and _NUMBER_20.fullmatch(number)
    if digital or (_CODE.fullmatch(code) and _NUMBER_8.fullmatch(number)):
        return code, number
    raise BadInvoiceKey(_("数电票号码为 20 位数字、没有代码；其他发票代码 10 或 12 位、号码 8 位。"))


def check_amounts(facts: InvoiceFacts, on: date) -> None:
    """Refuse amounts that do not add up: tax included in the amount, shares equal to it, red below zero.

    :raises BadInvoiceAmount: saying what is wrong.
    """
    sign = -1 if facts.kind == "red" else 1
    if facts.amount_fen * sign <= 0 or any(share.amount_fen * sign <= 0 for share in facts.orders):
        raise BadInvoiceAmount(_("蓝字发票金额须大于零，红字发票金额须小于零。"))
    if sum(share.amount_fen for share in facts.orders) != facts.amount_fen:
        raise BadInvoiceAmount(_("各订单金额之和须等于发票金额。"))
    if len({share.order for share in facts.orders}) != len(facts.orders):
        raise BadInvoiceAmount(_("同一订单只能列一次。"))
    if facts.tax_rate == "exempt" and facts.tax_fen:
        raise BadInvoiceAmount(_("免税发票没有税额。"))
    if not 0 <= facts.tax_fen * sign < facts.amount_fen * sign:
        raise BadInvoiceAmount(_("税额须小于价税合计。"))
    if facts.issued_on > on:
        raise BadInvoiceAmount(_("开票日期不能晚于今天。"))


def _orders(facts: InvoiceFacts, actor: Actor, at: datetime) -> list[Order]:
    found = [party.get_order(share.order, actor, clock.business_day(at)) for share in facts.orders]
    if any(order.buyer_id == actor.organisation_id for order in found):
        raise Forbidden(_("发票由供应商登记。"))
    if len({(order.buyer_id, order.producer_id) for order in found}) != 1:
        raise InvoiceOtherParties(_("一张发票只能对应同一采购单位、同一供应商的订单。"))
    for order in found:
        if order.status not in INVOICED_STATES and facts.kind == "blue":
            raise OrderNotInvoiced(_("订单尚未确认或已取消，不能开票。"), order=order.number, state=order.status)
    return found


def _red_shares(facts: InvoiceFacts) -> dict[UUID, int]:
    return {share.order: share.amount_fen for share in facts.orders}


def _locked(public_id: UUID, actor: Actor, at: datetime) -> tuple[Invoice, list[Order]]:
    """Lock the invoice's orders, then the invoice."""
    invoice = queries.get_invoice(public_id, actor, clock.business_day(at))
    if actor.organisation_kind == "operator":
        raise NotFound(_("没有这张发票。"))
    keys = db.session.scalars(select(InvoiceOrder.order_id).where(InvoiceOrder.invoice_id == invoice.id))
    orders = party.lock_orders(keys)
    return queries.get_invoice(public_id, actor, clock.business_day(at), lock=True), list(orders.values())


def _publish(topic: str, invoice: Invoice, orders: Sequence[Order]) -> None:
    publish(
        topic,
        organisations=[invoice.seller_id, invoice.buyer_id],
        invoice_id=str(invoice.public_id),
        order_ids=[str(order.public_id) for order in orders],
        status=invoice.status,
    )
