"""Orders as what stands behind lines of the totals: their contract, acceptance files, invoices and bank slips, and who opens them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Flask
from sqlalchemy import text

from orders.ledger import evidence, questions
from orders.ledger.evidence import Document, Source
from shop.auth import Actor
from shop.db import db
from shop.files import services as files

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
    LEFT JOIN LATERAL (SELECT p.evidence_file_id AS file_id WHERE p.evidence_file_id IS NOT NULL
      UNION SELECT s.file_id FROM payment_slips s WHERE s.payment_id = p.id) e ON true
    LEFT JOIN stored_files f ON f.id = e.file_id
    WHERE pa.order_id = ANY(:keys) AND p.status = 'confirmed'
    GROUP BY pa.order_id, p.bank_serial, f.public_id HAVING sum(pa.amount_fen) > 0
    UNION ALL
    SELECT r.order_id, 'refund', coalesce(r.bank_serial, ''), '/files/' || f.public_id, 5
    FROM refunds r LEFT JOIN stored_files f ON f.id = r.evidence_file_id
    WHERE r.order_id = ANY(:keys) AND r.status = 'confirmed'
    ORDER BY 1, 5, 3, 4""")
#: The orders behind whose lines a file stands, as :data:`_PAPERS` tells of it.
_ORDERS_OF = """
    SELECT io.order_id FROM invoices i JOIN invoice_orders io ON io.invoice_id = i.id
    WHERE i.file_id = :file AND i.status <> 'refused'
    UNION ALL
    SELECT pa.order_id FROM payments p JOIN payment_allocations pa ON pa.payment_id = p.id
    WHERE p.status = 'confirmed' AND p.id IN (SELECT id FROM payments WHERE evidence_file_id = :file
      UNION SELECT s.payment_id FROM payment_slips s WHERE s.file_id = :file)
    UNION ALL
    SELECT r.order_id FROM refunds r WHERE r.evidence_file_id = :file AND r.status = 'confirmed'"""
#: Parties open theirs by their own rules; these only look on.
_ONLOOKERS = ("authority", "operator")


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


def may_read(actor: Actor, file_id: int) -> bool:
    """Say whether a file stands behind a line of an official's totals: who answers for a figure may see its papers."""
    if actor.organisation_kind not in _ONLOOKERS or not (actor.may("totals:read") or actor.may("orders:inspect")):
        return False
    values: dict[str, Any] = {"file": file_id}
    found = text(f"""SELECT EXISTS (SELECT FROM ledger_dimensions d JOIN postings p ON p.dimension_id = d.id
        WHERE d.order_id IN ({_ORDERS_OF}) AND {questions.seen_by(actor, values)})""")
    return bool(db.session.execute(found, values).scalar_one())


def init_app(_app: Flask) -> None:
    """Tell drill-downs of orders, and open their papers to those whose totals they are in."""
    evidence.register("order", sources)
    files.allow(may_read)
