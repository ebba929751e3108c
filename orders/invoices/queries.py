"""Reads of invoices, and how much of an order is invoiced."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import BigInteger, ColumnElement, cast, func, or_, select
from sqlalchemy.orm import aliased

from orders.invoices import flags
from orders.invoices.flags import OrderSums
from orders.invoices.models import Invoice, InvoiceOrder
from orders.purchase.models import Order
from orders.purchase.party import is_party
from shop.auth import Actor
from shop.db import db
from shop.errors import NotFound
from shop.files.models import StoredFile
from shop.filters import searched_fen
from shop.i18n import _
from shop.identity.models import Organisation
from shop.paging import Page, decode_cursor, make_page


@dataclass(frozen=True)
class InvoicedOrder(OrderSums):
    """An order of an invoice, with how it is invoiced."""

    id: UUID
    number: str


@dataclass(frozen=True)
class InvoiceRow:
    """An invoice as lists show it."""

    id: UUID
    key: int
    code: str
    number: str
    kind: str
    red_of: UUID | None
    status: str
    seller: str
    buyer: str
    buyer_header: str
    buyer_tax_no: str
    amount_fen: int
    tax_fen: int
    tax_rate: str
    issued_on: date
    recorded_at: datetime
    recorded_by: int
    checked_at: datetime | None
    reason: str
    file: UUID | None
    version: int
    orders: Sequence[InvoicedOrder]
    flags: Sequence[str]


def get_invoice(public_id: UUID, actor: Actor, on: date, *, lock: bool = False) -> Invoice:
    """Return an invoice of the actor's, locked if asked.

    :raises NotFound: if there is none, or it is another's.
    """
    query = select(Invoice).where(
        Invoice.public_id == public_id, is_party(actor, Invoice.buyer_id, Invoice.seller_id, on)
    )
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    found = db.session.scalars(query).one_or_none()
    if found is None:
        raise NotFound(_("没有这张发票。"))
    return found


def flags_of(invoice: Invoice) -> list[str]:
    """Return what is wrong with an invoice at first sight."""
    buyer = db.session.get_one(Organisation, invoice.buyer_id)
    orders = orders_by_invoice([invoice.id])[invoice.id]
    return flags.find(invoice, buyer_name=buyer.name, credit_code=buyer.credit_code, orders=orders)


def orders_by_invoice(invoice_ids: Sequence[int]) -> dict[int, list[InvoicedOrder]]:
    """Return the orders of each invoice."""
    other, other_share = aliased(Invoice), aliased(InvoiceOrder)
    checked = (
        select(cast(func.coalesce(func.sum(other_share.amount_fen), 0), BigInteger))
        .join(other, other.id == other_share.invoice_id)
        .where(
            other_share.order_id == Order.id,
            other.status == "checked",
            other_share.invoice_id != InvoiceOrder.invoice_id,
        )
        .correlate(Order, InvoiceOrder)
        .scalar_subquery()
    )
    rows = db.session.execute(
        select(InvoiceOrder.invoice_id, InvoiceOrder.amount_fen, checked, earned_fen(), Order.public_id, Order.number)
        .join(Order, Order.id == InvoiceOrder.order_id)
        .where(InvoiceOrder.invoice_id.in_(invoice_ids))
        .order_by(InvoiceOrder.invoice_id, Order.id)
    )
    found: dict[int, list[InvoicedOrder]] = {key: [] for key in invoice_ids}
    for invoice_id, *values in rows:
        found[invoice_id].append(InvoicedOrder(*values))
    return found


def earned_fen() -> ColumnElement[int]:
    """Return the expression of what an order's buyer owes for what it has accepted, allowances left out."""
    return Order.earned_fen.expression


def list_invoices(
    actor: Actor,
    on: date,
    *,
    limit: int,
    cursor: str | None,
    statuses: Sequence[str] = (),
    q: str = "",
    order_id: int | None = None,
) -> Page[InvoiceRow]:
    """Return a page of the actor's invoices, newest first; with their orders and flags in a constant number of queries."""
    seller, buyer, blue = aliased(Organisation), aliased(Organisation), aliased(Invoice)
    query = (
        select(Invoice, seller.name, buyer.name, buyer.credit_code, blue.public_id, StoredFile.public_id)
        .join(seller, seller.id == Invoice.seller_id)
        .join(buyer, buyer.id == Invoice.buyer_id)
        .outerjoin(blue, blue.id == Invoice.red_of_id)
        .outerjoin(StoredFile, StoredFile.id == Invoice.file_id)
        .where(is_party(actor, Invoice.buyer_id, Invoice.seller_id, on), *_wanted(statuses, q))
        .order_by(Invoice.id.desc())
        .limit(limit + 1)
    )
    if order_id is not None:
        shares = select(InvoiceOrder.invoice_id).where(InvoiceOrder.order_id == order_id)
        query = query.where(Invoice.id.in_(shares))
    if key := decode_cursor(cursor, int):
        query = query.where(Invoice.id < key[0])
    rows = db.session.execute(query).all()
    orders = orders_by_invoice([row[0].id for row in rows])
    return make_page([_row(*row, orders=orders[row[0].id]) for row in rows], limit, lambda row: (row.key,))


