"""What people do with lines that no rule matched: choose orders, say it is no goods money, tie it to a refund."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import insert, select
from uuid6 import uuid7

from orders.banking import accounts, claim_lines, recording, refund_index, working
from orders.banking.facts import Receipt
from orders.banking.models import OPEN_STATES, BankLinePayment, BankStatementLine, StatementAccount
from orders.payments import access, refunds, serials, transfers
from orders.payments.models import GONE, Payment
from orders.payments.receipts import (
    PAYABLE_STATES,
    OrderNotPayable,
    OtherParties,
    SamePerson,
    SerialAlreadyRecorded,
    Share,
    TooMuchAllocated,
)
from orders.payments.refunds import TransferBack
from orders.purchase import party
from orders.purchase.models import Order
from shop import audit, clock, money
from shop.auth import Actor
from shop.db import db
from shop.errors import Conflict, Invalid, NotFound
from shop.i18n import _


class LineNotOpen(Conflict):
    """The line is matched, claimed, returned or ignored already, or somebody is about to do so."""

    code = "line-not-open"


class WrongDirection(Invalid):
    """That can be said of money that came in, or that went out, and the line is the other."""

    code = "wrong-direction"


class AmountsDiffer(Invalid):
    """The two amounts are not the same."""

    code = "amounts-differ"


def get_line(public_id: UUID, actor: Actor, on: date) -> tuple[BankStatementLine, StatementAccount]:
    """Return a line of the actor's accounts with its account.

    :raises NotFound: if there is none, or it is another's.
    """
    found = db.session.execute(
        select(BankStatementLine, StatementAccount)
        .join(StatementAccount, StatementAccount.id == BankStatementLine.account_id)
        .where(BankStatementLine.public_id == public_id, accounts.own_lines(actor, on))
    ).one_or_none()
    if found is None:
        raise NotFound(_("没有这笔流水。"))
    return found[0], found[1]


def lock_open(
    line_id: int, direction: str, states: Sequence[str] = OPEN_STATES, *, is_wrong: bool = False
) -> BankStatementLine:
    """Lock a line and return it, if it is open and went that way.

    :param is_wrong: whether it may be one that a person said came to the wrong account.
    :raises WrongDirection: if it went the other way, or is a reversal.
    :raises LineNotOpen: if it is not open any more, or is to be given back.
    """
    line = db.session.scalars(
        select(BankStatementLine)
        .where(BankStatementLine.id == line_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()
    if line.direction != direction or line.amount_fen < 0:
        raise WrongDirection(_("这笔流水的收付方向不对，或者是冲正。"), direction=line.direction)
    if line.state not in states:
        raise LineNotOpen(_("这笔流水已经处理过。"), state=line.state)
    if line.wrong_by is not None and not is_wrong:
        raise LineNotOpen(_("这笔流水已标记为付错、将原路退回；请先撤销标记。"), state=line.state)
    return line


def match_by_hand(
    line_id: UUID, shares: Sequence[Share], actor: Actor, at: datetime, *, credit_of: UUID | None = None
) -> BankStatementLine:  # fmt: skip
    """Say which orders a line is for, and record its receipts in the actor's name; another person confirms them.

    :param credit_of: the buyer whose the rest is, where the orders are of several.

    :raises NotFound: for a line or order that is not the actor's.
    :raises LineNotOpen, WrongDirection: as :func:`lock_open`.
    :raises OtherParties, OrderNotPayable, TooMuchAllocated, PayerNotAuthorised, CreditOwnerUnknown: as
        :func:`orders.payments.receipts.record`.
    :raises SerialAlreadyRecorded: if a receipt with this serial is there; SerialTaken: for another producer.
    """
    found, account = get_line(line_id, actor, clock.business_day(at))
    line = lock_open(found.id, "in")
    named = orders_of(shares, actor, clock.business_day(at))
    record(line, account.clearing, named, actor, at, credit_of=access.buyer_key(credit_of))
    settle(line, "matched", rule="hand")
    audit.record(actor, "banking.line_matched", "bank_statement_line", line.id, state=["unmatched", "matched"])
    return line


def orders_of(shares: Sequence[Share], actor: Actor, on: date) -> list[tuple[Order, int]]:
    """Return the orders of shares, each of the actor's.

    :raises NotFound: for an order that is not.
    """
    return [(party.get_order(share.order, actor, on), share.amount_fen) for share in shares]


def record(
    line: BankStatementLine, clearing: str, named: Sequence[tuple[Order, int]], actor: Actor, at: datetime, *,
    credit_of: int | None = None,
) -> list[Payment]:  # fmt: skip
    """Record a locked line's receipts, one for each producer and buyer; raises as :func:`match_by_hand`."""
    wanted = _numbered(line, _receipts(line, named, credit_of, clock.business_day(at)))
    placed = recording.placed_days({order.id: order.placed_at for order, _fen in named})
    made = recording.add_receipts(clearing, wanted, placed, actor, at)
    if len(made) < len(wanted):
        raise SerialAlreadyRecorded(_("该银行流水号已经登记过。"), bank_serial=line.serial)
    if clearing == "supervised":
        serials.require_left(line.serial, 0)  # somebody may have typed it in for another producer
    keys = sorted(made.values())
    db.session.execute(insert(BankLinePayment), [{"line_id": line.id, "payment_id": key} for key in keys])
    return list(db.session.scalars(select(Payment).where(Payment.id.in_(keys)).order_by(Payment.id)))


