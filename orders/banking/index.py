"""The index that matching asks: read in a constant number of statements from what the movements mention."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from sqlalchemy import ARRAY, BigInteger, ColumnElement, and_, any_, cast, func, or_, select

from orders.banking import refund_index
from orders.banking.facts import Announced, Index, Movement, OpenOrder, TypedReceipt
from orders.banking.matching import invoices_in
from orders.banking.models import BankLinePayment, PayerAlias
from orders.banking.reading.cells import compared_account, compared_name
from orders.invoices.models import Invoice, InvoiceOrder
from orders.payments.models import GONE, Payment, PaymentAllocation, TransferAnnouncement
from orders.payments.queries import OWING
from orders.purchase.models import Order
from orders.purchase.numbers import find_references
from shop import clock
from shop.db import db
from shop.identity.models import Organisation
from shop.typed import fold

#: Brackets as institutions are registered with, where a bank writes narrow ones.
_WIDE = str.maketrans("()", "\uff08\uff09")

_NET = Order.received_fen - Order.refunded_fen - Order.held_fen


def prepare(account_id: int, clearing: str, movements: Sequence[Movement], names: Iterable[str], on: date) -> Index:
    """Return all that the rules may ask about these movements.

    :param names: the payers' names as the bank wrote them.
    """
    codes = sorted({code for one in movements for code in find_references(one.remark)})
    payees = sorted({one.payee_id for one in movements if one.payee_id is not None})
    by_invoice = _orders_of_invoices(sorted({number for one in movements for number in invoices_in(one.remark)}))
    by_name, by_account, shared = _payers(movements, names, on)
    buyers = sorted({key for found in (*by_name.values(), *by_account.values()) for key in found})
    announced = _announced([one.amount_fen for one in movements], payees)
    keys = {key for found in by_invoice.values() for key in found} | {one.order_id for one in announced}
    anybodys = sorted({one.amount_fen for one in movements if one.payee_id is None and one.direction == "in"})
    gone = [one.amount_fen for one in movements if one.direction == "out"]
    orders, by_code = _orders(codes, sorted(keys), payees=payees, buyers=buyers, anybodys=anybodys)
    _add_own_names(by_name, orders, payees)
    return Index(
        clearing=clearing, orders=orders, by_code=by_code, by_invoice=by_invoice, announced=announced,
        buyers_by_name={name: frozenset(found) for name, found in by_name.items()},
        buyers_by_account={name: frozenset(found) for name, found in by_account.items()}, shared=frozenset(shared),
        typed=_typed(clearing, payees, [one.serial for one in movements if one.direction == "in"]),
        refunds=[*refund_index.open_refunds(gone, payees), *refund_index.open_credit(gone, payees)],
        wrong=refund_index.wrong_receipts(account_id),
    )  # fmt: skip


def _orders(
    codes: list[str], keys: list[int], *, payees: list[int], buyers: list[int], anybodys: list[int]
) -> tuple[dict[int, OpenOrder], dict[str, int]]:
    """Return the orders that movements may be for, and whose codes these are.

    :param anybodys: amounts that came where the account does not tell whose money it is.
    """
    owing = and_(Order.status.in_(OWING), Order.due_fen > _NET)
    parties: list[ColumnElement[bool]] = [and_(owing, Order.producer_id.in_(payees))] if payees else []
    if anybodys:
        parties.append(
            and_(
                owing,
                or_(
                    Order.buyer_id.in_(buyers),
                    Order.due_fen - _NET - _awaited() == any_(cast(anybodys, ARRAY(BigInteger))),
                ),
            )
        )
    rows = db.session.execute(
        select(
            Order.id, Order.buyer_id, Order.producer_id, Order.status, Order.due_fen, _NET.label("net"), Order.pay_due_on,
            Order.placed_at, Order.reference_code, or_(Order.payment_mode == "pay_first", Order.last_decided_at.is_not(None)).label("is_taken"),
        ).where(or_(Order.reference_code.in_(codes), Order.id.in_(keys), *parties))
    ).all()  # fmt: skip
    waiting = _waiting([row.id for row in rows])
    orders = {
        row.id: OpenOrder(
            row.id, row.buyer_id, row.producer_id, row.status in OWING,
            max(row.due_fen - row.net - waiting.get(row.id, 0), 0), row.is_taken and row.pay_due_on is not None,
            clock.business_day(row.placed_at),
        )
        for row in rows
    }  # fmt: skip
    wanted = set(codes)
    return orders, {row.reference_code: row.id for row in rows if row.reference_code in wanted}


def _awaited() -> ColumnElement[int]:
    """Return what of recorded receipts, not yet confirmed, is for an order of the query around it."""
    awaited = (
        select(func.sum(PaymentAllocation.amount_fen))
        .join(Payment, Payment.id == PaymentAllocation.payment_id)
        .where(PaymentAllocation.order_id == Order.id, Payment.status == "recorded")
    )
    return func.coalesce(awaited.scalar_subquery(), 0)


def _waiting(keys: list[int]) -> dict[int, int]:
    """Return what of recorded receipts, not yet confirmed, is for each order."""
    rows = db.session.execute(
        select(PaymentAllocation.order_id, cast(func.sum(PaymentAllocation.amount_fen), BigInteger))
        .join(Payment, Payment.id == PaymentAllocation.payment_id)
        .where(PaymentAllocation.order_id.in_(keys), Payment.status == "recorded")
        .group_by(PaymentAllocation.order_id)
    )
    return {row[0]: row[1] for row in rows}


def _orders_of_invoices(numbers: list[str]) -> dict[str, tuple[int, ...]]:
    """Return the orders of each invoice; a number that several invoices have tells nothing."""
    if not numbers:
        return {}
    found: dict[str, dict[int, list[int]]] = {}
    rows = db.session.execute(
        select(Invoice.number, Invoice.id, InvoiceOrder.order_id)
        .join(InvoiceOrder, InvoiceOrder.invoice_id == Invoice.id)
        .where(Invoice.number.in_(numbers), Invoice.kind == "blue", Invoice.status != "refused")
        .order_by(InvoiceOrder.order_id)
    )
    for number, invoice, order in rows:
        found.setdefault(number, {}).setdefault(invoice, []).append(order)
    return {number: tuple(next(iter(by.values()))) for number, by in found.items() if len(by) == 1}


def _announced(amounts: list[int], payees: list[int]) -> list[Announced]:
    query = (
        select(TransferAnnouncement)
        .join(Order, Order.id == TransferAnnouncement.order_id)
        .where(
            TransferAnnouncement.withdrawn_at.is_(None), TransferAnnouncement.amount_fen.in_(sorted(set(amounts))),
            Order.status.in_(OWING), Order.due_fen > _NET,
        )
    )  # fmt: skip
    if payees:
        query = query.where(Order.producer_id.in_(payees))
    return [
        Announced(
            one.order_id,
            compared_name(one.payer_name),
            compared_account(one.payer_account),
            one.amount_fen,
            one.planned_on,
        )
        for one in db.session.scalars(query)
    ]


def _payers(
    movements: Sequence[Movement], names: Iterable[str], on: date
) -> tuple[dict[str, set[int]], dict[str, set[int]], set[str]]:
    """Return whose name and whose account it is: learned aliases, and institutions' own names."""
    by_name: dict[str, set[int]] = {}
    by_account: dict[str, set[int]] = {}
    shared: set[str] = set()
    for alias in _aliases(movements, on):
        if alias.is_shared:
            shared |= {alias.name, alias.account} - {""}
            continue
        by_name.setdefault(alias.name, set()).add(alias.buyer_id)
        if alias.account:
            by_account.setdefault(alias.account, set()).add(alias.buyer_id)
    spellings = sorted({spelling for name in names if name for spelling in _spellings(name)})
    rows = db.session.execute(
        select(Organisation.id, Organisation.name).where(
            Organisation.kind == "institution", Organisation.name.in_(spellings)
        )
    )
    for key, name in rows:
        by_name.setdefault(compared_name(name), set()).add(key)
    return by_name, by_account, shared


