"""What a bank receipt has left goes back to who had paid it: asked for, recorded by one person, confirmed by another."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from flask import Flask
from sqlalchemy import select

from orders.ledger import books
from orders.ledger.books import Account, MoneyPosting, org_owner
from orders.payments import access, checks
from orders.payments.clearing import CASH, whose
from orders.payments.credit import NotEnoughCredit
from orders.payments.credit_models import CreditRefund
from orders.payments.models import Payment
from orders.payments.receipts import ValueDayAhead
from orders.payments.refund_origins import RefundBeforeOrder
from orders.payments.refunds import GoesBackByCard, OtherAccount, RefundSerialTaken, TransferBack
from orders.purchase import machine
from orders.purchase.parties import Parties
from orders.purchase.party import is_party
from shop import audit, clock, money
from shop.auth import Actor
from shop.constraints import refusing
from shop.db import db
from shop.errors import NotFound
from shop.i18n import _
from shop.outbox.services import publish

#: What refunds of credit moved: debit less credit of each account.
_DOCUMENTS = """
    SELECT 'buyer_credit', 'org:' || p.buyer_id, c.amount_fen FROM credit_refunds c JOIN payments p ON p.id = c.payment_id
    WHERE c.status <> 'refused'
    UNION ALL SELECT 'refund_payable', 'org:' || p.buyer_id, -c.amount_fen
    FROM credit_refunds c JOIN payments p ON p.id = c.payment_id WHERE c.status IN ('requested', 'recorded', 'in_file')
    UNION ALL SELECT CASE p.clearing WHEN 'direct' THEN 'paid_direct' ELSE 'bank_supervised' END, 'org:' || p.payee_id,
                     -c.amount_fen
    FROM credit_refunds c JOIN payments p ON p.id = c.payment_id WHERE c.status = 'confirmed'"""


def init_app(_app: Flask) -> None:
    """Let ``duikou verify`` know what refunds of credit moved."""
    checks.add_documents("credit_refunds", _DOCUMENTS)


def request(payment_id: UUID, amount_fen: int, reason: str, actor: Actor, at: datetime) -> CreditRefund:
    """Ask for what a confirmed bank receipt has left, by the buyer, the producer or the operator; it is set aside at once.

    :raises NotFound: if the receipt is not the actor's.
    :raises GoesBackByCard: if it came through the card provider.
    :raises NotEnoughCredit: if it has less left, or is not confirmed.
    """
    payment = access.lock_payment(access.get_payment(payment_id, actor, clock.business_day(at)).id)
    if payment.rail != "bank":
        raise GoesBackByCard(_("这笔款是在线支付收到的，请由系统原路退回。"))
    left = payment.left_fen if payment.status == "confirmed" else 0
    if amount_fen > left:
        raise NotEnoughCredit(_("该采购单位在这家供应商的余额不足。"), available=money.as_json(left))
    made = CreditRefund(
        payment_id=payment.id, amount_fen=amount_fen, reason=reason, status="requested", requested_by=actor.user_id,
        requested_at=at,
    )  # fmt: skip
    db.session.add(made)
    payment.returned_fen += amount_fen
    db.session.flush()  # obtains the key, which names the fact in the books
    machine.record_start("credit_refund", made, "request", actor=actor, at=at)
    _post(made, "requested", _credit(payment), _payable(payment), on=clock.business_day(at), actor=actor, at=at)
    audit.record(actor, "payments.credit_refund_requested", "credit_refund", made.id, amount_fen=[None, amount_fen])
    _publish(made, payment)
    return made


def record(credit_refund_id: UUID, slip: TransferBack, actor: Actor, at: datetime) -> CreditRefund:
    """Record that the credit was sent back; another person confirms it.

    :raises NotFound: if it is not the actor's; WrongState: if it does not wait for this.
    :raises OtherAccount: if the receipt came in another way.
    :raises ValueDayAhead, RefundBeforeOrder: for a day that cannot be.
    :raises RefundSerialTaken: if a refund of the receipt has this serial.
    """
    found, payment = _locked(credit_refund_id, actor, at)
    if slip.clearing != payment.clearing:
        raise OtherAccount(
            _("退款须原路退回：该渠道没有收到这么多款项。"), clearing=slip.clearing, left=money.as_json(0)
        )
    if slip.value_on > clock.business_day(at):
        raise ValueDayAhead(_("起息日不能晚于今天。"), value_on=slip.value_on.isoformat())
    if slip.value_on < payment.value_on:
        raise RefundBeforeOrder(_("退款日不能早于到账日。"), value_on=slip.value_on.isoformat())
    access.require_clearing(slip.clearing, actor)
    evidence_id = access.file_key(slip.evidence_file, actor)
    taken = RefundSerialTaken(_("该银行流水号已经用于另一笔退款。"), bank_serial=slip.bank_serial)
    with refusing(uq_credit_refunds_serial=taken):
        found.bank_serial, found.value_on = "".join(slip.bank_serial.split()), slip.value_on
        found.recorded_by, found.recorded_at, found.evidence_file_id = actor.user_id, at, evidence_id
        machine.move("credit_refund", found, "record", actor=actor, at=at, parties=parties_of(payment))
    audit.record(actor, "payments.credit_refund_recorded", "credit_refund", found.id, status=["requested", "recorded"])
    return found


def confirm(credit_refund_id: UUID, actor: Actor, at: datetime) -> CreditRefund:
    """Confirm that the credit went back, on the bank's day.

    :raises NotFound: if it is not the actor's.
    :raises WrongState: if it is not waiting, the same person recorded it, or it left the producer's own account and the
        actor is not of its side.
    """
    found, payment = _locked(credit_refund_id, actor, at)
    access.require_clearing(payment.clearing, actor)
    machine.move(
        "credit_refund", found, "confirm", actor=actor, at=at, parties=parties_of(payment),
        context={"clearing": payment.clearing},
    )  # fmt: skip
    found.decided_by, found.decided_at = actor.user_id, at
    enter(found, payment, actor=actor, at=at)
    audit.record(actor, "payments.credit_refund_confirmed", "credit_refund", found.id, status=["recorded", "confirmed"])
    return found


def enter(found: CreditRefund, payment: Payment, *, actor: Actor | None, at: datetime) -> None:
    """Post a refund of credit that is confirmed now, under its receipt's lock, and tell of it."""
    cash = Account(CASH[payment.clearing], org_owner(payment.payee_id))
    on = found.value_on or clock.business_day(at)
    _post(found, "confirmed", _payable(payment), cash, on=on, actor=actor, at=at)
    _publish(found, payment)


