"""Sealing: gives every committed entry its place in one gapless order, with its leaf and its additions to the caches.

No business transaction takes a global lock: the order is made afterwards. ``ledger_seal_marks`` holds a
transaction id below which everything is sealed, so that a seal looks only at what came since.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text

from orders.ledger import rollups
from shop.db import db
from shop.errors import Conflict
from shop.i18n import _

#: One sealer at a time ("DKSL").
_LOCK = 0x444B534C
#: Entries sealed in one transaction; a backlog takes several.
BATCH = 5000

#: An entry and its postings as RFC 8785 would write them: members in order, no blanks, minimal escapes.
CANONICAL = """
    '{"fact":' || to_json(e.fact) || ',"filing":' || coalesce(e.filing_id::text, 'null')
    || ',"key":' || to_json(e.key)
    || ',"occurred_at":"' || to_char(e.occurred_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
    || '","order":' || coalesce(e.order_id::text, 'null')
    || ',"organisation":' || coalesce(e.organisation_id::text, 'null') || ',"postings":['
    || coalesce((
        SELECT string_agg('{"amount_fen":' || p.amount_fen || ',"book":"' || p.book || '","business_on":"' || p.business_on
               || '","credit":' || to_json(c.kind || '/' || c.owner) || ',"debit":' || to_json(b.kind || '/' || b.owner)
               || ',"dimension":' || coalesce(p.dimension_id::text, 'null')
               || ',"measure":' || coalesce('"' || p.measure || '"', 'null') || ',"origin_on":"' || p.origin_on || '"}',
               ',' ORDER BY p.id)
        FROM postings p JOIN ledger_accounts b ON b.id = p.debit_id JOIN ledger_accounts c ON c.id = p.credit_id
        WHERE p.entry_id = e.id), '')
    || '],"recorded_at":"' || to_char(e.recorded_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
    || '","user":' || coalesce(e.user_id::text, 'null') || '}'""".replace("::", r"\:\:")
#: RFC 9162's leaf hash.
LEAF = f"sha256(decode('00', 'hex') || convert_to({CANONICAL}, 'UTF8'))"

_UNSEALED = """e.xid >= (SELECT xid FROM ledger_seal_marks WHERE id = 1)
               AND (SELECT s.seq FROM ledger_seals s WHERE s.entry_id = e.id) IS NULL"""
#: Ordered, so that it is read from the mark upwards by the index: EXISTS would let the planner read the whole table.
_AHEAD = "(SELECT xid > pg_snapshot_xmax(pg_current_snapshot()) FROM ledger_seal_marks WHERE id = 1)"
_HAS_NEWS = text(
    f"SELECT (SELECT 1 FROM journal_entries e WHERE {_UNSEALED} ORDER BY e.xid LIMIT 1) IS NOT NULL, {_AHEAD}"
)

#: The horizon is read before the entries are: a transaction that ended between the two is then
#: looked at again by the next seal, never missed.
_LOCK_SEALER = text(
    f"SELECT pg_advisory_xact_lock({_LOCK}), cast(pg_snapshot_xmin(pg_current_snapshot()) AS text), {_AHEAD}"
)

_SEAL = text(f"""
    WITH batch AS MATERIALIZED (
        SELECT e.* FROM journal_entries e WHERE {_UNSEALED} ORDER BY e.xid, e.id LIMIT :batch),
    made AS (
        INSERT INTO ledger_seals (seq, entry_id, leaf, sealed_at)
        SELECT m.seq + row_number() OVER (ORDER BY e.xid, e.id), e.id, {LEAF},
               greatest(:at, (SELECT s.sealed_at FROM ledger_seals s ORDER BY s.seq DESC LIMIT 1))
        FROM batch e, ledger_seal_marks m WHERE m.id = 1
        RETURNING seq)
    SELECT count(*), (SELECT seq FROM ledger_seal_marks WHERE id = 1),
           (SELECT cast(max(xid) AS text) FROM batch) FROM made""")

#: When everything seen was sealed the mark goes to the horizon. When a backlog was cut, entries of the last
#: transaction seen may be left over, so it stops there, and never passes the horizon.
_MOVE_MARK = text("""
    UPDATE ledger_seal_marks m SET seq = seq + :count, xid = n.xid
    FROM (SELECT least(cast(:horizon AS xid8), coalesce(cast(:last AS xid8), cast(:horizon AS xid8))) AS xid) n
    WHERE m.id = 1 AND (:count > 0 OR EXISTS (
        SELECT FROM journal_entries e WHERE e.xid >= m.xid AND e.xid < n.xid))""")


class LedgerOrderLost(Conflict):
    """The seals are ahead of the server's transactions: its database was moved by dump, and new entries would be missed."""

    code = "ledger-order-lost"


@dataclass(frozen=True)
class Sealed:
    """What one seal did; ``more`` says that a backlog is left for the next."""

    count: int
    seq: int
    more: bool


def seal(at: datetime, *, batch: int = BATCH) -> Sealed:
    """Seal up to ``batch`` committed entries, with rollups and balances, in the caller's own short transaction.

    :param at: the instant of the seal; seals never go back in time, so an earlier one becomes the last seal's.
    :raises LedgerOrderLost: if this server has not come as far as the seals.
    """
    _locked, horizon, is_ahead = db.session.execute(_LOCK_SEALER).one()
    _require_order(is_ahead=is_ahead)
    count, before, last = db.session.execute(_SEAL, {"batch": batch, "at": at}).one()
    is_cut = count == batch
    if count:
        rollups.add_sealed(before, before + count)
    db.session.execute(_MOVE_MARK, {"count": count, "horizon": horizon, "last": last if is_cut else None})
    return Sealed(count, before + count, more=is_cut)


def hold() -> None:
    """Keep every sealer away until the transaction ends."""
    db.session.execute(_LOCK_SEALER)


def has_news() -> bool:
    """Say whether a committed entry waits for its seal.

    :raises LedgerOrderLost: if this server has not come as far as the seals, so that nobody reads figures without them.
    """
    has_some, is_ahead = db.session.execute(_HAS_NEWS).one()
    _require_order(is_ahead=is_ahead)
    return bool(has_some)


def _require_order(*, is_ahead: bool) -> None:
    if is_ahead:
        raise LedgerOrderLost(_("封存的次序超前于数据库的事务编号，请先调高事务编号。"))


def last_seq() -> int:
    """Return the last sealed place; 0 before the first."""
    return int(db.session.execute(text("SELECT seq FROM ledger_seal_marks WHERE id = 1")).scalar_one())
