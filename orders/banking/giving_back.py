"""Money that goes back without an order: what came to the wrong account, and credit; an outgoing line ends each."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from orders.banking import acts, refund_index
from orders.banking.acts import AmountsDiffer, LineNotOpen
from orders.banking.models import BankStatementLine
from orders.payments import credit_refunds
from orders.payments.refunds import TransferBack
from shop import audit, clock
from shop.auth import Actor
from shop.i18n import _


def mark(line_id: UUID, actor: Actor, at: datetime) -> BankStatementLine:
    """Say that money came to the wrong account: no rule takes the line again until it went back or the mark is taken off.

    :raises NotFound, LineNotOpen, WrongDirection: as :func:`orders.banking.acts.match_by_hand`.
    """
    found, _account = acts.get_line(line_id, actor, clock.business_day(at))
    line = acts.lock_open(found.id, "in")
    acts.settle(line, "unmatched", reason="wrong_payee")
    line.wrong_by, line.wrong_at = actor.user_id, at
    audit.record(actor, "banking.line_marked_wrong", "bank_statement_line", line.id)
    return line


def unmark(line_id: UUID, actor: Actor, at: datetime) -> BankStatementLine:
    """Take the mark off again: the line is open as before, and the rules look at it with the next matching.

    :raises NotFound, WrongDirection: as :func:`mark`.
    :raises LineNotOpen: if it is not open, or nobody marked it.
    """
    found, _account = acts.get_line(line_id, actor, clock.business_day(at))
    line = acts.lock_open(found.id, "in", is_wrong=True)
    if line.wrong_by is None:
        raise LineNotOpen(_("没有人把这笔流水标记为付错。"), state=line.state)
    line.wrong_by, line.wrong_at = None, None
    acts.settle(line, "unmatched", reason="mark_taken_off")
    audit.record(actor, "banking.line_mark_taken_off", "bank_statement_line", line.id)
    return line


def tie_return(out_id: UUID, in_id: UUID, actor: Actor, at: datetime) -> BankStatementLine:
    """Say that an outgoing line gives back what came in by another line of the account.

    :raises NotFound, LineNotOpen, WrongDirection: as :func:`orders.banking.acts.match_by_hand`.
    :raises AmountsDiffer: if it is not the same amount.
    """
    on = clock.business_day(at)
    out, account = acts.get_line(out_id, actor, on)
    back, other = acts.get_line(in_id, actor, on)
    ways = sorted([(out.id, "out"), (back.id, "in")])
    locked = {key: acts.lock_open(key, way, is_wrong=True) for key, way in ways}
    if account.id != other.id or locked[out.id].amount_fen != locked[back.id].amount_fen:
        raise AmountsDiffer(_("退回的金额须与收到的金额相同，并在同一账户。"))
    locked[out.id].returns_id = back.id
    for line in locked.values():
        acts.settle(line, "returned", rule="return")
        audit.record(actor, "banking.line_returned", "bank_statement_line", line.id)
    return locked[out.id]


def tie_credit(line_id: UUID, credit_refund_id: UUID, actor: Actor, at: datetime) -> BankStatementLine:
    """Say that an outgoing line gives credit back; what was only asked for is recorded by it, for another person to confirm.

    :raises NotFound, LineNotOpen, WrongDirection: as :func:`orders.banking.acts.match_by_hand`.
    :raises AmountsDiffer: if it is another amount; OtherPayer: if it went to somebody else than who had paid.
    :raises WrongState: if it waits for nothing; and as :func:`orders.payments.credit_refunds.record`.
    """
    on = clock.business_day(at)
    found, account = acts.get_line(line_id, actor, on)
    back, paid = credit_refunds.get(credit_refund_id, actor, on)
    if back.amount_fen != found.amount_fen:
        raise AmountsDiffer(_("退款金额与流水金额不同。"))
    refund_index.check_credit_payer(paid, found.counterparty_name, found.counterparty_account)
    if back.status != "recorded" or back.bank_serial != found.serial:
        slip = TransferBack(bank_serial=found.serial, value_on=found.value_on, clearing=account.clearing)
        credit_refunds.record(credit_refund_id, slip, actor, at)
    line = acts.lock_open(found.id, "out")
    line.credit_refund_id = back.id
    acts.settle(line, "matched", rule="refund")
    audit.record(actor, "banking.line_matched", "bank_statement_line", line.id, credit_refund=[None, back.id])
    return line
