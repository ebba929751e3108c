"""Counting scans: one statement each, decided by the database, and nothing about who scanned."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from shop.db import fetch
from shop.pipelining import Statement

#: Who opens a pack opens its label's address again soon: a second try, a browser that looks ahead, a messenger that
#: checks the address. Within this time after a counted scan of a pack it is the same scan.
SAME_SCAN = timedelta(minutes=10)

#: The counts of a crash's last moments may be lost, so nobody waits for the disk.
_HURRY = "RETURNING set_config('synchronous_commit', 'off', true)"
_PIECE = Statement(f"""
    INSERT INTO serial_scans AS c (serial, lot_id, scans, first_at, last_at)
    SELECT n.serial, n.lot_id, 1, :at, :at FROM lot_serials n WHERE n.serial = :serial
    ON CONFLICT (serial) DO UPDATE SET scans = c.scans + 1, last_at = excluded.last_at WHERE c.last_at <= :before
    {_HURRY}""")
_RECORDED = Statement(f"""
    INSERT INTO recorded_scans AS c (sku_id, serial, lot_id, scans, first_at, last_at)
    SELECT s.id, :serial, (SELECT id FROM lots WHERE public_id = CAST(:lot AS uuid)), 1, :at, :at
    FROM skus s WHERE s.id = :sku
    ON CONFLICT (sku_id, serial) DO UPDATE
    SET scans = c.scans + 1, last_at = excluded.last_at, lot_id = coalesce(c.lot_id, excluded.lot_id)
    WHERE c.last_at <= :before
    {_HURRY}""")
_LOT = Statement(f"""
    INSERT INTO lot_scans AS c (lot_id, scans, first_at, last_at)
    SELECT l.id, 1, :at, :at FROM lots l WHERE l.public_id = :lot
    ON CONFLICT (lot_id) DO UPDATE SET scans = c.scans + 1, last_at = greatest(c.last_at, excluded.last_at)
    {_HURRY}""")


def count_piece(serial: str, *, at: datetime) -> None:
    """Count a scan of a pack's label, unless it is the same as the last; two at once are one."""
    fetch(_PIECE, {"serial": serial, "at": at, "before": at - SAME_SCAN})


def count_recorded(sku_id: int, serial: str, lot_id: UUID | None, *, at: datetime) -> None:
    """Count a scan of a pack that its producer numbered, as :func:`count_piece` does; the first lot is kept with it."""
    fetch(_RECORDED, {"sku": sku_id, "serial": serial, "lot": lot_id, "at": at, "before": at - SAME_SCAN})


def count_lot(lot_id: UUID, *, at: datetime) -> None:
    """Count a scan of a lot's label; every one counts, for all packs of the lot have the same."""
    fetch(_LOT, {"lot": lot_id, "at": at})
