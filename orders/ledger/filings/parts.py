"""Reads of a filing's parts: its lines, its numbers and its papers, and where else a paper is."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select, text

from catalog.products.models import Category
from orders.ledger.filings.models import Filing, FilingKey, FilingLine
from shop.db import db


@dataclass(frozen=True)
class LineView:
    """A line with its category's name."""

    position: int
    category_code: str
    category: str
    product_name: str
    quantity_text: str
    amount_fen: int
    eligibility_scheme: str | None
    eligibility_number: str
    #: The basis is registered here and was checked; else it is as stated on papers, or none was stated.
    is_registered: bool


@dataclass(frozen=True)
class DocumentView:
    """A paper of a filing; ``is_elsewhere``: the very same file is a paper of another filing or of an order."""

    kind: str
    file_id: UUID
    name: str
    is_elsewhere: bool


#: Files are the same if their bytes are, whoever uploaded them and however they are called.
_DOCUMENTS = text("""
    SELECT d.kind, f.public_id, f.name, EXISTS (
        SELECT FROM stored_files s WHERE s.sha256 = f.sha256 AND (
            EXISTS (SELECT FROM filing_documents o JOIN filings x ON x.id = o.filing_id
                    WHERE o.file_id = s.id AND o.filing_id <> d.filing_id AND x.status <> 'withdrawn')
            OR EXISTS (SELECT FROM invoices i WHERE i.file_id = s.id AND i.status <> 'refused')
            OR EXISTS (SELECT FROM payments p WHERE p.evidence_file_id = s.id AND p.status NOT IN ('refused', 'reversed'))))
    FROM filing_documents d JOIN stored_files f ON f.id = d.file_id WHERE d.filing_id = :filing ORDER BY d.kind, f.id""")


def list_lines(filing: Filing) -> list[LineView]:
    """Return a filing's lines in order."""
    rows = db.session.execute(
        select(FilingLine, Category.name_zh)
        .join(Category, Category.code == FilingLine.category_code)
        .where(FilingLine.filing_id == filing.id)
        .order_by(FilingLine.position)
    )
    return [
        LineView(
            line.position, line.category_code, name, line.product_name, line.quantity_text, line.amount_fen,
            line.eligibility_scheme, line.eligibility_number, line.eligibility_id is not None,
        )
        for line, name in rows
    ]  # fmt: skip


def numbers_of(filing: Filing) -> list[tuple[str, str]]:
    """Return kind and number, as compared, of what a filing names and of what it holds, in order."""
    held = db.session.execute(select(FilingKey.kind, FilingKey.key).where(FilingKey.filing_id == filing.id))
    return sorted({(kind, key) for kind, key in (*filing.numbers, *held)})


def list_documents(filing: Filing) -> list[DocumentView]:
    """Return a filing's papers by kind."""
    return [DocumentView(*row) for row in db.session.execute(_DOCUMENTS, {"filing": filing.id})]
