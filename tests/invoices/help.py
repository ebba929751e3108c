"""Invoices in one line each."""

from __future__ import annotations

from datetime import date
from itertools import count as counter

from orders.invoices.services import InvoiceFacts, InvoiceShare
from orders.purchase.models import Order
from shop.db import db
from shop.identity.models import Organisation
from tests.counting.build import Trade

_numbers = counter(1)


def invoice(trade: Trade, *shares: tuple[Order, int], **changes: object) -> InvoiceFacts:
    """Return a right 数电票 for the buyer, its tax 9 % of the net amount."""
    buyer = db.session.get_one(Organisation, trade.buyer.organisation_id)
    amount = sum(fen for _order, fen in shares)
    values: dict[str, object] = {
        "number": f"{next(_numbers):020d}", "amount_fen": amount, "tax_fen": round(amount * 9 / 109), "tax_rate": "9",
        "issued_on": date(2026, 7, 15), "buyer_header": buyer.name, "buyer_tax_no": buyer.credit_code or "",
        "orders": tuple(InvoiceShare(order=order.public_id, amount_fen=fen) for order, fen in shares),
    } | changes  # fmt: skip
    return InvoiceFacts(**values)  # type: ignore[arg-type]
