"""A confirmed receipt that is wrong: reversed by two persons, as new postings, and what is right takes its place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select

from orders.payments import access, correction_facts, replacing, shares, taking
from orders.payments.clearing import whose
from orders.payments.correction_facts import RightFacts
from orders.payments.correction_models import ReceiptCorrection
from orders.payments.models import Payment, PaymentAllocation, Refund
from orders.payments.refund_models import RefundReceipt
from orders.purchase import counting, machine
from orders.purchase.models import Order
from orders.purchase.parties import Parties
from shop import audit, clock, money
from shop.auth import Actor
from shop.constraints import refusing
from shop.db import db
from shop.errors import Conflict, NotFound
from shop.etag import check_version
from shop.i18n import _
from shop.outbox.services import publish


class ReceiptGivenBack(Conflict):
    """Money of the receipt went back to its payer or is about to: it did come. Withdraw what is only asked for first."""

    code = "receipt-given-back"


class ReceiptSplit(Conflict):
    """The receipt's money was moved to the producer's sub-account, or is being moved: it did come."""

    code = "receipt-split"


class CorrectionThere(Conflict):
    """A correction of the receipt waits already, or it was corrected."""

    code = "correction-there"


class NotCorrectable(Conflict):
    """Only a confirmed bank receipt is corrected; one that waits is refused or withdrawn, a charge is the provider's."""

    code = "not-correctable"


@dataclass(frozen=True, kw_only=True)
class CorrectionFacts:
    """Why a receipt is wrong, the paper that shows it, and what is right; without that nothing came at all."""

    reason: str
    evidence_file: UUID
    right: RightFacts | None = None


def propose(payment_id: UUID, facts: CorrectionFacts, actor: Actor, at: datetime) -> ReceiptCorrection:
    """Say, as the first person, that a confirmed receipt is wrong; nothing moves before another person agrees.

    :raises NotFound: for a receipt, order or paper that is not the actor's.
    :raises Forbidden: for the supervised account, if the actor is not the operator; for another side.
    :raises NotCorrectable: if it is no confirmed bank receipt.
    :raises ReceiptGivenBack, ReceiptSplit: if its money went on.
    :raises CorrectionThere: if one waits, or it was corrected.
    :raises ValueDayAhead, OtherParties, OrderNotPayable, TooMuchAllocated, LineSaysOtherwise: if what is said to be
        right cannot be.
    """
    found = access.get_payment(payment_id, actor, clock.business_day(at))
    access.require_clearing(found.clearing, actor)
    machine.check(
        "receipt_correction", ReceiptCorrection(status=""), "propose", actor=actor, at=at, parties=_parties(found)
    )
    payment, by_order, locked = shares.lock_with_orders(found.id)
    _require_reversible(payment, by_order, locked)
    if facts.right is not None:
        replacing.check(payment, facts.right, actor, at)
    made = ReceiptCorrection(
        payment_id=payment.id, reason=facts.reason.strip(), evidence_file_id=access.file_key(facts.evidence_file, actor),
        facts=correction_facts.written(facts.right), status="proposed", proposed_by=actor.user_id, proposed_at=at,
    )  # fmt: skip
    with refusing(uq_receipt_corrections_payment=CorrectionThere(_("这笔到账已有更正。"))):
        db.session.add(made)
    machine.record_start("receipt_correction", made, "propose", actor=actor, at=at)
    audit.record(actor, "payments.correction_proposed", "payment", payment.id, status=[None, "proposed"])
    more, by = whose(payment.clearing)
    _tell("orders.receipt_correction_proposed", made, payment, [payment.payee_id, *more], **by)
    return made


def agree(receipt_correction_id: UUID, actor: Actor, at: datetime, *, version: int | None = None) -> ReceiptCorrection:
    """Agree that a receipt is wrong: it is reversed today, its orders are unpaid by it, what is right takes its place.

    :param version: of what was seen; nothing else is agreed to.
    :raises NotFound: if there is none, or it is another's; Forbidden, WrongState: if it was decided, or the actor
        proposed it, or it is the other side's to decide.
    :raises ReceiptGivenBack, ReceiptSplit: if its money went on meanwhile.
    :raises OrderNotPayable, SerialAlreadyRecorded, SerialTaken: if what is right cannot be recorded any more.
    """
    row, payment = _find(receipt_correction_id, actor, at)
    right = correction_facts.read(row.facts)
    payment, by_order, locked = shares.lock_with_orders(payment.id, replacing.orders_of(right))
    row = _lock(row.id)
    access.require_clearing(payment.clearing, actor)
    parties, context = _parties(payment), {"clearing": payment.clearing}
    machine.check("receipt_correction", row, "agree", actor=actor, at=at, parties=parties, context=context)
    check_version(row.version if version is None else version, row.version)
    _require_reversible(payment, by_order, {key: locked[key] for key in by_order})
    _take_back(payment, by_order, locked, actor, at)
    made = None
    if right is not None:
        made = replacing.replace(payment, right, locked, proposer=row.proposed_by, actor=actor, at=at).id
    machine.move("receipt_correction", row, "agree", actor=actor, at=at, parties=parties, context=context)
    row.decided_by, row.decided_at, row.replacement_id = actor.user_id, at, made
    touched = sorted({*by_order, *replacing.orders_of(right)})
    for order_id in touched:
        counting.recount(
            locked[order_id], fact="receipt_corrected", key=f"order:{order_id}:correction:{row.id}", at=at,
            on=clock.business_day(at), actor=actor,
        )  # fmt: skip
    audit.record(actor, "payments.receipt_corrected", "payment", payment.id, status=["confirmed", "reversed"])
    _tell_corrected(row, payment, [locked[key] for key in touched])
    return row


