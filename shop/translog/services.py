"""Writing logs: the next leaves with their tiles, checkpoints, and the keys that sign them."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import select, text

from shop.db import db
from shop.errors import Conflict
from shop.i18n import _
from shop.translog import keys, notes, queries, tree
from shop.translog.models import Log, LogCheckpoint, LogKey, LogKeyEnd, LogMark, LogTile
from shop.translog.notes import Checkpoint, Signer
from shop.translog.queries import HEIGHT, WIDTH
from shop.translog.registry import Record, Source

#: One writer of a log at a time ("DKTL" and the log); nobody else ever waits for it.
_LOCK = 0x444B544C
#: Places looked at in one transaction.
BATCH = 2000
_SALT = 16

_INSERT = text("""
    INSERT INTO log_leaves (log_id, leaf_index, place, key, entry, hash, salt, logged_at)
    SELECT :log, :size + n - 1, place, key, entry, hash, salt, :at
    FROM unnest(cast(:places AS bigint[]), cast(:keys AS text[]), cast(:entries AS bytea[]), cast(:hashes AS bytea[]),
                cast(:salts AS bytea[])) WITH ORDINALITY AS r (place, key, entry, hash, salt, n)""")


class LogForked(Conflict):
    """What is kept of a log does not lead to the checkpoint it signed last, so nothing more is signed."""

    code = "log-forked"


class LastLogKey(Conflict):
    """A log's only key cannot be ended: add another first."""

    code = "last-log-key"


@dataclass(frozen=True)
class Appended:
    """How many leaves were added, how large the log is now, and whether the source may have more."""

    count: int
    size: int
    more: bool


def open_log(name: str, base: str, at: datetime) -> Log:
    """Return a log, made the first time; its origin is ``base`` and its address below it, from then on."""
    db.session.execute(
        text("INSERT INTO logs (name, origin, created_at) VALUES (:name, :origin, :at) ON CONFLICT DO NOTHING"),
        {"name": name, "origin": f"{base}/log/{name}", "at": at},
    )
    return db.session.scalars(select(Log).where(Log.name == name)).one()


def lock(log: Log) -> None:
    """Keep every other writer of the log away until the transaction ends."""
    db.session.execute(text(f"SELECT pg_advisory_xact_lock({_LOCK}, cast(:log AS int))"), {"log": log.id})


def append(log: Log, source: Source, at: datetime, *, batch: int = BATCH) -> Appended:
    """Add what the source has committed since, in the caller's own short transaction."""
    lock(log)
    mark = db.session.get(LogMark, log.id, populate_existing=True)
    if mark is None:
        mark = LogMark(log_id=log.id, place=0)
        db.session.add(mark)
    news, size = source.read(mark.place, batch), queries.size_of(log.id)
    more = news.place > mark.place
    if news.records:
        _insert(log, news.records, size, at)
        _add_tiles(log.id, size, size + len(news.records))
    mark.place = news.place
    return Appended(len(news.records), size + len(news.records), more)


def _insert(log: Log, records: Sequence[Record], size: int, at: datetime) -> None:
    salts = [None if record.facts is None else os.urandom(_SALT) for record in records]
    entries = [record.entry(log.name, salt) for record, salt in zip(records, salts, strict=True)]
    db.session.execute(
        _INSERT,
        {
            "log": log.id, "size": size, "at": at, "places": [r.place for r in records], "keys": [r.key for r in records],
            "entries": entries, "hashes": [tree.leaf_hash(entry) for entry in entries], "salts": salts,
        },
    )  # fmt: skip


def _add_tiles(log_id: int, before: int, after: int) -> None:
    """Add the tiles that became full, from the leaves upwards."""
    level = 0
    while after >> (HEIGHT * (level + 1)):
        shift = HEIGHT * (level + 1)
        db.session.add_all(_full_tiles(log_id, level, range(before >> shift, after >> shift)))
        db.session.flush()  # their roots are the hashes of the next level
        level += 1


def _full_tiles(log_id: int, level: int, numbers: range) -> Iterator[LogTile]:
    for number in numbers:
        first = number * WIDTH
        hashes = queries.hashes_below(log_id, level, first, first + WIDTH)
        yield LogTile(log_id=log_id, level=level, number=number, hashes=b"".join(hashes), root=tree.root_of(hashes))


def sign(log: Log, folder: Path, at: datetime) -> LogCheckpoint:
    """Sign the log's root as it is, unless just that was signed last; in a transaction of its own.

    :raises LogForked: if what is kept no longer leads to the last checkpoint.
    :raises LogKeyMissing: if the file of a key that signs is not there.
    """
    lock(log)
    last, size = queries.find_checkpoint(log.id), queries.size_of(log.id)
    if last is not None and (size < last.size or queries.root_at(log.id, last.size) != bytes(last.root)):
        raise LogForked(_("日志与上次签名的检查点不符,不再签名;请运行 duikou log monitor。"), size=last.size)
    root = queries.root_at(log.id, size)
    note = notes.sign(Checkpoint(log.origin, size, root), signers_of(log, folder, at))
    if last is not None and last.note == note:
        return last
    checkpoint = LogCheckpoint(log_id=log.id, size=size, root=root, note=note, signed_at=at)
    db.session.add(checkpoint)
    return checkpoint


def signers_of(log: Log, folder: Path, at: datetime) -> list[Signer]:
    """Return the keys that sign now; the first of a log is made on first use.

    :raises LogKeyMissing: if a file is missing: a log that has signed never gets another key by itself.
    """
    known = queries.keys_of(log.id)
    if not known:
        return [_publish(log, keys.find_signer(folder, log.origin) or keys.make_signer(folder, log.origin), at)]
    return [_require(folder, key) for key in known if key.signs]


def _require(folder: Path, key: queries.KeyState) -> Signer:
    signer = keys.find_signer(folder, key.verifier.name)
    if signer is None or signer.verifier != key.verifier:
        raise keys.LogKeyMissing(_("日志密钥文件缺失:%(name)s。", name=key.verifier.name))
    return signer


def _publish(log: Log, signer: Signer, at: datetime) -> Signer:
    public_key = signer.verifier.public_key
    db.session.add(LogKey(log_id=log.id, name=signer.name, public_key=public_key, added_at=at))
    return signer


def add_key(log: Log, folder: Path, at: datetime) -> Signer:
    """Let the log sign with one more key, under a new name, from its next checkpoint on."""
    lock(log)
    signers_of(log, folder, at)  # the first, if there is none yet
    db.session.flush()  # so that it is counted
    name = f"{log.origin}/key{len(queries.keys_of(log.id)) + 1}"
    return _publish(log, keys.find_signer(folder, name) or keys.make_signer(folder, name), at)


def end_key(log: Log, name: str, at: datetime) -> None:
    """Let a key sign no more.

    :raises NotLogged: if the log has no key of that name that signs.
    :raises LastLogKey: if it is the only one.
    """
    lock(log)
    signing = [key for key in queries.keys_of(log.id) if key.signs]
    ended = [key for key in signing if key.verifier.name == name]
    if not ended:
        raise queries.NotLogged(_("日志没有这把正在使用的密钥。"))
    if len(signing) == 1:
        raise LastLogKey(_("这是日志唯一的密钥,请先添加新密钥。"))
    db.session.add(LogKeyEnd(key_id=ended[0].id, ended_at=at))
