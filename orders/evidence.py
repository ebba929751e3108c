"""Orders as what stands behind counted lines: their contract, shipments' acceptance files, invoices and receipts."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Flask
from sqlalchemy import text

from orders.ledger import evidence
from orders.ledger.evidence import Document, Source
from shop.db import db

#: One statement for all papers of some orders: order, kind, title, address (empty: only its number is known).
_PAPERS = text("""
    SELECT order_id, 'contract' AS kind, number AS title, '/contracts/' || public_id AS address, 1 AS place
    FROM contracts WHERE order_id = ANY(:keys) AND status = 'signed'
    UNION ALL
    SELECT a.order_id, 'acceptance', f.name, '/files/' || f.public_id, 2
    FROM acceptances a JOIN acceptance_files af ON af.acceptance_id = a.id JOIN stored_files f ON f.id = af.file_id
    WHERE a.order_id = ANY(:keys)
    UNION ALL
    SELECT io.order_id, 'invoice', trim(i.code || ' ' || i.number), '/files/' || f.public_id, 3
    FROM invoice_orders io JOIN invoices i ON i.id = io.invoice_id LEFT JOIN stored_files f ON f.id = i.file_id
    WHERE io.order_id = ANY(:keys) AND i.status <> 'refused'
    UNION ALL
    SELECT pa.order_id, 'bank_receipt', p.bank_serial, '/files/' || f.public_id, 4
    FROM payment_allocations pa JOIN payments p ON p.id = pa.payment_id
    LEFT JOIN stored_files f ON f.id = p.evidence_file_id
    WHERE pa.order_id = ANY(:keys) AND p.status = 'confirmed'
    GROUP BY pa.order_id, p.bank_serial, f.public_id HAVING sum(pa.amount_fen) > 0
    ORDER BY 1, 5, 3""")


def sources(keys: list[int]) -> Mapping[int, Source]:
    """Return the orders with these keys and their papers, in two statements."""
    papers: dict[int, list[Document]] = {}
    for order_id, kind, title, address, _place in db.session.execute(_PAPERS, {"keys": keys}):
        papers.setdefault(order_id, []).append(Document(kind, title, address))
    orders = db.session.execute(text("SELECT id, public_id, number FROM orders WHERE id = ANY(:keys)"), {"keys": keys})
    return {
        key: Source("order", str(public_id), number, f"/orders/{public_id}", tuple(papers.get(key, ())))
        for key, public_id, number in orders
    }


def init_app(_app: Flask) -> None:
    """Tell drill-downs of orders."""
    evidence.register("order", sources)