def _aliases(movements: Sequence[Movement], on: date) -> Iterable[Any]:
    return db.session.scalars(
        select(PayerAlias).where(
            or_(
                PayerAlias.name.in_(sorted({one.name for one in movements if one.name})),
                and_(
                    PayerAlias.account != "",
                    PayerAlias.account.in_(sorted({one.account for one in movements if one.account})),
                ),
            ),
            PayerAlias.valid_from <= on,
            or_(PayerAlias.valid_to.is_(None), PayerAlias.valid_to >= on),
        )
    )


def _spellings(name: str) -> set[str]:
    """Return how an institution may be registered that a bank writes so: narrow and wide brackets."""
    narrow = "".join(fold(name).split())
    return {name, narrow, narrow.translate(_WIDE)}


def _add_own_names(by_name: dict[str, set[int]], orders: dict[int, OpenOrder], payees: list[int]) -> None:
    """Add the names of a producer's debtors however a bank writes them."""
    if not payees:
        return
    buyers = sorted({order.buyer_id for order in orders.values()})
    for key, name in db.session.execute(select(Organisation.id, Organisation.name).where(Organisation.id.in_(buyers))):
        by_name.setdefault(compared_name(name), set()).add(key)


def _typed(clearing: str, payees: list[int], serials: list[str]) -> dict[str, tuple[TypedReceipt, ...]]:
    """Return the receipts that are there under the movements' serials."""
    linked = select(BankLinePayment.payment_id).where(BankLinePayment.payment_id == Payment.id).exists()
    query = select(Payment.bank_serial, Payment.id, Payment.payee_id, Payment.amount_fen, linked).where(
        Payment.bank_serial.in_(serials), Payment.status.not_in(GONE)
    )
    query = query.where(Payment.payee_id.in_(payees)) if payees else query.where(Payment.clearing == clearing)
    found: dict[str, list[TypedReceipt]] = {}
    for serial, key, payee, fen, is_linked in db.session.execute(query):
        found.setdefault(serial, []).append(TypedReceipt(key, payee, fen, is_linked))
    return {serial: tuple(each) for serial, each in found.items()}