def _take_back(
    payment: Payment, by_order: dict[int, int], locked: dict[int, Order], actor: Actor, at: datetime
) -> None:  # fmt: skip
    """Release a receipt's allocations and turn its cash round, today; the caller recounts its orders."""
    on = clock.business_day(at)
    for order_id, fen in sorted(by_order.items()):
        db.session.add(
            PaymentAllocation(
                payment_id=payment.id, order_id=order_id, amount_fen=-fen, effective_on=on, allocated_by=actor.user_id,
                allocated_at=at,
            )
        )  # fmt: skip
        taking.take_in(locked[order_id], payment, -fen)
    payment.allocated_fen = 0
    machine.move("receipt", payment, "reverse", actor=actor, at=at)
    replacing.post_reversal(payment, actor, at)


def refuse(receipt_correction_id: UUID, reason: str, actor: Actor, at: datetime) -> ReceiptCorrection:
    """Say that the receipt is right as it is; it stays.

    :raises NotFound: if there is none, or it is another's; WrongState: if it was decided, or the actor proposed it.
    """
    row, payment = _find(receipt_correction_id, actor, at)
    row = _lock(row.id)
    access.require_clearing(payment.clearing, actor)
    machine.move("receipt_correction", row, "refuse", actor=actor, at=at, why=reason, parties=_parties(payment))
    row.decided_by, row.decided_at, row.refusal = actor.user_id, at, reason
    audit.record(actor, "payments.correction_refused", "payment", payment.id, status=["proposed", "refused"])
    return row


def withdraw(receipt_correction_id: UUID, actor: Actor, at: datetime) -> ReceiptCorrection:
    """Take back what one proposed oneself.

    :raises NotFound: if there is none, or it is another's; WrongState: if it was decided, or another proposed it.
    """
    row, payment = _find(receipt_correction_id, actor, at)
    row = _lock(row.id)
    machine.move("receipt_correction", row, "withdraw", actor=actor, at=at, parties=_parties(payment))
    row.decided_at = at
    audit.record(actor, "payments.correction_withdrawn", "payment", payment.id, status=["proposed", "withdrawn"])
    return row


def _require_reversible(payment: Payment, by_order: dict[int, int], locked: dict[int, Order]) -> None:
    if payment.status != "confirmed" or payment.rail != "bank":
        raise NotCorrectable(_("只有已确认的银行到账可以更正。"), state=payment.status)
    if payment.split_fen:
        raise ReceiptSplit(_("这笔款已划到或正划往供应商的子账户，确有其款，不能冲正。"))
    named = db.session.scalar(
        select(func.sum(RefundReceipt.amount_fen))
        .join(Refund, Refund.id == RefundReceipt.refund_id)
        .where(RefundReceipt.payment_id == payment.id, Refund.status != "refused")
    )
    short = any(
        order.received_fen - by_order[key] < order.refunded_fen + order.refunding_fen + order.held_fen
        for key, order in locked.items()
        if key in by_order
    )
    if named or payment.returned_fen or short:
        raise ReceiptGivenBack(_("这笔款已退回或正在退回付款人，不能冲正。请先撤回未办的退款申请。"))


def _find(receipt_correction_id: UUID, actor: Actor, at: datetime) -> tuple[ReceiptCorrection, Payment]:
    found = db.session.execute(
        select(ReceiptCorrection, Payment)
        .join(Payment, Payment.id == ReceiptCorrection.payment_id)
        .where(ReceiptCorrection.public_id == receipt_correction_id)
    ).one_or_none()
    if found is None or actor.organisation_kind == "institution":
        raise NotFound(_("没有这笔更正。"))
    access.get_payment(found[1].public_id, actor, clock.business_day(at))
    return found[0], found[1]


def _lock(key: int) -> ReceiptCorrection:
    query = select(ReceiptCorrection).where(ReceiptCorrection.id == key).with_for_update()
    return db.session.scalars(query.execution_options(populate_existing=True)).one()


def _parties(payment: Payment) -> Parties:
    return Parties(buyer_id=payment.buyer_id, producer_id=payment.payee_id)


def _tell_corrected(row: ReceiptCorrection, payment: Payment, orders: Sequence[Order]) -> None:
    made = db.session.get_one(Payment, row.replacement_id) if row.replacement_id else None
    buyers = {payment.buyer_id or 0} | {order.buyer_id for order in orders}
    _tell(
        "orders.receipt_corrected", row, payment, [payment.payee_id, *sorted(buyers)],
        replacement_id=str(made.public_id) if made else None, order_ids=[str(order.public_id) for order in orders],
    )  # fmt: skip


def _tell(
    topic: str, row: ReceiptCorrection, payment: Payment, organisations: Sequence[int], /, **values: object
) -> None:
    publish(
        topic, organisations=organisations, receipt_correction_id=str(row.public_id), payment_id=str(payment.public_id),
        amount=money.as_json(payment.amount_fen), why=row.reason, **values,
    )  # fmt: skip
