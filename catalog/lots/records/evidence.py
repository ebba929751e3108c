"""Lets a producer's side open the files of its reports, papers and loggers, whoever of it handed them in."""

from __future__ import annotations

from flask import Flask
from sqlalchemy import text

from catalog.producers.queries import producers_of
from shop import clock
from shop.auth import Actor
from shop.db import db
from shop.files.services import allow

_FOUND = text("""
    SELECT EXISTS (SELECT FROM test_reports WHERE file_id = :file AND producer_id = ANY(:producers))
        OR EXISTS (SELECT FROM meat_papers WHERE file_id = :file AND producer_id = ANY(:producers))
        OR EXISTS (SELECT FROM temperature_records WHERE file_id = :file AND producer_id = ANY(:producers))""")


_LOTS = text("""
    WITH about AS (
        SELECT batch_id, lot_id FROM test_reports WHERE file_id = :file AND withdrawn_at IS NULL
        UNION SELECT batch_id, lot_id FROM meat_papers WHERE file_id = :file
        UNION SELECT batch_id, lot_id FROM temperature_records WHERE file_id = :file)
    SELECT lot_id FROM about WHERE lot_id IS NOT NULL
    UNION SELECT l.id FROM about a JOIN lots l ON l.batch_id = a.batch_id""")


def lots_of_file(file_id: int) -> list[int]:
    """Return the lots that a file says something about, through their batch too; those who got them may open it."""
    return list(db.session.execute(_LOTS, {"file": file_id}).scalars())


def may_read(actor: Actor, file_id: int) -> bool:
    """Say whether a file belongs to a record of a producer for whom the actor may act today."""
    mine = sorted(producers_of(actor, clock.today()))
    return bool(mine) and bool(db.session.execute(_FOUND, {"file": file_id, "producers": mine}).scalar_one())


def init_app(_app: Flask) -> None:
    """Register the check with the files."""
    allow(may_read)
