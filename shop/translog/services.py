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


def open_log(name: str, origin: str, at: datetime) -> Log:
    """Return a log, made the first time, with the origin that it keeps from then on."""
    db.session.execute(
        text("INSERT INTO logs (name, origin, created_at) VALUES (:name, :origin, :at) ON CONFLICT DO NOTHING"),
        {"name": name, "origin": origin, "at": at},
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

    The files beside the keys come first and the row after: what is published is always kept.

    :raises LogForked: if what is there no longer leads to the last checkpoint, or to the one kept beside a key.
    :raises LogKeyMissing: if the file of a key that signs is not there.
    :raises LogCheckpointMissing: if a key has no file beside it.
    """
    lock(log)
    last, now = queries.find_checkpoint(log.id), _present(log)
    if last is not None:
        _require_leads(log, Checkpoint(log.origin, last.size, bytes(last.root)), now)
    signers = signers_of(log, folder, at)
    note = notes.sign(now, signers)
    with keys.alone(folder):
        kept = {signer.name: _require_kept(folder, signer) for signer in signers}
        for each in set(kept.values()):
            _require_leads(log, each, now)
        for name in (name for name, each in kept.items() if each != now):
            keys.keep(folder, name, note)
    if last is not None and last.note == note:
        return last
    checkpoint = LogCheckpoint(log_id=log.id, size=now.size, root=now.root, note=note, signed_at=at)
    db.session.add(checkpoint)
    return checkpoint


def _present(log: Log) -> Checkpoint:
    size = queries.size_of(log.id)
    return Checkpoint(log.origin, size, _hashes(log, [(0, size)])[0])


def _require_leads(log: Log, older: Checkpoint, newer: Checkpoint) -> None:
    """Prove that the older tree begins the newer one: that both roots come from the tables alone says nothing."""
    inside = 0 < older.size <= newer.size
    proof = _hashes(log, tree.consistency_ranges(older.size, newer.size)) if inside else []
    begins = older.size <= newer.size and tree.begins(older.size, newer.size, proof, older.root, newer.root)
    if older.origin != newer.origin or not begins:
        raise _forked(older.size)


def _hashes(log: Log, ranges: Sequence[tree.Range]) -> list[bytes]:
    try:
        return queries.hashes_of(log.id, ranges)
    except KeyError as error:  # leaves or tiles are gone
        raise _forked(queries.size_of(log.id)) from error


def _forked(size: int) -> LogForked:
    return LogForked(_("日志与上次签名的检查点不符，不再签名；请运行 duikou log monitor。"), size=size)


def _require_kept(folder: Path, signer: Signer) -> Checkpoint:
    found = keys.find_kept(folder, signer.verifier)
    if found is None:
        raise keys.LogCheckpointMissing(
            _(
                "密钥 %(name)s 旁没有它最后签名的检查点，不再签名；核对数据库后请运行 duikou log adopt。",
                name=signer.name,
            )
        )
    return found


def adopt(log: Log, folder: Path, note: str | None, at: datetime) -> Checkpoint:
    """Let keys that have no checkpoint beside them stand for one from now on; those that have one keep it.

    :param note: a checkpoint of the log that was kept elsewhere; the database's last if there is none.
    :raises BadNote: if none of the keys that sign has signed it.
    :raises LogForked: if the log does not lead to it, to its own last one, or to one that is kept.
    """
    lock(log)
    signers, now = signers_of(log, folder, at), _present(log)
    last = queries.find_checkpoint(log.id)
    own = Checkpoint(log.origin, last.size, bytes(last.root)) if last else Checkpoint(log.origin, 0, tree.EMPTY)
    known = [signer.verifier for signer in signers]
    given = own if note is None else notes.read_checkpoint(notes.open_note(note, known)[0])
    with keys.alone(folder):
        kept = {signer: keys.find_kept(folder, signer.verifier) for signer in signers}
        for each in (own, given, *filter(None, kept.values())):
            _require_leads(log, each, now)
        for signer in (signer for signer, each in kept.items() if each is None):
            keys.keep(folder, signer.name, notes.sign(given, [signer]))
    return given


def signers_of(log: Log, folder: Path, at: datetime) -> list[Signer]:
    """Return the keys that sign now; the first of a log is made on first use.

    :raises LogKeyMissing: if a file is missing: a log that has signed never gets another key by itself.
    """
    known = queries.keys_of(log.id)
    if not known:
        return [
            _publish(log, keys.find_signer(folder, log.origin) or keys.make_signer(folder, log.origin, log.origin), at)
        ]
    return [_require(folder, key) for key in known if key.signs]


def _require(folder: Path, key: queries.KeyState) -> Signer:
    signer = keys.find_signer(folder, key.verifier.name)
    if signer is None or signer.verifier != key.verifier:
        raise keys.LogKeyMissing(_("日志密钥文件缺失：%(name)s。", name=key.verifier.name))
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
    return _publish(log, keys.find_signer(folder, name) or keys.make_signer(folder, name, log.origin), at)


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
        raise LastLogKey(_("这是日志唯一的密钥，请先添加新密钥。"))
    db.session.add(LogKeyEnd(key_id=ended[0].id, ended_at=at))
