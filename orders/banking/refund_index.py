"""What outgoing movements may be: refunds that are asked for or recorded, wrong receipts that wait to be given back."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select

from orders.banking.facts import OpenRefund
from orders.banking.models import BankStatementLine
from orders.banking.reading.cells import compared_account, compared_name
from orders.payments.models import Payment, PaymentAllocation, Refund
from orders.purchase.models import Order
from shop.db import db


def open_refunds(amounts: Sequence[int], payees: Sequence[int]) -> list[OpenRefund]:
    """Return refunds of these amounts, with who paid their orders; those that a line was matched to are left out."""
    if not amounts:
        return []
    taken = select(BankStatementLine.refund_id).where(BankStatementLine.refund_id == Refund.id).exists()
    query = (
        select(Refund, Order.producer_id)
        .join(Order, Order.id == Refund.order_id)
        .where(
            Refund.amount_fen.in_(sorted(set(amounts))), Refund.status != "refused", Refund.charge_id.is_(None), ~taken
        )
        .order_by(Refund.id)
    )
    if payees:
        query = query.where(Order.producer_id.in_(payees))
    rows = db.session.execute(query).all()
    payers = _payers([refund.order_id for refund, _ in rows])
    return [
        OpenRefund(
            refund.id, payee, refund.amount_fen, refund.status, refund.bank_serial or "", refund.clearing or "",
            frozenset(compared_name(name) for name, _ in payers.get(refund.order_id, ())),
            frozenset(compared_account(account) for _, account in payers.get(refund.order_id, ()) if account),
        )
        for refund, payee in rows
    ]  # fmt: skip


def _payers(orders: list[int]) -> dict[int, set[tuple[str, str]]]:
    rows = db.session.execute(
        select(PaymentAllocation.order_id, Payment.payer_name, Payment.payer_account)
        .join(Payment, Payment.id == PaymentAllocation.payment_id)
        .where(PaymentAllocation.order_id.in_(orders), Payment.status == "confirmed")
        .distinct()
    )
    found: dict[int, set[tuple[str, str]]] = {}
    for order, name, account in rows:
        found.setdefault(order, set()).add((name, account))
    return found


def wrong_receipts(account_id: int) -> list[tuple[int, int, str, str]]:
    """Return what came into an account by mistake and was not given back: line, amount, payer's name and account."""
    rows = db.session.execute(
        select(
            BankStatementLine.id, BankStatementLine.amount_fen, BankStatementLine.counterparty_name,
            BankStatementLine.counterparty_account,
        ).where(
            BankStatementLine.account_id == account_id, BankStatementLine.direction == "in",
            BankStatementLine.state == "unmatched", BankStatementLine.reason == "wrong_payee",
        )
    )  # fmt: skip
    return [(key, fen, compared_name(name), compared_account(account)) for key, fen, name, account in rows]