def _numbered(line: BankStatementLine, parts: Sequence[Receipt]) -> list[recording.NewReceipt]:
    """Return receipts with their place among those of the same producer."""
    found = []
    for n, part in enumerate(parts):
        own = [each for each in parts if each.payee_id == part.payee_id]
        whole = sum(each.amount_fen for each in own) if len(own) > 1 else None
        place = sum(1 for each in parts[:n] if each.payee_id == part.payee_id) + 1
        found.append(recording.NewReceipt(uuid7(), line, part, place, whole))
    return found


def _receipts(
    line: BankStatementLine, named: Sequence[tuple[Order, int]], credit_of: int | None, on: date
) -> list[Receipt]:
    payees = list(dict.fromkeys(order.producer_id for order, _fen in named))
    if not payees or line.payee_id not in (None, *payees) or (line.payee_id is not None and len(payees) > 1):
        raise OtherParties(_("供应商账户的到账只能付给该供应商的订单。"))
    transfers.require_authorised(
        line.counterparty_name, line.counterparty_account, [order for order, _fen in named], on
    )
    for order, _fen in named:
        if order.status not in PAYABLE_STATES:
            raise OrderNotPayable(_("订单还没有被供应商确认，不能收款。"), order=order.number, state=order.status)
    left = line.amount_fen - sum(fen for _order, fen in named)
    if left < 0 or (left and len(payees) > 1):
        detail = _("各订单金额之和须不超过到账金额；付给几个供应商时须正好相等。")
        raise TooMuchAllocated(detail, left=money.as_json(left))
    found = []
    for payee in payees:
        own = [(order, fen) for order, fen in named if order.producer_id == payee]
        for part in transfers.parts_of(own, sum(fen for _order, fen in own) + left, credit_of):
            by_order: dict[int, int] = {}
            for order, fen in part.named:
                by_order[order.id] = by_order.get(order.id, 0) + fen
            found.append(Receipt(payee, part.buyer_id, part.amount_fen, tuple(by_order.items())))
    return found


def settle(line: BankStatementLine, state: str, *, rule: str = "", reason: str = "") -> None:
    """Say where a locked line stands now; what might have fitted is forgotten."""
    line.state, line.reason, line.candidates = state, reason, {}
    line.rule = rule or line.rule


def match_again(line_id: UUID, actor: Actor, at: datetime) -> int:
    """Match what is open on the line's account once more; return how many lines were looked at."""
    _line, account = get_line(line_id, actor, clock.business_day(at))
    locked = db.session.scalars(
        select(StatementAccount).where(StatementAccount.id == account.id).with_for_update()
    ).one()
    looked_at = working.match_again(locked, actor, at)
    claim_lines.attach(locked)
    return looked_at


