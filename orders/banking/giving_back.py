"""Money that goes back without an order: what came to the wrong account, and credit; an outgoing line ends each."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import Select, select

from orders.banking import acts, refund_index
from orders.banking.acts import AmountsDiffer, LineNotOpen
from orders.banking.facts import is_payers
from orders.banking.models import BankStatementLine
from orders.banking.reading.cells import compared_account, compared_name
from orders.payments import credit_refunds, refund_origins
from orders.payments.credit_models import CreditRefund
from orders.payments.models import Refund
from orders.payments.receipts import SamePerson
from orders.payments.refunds import TransferBack
from shop import audit, clock
from shop.auth import Actor
from shop.db import db
from shop.errors import Conflict
from shop.i18n import _


class NotMarkedWrong(Conflict):
    """Nobody has said that the money came by mistake: one person marks it, another says by which line it went back."""

    code = "not-marked-wrong"


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
    """Say, as the second person, that an outgoing line gives back what came by another line of the account by mistake.

    The first person has marked that line: only then it goes back, and both are never looked at again.

    :raises NotFound, LineNotOpen, WrongDirection: as :func:`orders.banking.acts.match_by_hand`.
    :raises AmountsDiffer: if it is not the same amount; OtherPayer: if it went to somebody else than who had paid.
    :raises NotMarkedWrong: if nobody has marked the line; SamePerson: if the actor did.
    """
    on = clock.business_day(at)
    out, account = acts.get_line(out_id, actor, on)
    back, other = acts.get_line(in_id, actor, on)
    ways = sorted([(out.id, "out"), (back.id, "in")])
    locked = {key: acts.lock_open(key, way, is_wrong=True) for key, way in ways}
    if account.id != other.id or locked[out.id].amount_fen != locked[back.id].amount_fen:
        raise AmountsDiffer(_("退回的金额须与收到的金额相同，并在同一账户。"))
    _require_second(locked[out.id], locked[back.id], actor)
    locked[out.id].returns_id, locked[back.id].returned_by = back.id, actor.user_id
    for line in locked.values():
        acts.settle(line, "returned", rule="return")
        audit.record(actor, "banking.line_returned", "bank_statement_line", line.id)
    return locked[out.id]


def _require_second(out: BankStatementLine, back: BankStatementLine, actor: Actor) -> None:
    if back.wrong_by is None:
        raise NotMarkedWrong(_("请先由一人把收到的那笔标记为付错，再由另一人对上退回的这笔。"))
    if back.wrong_by == actor.user_id:
        raise SamePerson(_("标记付错的人不能自己对上退回的流水，请由另一位同事办理。"))
    payer = compared_name(back.counterparty_name), compared_account(back.counterparty_account)
    names, numbers = frozenset(payer[:1]) - {""}, frozenset(payer[1:]) - {""}
    to = compared_name(out.counterparty_name), compared_account(out.counterparty_account)
    if (names or numbers) and not is_payers(*to, names, numbers):
        raise refund_origins.refuse_other(back.counterparty_name or back.counterparty_account)


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


def let_go_refund(refund_id: UUID) -> None:
    """Open a line again that was tied to a refund which a second person refused; it may be another refund's."""
    query = select(BankStatementLine).join(Refund, Refund.id == BankStatementLine.refund_id)
    _let_go(query.where(Refund.public_id == refund_id, Refund.status == "refused"))


def let_go_credit(credit_refund_id: UUID) -> None:
    """Do the same with a line that was tied to a refund of credit."""
    query = select(BankStatementLine).join(CreditRefund, CreditRefund.id == BankStatementLine.credit_refund_id)
    _let_go(query.where(CreditRefund.public_id == credit_refund_id, CreditRefund.status == "refused"))


def _let_go(query: Select[BankStatementLine]) -> None:
    locked = query.where(BankStatementLine.state == "matched").with_for_update(of=BankStatementLine)
    for line in db.session.scalars(locked.execution_options(populate_existing=True)).all():
        line.refund_id = line.credit_refund_id = None
        acts.settle(line, "unmatched", reason="refund_refused")
