"""Reminding of recalls: consignees that have not answered, and who called back once the deadline is over."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import text

from catalog.lots.recall_terms import LEVELS
from shop.clock import business_day
from shop.db import db
from shop.outbox.services import publish

#: How often a consignee is reminded of one recall at most.
MOST = 10
#: What of a recall in force is with whom: not yet back, and whether they said anything. :param recalls: which.
_OPEN = """
    SELECT t.recall_id, c.consignee_id, min(t.told_at) AS told_at, bool_or(r.id IS NULL) AS is_silent,
           sum(c.quantity - b.back - g.came - coalesce(r.used + r.destroyed + greatest(r.returned - g.came, 0), 0)) > 0 AS is_open
    FROM trace_recall_tellings t JOIN trace_consignments c ON c.movement_id = t.movement_id
    JOIN lot_recalls l ON l.recall_id = t.recall_id AND l.lot_id = c.lot_id AND l.lifted_at IS NULL
    CROSS JOIN LATERAL (SELECT coalesce(sum(rejected), 0) AS back FROM trace_receipts WHERE movement_id = c.movement_id) b
    CROSS JOIN LATERAL (SELECT coalesce(sum(quantity), 0) AS came FROM trace_returns WHERE movement_id = c.movement_id) g
    LEFT JOIN LATERAL (SELECT * FROM trace_recall_replies WHERE recall_id = t.recall_id AND movement_id = c.movement_id
                       ORDER BY id DESC LIMIT 1) r ON true
    WHERE c.quantity > b.back + g.came {which}
    GROUP BY t.recall_id, c.consignee_id"""
_HOURS = " ".join(f"WHEN '{name}' THEN {level.begin_hours}" for name, level in LEVELS.items())
#: Of each silent consignee the time that is up: one level's hours after another.
_SILENT = text(f"""
    INSERT INTO trace_recall_reminders (recall_id, organisation_id, mark, sent_at)
    SELECT recall_id, consignee_id, cast(n AS text), :at FROM (
        SELECT o.*, floor(extract(epoch FROM cast(:at AS timestamptz) - o.told_at) / 3600 / CASE m.level {_HOURS} END) AS n
        FROM ({_OPEN.format(which="")}) o JOIN recall_terms m ON m.public_id = o.recall_id WHERE o.is_silent) s
    WHERE n BETWEEN 1 AND :most
      AND NOT EXISTS (SELECT FROM trace_recall_reminders r WHERE r.recall_id = s.recall_id
                      AND r.organisation_id = s.consignee_id AND r.mark = cast(s.n AS text))
    ORDER BY recall_id, consignee_id LIMIT :limit
    ON CONFLICT DO NOTHING RETURNING recall_id, organisation_id""")
_OVER = text(f"""
    INSERT INTO trace_recall_reminders (recall_id, organisation_id, mark, sent_at)
    SELECT m.public_id, NULL, cast(m.due_on AS text), :at FROM recall_terms m
    WHERE m.due_on < :today AND NOT EXISTS (SELECT FROM trace_recall_reminders r WHERE r.recall_id = m.public_id
                                            AND r.organisation_id IS NULL AND r.mark = cast(m.due_on AS text))
      AND EXISTS (SELECT FROM ({_OPEN.format(which="AND t.recall_id = m.public_id")}) o WHERE o.is_open)
    ORDER BY 1 LIMIT :limit
    ON CONFLICT DO NOTHING RETURNING recall_id""")
_ABOUT = text("""
    SELECT m.public_id AS recall_id, m.level, m.due_on, l.code, p.name AS product, p.producer_id, r.organisation_id
    FROM recall_terms m
    JOIN LATERAL (SELECT * FROM lot_recalls WHERE recall_id = m.public_id ORDER BY is_root DESC, id LIMIT 1) r ON true
    JOIN lots l ON l.id = r.lot_id JOIN skus k ON k.id = l.sku_id JOIN products p ON p.id = k.product_id
    WHERE m.public_id = :recall""")
_LEFT = text(f"SELECT count(*) FROM ({_OPEN.format(which='AND t.recall_id = :recall')}) o WHERE o.is_open")
_OPERATORS = text("SELECT id FROM organisations WHERE kind = 'operator' AND suspended_at IS NULL ORDER BY id")


def remind(at: datetime, *, limit: int = 200) -> int:
    """Tell each consignee that has said nothing, and once those who called back that time is over; returns how many."""
    values = {"at": at, "limit": limit}
    silent = db.session.execute(_SILENT, {**values, "most": MOST}).all()
    for recall_id, consignee_id in silent:
        publish("traceability.recall_unanswered", organisations=[consignee_id], **_told(_about(recall_id)))
    over = db.session.scalars(_OVER, {**values, "today": business_day(at)}).all()
    for recall_id in over:
        about = _about(recall_id)
        left = db.session.scalar(_LEFT, {"recall": recall_id})
        whom = {about.producer_id, about.organisation_id, *db.session.scalars(_OPERATORS)} - {None}
        publish("traceability.recall_overdue", organisations=sorted(whom), consignees=left, **_told(about))
    return len(silent) + len(over)


def _about(recall_id: object) -> Any:
    return db.session.execute(_ABOUT, {"recall": recall_id}).one()


def _told(about: Any) -> dict[str, Any]:
    return {
        "recall_id": str(about.recall_id), "code": about.code, "product": about.product, "level": about.level,
        "due_on": about.due_on.isoformat(),
    }  # fmt: skip