def note_ignored(line_id: UUID, note: str, actor: Actor, at: datetime) -> BankStatementLine:
    """Say why a line is no goods money; another person agrees, and only then it leaves the desk.

    :raises NotFound: if it is not the actor's.
    :raises LineNotOpen: if it is not open.
    """
    found, _account = get_line(line_id, actor, clock.business_day(at))
    line = _lock_any(found.id)
    line.note, line.noted_by, line.noted_at = note, actor.user_id, at
    audit.record(actor, "banking.line_noted", "bank_statement_line", line.id)
    return line


def agree_ignored(line_id: UUID, actor: Actor, at: datetime) -> BankStatementLine:
    """Agree that a line is no goods money.

    :raises NotFound: if it is not the actor's.
    :raises LineNotOpen: if it is not open, or nobody has said so.
    :raises SamePerson: if the same person said so.
    """
    found, _account = get_line(line_id, actor, clock.business_day(at))
    line = _lock_any(found.id)
    if line.noted_by is None:
        raise LineNotOpen(_("还没有人说明这笔流水不是货款。"), state=line.state)
    if line.noted_by == actor.user_id:
        raise SamePerson(_("说明的人不能自己同意，请由另一位同事办理。"))
    line.decided_by, line.decided_at = actor.user_id, at
    settle(line, "ignored")
    audit.record(actor, "banking.line_ignored", "bank_statement_line", line.id)
    return line


def tie_refund(line_id: UUID, refund_id: UUID, actor: Actor, at: datetime) -> BankStatementLine:
    """Say that an outgoing line is a refund; one that was only asked for is recorded by it, for another person to confirm.

    :raises NotFound, LineNotOpen, WrongDirection: as :func:`match_by_hand`.
    :raises AmountsDiffer: if the refund has another amount.
    :raises OtherPayer: if the money went to somebody else than who had paid it.
    :raises WrongState: if the refund waits for nothing; and as :func:`orders.payments.refunds.record`.
    """
    on = clock.business_day(at)
    found, account = get_line(line_id, actor, on)
    refund, _order = access.get_refund(refund_id, actor, on)
    if refund.amount_fen != found.amount_fen:
        raise AmountsDiffer(_("退款金额与流水金额不同。"))
    refund_index.check_payer(refund.id, found.counterparty_name, found.counterparty_account)
    if refund.status != "recorded" or refund.bank_serial != found.serial:
        slip = TransferBack(bank_serial=found.serial, value_on=found.value_on, clearing=account.clearing)
        refund = refunds.record(refund_id, slip, actor, at)
    line = lock_open(found.id, "out")
    line.refund_id = refund.id
    settle(line, "matched", rule="refund")
    audit.record(actor, "banking.line_matched", "bank_statement_line", line.id, refund=[None, refund.id])
    return line


def let_go(payment_id: UUID, reason: str = "receipt_refused") -> None:
    """Open a line again whose receipts were all refused or reversed."""
    keys = db.session.scalars(
        select(BankLinePayment.line_id)
        .join(Payment, Payment.id == BankLinePayment.payment_id)
        .where(Payment.public_id == payment_id)
    ).all()
    for key in keys:
        standing = select(Payment.id).join(BankLinePayment, BankLinePayment.payment_id == Payment.id)
        if db.session.scalar(standing.where(BankLinePayment.line_id == key, Payment.status.not_in(GONE)).limit(1)):
            continue
        line = db.session.scalars(select(BankStatementLine).where(BankStatementLine.id == key).with_for_update()).one()
        if line.state == "matched":
            settle(line, "unmatched", reason=reason)


def _lock_any(line_id: int) -> BankStatementLine:
    """Lock an open line, whichever way it went."""
    line = db.session.scalars(
        select(BankStatementLine)
        .where(BankStatementLine.id == line_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()
    if line.state not in OPEN_STATES:
        raise LineNotOpen(_("这笔流水已经处理过。"), state=line.state)
    return line
