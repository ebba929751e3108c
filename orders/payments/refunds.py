"""Money back: asked for, recorded by one person, confirmed by another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from types import MappingProxyType
from uuid import UUID

from sqlalchemy import func, select

from orders.ledger import books
from orders.ledger.books import Account, MoneyPosting, org_owner
from orders.payments import access, charges, refund_groups, refund_origins, refund_paths
from orders.payments.clearing import CASH, add_to_clearing, by_clearing, whose
from orders.payments.credit import excess_fen
from orders.payments.models import Refund, RefundLine
from orders.payments.receipts import ValueDayAhead
from orders.payments.refund_models import RefundReceipt
from orders.payments.refund_paths import Allowance, change_allowed
from orders.purchase import counting, machine, party
from orders.purchase.models import Order, OrderLine
from orders.purchase.parties import Parties
from shop import audit, clock, money
from shop.auth import Actor
from shop.constraints import refusing
from shop.db import db
from shop.errors import Conflict, Invalid
from shop.i18n import _
from shop.outbox.services import publish


class RefundTooHigh(Invalid):
    """The refund is more than was received and not yet given back, promised back or held."""

    code = "refund-too-high"


class RefundSerialTaken(Conflict):
    """The order has a refund with the same bank serial number."""

    code = "refund-serial-taken"


class GoesBackByCard(Conflict):
    """The money came through the card provider and goes back through it."""

    code = "goes-back-by-card"


class OtherAccount(Invalid):
    """So much of the order's money did not come in that way, so it cannot go back that way."""

    code = "other-account"


@dataclass(frozen=True, kw_only=True)
class TransferBack:
    """What the bank's slip of a refund says."""

    bank_serial: str
    value_on: date
    clearing: str = "direct"
    evidence_file: UUID | None = None


def request(
    order_id: UUID, amount_fen: int, reason: str, *, actor: Actor, at: datetime, lines: Sequence[Allowance] = ()
) -> Refund:
    """Ask for money back, by the buyer, the producer or the operator; it is set aside at once.

    It goes back the way it came: through each charge what came through it, the rest by the bank to each payer what came
    from it, what was paid last first, a refund for each; the first of them is returned.

    :param lines: accepted goods that it is for (short weight, quality): once it is confirmed, nobody owes that any more.
    :raises NotFound: if the order is not the actor's.
    :raises RefundTooHigh: if it is more than was received and not yet given or promised back.
    :raises AllowanceSum, AllowanceTooHigh: if the lines do not add up, or get more than their goods cost.
    """
    order = party.lock_order(party.get_order(order_id, actor, clock.business_day(at)).id)
    allowed = refund_paths.read_allowances(order, lines, amount_fen)
    return request_locked(order, amount_fen, reason, cause="agreed", actor=actor, at=at, allowed=allowed)


def request_what_is_too_much(order_id: UUID, at: datetime) -> Refund | None:
    """Ask, as the system, for what goods rejected, returned or cancelled after payment leave too much; ``None`` if nothing.

    What a payer paid too much stays its credit; only what fell away from the order is asked back, once.
    """
    key = db.session.scalar(select(Order.id).where(Order.public_id == order_id))
    if key is None:
        return None
    order = party.lock_order(key)
    asked = db.session.scalar(
        select(func.coalesce(func.sum(Refund.amount_fen), 0)).where(
            Refund.order_id == order.id, Refund.status != "refused", Refund.cause.in_(("rejected", "cancelled"))
        )
    )
    allowed, returned = db.session.execute(
        select(func.sum(OrderLine.allowed_fen), func.sum(OrderLine.returned)).where(OrderLine.order_id == order.id)
    ).one()
    amount = min(excess_fen(order), order.total_fen - order.due_fen - int(allowed or 0) - int(asked or 0))
    if amount <= 0:
        return None
    cancelled = order.status in {"cancelled", "closed_short"} and not returned
    reason = _("取消未发货商品退款") if cancelled else _("退货退款") if returned else _("验收拒收商品退款")
    return request_locked(order, amount, reason, cause="cancelled" if cancelled else "rejected", actor=None, at=at)


