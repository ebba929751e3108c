"""The last months of the story, in which some producers' buyers pay to the supervised account: its statements, and payouts.

No card provider is needed for it: what banks would tell is made here, and read like any bank's file.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from datetime import UTC, date, datetime
from uuid import UUID

from sqlalchemy import func, select, text

from admin.demo.stage import Stage
from admin.demo.story import Step
from orders.banking import accounts, statements
from orders.banking.accounts import SupervisedFacts
from orders.banking.models import BankStatement, SupervisedAccount
from orders.banking.reading.sources import FileSource
from orders.banking.statements import ImportRequest
from orders.payments.models import Payment
from orders.reconciliation import payout_lines
from orders.settlement import bank, dues, proposals, runs
from orders.settlement.bank import Confirmation
from orders.settlement.models import Payout, PayoutRun
from orders.settlement.proposals import RuleFacts
from orders.settlement.standing import producers_with_open
from shop.auth import Actor
from shop.clock import business_day
from shop.db import db
from shop.files import services as files
from shop.identity.models import Organisation

#: From when on, and for how many months; buyers of every so many producers pay so.
SINCE, MONTHS, EVERY = date(2026, 6, 1), 5, 3
_ACCOUNT = "11050161360000000832"
_HEAD = ("交易日期", "收入金额", "支出金额", "余额", "流水号", "对方户名", "对方账号", "附言")
_SET_DUE = text("""
    INSERT INTO order_settlements (order_id, due_on)
    SELECT o.id, (max(a.accepted_at) AT TIME ZONE 'Asia/Shanghai')::date + :days
    FROM orders o JOIN acceptances a ON a.order_id = o.id WHERE o.earned_fen > 0 GROUP BY o.id
    ON CONFLICT (order_id) DO NOTHING""")


def first_steps() -> list[Step]:
    """Return the day of the rules, and that of each month on which producers are paid; of the last month one comes back."""
    made = [Step(datetime(SINCE.year, SINCE.month, SINCE.day, tzinfo=UTC), "clearing", "agree_on_clearing", {})]
    for n in range(1, MONTHS + 1):
        year, month = SINCE.year + (SINCE.month - 1 + n) // 12, (SINCE.month - 1 + n) % 12 + 1
        at = datetime(year, month, 10, 3, 0, tzinfo=UTC)
        made.append(Step(at, f"payouts:{n}", "pay_out", {"returned": n == MONTHS}))
    return made


def agree_on_clearing(stage: Stage, step: Step) -> None:
    """Let two persons of the operator confirm the supervised account, and agree that buyers of some producers pay to it."""
    clerk, checker = stage.world.cast.people["operator"]
    _account(clerk, checker, step.at)
    query = select(Organisation.public_id).where(Organisation.kind == "producer").order_by(Organisation.id)
    for producer in db.session.scalars(query).all()[::EVERY]:
        facts = RuleFacts(
            kind="clearing",
            value=1,
            valid_from=business_day(step.at),
            producer=producer,
            note="货款付到监管账户（演示）",
        )
        proposals.confirm(proposals.propose(facts, clerk, step.at).public_id, checker, step.at)


def pay_out(stage: Stage, step: Step) -> None:
    """Pay producers what is due by two persons of the operator, and import the supervised account's statement."""
    clerk, checker = stage.world.cast.people["operator"]
    account, on = _account(clerk, checker, step.at), business_day(step.at)
    db.session.execute(_SET_DUE, {"days": dues.DEFAULT_DAYS})
    paid = _pay(clerk, checker, step.at)
    rows = [*_receipts(on), *_payouts(paid, on), *_others(on)]
    if paid and step.memory["returned"]:
        rows.append(
            _row(on, paid[0].amount_fen, f"TH{on:%Y%m%d}", paid[0].account_holder, f"退汇 {paid[0].number} 户名不符")
        )
    _import(account, rows, clerk, step.at)
    payout_lines.match(step.at)


def _account(clerk: Actor, checker: Actor, at: datetime) -> UUID:
    """Return the supervised account, entered by one person and confirmed by another the first time."""
    found = db.session.scalars(select(SupervisedAccount).where(SupervisedAccount.number == _ACCOUNT)).one_or_none()
    if found is None:
        facts = SupervisedFacts(number=_ACCOUNT, holder=clerk.organisation_name, bank="演示银行", valid_from=SINCE)
        found = accounts.enter(facts, clerk, at)
        accounts.decide(found.public_id, "confirmed", checker, at)
    return found.public_id


def _pay(clerk: Actor, checker: Actor, at: datetime) -> list[Payout]:
    """Prepare, check, release, send and confirm what is due; return what was paid."""
    on = business_day(at)
    producers = producers_with_open(on)
    ids = {run.rail: str(run.public_id) for run in runs.start(None, at)}
    if not ids:
        return []
    for name in db.session.scalars(select(Organisation.public_id).where(Organisation.id.in_(producers))).all():
        runs.take_producer(name, ids, None, at)
    made = db.session.scalars(
        select(Payout).join(PayoutRun, PayoutRun.id == Payout.run_id).where(PayoutRun.public_id == UUID(ids["bank"]))
    ).all()
    keys = [payout.public_id for payout in made]
    if keys:
        bank.check(keys, clerk)
        bank.release(keys, checker, at)
        bank.send(UUID(ids["bank"]), "csv", clerk, at)
        told = [Confirmation(payout=p.public_id, bank_serial=f"FK{on:%Y%m%d}{p.id:06d}", value_on=on) for p in made]
        bank.confirm(told, checker, at)
    return list(made)


def _receipts(on: date) -> list[tuple[str, ...]]:
    """Return a line for each receipt of the supervised account since the last statement."""
    last = db.session.scalar(select(func.max(BankStatement.period_to))) or date.min
    found = db.session.scalars(
        select(Payment)
        .where(Payment.clearing == "supervised", Payment.value_on > last, Payment.value_on <= on)
        .order_by(Payment.value_on, Payment.id)
    )
    return [_row(one.value_on, one.amount_fen, one.bank_serial, one.payer_name, one.remark) for one in found]


def _payouts(paid: Sequence[Payout], on: date) -> list[tuple[str, ...]]:
    return [
        _row(on, -one.amount_fen, str(one.bank_serial), one.account_holder, f"货款 {one.number}", one.account_number)
        for one in paid
    ]


def _others(on: date) -> list[tuple[str, ...]]:
    """Return what a person has to look at: a payer that nobody knows, and the bank's own fee."""
    return [
        _row(on, 86_500 + on.month, f"WZ{on:%Y%m%d}", "滨海食堂管理有限公司（演示）", "货款"),
        _row(on, -1_050, f"SX{on:%Y%m%d}", "", "账户管理费"),
    ]


def _row(on: date, fen: int, serial: str, name: str, remark: str, account: str = "") -> tuple[str, ...]:
    amount = f"{abs(fen) // 100}.{abs(fen) % 100:02d}"
    return (on.isoformat(), amount if fen > 0 else "", "" if fen > 0 else amount, "", serial, name, account, remark)


def _import(account: UUID, rows: Sequence[tuple[str, ...]], clerk: Actor, at: datetime) -> None:
    """Keep the file and import it as a person would."""
    written = io.StringIO()
    csv.writer(written).writerows([_HEAD, *rows])
    data = written.getvalue().encode()
    file = files.store(data, f"监管户对账单-{business_day(at):%Y%m}.csv", clerk)
    db.session.flush()  # the import refers to the file
    request = ImportRequest(account=account, file=file.public_id)
    statements.import_statement(request, FileSource(data).read(), clerk, at)
