"""What outgoing movements may be: refunds that are asked for or recorded, wrong receipts that wait to be given back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import or_, select

from orders.banking.facts import OpenRefund, is_payers
from orders.banking.models import BankStatementLine
from orders.banking.reading.cells import compared_account, compared_name
from orders.payments import refund_origins
from orders.payments.credit_models import CreditRefund
from orders.payments.models import Payment, Refund
from orders.payments.refund_origins import Origin
from orders.purchase.models import Order
from shop.db import db

#: No line is shown a refund that was refused; what goes out in a file finds its line by the file's number.
_NO_MATCH = ("refused", "in_file")


def open_refunds(amounts: Sequence[int], payees: Sequence[int]) -> list[OpenRefund]:
    """Return refunds of these amounts, with who paid their orders; those that a line was matched to are left out."""
    if not amounts:
        return []
    taken = select(BankStatementLine.refund_id).where(BankStatementLine.refund_id == Refund.id).exists()
    query = (
        select(Refund, Order.producer_id)
        .join(Order, Order.id == Refund.order_id)
        .where(
            Refund.amount_fen.in_(sorted(set(amounts))),
            Refund.status.not_in(_NO_MATCH),
            Refund.charge_id.is_(None),
            ~taken,
        )
        .order_by(Refund.id)
    )
    if payees:
        query = query.where(Order.producer_id.in_(payees))
    rows = db.session.execute(query).all()
    payers = refund_origins.origins_of([refund.id for refund, _ in rows])
    return [
        OpenRefund(
            refund.id, payee, refund.amount_fen, refund.status, refund.bank_serial or "", refund.clearing or "",
            *_compared(_payers(payers.get(refund.id, ()))),
        )
        for refund, payee in rows
    ]  # fmt: skip


def open_credit(amounts: Sequence[int], payees: Sequence[int]) -> list[OpenRefund]:
    """Return refunds of credit of these amounts; those that a line was matched to are left out."""
    if not amounts:
        return []
    taken = select(BankStatementLine.id).where(BankStatementLine.credit_refund_id == CreditRefund.id).exists()
    query = (
        select(CreditRefund, Payment)
        .join(Payment, Payment.id == CreditRefund.payment_id)
        .where(CreditRefund.amount_fen.in_(sorted(set(amounts))), CreditRefund.status.not_in(_NO_MATCH), ~taken)
        .order_by(CreditRefund.id)
    )
    if payees:
        query = query.where(Payment.payee_id.in_(payees))
    return [
        OpenRefund(
            found.id, paid.payee_id, found.amount_fen, found.status, found.bank_serial or "", paid.clearing,
            *_compared([(paid.payer_name, paid.payer_account)]), is_credit=True,
        )
        for found, paid in db.session.execute(query)
    ]  # fmt: skip


def check_credit_payer(paid: Payment, name: str, account: str) -> None:
    """Compare to whom credit went with who had paid it; raises as :func:`check_payer`."""
    payer = _compared([(paid.payer_name, paid.payer_account)])
    if not is_payers(compared_name(name), compared_account(account), *payer):
        raise refund_origins.refuse_other(paid.payer_name)


def check_payer(refund_id: int, name: str, account: str) -> None:
    """Compare to whom money went with who had paid it; what the bank does not tell cannot be compared.

    :raises OtherPayer: if it is somebody else.
    """
    origins = refund_origins.origins_of([refund_id]).get(refund_id, [])
    if origins and not is_payers(compared_name(name), compared_account(account), *_compared(_payers(origins))):
        raise refund_origins.refuse_other(origins[0].payer_name)


def _compared(payers: Iterable[tuple[str, str]]) -> tuple[frozenset[str], frozenset[str]]:
    """Return names and accounts as compared."""
    found = list(payers)
    return (
        frozenset(compared_name(name) for name, _account in found),
        frozenset(compared_account(account) for _name, account in found if account),
    )


def _payers(origins: Iterable[Origin]) -> list[tuple[str, str]]:
    return [(one.payer_name, one.payer_account) for one in origins]


def wrong_receipts(account_id: int) -> list[tuple[int, int, str, str]]:
    """Return what came into an account by mistake and was not given back: line, amount, payer's name and account."""
    rows = db.session.execute(
        select(
            BankStatementLine.id, BankStatementLine.amount_fen, BankStatementLine.counterparty_name,
            BankStatementLine.counterparty_account,
        ).where(
            BankStatementLine.account_id == account_id, BankStatementLine.direction == "in",
            BankStatementLine.state == "unmatched",
            or_(BankStatementLine.wrong_by.is_not(None), BankStatementLine.reason == "wrong_payee"),
        )
    )  # fmt: skip
    return [(key, fen, compared_name(name), compared_account(account)) for key, fen, name, account in rows]
