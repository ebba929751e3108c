"""Telling who got goods that these are called back, and the officials and operators concerned; each once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import select, text

from catalog.lots.models import Lot
from shop.clock import business_day
from shop.db import db
from shop.outbox.services import publish

#: A shipment that is being told holds its lots until it is there, so none slips between it and the recall.
_HOLD = text("SELECT id FROM lots WHERE id = :lot FOR UPDATE")
_TELL = text("""
    INSERT INTO trace_recall_tellings (recall_id, movement_id, told_at)
    SELECT r.recall_id, c.movement_id, :at FROM trace_consignments c CROSS JOIN (
        SELECT recall_id FROM lot_recalls WHERE lot_id = :lot AND lifted_at IS NULL ORDER BY id LIMIT 1) r
    WHERE c.lot_id = :lot ORDER BY 1, 2
    ON CONFLICT DO NOTHING RETURNING recall_id, movement_id""")
_WHO = text("""
    SELECT r.recall_id, c.consignee_id, o.division_code, c.order_ref, c.order_number, c.unit, sum(c.quantity) AS quantity
    FROM unnest(CAST(:recalls AS uuid[]), CAST(:movements AS bigint[])) AS r (recall_id, movement_id)
    JOIN trace_consignments c ON c.movement_id = r.movement_id JOIN organisations o ON o.id = c.consignee_id
    GROUP BY r.recall_id, c.consignee_id, o.division_code, c.order_ref, c.order_number, c.unit ORDER BY c.order_number""")
_RECALL = text("""
    SELECT r.recall_id, r.reason, l.public_id AS lot_id, l.code, p.name AS product, p.producer_id, o.name AS producer,
           p.county_code, u.public_id AS by
    FROM lot_recalls r JOIN lots l ON l.id = r.lot_id JOIN skus k ON k.id = l.sku_id JOIN products p ON p.id = k.product_id
    JOIN organisations o ON o.id = p.producer_id LEFT JOIN users u ON u.id = r.recalled_by
    WHERE r.lot_id = :lot AND r.lifted_at IS NULL ORDER BY r.id LIMIT 1""")
#: Those whose people watch over a place: the operator over all, an authority over its divisions.
_WATCHERS = text("""
    SELECT o.id FROM organisations o WHERE o.suspended_at IS NULL AND (o.kind = 'operator' OR o.kind = 'authority'
      AND EXISTS (SELECT FROM authority_scopes s WHERE s.organisation_id = o.id AND s.kind = 'division'
                    AND s.valid_from <= :on AND coalesce(s.valid_to, :on) >= :on AND s.division_code IN (
            SELECT unnest(ARRAY[c.code, c.division_code, c.prefecture_code, c.province_code])
            FROM assisted_counties c WHERE c.code = :county
            UNION SELECT unnest(ARRAY[d.code, d.prefecture_code, d.province_code])
            FROM divisions d WHERE d.code = ANY(:divisions))))
    ORDER BY o.id""")


def tell_lot(public_id: UUID, *, at: datetime) -> None:
    """Tell everybody who got some of a lot that is called back, and who watches over it, and has not been told.

    A lot that several recalls reach is told of once, for the first of them.
    """
    lot_id = db.session.scalars(select(Lot.id).where(Lot.public_id == public_id)).one()
    db.session.execute(_HOLD, {"lot": lot_id})
    new = db.session.execute(_TELL, {"lot": lot_id, "at": at}).all()
    who = defaultdict(list)
    told = {"recalls": [row.recall_id for row in new], "movements": [row.movement_id for row in new]}
    for row in db.session.execute(_WHO, told):
        who[row.recall_id].append(row)
    act = db.session.execute(_RECALL, {"lot": lot_id}).first()
    if act is not None:
        about = _about(act)
        for row in who[act.recall_id]:
            publish("traceability.recall_reached", organisations=[row.consignee_id], **about, **_order(row))
        watching = watchers(act.county_code, {row.division_code for row in who[act.recall_id]}, business_day(at))
        publish(
            "traceability.recall_announced", organisations=[*watching, act.producer_id], **about,
            by=str(act.by) if act.by else None, orders=len(who[act.recall_id]),
        )  # fmt: skip


def tell_lifted(told: Mapping[str, Any], *, at: datetime) -> None:
    """Tell everybody who was told of a recall of a lot that it was lifted."""
    lot_id = db.session.scalars(select(Lot.id).where(Lot.public_id == UUID(told["lot_id"]))).one()
    rows = db.session.execute(
        text("""SELECT DISTINCT c.consignee_id, o.division_code FROM trace_recall_tellings t
                JOIN trace_consignments c ON c.movement_id = t.movement_id JOIN organisations o ON o.id = c.consignee_id
                WHERE t.recall_id = :recall AND c.lot_id = :lot"""),
        {"recall": told["recall_id"], "lot": lot_id},
    ).all()
    producer = db.session.scalars(
        text("""SELECT p.producer_id FROM lots l JOIN skus k ON k.id = l.sku_id JOIN products p ON p.id = k.product_id
                WHERE l.id = :lot"""),
        {"lot": lot_id},
    ).one()
    watching = watchers(told["county"], {row.division_code for row in rows}, business_day(at))
    names = ("recall_id", "lot_id", "code", "product", "reason")
    publish(
        "traceability.recall_lifted", organisations=[*watching, producer, *(row.consignee_id for row in rows)],
        **{name: told[name] for name in names},
    )  # fmt: skip


def watchers(county: str, divisions: Iterable[str], on: date) -> list[int]:
    """Return the organisations whose people watch over goods of a county, and over who got them in divisions."""
    return list(db.session.scalars(_WATCHERS, {"county": county, "divisions": sorted(divisions), "on": on}))


def _about(act: Any) -> dict[str, Any]:
    return {
        "recall_id": str(act.recall_id), "lot_id": str(act.lot_id), "code": act.code, "product": act.product,
        "producer": act.producer, "reason": act.reason,
    }  # fmt: skip


def _order(row: Any) -> dict[str, Any]:
    quantity: Decimal = row.quantity
    return {
        "order_id": str(row.order_ref), "number": row.order_number, "quantity": f"{quantity:.3f}", "unit": row.unit,
    }  # fmt: skip
