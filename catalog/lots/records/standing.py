"""What stands of papers today: tests that count, failed ones, and recalls of what a certificate goes with."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from sqlalchemy import text

from catalog.lots.papers_due import BY_WEIGHT
from catalog.lots.records.models import Commitment, TestReport
from shop.db import db

#: Samples are taken in the field before the harvest, not longer before.
_EARLY_DAYS = 60
#: What a batch was made of, by the acts, as far as batches and opened lots go; itself first.
_BEHIND = text("""
    WITH RECURSIVE up (batch_id, depth) AS (
        SELECT CAST(:batch AS bigint), 0
        UNION
        SELECT i.batch_id, up.depth + 1 FROM up JOIN batches b ON b.id = up.batch_id CROSS JOIN LATERAL (
            SELECT m.batch_id FROM batch_movements m WHERE m.act_id = b.act_id AND m.quantity_kg < 0
            UNION ALL
            SELECT l.batch_id FROM lot_movements m JOIN lots l ON l.id = m.lot_id
            WHERE m.act_id = b.act_id AND m.quantity < 0 AND l.batch_id IS NOT NULL) i (batch_id)
        WHERE up.depth < 50
    )
    SELECT b.id, b.code, CAST(min(a.occurred_at) AT TIME ZONE 'Asia/Shanghai' AS date) AS since, min(up.depth) AS depth
    FROM up JOIN batches b ON b.id = up.batch_id JOIN batch_acts a ON a.id = b.act_id
    GROUP BY b.id ORDER BY min(up.depth), b.id LIMIT 500""")
_RECALLED = text("""
    SELECT DISTINCT l.code, l.public_id FROM lots l JOIN lot_recalls r ON r.lot_id = l.id AND r.lifted_at IS NULL
    WHERE l.id = :lot OR l.batch_id = :batch ORDER BY l.code, l.public_id""")
_IS_STOPPED = text("SELECT EXISTS (SELECT FROM batches WHERE id = :batch AND status = 'recalled')")


@dataclass(frozen=True)
class Behind:
    """What a batch was made of, itself among it."""

    #: Key of each batch to its code, the nearest first.
    batches: dict[int, str]
    #: The first day of which anything of it was there.
    since: date


def behind(batch_key: int | None, produced_on: date) -> Behind:
    """Return what a batch was made of, or nothing where there is no batch.

    :param produced_on: the day of goods without a batch.
    """
    rows = db.session.execute(_BEHIND, {"batch": batch_key}).all() if batch_key is not None else []
    return Behind({row.id: row.code for row in rows}, min([produced_on, *(row.since for row in rows)]))


def counts(report: TestReport, on: date, since: date) -> bool:
    """Say whether a test shows today that goods are good: passed, not taken back, not run out, and not of other goods.

    :param since: the first day of the goods.
    """
    is_in_time = report.expires_on is None or report.expires_on >= on
    is_of_these = report.tested_on >= since - timedelta(days=_EARLY_DAYS)
    return report.has_passed and report.withdrawn_at is None and is_in_time and is_of_these


def has_failed(reports: Sequence[TestReport]) -> bool:
    """Say whether a failed test of goods stands: not taken back, and none that weighs as much has passed since."""
    open_ = [each for each in reports if each.withdrawn_at is None]
    return any(not each.has_passed and not _is_answered(each, open_) for each in open_)


def _is_answered(failed: TestReport, reports: Iterable[TestReport]) -> bool:
    return any(
        each.has_passed
        and each.id > failed.id
        and each.tested_on >= failed.tested_on
        and BY_WEIGHT.index(each.kind) >= BY_WEIGHT.index(failed.kind)
        for each in reports
    )


@dataclass(frozen=True)
class Doubt:
    """Which goods of a certificate are called back."""

    #: Code and public id of lots.
    lots: list[tuple[str, UUID]]
    #: The batch itself, as far as it is not packed.
    is_batch: bool


def doubt_of(commitment: Commitment) -> Doubt:
    """Return what stands against a certificate now."""
    keys = {"lot": commitment.lot_id, "batch": commitment.batch_id}
    lots = [(row.code, row.public_id) for row in db.session.execute(_RECALLED, keys)]
    return Doubt(lots, bool(db.session.scalar(_IS_STOPPED, keys)))
