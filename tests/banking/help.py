"""An account of the producer's, files of it, and importing them through the services."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count as counter
from typing import Any
from uuid import UUID

from sqlalchemy import select

from orders.banking import accounts, statements
from orders.banking.accounts import SupervisedFacts
from orders.banking.models import BankLinePayment, BankStatement, BankStatementLine
from orders.banking.statements import ImportRequest
from orders.payments.models import Payment, PaymentAllocation
from shop import clock
from shop.auth import Actor
from shop.db import db, transaction
from shop.files import services as files
from shop.identity.models import BankAccount
from tests.banking.sheets import plain
from tests.conftest import NOON
from tests.counting.build import Trade, make_actor, make_organisation
from tests.ledger.world import HEPING  # noqa: F401  tests name it

_numbers = counter(1)
DAY = "2026-07-14"
PAYER, PAYER_ACCOUNT = "天津市和平区财务结算有限公司", "12001618400052500001"


def own_account(trade: Trade, number: str = "6222020000000001") -> UUID:
    """Register an account of the producer's."""
    account = BankAccount(
        organisation_id=trade.clerk.organisation_id, holder="合作社", bank="某银行", number=number,
        is_default=False,
    )  # fmt: skip
    db.session.add(account)
    db.session.flush()
    return account.public_id


def operators() -> tuple[Actor, Actor]:
    """Two persons of the operator."""
    organisation = make_organisation("operator")
    return make_actor(organisation), make_actor(organisation)


def supervised(one: Actor, two: Actor, number: str = "110000001", producer: UUID | None = None, **changes: Any) -> UUID:
    """Enter and confirm a supervised account."""
    values: dict[str, Any] = {
        "holder": "平台监管户",
        "bank": "某银行",
        "valid_from": clock.today().replace(month=1, day=1),
    } | changes
    made = accounts.enter(SupervisedFacts(number=number, producer=producer, **values), one, NOON)
    accounts.decide(made.public_id, "confirmed", two, NOON)
    return made.public_id


def row(
    amount: str, remark: str = "", *, day: str = DAY, serial: str | None = None, name: str = PAYER,
    account: str = PAYER_ACCOUNT, out: str = "", balance: str = "",
) -> tuple[str, ...]:  # fmt: skip
    """A row of the plain layout."""
    return (day, amount, out, balance, f"S{next(_numbers):07d}" if serial is None else serial, name, account, remark)


def bring(account: UUID, actor: Actor, data: bytes, **changes: Any) -> BankStatement:
    """Store a file and import it, as the pages do."""
    with transaction():
        file = files.store(data, f"流水{next(_numbers)}.csv", actor).public_id
    request = ImportRequest(account=account, file=file, **changes)
    reading = statements.read(request, actor, clock.today())
    with transaction():
        return statements.import_statement(request, reading, actor, NOON)


def bring_rows(account: UUID, actor: Actor, *rows: Sequence[object], **changes: Any) -> list[BankStatementLine]:
    """Import rows and return the lines that the file brought, in its order."""
    statement = bring(account, actor, plain(*rows), **changes)
    return lines_of(statement)


def lines_of(statement: BankStatement) -> list[BankStatementLine]:
    query = (
        select(BankStatementLine).where(BankStatementLine.statement_id == statement.id).order_by(BankStatementLine.id)
    )
    return list(db.session.scalars(query.execution_options(populate_existing=True)))


def told(line: BankStatementLine) -> tuple[str, str, str]:
    """State, rule and reason."""
    return line.state, line.rule, line.reason


def receipts_of(line: BankStatementLine) -> list[tuple[Payment, dict[int, int]]]:
    """The receipts of a line with what is for which order."""
    found = db.session.scalars(
        select(Payment)
        .join(BankLinePayment, BankLinePayment.payment_id == Payment.id)
        .where(BankLinePayment.line_id == line.id)
        .order_by(Payment.id)
    ).all()
    return [
        (
            payment,
            {
                one.order_id: one.amount_fen
                for one in db.session.scalars(
                    select(PaymentAllocation).where(PaymentAllocation.payment_id == payment.id)
                )
            },
        )
        for payment in found
    ]
