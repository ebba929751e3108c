"""Commitment certificates and papers of meat, written as events: the record says which papers goods had."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select, text

from catalog.lots.records.models import Commitment, MeatPaper
from catalog.lots.records.subjects import subject_of
from catalog.lots.records.supplier_models import BatchSupplier
from shop.db import db
from traceability.journey import events, names, records

_OF = text("""
    SELECT o.public_id AS producer_id, p.county_code AS county, f.sha256
    FROM meat_papers m JOIN stored_files f ON f.id = m.file_id JOIN organisations o ON o.id = m.producer_id
    LEFT JOIN batches b ON b.id = m.batch_id LEFT JOIN lots l ON l.id = m.lot_id LEFT JOIN skus s ON s.id = l.sku_id
    JOIN products p ON p.id = coalesce(b.product_id, s.product_id) WHERE m.id = :paper""")


def take_commitment(told: Mapping[str, Any], *, recorded_at: datetime) -> None:
    """Write that a commitment certificate was issued, and which one it takes the place of; a repeat changes nothing."""
    replaced = told["replaces"]
    before = db.session.scalars(select(Commitment.public_id).where(Commitment.number == replaced)).one_or_none()
    said = {
        "certificate": "commitment", "number": told["number"], "issuedOn": told["issued_on"], "quantity": told["quantity"],
        "origin": told["origin"], "bases": told["bases"], "replaces": names.uuid_uri(before) if before else None,
    }  # fmt: skip
    at, producer = datetime.fromisoformat(told["recorded_at"]), UUID(told["producer_id"])
    event = events.certified(records.uri_of(told), said, paper=told["commitment_id"], at=at, producer=producer)
    records.write(event, told, recorded_at)


def take_paper(told: Mapping[str, Any], *, recorded_at: datetime) -> None:
    """Write that a paper of meat came with goods; a repeat changes nothing."""
    _write_paper(_paper(told), recorded_at)


def take_back_paper(told: Mapping[str, Any], *, recorded_at: datetime) -> None:
    """Declare the event of a paper of meat wrong that was taken back; one that nothing had told of before is told first."""
    _write_paper(_paper(told), recorded_at)
    said = {"certificationInfo": [names.uuid_uri(told["paper_id"])]}
    records.declare(MeatPaper, told["paper_id"], said, told, recorded_at)


def take_supplier(told: Mapping[str, Any], *, recorded_at: datetime) -> None:
    """Write from whom goods were bought; what was told of that before is declared wrong.

    :raises RecordUntold: if that was not written yet.
    """
    if told["replaces"]:
        seller = [{"source": names.uuid_uri(told["replaces"])}]
        records.declare(BatchSupplier, told["replaces"], {"sourceList": seller}, told, recorded_at)
    event = events.bought(records.uri_of(told), told, producer=UUID(told["producer_id"]))
    records.write(event, told, recorded_at)


def _paper(told: Mapping[str, Any]) -> MeatPaper:
    return db.session.scalars(select(MeatPaper).where(MeatPaper.public_id == UUID(told["paper_id"]))).one()


def _write_paper(paper: MeatPaper, recorded_at: datetime) -> None:
    of = db.session.execute(_OF, {"paper": paper.id}).one()
    kind, thing_id = subject_of(paper)
    told = {
        "producer_id": str(of.producer_id), "county": of.county, "lot_id": None, "batch_id": None, f"{kind}_id": str(thing_id)
    }  # fmt: skip
    said = {
        "certificate": paper.kind, "number": paper.number, "issuer": paper.issuer, "issuedOn": paper.issued_on.isoformat(),
        "fileSha256": of.sha256,
    }  # fmt: skip
    event = events.certified(
        records.uri_of(told), said, paper=str(paper.public_id), at=paper.recorded_at, producer=of.producer_id
    )
    records.write(event, told, recorded_at)