def refuse(credit_refund_id: UUID, reason: str, actor: Actor, at: datetime) -> CreditRefund:
    """Refuse it with a reason; what was set aside is credit again.

    :raises NotFound: if it is not the actor's; WrongState: if it was decided, or the same person recorded it.
    :raises Forbidden: for anybody but the operator where the money lies in the supervised account.
    """
    found, payment = _locked(credit_refund_id, actor, at)
    access.require_clearing(payment.clearing, actor)
    was = found.status
    machine.move("credit_refund", found, "refuse", actor=actor, at=at, why=reason, parties=parties_of(payment))
    found.decided_by, found.decided_at, found.refusal = actor.user_id, at, reason
    _set_free(found, payment, actor, at)
    audit.record(actor, "payments.credit_refund_refused", "credit_refund", found.id, status=[was, "refused"])
    return found


def _set_free(found: CreditRefund, payment: Payment, actor: Actor, at: datetime) -> None:
    payment.returned_fen -= found.amount_fen
    _post(found, "refused", _payable(payment), _credit(payment), on=clock.business_day(at), actor=actor, at=at)
    _publish(found, payment)


def withdraw(credit_refund_id: UUID, actor: Actor, at: datetime) -> CreditRefund:
    """Take back what one asked for oneself, before anything was sent; what was set aside is credit again.

    :raises NotFound: if it is not the actor's.
    :raises WrongState: if it does not wait any more, or another person asked for it.
    """
    found, payment = _locked(credit_refund_id, actor, at)
    machine.move("credit_refund", found, "withdraw", actor=actor, at=at, parties=parties_of(payment))
    found.decided_by, found.decided_at, found.refusal = actor.user_id, at, _("申请人撤回")
    _set_free(found, payment, actor, at)
    audit.record(actor, "payments.credit_refund_withdrawn", "credit_refund", found.id, status=["requested", "refused"])
    return found


def get(credit_refund_id: UUID, actor: Actor, on: date) -> tuple[CreditRefund, Payment]:
    """Return a refund of credit of the actor's with its receipt.

    :raises NotFound: if there is none, or it is another's.
    """
    row = db.session.execute(
        select(CreditRefund, Payment)
        .join(Payment, Payment.id == CreditRefund.payment_id)
        .where(CreditRefund.public_id == credit_refund_id, is_party(actor, Payment.buyer_id, Payment.payee_id, on))
    ).one_or_none()
    if row is None:
        raise NotFound(_("没有这笔退款。"))
    return row[0], row[1]


def _locked(credit_refund_id: UUID, actor: Actor, at: datetime) -> tuple[CreditRefund, Payment]:
    """Lock the receipt, then its refund."""
    found, payment = get(credit_refund_id, actor, clock.business_day(at))
    payment = access.lock_payment(payment.id)
    query = select(CreditRefund).where(CreditRefund.id == found.id).with_for_update()
    return db.session.scalars(query.execution_options(populate_existing=True)).one(), payment


def _post(
    found: CreditRefund, what: str, debit: Account, credit: Account, *, on: date,
    actor: Actor | None, at: datetime,
) -> None:  # fmt: skip
    posting = MoneyPosting(debit, credit, found.amount_fen, on)
    key = f"credit_refund:{found.id}:{what}"
    books.record_entry(key, f"credit_refund_{what}", occurred_at=at, money=[posting], actor=actor)


def _credit(payment: Payment) -> Account:
    return Account("buyer_credit", org_owner(payment.buyer_id or 0))


def _payable(payment: Payment) -> Account:
    return Account("refund_payable", org_owner(payment.buyer_id or 0))


def parties_of(payment: Payment) -> Parties:
    """Return whose a refund of credit is."""
    return Parties(buyer_id=payment.buyer_id, producer_id=payment.payee_id)


def _publish(found: CreditRefund, payment: Payment) -> None:
    more, by = whose(payment.clearing)
    publish(
        f"orders.credit_refund_{found.status}", organisations=[payment.buyer_id or 0, payment.payee_id, *more],
        credit_refund_id=str(found.public_id), payment_id=str(payment.public_id), status=found.status,
        amount=money.as_json(found.amount_fen), **by,
    )  # fmt: skip
