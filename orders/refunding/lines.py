"""Lines of supervised accounts that are refunds sent to the bank in files."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, select

from orders.banking import acts
from orders.banking.models import BankStatementLine
from orders.refunding import transfers
from orders.refunding.models import RefundTransfer
from orders.refunding.transfers import RefundPaid
from orders.settlement.line_pairs import find_pairs, may_be_paid, open_lines
from shop.db import db


def match(at: datetime) -> int:
    """Confirm what the bank has made, whatever anybody said of it; return how many lines were refunds of files.

    What a person was faster with has its line, by serial number and amount.
    """
    lines = open_lines("out")
    paid = _transfers(lines, RefundTransfer.bank_serial.in_({line.serial for line in lines}))
    typed = find_pairs(paid, lines, lambda one, line: one.bank_serial == line.serial)
    used = {one.bank_serial for one in paid}
    fresh = [line for line in lines if line.serial not in used]
    sent = find_pairs(_transfers(fresh, RefundTransfer.status.in_(("sent", "failing"))), fresh, may_be_paid)
    transfers.confirm([_told(*pair) for pair in sent], None, at)
    taken = {line.id for _one, line in sent}
    fresh = [line for line in fresh if line.id not in taken]
    failed = find_pairs(_transfers(fresh, RefundTransfer.status == "failed"), fresh, may_be_paid)
    sent += [pair for pair in failed if transfers.find_paid(_told(*pair), at)]
    for one, line in sorted((*typed, *sent), key=lambda pair: pair[1].id):  # locked as imports lock them
        locked = acts.lock_open(line.id, "out")
        locked.refund_id, locked.credit_refund_id = one.refund_id, one.credit_refund_id
        acts.settle(locked, "matched", rule="refund_file")
    return len(typed) + len(sent)


def _told(one: RefundTransfer, line: BankStatementLine) -> RefundPaid:
    return RefundPaid(transfer=one.public_id, bank_serial=line.serial, value_on=line.value_on)


def _transfers(lines: Sequence[BankStatementLine], *conditions: ColumnElement[bool]) -> Sequence[RefundTransfer]:
    """Return transfers of the lines' amounts."""
    amounts = {line.amount_fen for line in lines}
    query = select(RefundTransfer).where(RefundTransfer.amount_fen.in_(amounts), *conditions)
    return db.session.scalars(query.order_by(RefundTransfer.id).execution_options(populate_existing=True)).all()