def record(refund_id: UUID, slip: TransferBack, actor: Actor, at: datetime) -> Refund:
    """Record that the money was sent back; another person confirms it.

    :raises NotFound: if it is not the actor's.
    :raises WrongState: if it is not waiting for this, or the actor is not the producer or operator.
    :raises GoesBackByCard: if the money came through the card provider.
    :raises ValueDayAhead, RefundBeforeOrder: for a day that cannot be.
    :raises OtherAccount: if the order's money did not come in by this clearing.
    :raises RefundSerialTaken: if the order has a refund with this serial.
    """
    refund, order = lock_refund(refund_id, actor, at)
    if refund.clearing == "stripe":
        raise GoesBackByCard(_("这笔款是在线支付收到的，请由系统原路退回。"))
    if slip.clearing != (refund_origins.clearing_of(refund.id) or slip.clearing):
        raise OtherAccount(
            _("退款须原路退回：该渠道没有收到这么多款项。"), clearing=slip.clearing, left=money.as_json(0)
        )
    _check_slip(slip, order, refund, on=clock.business_day(at))
    access.require_clearing(slip.clearing, actor)
    evidence_id = access.file_key(slip.evidence_file, actor)
    taken = RefundSerialTaken(_("该银行流水号已经用于本订单的另一笔退款。"), bank_serial=slip.bank_serial)
    with refusing(uq_refunds_serial=taken):
        refund.bank_serial, refund.value_on = "".join(slip.bank_serial.split()), slip.value_on
        refund.clearing, refund.recorded_by, refund.recorded_at = slip.clearing, actor.user_id, at
        refund.evidence_file_id = evidence_id
        machine.move("refund", refund, "record", actor=actor, at=at, parties=parties_of(order))
    audit.record(actor, "payments.refund_recorded", "refund", refund.id, status=["requested", "recorded"])
    return refund


def confirm(refund_id: UUID, actor: Actor, at: datetime) -> Refund:
    """Confirm that the money went back; what counted because of it falls on the refund's value day.

    :raises NotFound: if it is not the actor's.
    :raises WrongState: if it is not waiting, or the same person recorded it; RefundBeforeOrder: as :func:`record`.
    """
    refund, order = lock_refund(refund_id, actor, at)
    if refund.clearing is not None:  # until it is recorded nobody knows by which way it goes, and the move is refused
        check_clearing(order, refund.clearing, refund.amount_fen)
        refund_origins.check_day(refund.value_on, order, refund)
        access.require_clearing(refund.clearing, actor)
    machine.move("refund", refund, "confirm", actor=actor, at=at, parties=parties_of(order))
    refund.decided_by, refund.decided_at = actor.user_id, at
    enter(refund, order, actor=actor, at=at)
    audit.record(actor, "payments.refund_confirmed", "refund", refund.id, status=["recorded", "confirmed"])
    return refund


def enter(refund: Refund, order: Order, *, actor: Actor | None, at: datetime) -> None:
    """Post a refund that is confirmed now, count its order anew under its lock, and tell of it."""
    order.refunding_fen -= refund.amount_fen
    order.refunded_fen += refund.amount_fen
    add_to_clearing(order, str(refund.clearing), -refund.amount_fen)
    change_allowed(refund.id, 1)
    on = refund.value_on or clock.business_day(at)
    again = f":{refund.attempts}" if refund.attempts > 1 else ""
    fact = f"refund:{refund.id}:confirmed{again}"
    post_cash(refund, order, actor, at=at, on=on, key=fact)
    counting.recount(order, fact="refund_confirmed", key=f"order:{order.id}:{fact}", at=at, on=on, actor=actor)
    tell("orders.refund_confirmed", refund, order)


def refuse(refund_id: UUID, reason: str, actor: Actor, at: datetime) -> Refund:
    """Refuse a refund with a reason; what was set aside is the order's again.

    :raises NotFound: if it is not the actor's.
    :raises WrongState: if it was decided, or the same person recorded it.
    """
    refund, order = lock_refund(refund_id, actor, at)
    was = refund.status
    machine.move("refund", refund, "refuse", actor=actor, at=at, why=reason, parties=parties_of(order))
    refund.decided_by, refund.decided_at, refund.refusal = actor.user_id, at, reason
    give_back(refund, order, actor, at)
    audit.record(actor, "payments.refund_refused", "refund", refund.id, status=[was, "refused"])
    recorded = {"was_recorded": "1"} if was == "recorded" else {}
    tell("orders.refund_refused", refund, order, why=reason, **recorded)
    return refund


def give_back(refund: Refund, order: Order, actor: Actor, at: datetime) -> None:
    """Let what was set aside for a refund be the order's again."""
    order.refunding_fen -= refund.amount_fen
    if refund.charge_id is not None:
        charges.lock_charges([refund.charge_id])[refund.charge_id].refunded_fen -= refund.amount_fen
    counting.recount(
        order, fact="refund_refused", key=f"order:{order.id}:refund:{refund.id}:refused", at=at,
        on=clock.business_day(at), actor=actor,
    )  # fmt: skip


