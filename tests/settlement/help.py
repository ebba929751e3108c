"""Producers' money in one line each: accepted orders, charges, connected accounts, and the provider's answers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from itertools import count as counter

from sqlalchemy import select, text

from orders.online.models import ConnectedAccount, Dispute, DisputeHold
from orders.payments import charges, checks, holds
from orders.payments.charges import ChargeFacts
from orders.payments.models import Charge
from orders.purchase import party
from orders.purchase.models import Order
from orders.settlement import bank, dues, reversals, runs, transfers
from orders.settlement import checks as settlement_checks
from orders.settlement.bank import Confirmation
from orders.settlement.models import OrderSettlement, Payout, PayoutItem, PayoutRun, Transfer, TransferReversal
from orders.settlement.standing import producers_with_open
from shop import clock
from shop.auth import Actor
from shop.db import db
from shop.identity import account_changes
from shop.identity.models import BankAccount, Organisation
from tests.banking.help import supervised
from tests.conftest import NOON
from tests.counting.build import Trade, accept, make_actor, make_order, make_organisation
from tests.payments.help import pay

_numbers = counter(1)
#: The day on which everything accepted at noon is due, by the rule of seven days.
DUE = NOON + timedelta(days=7)
A_PERMISSIONS = (
    "payouts:read",
    "payouts:prepare",
    "fees:edit",
    "taxes:read",
    "taxes:report",
    "payments:read",
    "banking:manage",
)
B_PERMISSIONS = ("payouts:read", "payouts:release", "fees:confirm", "taxes:read", "payments:read", "banking:manage")


def make_operators() -> tuple[Actor, Actor]:
    """Return two persons of the operator: who prepares, and who releases; it has an account to pay from."""
    operator = make_organisation("operator", "平台")
    give_payer(operator)
    return make_actor(operator, *A_PERMISSIONS), make_actor(operator, *B_PERMISSIONS)


def give_payer(operator: Organisation, number: str = "62000000000000001") -> None:
    """Give the operator a supervised account, confirmed by another person, and one of its own for fees."""
    supervised(make_actor(operator), make_actor(operator), number=number, holder="平台监管户")
    give_account(operator.id, "平台公司", number="62000000000000999")


def give_account(organisation_id: int, holder: str = "靖远枸杞合作社", number: str = "") -> BankAccount:
    account = BankAccount(
        organisation_id=organisation_id, holder=holder, bank="甘肃银行靖远支行",
        number=number or f"6222{next(_numbers):013d}", is_default=True,
    )  # fmt: skip
    db.session.add(account)
    db.session.flush()
    return account


def change_account(trade: Trade, operator: Actor, number: str, at: datetime) -> None:
    """Let a producer be paid to another account, which the operator agrees to at once."""
    account = BankAccount(
        organisation_id=trade.clerk.organisation_id, holder="靖远枸杞合作社", bank="甘肃银行靖远支行", number=number,
        is_default=False,
    )  # fmt: skip
    db.session.add(account)
    db.session.flush()
    asked = account_changes.ask(account, trade.clerk, at)
    agreeing = replace(operator, permissions=operator.permissions | {"organisations:verify"})
    account_changes.confirm(asked.public_id, agreeing, at, cooling_days=0)


def connect(trade: Trade, status: str = "active") -> ConnectedAccount:
    account = ConnectedAccount(
        organisation_id=trade.clerk.organisation_id, account_ref=f"acct_{next(_numbers)}", status=status,
        requirements=[], created_by=trade.clerk.user_id, created_at=NOON,
    )  # fmt: skip
    db.session.add(account)
    db.session.flush()
    return account


def sold(
    trade: Trade, fen: int, *, supervised: int = 0, card: int = 0, direct: int = 0, fee_bp: int = 0,
    accepted_at: datetime = NOON,
) -> Order:  # fmt: skip
    """Return an accepted order of so much, paid by the ways that are named."""
    order = make_order(trade, [(fen, "1")])
    order.fee_bp = fee_bp
    db.session.flush()
    accept(order, ("1", "0"), at=accepted_at)
    dues.set_due(order, clock.business_day(accepted_at))
    if supervised:
        pay(trade, (order, supervised), clearing="supervised")
    if direct:
        pay(trade, (order, direct))
    if card:
        charge(order, card)
    return order


def charge(order: Order, fen: int) -> Charge:
    """Take a charge of so much for one order."""
    ref = f"ch_{next(_numbers)}"
    facts = ChargeFacts(
        charge_ref=ref, procurement_id=order.procurement_id, buyer_id=order.buyer_id, amount_fen=fen, method="card",
        succeeded_at=NOON,
    )  # fmt: skip
    charges.take(facts, {order.id: fen}, NOON)
    return db.session.scalars(select(Charge).where(Charge.charge_ref == ref)).one()


def run(actor: Actor | None, at: datetime = DUE) -> list[Payout]:
    """Run over everything that is due, as the events of a run would, and return what was prepared."""
    started = runs.start(actor, at)
    if not started:
        return []
    ids = {each.rail: str(each.public_id) for each in started}
    made = []
    for key in producers_with_open(clock.business_day(at)):
        made += runs.take_producer(db.session.get_one(Organisation, key).public_id, ids, actor, at)
    return made


def send(payouts: Iterable[Payout], a: Actor, b: Actor, at: datetime = DUE, kind: str = "csv") -> None:
    """Release payouts by bank and make the file of their run."""
    found = list(payouts)
    bank.release([each.public_id for each in found], b, at)
    for run_id in sorted({each.run_id for each in found}):
        bank.send(db.session.get_one(PayoutRun, run_id).public_id, kind, a, at)


def confirm(payouts: Sequence[Payout], b: Actor, at: datetime = DUE, value_on: date | None = None) -> None:
    day = value_on or clock.business_day(at)
    bank.confirm(
        [Confirmation(payout=p.public_id, bank_serial=f"OUT{next(_numbers)}", value_on=day) for p in payouts], b, at
    )


def fail(payout: Payout, reason: str, a: Actor, b: Actor, at: datetime = DUE) -> None:
    """Let one person say that the bank did not pay, and another agree."""
    bank.doubt(payout.public_id, reason, a, at)
    bank.fail(payout.public_id, b, at)


def pay_out(a: Actor, b: Actor, at: datetime = DUE) -> list[Payout]:
    """Run, release, send and confirm everything by bank; let the provider make what goes by it."""
    made = run(a, at)
    by_bank = [each for each in made if each.rail == "bank"]
    if by_bank:
        send(by_bank, a, b, at)
        confirm(by_bank, b, at)
    answer_transfers(at)
    return made


def answer_transfers(at: datetime = DUE, *, refuse: str = "") -> list[Transfer]:
    """Let the provider make (or refuse) every transfer that waits."""
    found = list(db.session.scalars(select(Transfer).where(Transfer.status == "pending").order_by(Transfer.id)))
    for each in found:
        if refuse:
            transfers.fail(each.id, refuse, at)
        else:
            transfers.take(each.id, f"tr_{each.id}", at)
    return found


def answer_reversals(at: datetime = DUE, *, refuse: str = "") -> list[TransferReversal]:
    """Let the provider make (or refuse) every reversal that waits."""
    query = select(TransferReversal).where(TransferReversal.status == "pending").order_by(TransferReversal.id)
    found = list(db.session.scalars(query))
    for each in found:
        if refuse:
            reversals.fail(each.id, refuse, at)
        else:
            reversals.take(each.id, f"trr_{each.id}", at)
    return found


def dispute(order: Order, charge_: Charge, fen: int, at: datetime = DUE) -> Dispute:
    """Open a dispute over a charge's money of an order."""
    made = Dispute(
        dispute_ref=f"dp_{next(_numbers)}", charge_id=charge_.id, amount_fen=fen, reason="fraudulent", status="open",
        opened_at=at,
    )  # fmt: skip
    db.session.add(made)
    db.session.flush()
    locked = party.lock_order(order.id)
    held = holds.hold(locked, fen, key=f"dispute:{made.id}:order:{order.id}", at=at)
    charge_.disputed_fen += held
    db.session.add(DisputeHold(dispute_id=made.id, order_id=order.id, amount_fen=held))
    db.session.flush()
    return made


