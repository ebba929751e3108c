"""Which supervised account pays a payout, and how much of the platform's fee leaves it with the same file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Protocol, TypeVar

from sqlalchemy import func, select

from orders.banking.accounts import in_force
from orders.banking.models import BankStatementLine, StatementAccount, SupervisedAccount
from orders.settlement.models import Payout, PayoutRun
from shop.db import db
from shop.errors import Conflict
from shop.i18n import _
from shop.identity import bank_accounts
from shop.identity.models import BankAccount


class NoPayerAccount(Conflict):
    """No supervised account that two persons have confirmed is in force to pay from; member ``payouts`` says for whom."""

    code = "no-payer-account"


class NoFeeAccount(Conflict):
    """The operator has no account of its own, apart from the supervised ones, to which the fee could go."""

    code = "no-fee-account"


@dataclass
class Batch:
    """What one supervised account pays: payouts, and the fee that leaves it to the operator's own account."""

    payer: SupervisedAccount
    payouts: list[Payout] = field(default_factory=list)
    fee_fen: int = 0

    @property
    def amount_fen(self) -> int:
        """Return the sum of all that it pays."""
        return sum(each.amount_fen for each in self.payouts) + self.fee_fen


def make_batches(payouts: Sequence[Payout], fees: Mapping[int, int], on: date) -> list[Batch]:
    """Return a batch for each account: a producer's own sub-account pays it, else the main account.

    :param fees: what of the platform's fee each payout, by key, takes along; what is below zero takes from the others' of the batch.
    :raises NoPayerAccount: if there is no account for some, and nothing is paid then.
    """
    batches = [Batch(payer, paid) for payer, paid in by_payer(payouts, on)]
    for batch in batches:
        batch.fee_fen = max(sum(fees.get(payout.id, 0) for payout in batch.payouts), 0)
    return batches


class Payable(Protocol):
    """What a file pays: a payout, or a refund's transfer."""

    @property
    def producer_id(self) -> Any:
        """Return whose money it is."""

    @property
    def number(self) -> Any:
        """Return what it is called."""


Paid = TypeVar("Paid", bound=Payable)


def by_payer(payables: Sequence[Paid], on: date) -> list[tuple[SupervisedAccount, list[Paid]]]:
    """Return what each supervised account pays on a day: a producer's own sub-account its part, the main account the rest.

    :raises NoPayerAccount: if there is no account for some, and nothing is paid then.
    """
    found = db.session.scalars(
        select(SupervisedAccount)
        .where(in_force(on))
        .order_by(SupervisedAccount.valid_from.desc(), SupervisedAccount.id)
    ).all()
    by_producer: dict[int | None, SupervisedAccount] = {}
    for account in found:
        by_producer.setdefault(account.producer_id, account)
    main = by_producer.get(None)
    paid: dict[int, tuple[SupervisedAccount, list[Paid]]] = {}
    unpaid = []
    for each in payables:
        payer = by_producer.get(each.producer_id, main)
        if payer is None:
            unpaid.append(each.number)
        else:
            paid.setdefault(payer.id, (payer, []))[1].append(each)
    if unpaid:
        raise NoPayerAccount(
            _("没有已由两人确认且今天有效的监管账户，不能生成付款文件。请先登记并确认监管账户。"), payouts=unpaid
        )
    return [paid[key] for key in sorted(paid)]


def fee_number(run: PayoutRun, batch: int | str = "") -> str:
    """Return the number under which a run's file moves the fee of its batch."""
    return f"FW{run.on:%Y%m%d}-{run.id}-{batch}"


def fee_left_on(payout: Payout, sent_on: date) -> date | None:
    """Return the day on which the fee has left the account that pays a payout, as its statements tell; ``None`` if it has not."""
    number = fee_number(db.session.get_one(PayoutRun, payout.run_id))
    own = select(SupervisedAccount.id).where(SupervisedAccount.producer_id == payout.producer_id, in_force(sent_on))
    payer = payout.producer_id if db.session.scalar(own.limit(1)) is not None else None
    payers = select(SupervisedAccount.number).where(SupervisedAccount.producer_id.is_not_distinct_from(payer))
    return db.session.scalar(
        select(func.min(BankStatementLine.value_on))
        .join(StatementAccount, StatementAccount.id == BankStatementLine.account_id)
        .where(
            StatementAccount.clearing == "supervised", StatementAccount.number.in_(payers),
            BankStatementLine.direction == "out",
            BankStatementLine.remark.contains(number, autoescape=True),
        )
    )  # fmt: skip


def find_own(organisation_id: int, on: date) -> BankAccount:
    """Return the operator's own account, to which fees go.

    :raises NoFeeAccount: if there is none, or it is a supervised one.
    """
    found = bank_accounts.account_in_use(organisation_id, on)
    supervised = select(SupervisedAccount.id).where(
        SupervisedAccount.number == (found.number if found else ""), SupervisedAccount.status != "refused"
    )
    if found is None or db.session.scalar(supervised.limit(1)) is not None:
        raise NoFeeAccount(_("请先在单位资料中登记平台自有账户（不能是监管账户），用于划转平台服务费。"))
    return found