def request_locked(
    order: Order,
    amount_fen: int,
    reason: str,
    *,
    cause: str,
    actor: Actor | None,
    at: datetime,
    allowed: Mapping[int, int] = MappingProxyType({}),
) -> Refund:
    """Set money of a locked order aside, a refund for each way by which it goes back; return the first.

    :raises RefundTooHigh: if it is more than was received and not yet given or promised back.
    """
    left = order.received_fen - order.refunded_fen - order.refunding_fen - order.held_fen
    if amount_fen > left:
        raise RefundTooHigh(_("退款不能超过已收未退的金额。"), left=money.as_json(left))
    lines = dict(allowed)
    made = []
    for path in refund_paths.find_paths(order, amount_fen):
        refund = Refund(
            order_id=order.id, amount_fen=path.amount_fen, reason=reason, cause=cause, status="requested",
            requested_by=actor.user_id if actor else None, requested_at=at,
            clearing="stripe" if path.charge else None, charge_id=path.charge.id if path.charge else None,
        )  # fmt: skip
        if path.charge:
            path.charge.refunded_fen += path.amount_fen
        db.session.add(refund)
        db.session.flush()  # obtains the refund's key, which names the fact in the books
        for payment_id, fen in path.receipts:
            db.session.add(RefundReceipt(refund_id=refund.id, payment_id=payment_id, amount_fen=fen))
        for line_id, fen in refund_paths.lines_of_path(lines, path.amount_fen).items():
            db.session.add(RefundLine(refund_id=refund.id, line_id=line_id, amount_fen=fen))
        _set_aside(refund, order, actor, at)
        made.append(refund)
    return refund_groups.tie(made)


def _set_aside(refund: Refund, order: Order, actor: Actor | None, at: datetime) -> None:
    machine.record_start("refund", refund, "request", actor=actor, at=at)
    order.refunding_fen += refund.amount_fen
    counting.recount(
        order, fact="refund_requested", key=f"order:{order.id}:refund:{refund.id}:requested", at=at,
        on=clock.business_day(at), actor=actor,
    )  # fmt: skip
    audit.record(actor, "payments.refund_requested", "refund", refund.id, amount_fen=[None, refund.amount_fen])
    more, by = whose(refund_origins.clearing_of(refund.id))
    tell("orders.refund_requested", refund, order, more, **by)


def lock_refund(refund_id: UUID, actor: Actor, at: datetime) -> tuple[Refund, Order]:
    """Lock the order, then the refund."""
    refund, order = access.get_refund(refund_id, actor, clock.business_day(at))
    order = party.lock_order(order.id)
    return access.lock_refund(refund.id), order


def parties_of(order: Order) -> Parties:
    """Return whose a refund is."""
    return Parties(buyer_id=order.buyer_id, producer_id=order.producer_id)


def _check_slip(slip: TransferBack, order: Order, refund: Refund, *, on: date) -> None:
    if slip.value_on > on:
        raise ValueDayAhead(_("起息日不能晚于今天。"), value_on=slip.value_on.isoformat())
    refund_origins.check_day(slip.value_on, order, refund)
    check_clearing(order, slip.clearing, refund.amount_fen)


def check_clearing(order: Order, clearing: str, amount_fen: int) -> None:
    """Ask that so much of an order's money came in one way.

    :raises OtherAccount: if it did not.
    """
    there = by_clearing(order)[clearing]
    if amount_fen > there:
        raise OtherAccount(
            _("退款须原路退回：该渠道没有收到这么多款项。"), clearing=clearing, left=money.as_json(there)
        )


def post_cash(
    refund: Refund, order: Order, actor: Actor | None, *, at: datetime, on: date, key: str, back: bool = False
) -> None:
    """Post that the money has left the account into which it came, or (``back``) that it is there again."""
    cash = Account(CASH[str(refund.clearing)], org_owner(order.producer_id))
    payable = Account("refund_payable", org_owner(order.buyer_id))
    debit, credit = (cash, payable) if back else (payable, cash)
    posting = MoneyPosting(debit, credit, refund.amount_fen, on)
    fact = "refund_bounced" if back else "refund_confirmed"
    books.record_entry(key, fact, occurred_at=at, money=[posting], order_id=order.id, actor=actor)


def tell(topic: str, refund: Refund, order: Order, more: Sequence[int] = (), /, **values: str) -> None:
    """Publish what happened to a refund to both sides, and to whom else it concerns."""
    publish(
        topic, organisations=[order.buyer_id, order.producer_id, *more], order_id=str(order.public_id),
        refund_id=str(refund.public_id), number=order.number, amount=money.as_json(refund.amount_fen),
        status=refund.status, **values,
    )  # fmt: skip