def row_of(order: Order) -> OrderSettlement:
    db.session.flush()
    return db.session.get_one(OrderSettlement, order.id, populate_existing=True)


def items_of(payout: Payout) -> list[tuple[int, int, int]]:
    """Return a payout's items as (order, amount, of that card money)."""
    query = select(PayoutItem).where(PayoutItem.payout_id == payout.id).order_by(PayoutItem.order_id)
    return [(each.order_id, each.amount_fen, each.card_fen) for each in db.session.scalars(query)]


def balance(kind: str, owner: str) -> int:
    """Return an account's balance, debit less credit."""
    from_postings = """
        SELECT coalesce(sum(CASE WHEN d.kind = :kind AND d.owner = :owner THEN amount_fen ELSE 0 END)
                      - sum(CASE WHEN c.kind = :kind AND c.owner = :owner THEN amount_fen ELSE 0 END), 0)
        FROM postings p JOIN ledger_accounts d ON d.id = p.debit_id JOIN ledger_accounts c ON c.id = p.credit_id
        WHERE p.book = 'money'"""
    db.session.flush()
    return int(db.session.execute(text(from_postings), {"kind": kind, "owner": owner}).scalar_one())


def differences() -> list[checks.Difference]:
    """Everything in orders' money and settlement that is not as its documents say."""
    db.session.flush()
    return [
        *checks.differing_lines(), *checks.differing_sums(), *checks.differing_payments(), *checks.differing_charges(),
        *checks.differing_balances(), *settlement_checks.differences(),
    ]  # fmt: skip
