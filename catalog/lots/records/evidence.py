"""Who may open the files of reports, papers and loggers: the producer's side, and those who watch over the goods."""

from __future__ import annotations

from flask import Flask
from sqlalchemy import select, text

from catalog.lots.records.oversight import watched_by
from catalog.producers.queries import producers_of
from shop import clock
from shop.auth import Actor
from shop.db import db
from shop.files.services import allow
from shop.geo.models import AssistedCounty

_FOUND = text("""
    SELECT EXISTS (SELECT FROM test_reports WHERE file_id = :file AND producer_id = ANY(:producers))
        OR EXISTS (SELECT FROM meat_papers WHERE file_id = :file AND producer_id = ANY(:producers))
        OR EXISTS (SELECT FROM temperature_records WHERE file_id = :file AND producer_id = ANY(:producers))
        OR EXISTS (SELECT FROM batch_suppliers x JOIN batches b ON b.id = x.batch_id
                   WHERE x.file_id = :file AND b.producer_id = ANY(:producers))""")


_LOTS = text("""
    WITH about AS (
        SELECT batch_id, lot_id FROM test_reports WHERE file_id = :file AND withdrawn_at IS NULL
        UNION SELECT batch_id, lot_id FROM meat_papers WHERE file_id = :file AND withdrawn_at IS NULL
        UNION SELECT batch_id, lot_id FROM temperature_records WHERE file_id = :file AND withdrawn_at IS NULL)
    SELECT lot_id FROM about WHERE lot_id IS NOT NULL
    UNION SELECT l.id FROM about a JOIN lots l ON l.batch_id = a.batch_id""")


def lots_of_file(file_id: int) -> list[int]:
    """Return the lots that a file says something about, through their batch too; those who got them may open it."""
    return list(db.session.execute(_LOTS, {"file": file_id}).scalars())


_COUNTIES = text("""
    WITH about AS (
        SELECT batch_id, lot_id FROM test_reports WHERE file_id = :file
        UNION SELECT batch_id, lot_id FROM meat_papers WHERE file_id = :file
        UNION SELECT batch_id, lot_id FROM temperature_records WHERE file_id = :file
        UNION SELECT batch_id, NULL FROM batch_suppliers WHERE file_id = :file)
    SELECT DISTINCT p.county_code FROM about a LEFT JOIN batches b ON b.id = a.batch_id
    LEFT JOIN lots l ON l.id = a.lot_id LEFT JOIN skus s ON s.id = l.sku_id
    JOIN products p ON p.id = coalesce(b.product_id, s.product_id)""")


def may_read(actor: Actor, file_id: int) -> bool:
    """Say whether a file belongs to a record of a producer for whom the actor may act today, or whose goods it watches."""
    mine = sorted(producers_of(actor, clock.today()))
    if mine and db.session.execute(_FOUND, {"file": file_id, "producers": mine}).scalar_one():
        return True
    return actor.scope.kind in ("division", "all") and _is_watched(actor, file_id)


def _is_watched(actor: Actor, file_id: int) -> bool:
    counties = db.session.execute(_COUNTIES, {"file": file_id}).scalars().all()
    watched = select(AssistedCounty.code).where(
        AssistedCounty.code.in_(counties), watched_by(actor, AssistedCounty.code)
    )
    return db.session.execute(watched.limit(1)).first() is not None


def init_app(_app: Flask) -> None:
    """Register the check with the files."""
    allow(may_read)
