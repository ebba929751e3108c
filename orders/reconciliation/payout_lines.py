"""Lines of supervised accounts that are payouts to producers: what the bank has paid, and what it has sent back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, exists, select

from orders.banking import acts
from orders.banking.models import BankStatement, BankStatementLine
from orders.settlement import bank, finding, paying, returns
from orders.settlement.bank import Confirmation
from orders.settlement.line_pairs import find_pairs, may_be_paid, may_have_come_back, open_lines
from orders.settlement.models import Payout, PayoutReturn
from orders.settlement.returns import ReturnFacts
from shop.db import db
from shop.i18n import _

Pair = tuple[Payout, BankStatementLine]


def _line_key(pair: Pair) -> int:
    return pair[1].id


def match(at: datetime) -> int:
    """Take in what supervised accounts' lines say of payouts; return how many lines were theirs."""
    return _match_paid(at) + _match_typed_returns() + _match_returned(at)


def _match_paid(at: datetime) -> int:
    """Confirm payouts that the bank has made; their lines are matched, also where a person was faster."""
    lines = open_lines("out")
    fresh = _unused(lines)
    sent = find_pairs(_payouts(fresh, Payout.status.in_(("sent", "failing"))), fresh, may_be_paid)
    bank.confirm([_told(*pair) for pair in sent], None, at)
    sent += _find_failed(fresh, {line.id for _payout, line in sent}, at)
    typed = find_pairs(
        _payouts(lines, Payout.bank_serial.in_([line.serial for line in lines])), lines,
        lambda payout, line: payout.bank_serial == line.serial,
    )  # fmt: skip
    typed = [pair for pair in typed if pair not in sent]
    for _payout, line in sorted((*sent, *typed), key=_line_key):  # locked as imports lock them
        acts.settle(acts.lock_open(line.id, "out"), "matched", rule="payout")
    return len(sent) + len(typed)


def _find_failed(fresh: Sequence[BankStatementLine], taken: set[int], at: datetime) -> list[Pair]:
    """Take in that payouts have left which two persons had said to have failed; what is on its way has its line first."""
    lines = [line for line in fresh if line.id not in taken]
    failed = _payouts(lines, Payout.status == "failed", Payout.released_at.is_not(None))
    pairs = find_pairs(failed, lines, may_be_paid)
    return [pair for pair in pairs if finding.find_paid(_told(*pair), at) is not None]


def _told(payout: Payout, line: BankStatementLine) -> Confirmation:
    return Confirmation(payout=payout.public_id, bank_serial=line.serial, value_on=line.value_on)


def _match_typed_returns() -> int:
    """Give the lines of returns that a person was faster with to these, by serial number and amount."""
    lines = open_lines("in", ~exists().where(PayoutReturn.line_id == BankStatementLine.id))
    query = (
        select(PayoutReturn, Payout.amount_fen)
        .join(Payout, Payout.id == PayoutReturn.payout_id)
        .where(
            PayoutReturn.line_id.is_(None), PayoutReturn.status != "refused",
            PayoutReturn.bank_serial.in_({line.serial for line in lines}),
        )
        .order_by(PayoutReturn.id)
        .with_for_update(of=PayoutReturn)
        .execution_options(populate_existing=True)
    )  # fmt: skip
    waiting = {(found.bank_serial, fen): found for found, fen in reversed(db.session.execute(query).all())}
    taken = 0
    for line in lines:
        found = waiting.pop((line.serial, line.amount_fen), None)
        if found is not None:
            found.line_id = line.id
            acts.settle(acts.lock_open(line.id, "in"), "returned", rule="payout_return")
            taken += 1
    return taken


def _match_returned(at: datetime) -> int:
    """Write down which payouts have come back, in the name of who imported the statement; another person agrees."""
    live = exists().where(PayoutReturn.payout_id == Payout.id, PayoutReturn.status != "refused")
    lines = open_lines("in", ~exists().where(PayoutReturn.line_id == BankStatementLine.id))
    found = find_pairs(_payouts(lines, Payout.status == "paid", ~live), lines, may_have_come_back)
    locked = paying.lock_payouts([payout.id for payout, _line in found])
    for payout, line in sorted(found, key=_line_key):
        reason = " ".join(part for part in (line.return_code, line.remark) if part) or _("银行退汇")
        facts = ReturnFacts(returned_on=line.value_on, bank_serial=line.serial, reason=reason[:500])
        user_id = db.session.get_one(BankStatement, line.statement_id).imported_by
        returns.record_locked(locked[payout.id], facts, user_id=user_id, actor=None, at=at, line_id=line.id)
        acts.settle(acts.lock_open(line.id, "in"), "returned", rule="payout_return")
    return len(found)


def let_go(return_id: UUID) -> None:
    """Open a line again of which a person said that it is no return."""
    query = (
        select(BankStatementLine)
        .join(PayoutReturn, PayoutReturn.line_id == BankStatementLine.id)
        .where(PayoutReturn.public_id == return_id, BankStatementLine.state == "returned")
        .with_for_update(of=BankStatementLine)
    )
    for line in db.session.scalars(query).all():
        acts.settle(line, "unmatched", reason="transfer_returned")


def _unused(lines: Sequence[BankStatementLine]) -> list[BankStatementLine]:
    """Return the lines whose serial number is no payout's yet, one for each number."""
    query = select(Payout.bank_serial).where(
        Payout.bank_serial.in_({line.serial for line in lines}), Payout.status != "failed"
    )
    used = set(db.session.scalars(query))
    return list({line.serial: line for line in reversed(lines) if line.serial not in used}.values())


def _payouts(lines: Sequence[BankStatementLine], *conditions: ColumnElement[bool]) -> Sequence[Payout]:
    """Return payouts of the lines' amounts."""
    amounts = {line.amount_fen for line in lines}
    query = select(Payout).where(Payout.rail == "bank", Payout.amount_fen.in_(amounts), *conditions).order_by(Payout.id)
    return db.session.scalars(query.execution_options(populate_existing=True)).all()
