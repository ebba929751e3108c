"""Reading logs: hashes of subtrees, roots, proofs, tiles, entries, checkpoints, keys."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select, text

from shop.db import db
from shop.errors import Invalid
from shop.i18n import _
from shop.translog import tree
from shop.translog.models import Log, LogCheckpoint, LogKey, LogKeyEnd, LogLeaf, LogTile
from shop.translog.notes import VerifierKey
from shop.translog.registry import NoSuchLog
from shop.translog.tree import Node, Range

#: Hashes side by side in a tile, and the levels of the tree that lie between two of tiles.
WIDTH, HEIGHT = 256, 8

#: A range at a time by the key's index: a plain join lets a planner without fresh statistics read all leaves for each.
_LEAF_HASHES = text("""
    SELECT l.leaf_index, l.hash FROM unnest(cast(:starts AS bigint[]), cast(:ends AS bigint[])) AS r (a, b)
    CROSS JOIN LATERAL (
        SELECT leaf_index, hash FROM log_leaves
        WHERE log_id = :log AND leaf_index >= r.a AND leaf_index < r.b ORDER BY leaf_index LIMIT r.b - r.a) l""")
_TILE_ROOTS = text("""
    SELECT r.level, t.number, t.root
    FROM unnest(cast(:levels AS bigint[]), cast(:starts AS bigint[]), cast(:ends AS bigint[])) AS r (level, a, b)
    CROSS JOIN LATERAL (
        SELECT number, root FROM log_tiles
        WHERE log_id = :log AND level = r.level - 1 AND number >= r.a AND number < r.b
        ORDER BY number LIMIT r.b - r.a) t""")

#: A level of tiles, and which of its hashes: from the first up to, not including, the second.
Span = tuple[int, int, int]


class BadTreeSize(Invalid):
    """No checkpoint has that size yet, or the leaf or the older tree does not lie in it."""

    code = "bad-tree-size"


class NotLogged(NoSuchLog):
    """What was asked for is not in the log, or not yet."""

    code = "not-logged"


@dataclass(frozen=True)
class KeyState:
    """A key, as verifiers take it, and whether it signs now."""

    id: int
    verifier: VerifierKey
    signs: bool


def get_log(name: str) -> Log:
    """Return a log.

    :raises NoSuchLog: if nothing was ever logged under that name.
    """
    found = db.session.scalars(select(Log).where(Log.name == name)).one_or_none()
    if found is None:
        raise NoSuchLog(_("没有这个日志。"))
    return found


def list_logs() -> list[Log]:
    """Return all logs, by name."""
    return list(db.session.scalars(select(Log).order_by(Log.name)))


def keys_of(log_id: int) -> list[KeyState]:
    """Return all keys that a log has ever signed with, oldest first."""
    rows = db.session.execute(
        select(LogKey, LogKeyEnd.ended_at)
        .outerjoin(LogKeyEnd, LogKeyEnd.key_id == LogKey.id)
        .where(LogKey.log_id == log_id)
        .order_by(LogKey.id)
    )
    return [KeyState(key.id, VerifierKey(key.name, key.public_key), ended is None) for key, ended in rows]


def find_checkpoint(log_id: int) -> LogCheckpoint | None:
    """Return the last checkpoint that was signed."""
    return db.session.scalars(
        select(LogCheckpoint).where(LogCheckpoint.log_id == log_id).order_by(LogCheckpoint.id.desc()).limit(1)
    ).one_or_none()


def get_checkpoint(log_id: int) -> LogCheckpoint:
    """Return the last checkpoint.

    :raises NoSuchLog: if none was signed yet.
    """
    found = find_checkpoint(log_id)
    if found is None:
        raise NoSuchLog(_("日志尚无签名的检查点。"))
    return found


def find_leaf(log_id: int, key: str) -> LogLeaf | None:
    """Return the leaf of a record."""
    return db.session.scalars(select(LogLeaf).where(LogLeaf.log_id == log_id, LogLeaf.key == key)).one_or_none()


def size_of(log_id: int) -> int:
    """Return the number of leaves, signed or not."""
    query = text("SELECT coalesce(max(leaf_index) + 1, 0) FROM log_leaves WHERE log_id = :log")
    return int(db.session.execute(query, {"log": log_id}).scalar_one())


def hashes_of(log_id: int, ranges: Sequence[Range]) -> list[bytes]:
    """Return the Merkle tree hashes of ranges of a root or proof, in two statements."""
    known = _read([_span(node) for span in ranges for node in tree.nodes_of(span)], log_id)

    def hash_of(node: Node) -> bytes:
        level, first, end = _span(node)
        return tree.root_of(known[level, number] for number in range(first, end))

    return [tree.hash_of_range(span, hash_of) for span in ranges]


def hashes_below(log_id: int, level: int, first: int, end: int) -> list[bytes]:
    """Return hashes of a level of tiles: of leaves, or of whole tiles one level below."""
    found = _read([(level, first, end)], log_id)
    return [found[level, index] for index in range(first, end)]


def root_at(log_id: int, size: int) -> bytes:
    """Return the root over the first ``size`` leaves as they are kept now."""
    return hashes_of(log_id, [(0, size)])[0]


def _span(node: Node) -> Span:
    """Return the hashes of tiles that a subtree is the root over."""
    level, index = node
    steps = level % HEIGHT
    return level // HEIGHT, index << steps, (index + 1) << steps


def _read(spans: Sequence[Span], log_id: int) -> dict[tuple[int, int], bytes]:
    """Return hashes by level and number."""
    found: dict[tuple[int, int], bytes] = {}
    leaves, above = [span for span in spans if not span[0]], [span for span in spans if span[0]]
    if leaves:
        values: dict[str, Any] = {"log": log_id, "starts": [s[1] for s in leaves], "ends": [s[2] for s in leaves]}
        found.update({(0, row[0]): bytes(row[1]) for row in db.session.execute(_LEAF_HASHES, values)})
    if above:
        values = {"log": log_id, "levels": [s[0] for s in above], "starts": [s[1] for s in above],
                  "ends": [s[2] for s in above]}  # fmt: skip
        found.update({(row[0], row[1]): bytes(row[2]) for row in db.session.execute(_TILE_ROOTS, values)})
    return found


def inclusion_proof(log_id: int, index: int, size: int) -> list[bytes]:
    """Return the proof that a leaf is in the tree of a size.

    :raises BadTreeSize: if no checkpoint reaches that size or the leaf is beyond it.
    """
    if not 0 <= index < size <= get_checkpoint(log_id).size:
        raise BadTreeSize(_("日志尚无这样大的检查点，或条目不在其中。"))
    return hashes_of(log_id, tree.inclusion_ranges(index, size))


def consistency_proof(log_id: int, first: int, second: int) -> list[bytes]:
    """Return the proof that the tree of one size begins that of another.

    :raises BadTreeSize: if no checkpoint reaches the second, or the first is larger or empty.
    """
    if not 0 < first <= second <= get_checkpoint(log_id).size:
        raise BadTreeSize(_("日志尚无这样大的检查点，或两个大小的先后不对。"))
    return hashes_of(log_id, tree.consistency_ranges(first, second))


def tile(log_id: int, level: int, number: int, width: int) -> bytes | None:
    """Return a tile of a level, whole or its first ``width`` hashes; ``None`` if no checkpoint reaches it."""
    first = number * WIDTH
    if first + width > get_checkpoint(log_id).size >> (HEIGHT * level):
        return None
    if width == WIDTH:
        found = db.session.get(LogTile, (log_id, level, number))
        return None if found is None else bytes(found.hashes)
    return b"".join(hashes_below(log_id, level, first, first + width))


def entry_bundle(log_id: int, number: int, width: int) -> bytes | None:
    """Return entries, each after its length in two bytes; ``None`` if no checkpoint reaches them."""
    first = number * WIDTH
    if first + width > get_checkpoint(log_id).size:
        return None
    entries = db.session.scalars(
        select(LogLeaf.entry)
        .where(LogLeaf.log_id == log_id, LogLeaf.leaf_index >= first, LogLeaf.leaf_index < first + width)
        .order_by(LogLeaf.leaf_index)
    )
    return b"".join(struct.pack(">H", len(entry)) + bytes(entry) for entry in entries)
