"""Filings and their papers as what stands behind counted lines, and who may read those papers."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Flask
from sqlalchemy import select

from orders.ledger import evidence
from orders.ledger.evidence import Document, Source
from orders.ledger.filings.models import Filing, FilingDocument
from orders.ledger.filings.queries import visible
from shop import clock
from shop.auth import Actor
from shop.db import db
from shop.files import services as files
from shop.files.models import StoredFile


def sources(keys: list[int]) -> Mapping[int, Source]:
    """Return the filings with these keys and their papers."""
    rows = db.session.execute(
        select(FilingDocument.filing_id, FilingDocument.kind, StoredFile.name, StoredFile.public_id)
        .join(StoredFile, StoredFile.id == FilingDocument.file_id)
        .where(FilingDocument.filing_id.in_(keys))
        .order_by(FilingDocument.filing_id, StoredFile.id)
    )
    papers: dict[int, list[Document]] = {}
    for filing_id, kind, name, public_id in rows:
        papers.setdefault(filing_id, []).append(Document(kind, name, f"/files/{public_id}"))
    filings = db.session.execute(select(Filing.id, Filing.public_id, Filing.number).where(Filing.id.in_(keys)))
    return {
        key: Source("filing", str(public_id), number, f"/official/filings/{public_id}", tuple(papers.get(key, ())))
        for key, public_id, number in filings
    }


def may_read(actor: Actor, file_id: int) -> bool:
    """Say whether a file is a paper of a filing that the actor sees."""
    if not actor.may("filings:read"):
        return False
    query = (
        select(Filing.id)
        .join(FilingDocument, FilingDocument.filing_id == Filing.id)
        .where(FilingDocument.file_id == file_id, visible(actor, clock.today()))
        .limit(1)
    )
    return db.session.scalar(query) is not None


def init_app(_app: Flask) -> None:
    """Tell drill-downs of filings, and open their papers to those who see them."""
    evidence.register("filing", sources)
    files.allow(may_read)
