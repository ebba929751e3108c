"""The log ``trace``: every captured event is a leaf, in the order of the transactions that stored them.

A leaf tells that an event was recorded and when, and its hash ID. What the event says, and who captured it, is its
writer's and those who got the goods: the leaf commits to it, and to what the repository finds and follows it by.
Everybody reads the leaves: a name among them, even one that stands for a name, would tell who buys from whom.
"""

from __future__ import annotations

import math
from datetime import UTC
from typing import Any

from flask import Flask
from sqlalchemy import RowMapping, text

from shop.db import db
from shop.errors import Conflict
from shop.i18n import _
from shop.translog import registry
from shop.translog.registry import Batch, Record
from traceability.proofs.checking import check

LOG = "trace"

#: The largest whole number that JSON in canonical form keeps (RFC 8785).
_LARGEST = 2**53 - 1

#: Transactions that may still commit are left to the next time, and with them all that began later: so the order is
#: final, and nothing turns up behind a place that was passed.
_END = text("""
    SELECT cast(cast(max(xid) AS text) AS bigint) FROM (
        SELECT xid, sum(octet_length(cast(document AS text)))
                      OVER (ORDER BY xid, id ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS before
        FROM (SELECT xid, id, document FROM trace_events
              WHERE xid > cast(cast(:after AS text) AS xid8) AND xid < pg_snapshot_xmin(pg_current_snapshot())
              ORDER BY xid, id LIMIT :limit) page) sized
    WHERE before IS NULL OR before < :most""")
#: Bytes of events after which no further transaction is read at once; one has those of a document at most.
MOST_BYTES = 16_000_000
_READ = text("""
    SELECT cast(cast(e.xid AS text) AS bigint) AS place, e.event_id, e.is_declaration, e.hash_id, e.record_time,
           e.document, e.is_market, x.contexts, o.public_id AS party, before.hash_id AS previous,
           e.type, e.action, e.biz_step, e.disposition, e.read_point, e.biz_location, e.transformation_id, e.event_time,
           e.county_code, (
             SELECT coalesce(json_agg(json_build_array(n.role, i.uri, cast(n.quantity AS text), n.uom) ORDER BY n.ordinal),
                             '[]')
             FROM trace_event_epcs n JOIN trace_epcs i ON i.id = n.epc_id WHERE n.event_id = e.id) AS named
    FROM trace_events e JOIN trace_contexts x ON x.id = e.context_id JOIN organisations o ON o.id = e.organisation_id
    LEFT JOIN trace_events before ON e.is_declaration AND before.event_id = e.event_id AND NOT before.is_declaration
      AND (before.xid, before.id) < (e.xid, e.id)
    WHERE e.xid > cast(cast(:after AS text) AS xid8) AND e.xid <= cast(cast(:upto AS text) AS xid8)
      AND e.xid < pg_snapshot_xmin(pg_current_snapshot())
    ORDER BY e.xid, e.id""")
_COLUMNS = (
    "type",
    "action",
    "biz_step",
    "disposition",
    "read_point",
    "biz_location",
    "transformation_id",
    "county_code",
)


_IS_AHEAD = text("SELECT cast(cast(:after AS text) AS xid8) >= pg_snapshot_xmax(pg_current_snapshot())")


class TraceOrderLost(Conflict):
    """The log is ahead of the server's transactions: its database was moved by dump, and new events would be missed."""

    code = "trace-order-lost"


def init_app(_app: Flask) -> None:
    """Name the log."""
    registry.register(LOG, read, check=check)


def key_of(event_id: str, *, is_declaration: bool) -> str:
    """Return what the log calls an event: an error declaration has its event's identifier."""
    return f"{event_id} declared wrong" if is_declaration else event_id


def read(after: int, limit: int) -> Batch:
    """Return the events of the transactions after a place.

    :raises TraceOrderLost: if this server has not come that far; nothing is missed in silence.
    """
    if db.session.execute(_IS_AHEAD, {"after": after}).scalar_one():
        raise TraceOrderLost(_("日志的次序超前于数据库的事务编号，请先调高事务编号。"), place=after)
    upto = db.session.execute(_END, {"after": after, "limit": limit, "most": MOST_BYTES}).scalar_one()
    if upto is None:
        return Batch([], after)
    rows = db.session.execute(_READ, {"after": after, "upto": upto}).mappings()
    return Batch([_record(row) for row in rows], int(upto))


def _record(row: RowMapping) -> Record:
    told = {
        "event": row["event_id"],
        "declaration": row["is_declaration"],
        "hash": row["hash_id"],
        "recorded_at": row["record_time"].astimezone(UTC).isoformat(),
    }
    if row["previous"] is not None:
        told["previous"] = row["previous"]
    found_by = {name: row[name] for name in _COLUMNS if row[name] is not None}
    found_by["event_time"] = row["event_time"].astimezone(UTC).isoformat()
    facts = {
        "contexts": row["contexts"], "event": row["document"], "found_by": found_by, "names": row["named"],
        "party": str(row["party"]), "market": row["is_market"],
    }  # fmt: skip
    key = key_of(row["event_id"], is_declaration=row["is_declaration"])
    return Record(row["place"], key, told, _plain(facts))


def _plain(value: Any) -> Any:
    """Return a JSON value without numbers that the canonical form does not know."""
    if isinstance(value, dict):
        return {name: _plain(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_plain(each) for each in value]
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) > _LARGEST:
        value = float(value) if abs(value) < 10**300 else math.inf
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value
