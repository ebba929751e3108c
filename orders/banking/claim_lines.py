"""Which line of a statement a claimed transfer is: found when it is claimed, or by a statement that comes later."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Select, false, or_, select

from orders.banking.models import BankStatementLine, StatementAccount, TransferClaim, is_free
from orders.banking.reading.cells import compared_account
from shop.db import db

#: Days around the one named in which a claimed transfer's line is looked for.
AROUND = timedelta(days=7)
#: Lines of one amount around a day that are looked at.
_MOST = 200


@dataclass(frozen=True)
class Wanted:
    """What a claim says of its transfer."""

    #: Empty for several producers: then it came to the main supervised account.
    payee_id: int | None
    amount_fen: int
    paid_on: date
    bank_serial: str = ""


def fitting(wanted: Wanted) -> Select[*tuple[Any, ...]]:
    """Return the query for keys and serials of open lines of the payee that have the amount, around the day."""
    return (
        select(BankStatementLine.id, BankStatementLine.serial)
        .join(StatementAccount, StatementAccount.id == BankStatementLine.account_id)
        .where(
            BankStatementLine.direction == "in", BankStatementLine.amount_fen == wanted.amount_fen,
            BankStatementLine.value_on.between(wanted.paid_on - AROUND, wanted.paid_on + AROUND),
            is_free(),
            or_(
                false() if wanted.payee_id is None else BankStatementLine.payee_id == wanted.payee_id,
                (StatementAccount.clearing == "supervised") & BankStatementLine.payee_id.is_(None),
            ),
        )
        .order_by(BankStatementLine.id)
    )  # fmt: skip


def fitting_keys(wanted: Wanted) -> list[int]:
    """Return the keys of the lines that fit: the ones with the serial told, if there are any, else all.

    A voucher may carry the payer's bank's serial, which the payee's does not use.
    """
    rows = db.session.execute(fitting(wanted).limit(_MOST)).all()
    serial = compared_account(wanted.bank_serial)
    same = [key for key, other in rows if serial and compared_account(other) == serial]
    return same or [key for key, _other in rows]


def find_one(wanted: Wanted) -> int | None:
    """Return the key of the one line that fits; ``None`` if none or several do."""
    keys = fitting_keys(wanted)
    return keys[0] if len(keys) == 1 else None


def attach(account: StatementAccount) -> int:
    """Give open lines of a locked account to claims that wait for one, where each fits the other alone; return how many.

    What fits several ways is left to the person who confirms, who sees all lines that fit.
    """
    claims = db.session.scalars(
        select(TransferClaim)
        .where(
            TransferClaim.status == "claimed", TransferClaim.line_id.is_(None),
            TransferClaim.amount_fen.in_(_open_amounts(account.id)),
        )
        .order_by(TransferClaim.id)
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    ).all()  # fmt: skip
    by_line: dict[int, list[TransferClaim]] = {}
    for claim in claims:
        for key in fitting_keys(wanted_by(claim)):
            by_line.setdefault(key, []).append(claim)
    lines_of = [claim.id for several in by_line.values() for claim in several]
    found = 0
    for key, several in by_line.items():
        if len(several) == 1 and lines_of.count(several[0].id) == 1:
            found += _give(key, account.id, several[0])
    return found


def wanted_by(claim: TransferClaim) -> Wanted:
    """Return what a claim says of its transfer."""
    return Wanted(claim.payee_id, claim.amount_fen, claim.paid_on, claim.bank_serial)


def _open_amounts(account_id: int) -> Select[*tuple[Any, ...]]:
    return select(BankStatementLine.amount_fen).where(
        BankStatementLine.account_id == account_id, BankStatementLine.direction == "in", is_free()
    )


def _give(key: int, account_id: int, claim: TransferClaim) -> int:
    """Let a claim have a line of the account, if it is still open; return how many it has now got."""
    line = db.session.scalars(
        select(BankStatementLine)
        .where(BankStatementLine.id == key, BankStatementLine.account_id == account_id, is_free())
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()
    if line is None:
        return 0
    claim.line_id, line.state, line.reason, line.candidates = line.id, "claimed", "", {}
    return 1