def total_invoices(actor: Actor, on: date, *, statuses: Sequence[str] = (), q: str = "") -> tuple[int, int]:
    """Return how many invoices a list of the same filter has, and their sum in fen; red ones take away."""
    whole = cast(func.coalesce(func.sum(Invoice.amount_fen), 0), BigInteger)
    query = select(func.count(), whole).where(
        is_party(actor, Invoice.buyer_id, Invoice.seller_id, on), *_wanted(statuses, q)
    )
    count, fen = db.session.execute(query).one()
    return count, fen


def _wanted(statuses: Sequence[str], q: str) -> list[ColumnElement[bool]]:
    """Return the conditions of a list: states, and part of a number, an order's too, or of a party's name, or the exact sum."""
    found: list[ColumnElement[bool]] = [Invoice.status.in_(statuses)] if statuses else []
    if q:
        named = select(Organisation.id).where(Organisation.name.contains(q, autoescape=True))
        of_order = (
            select(InvoiceOrder.invoice_id)
            .join(Order, Order.id == InvoiceOrder.order_id)
            .where(Order.number.contains(q, autoescape=True))
        )
        sums = (Invoice.amount_fen == fen for fen in searched_fen(q))
        parties = (Invoice.seller_id.in_(named), Invoice.buyer_id.in_(named))
        found.append(or_(Invoice.number.contains(q, autoescape=True), Invoice.id.in_(of_order), *parties, *sums))
    return found


def _row(
    invoice: Invoice,
    seller: str,
    buyer: str,
    credit_code: str | None,
    red_of: UUID | None,
    file: UUID | None,
    *,
    orders: list[InvoicedOrder],
) -> InvoiceRow:
    return InvoiceRow(
        id=invoice.public_id, key=invoice.id, code=invoice.code, number=invoice.number, kind=invoice.kind, red_of=red_of,
        status=invoice.status, seller=seller, buyer=buyer, buyer_header=invoice.buyer_header,
        buyer_tax_no=invoice.buyer_tax_no, amount_fen=invoice.amount_fen, tax_fen=invoice.tax_fen,
        tax_rate=invoice.tax_rate, issued_on=invoice.issued_on, recorded_at=invoice.recorded_at,
        recorded_by=invoice.recorded_by, checked_at=invoice.checked_at, reason=invoice.reason, file=file, version=invoice.version, orders=orders,
        flags=flags.find(invoice, buyer_name=buyer, credit_code=credit_code, orders=orders),
    )  # fmt: skip


def get_row(public_id: UUID, actor: Actor, on: date) -> InvoiceRow:
    """Return one invoice as lists show it.

    :raises NotFound: if there is none, or it is another's.
    """
    invoice = get_invoice(public_id, actor, on)
    seller, buyer = (
        db.session.get_one(Organisation, invoice.seller_id),
        db.session.get_one(Organisation, invoice.buyer_id),
    )
    blue = db.session.get(Invoice, invoice.red_of_id) if invoice.red_of_id else None
    file = db.session.get(StoredFile, invoice.file_id) if invoice.file_id else None
    return _row(
        invoice, seller.name, buyer.name, buyer.credit_code, blue.public_id if blue else None,
        file.public_id if file else None, orders=orders_by_invoice([invoice.id])[invoice.id],
    )  # fmt: skip


def find_by_number(number: str, actor: Actor, on: date) -> UUID | None:
    """Return the actor's invoice with this number that was not refused, or ``None``."""
    return db.session.scalar(
        select(Invoice.public_id)
        .where(
            Invoice.number == "".join(number.split()),
            Invoice.status != "refused",
            is_party(actor, Invoice.buyer_id, Invoice.seller_id, on),
        )
        .limit(1)
    )


def invoiced_fen() -> ColumnElement[int]:
    """Return the expression of how much of an order is in invoices that were not refused."""
    return (
        select(cast(func.coalesce(func.sum(InvoiceOrder.amount_fen), 0), BigInteger))
        .join(Invoice, Invoice.id == InvoiceOrder.invoice_id)
        .where(InvoiceOrder.order_id == Order.id, Invoice.status != "refused")
        .correlate(Order)
        .scalar_subquery()
    )


def count_unchecked(actor: Actor, on: date) -> int:
    """Return how many of the actor's invoices wait to be checked."""
    found = db.session.scalar(
        select(func.count())
        .select_from(Invoice)
        .where(Invoice.status == "recorded", is_party(actor, Invoice.buyer_id, Invoice.seller_id, on))
    )
    return found or 0


def not_invoiced_fen(order_id: int) -> int:
    """Return what was accepted of an order and is in no invoice that was not refused."""
    found = db.session.scalar(select(earned_fen() - invoiced_fen()).where(Order.id == order_id))
    return max(found or 0, 0)
