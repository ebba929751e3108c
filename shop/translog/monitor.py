"""Computing a log again from the records it is about, and naming every leaf, tile and checkpoint that differs."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from sqlalchemy import select, text

from shop.db import db
from shop.translog import notes, queries, tree
from shop.translog.models import Log, LogCheckpoint, LogLeaf, LogMark, LogTile
from shop.translog.notes import BadNote, Checkpoint
from shop.translog.outside import Outside
from shop.translog.queries import WIDTH
from shop.translog.registry import Record, Source

#: Differences named; the rest are counted.
NAMED = 100
#: Places compared at a time.
_BATCH = 2000


@dataclass
class Report:
    """What was looked at and what differs."""

    leaves: int = 0
    tiles: int = 0
    checkpoints: int = 0
    differing: int = 0
    named: list[str] = field(default_factory=list)
    root: bytes = tree.EMPTY

    def add(self, sentence: str) -> None:
        """Note a difference."""
        self.differing += 1
        if self.differing <= NAMED:
            self.named.append(sentence)


#: Is called with the number of leaves done since it was last called.
Progress = Callable[[int], object]


def check(log: Log, source: Source, outside: Outside, progress: Progress = lambda _done: None) -> Report:
    """Compare a log with its source and itself; inside ``snapshot()``, so that all is read at one moment.

    :param outside: the keys that are trusted, and checkpoints that what is here must still lead to.
    """
    report = Report()
    for fault in outside.faults:
        report.add(fault)
    walk = _Walk(log, report, _checkpoints(log, outside, report))
    walk.meet_checkpoints()
    for records, leaves in _batches(log, source):
        _compare(log, records, leaves, report)
        for leaf in leaves:
            walk.add(leaf)
        progress(len(leaves))
    walk.end()
    for sentence in source.check():
        report.add(sentence)
    report.root = walk.tree.root
    return report


def _batches(log: Log, source: Source) -> Iterator[tuple[Sequence[Record], Sequence[LogLeaf]]]:
    """Yield the records and the leaves of the same places, up to where the log has looked."""
    mark = db.session.get(LogMark, log.id, populate_existing=True)
    place, end = 0, 0 if mark is None else mark.place
    while place < end:
        batch = source.read(place, _BATCH)
        upto = min(batch.place, end)
        if upto <= place:  # the source ends before the log does
            upto = end
        leaves = db.session.scalars(
            select(LogLeaf)
            .where(LogLeaf.log_id == log.id, LogLeaf.place > place, LogLeaf.place <= upto)
            .order_by(LogLeaf.leaf_index)
        ).all()
        yield [record for record in batch.records if record.place <= upto], leaves
        db.session.expunge_all()
        place = upto


def _compare(log: Log, records: Sequence[Record], leaves: Sequence[LogLeaf], report: Report) -> None:
    """Name the leaves whose record is gone, moved or changed, and the records that were never logged."""
    left = {record.key: record for record in records}
    found = []
    for leaf in leaves:
        record = left.pop(leaf.key, None)
        if record is None:
            report.add(f"leaf {leaf.leaf_index}: {leaf.key} was logged and is gone")
            continue
        found.append(record)
        made = record.entry(log.name, leaf.salt)
        if made != bytes(leaf.entry):
            report.add(f"leaf {leaf.leaf_index}: {leaf.key} is not what was logged ({_changed(made, leaf.entry)})")
    for key in left:
        report.add(f"{key} was never logged, though later ones were")
    present = {record.key for record in found}
    if [record.key for record in records if record.key in present] != [record.key for record in found]:
        report.add(f"leaves {leaves[0].leaf_index} to {leaves[-1].leaf_index}: the records have another order now")


def _changed(made: bytes, logged: bytes) -> str:
    """Return which members of an entry differ."""
    try:
        now, then = json.loads(made), json.loads(logged)
    except ValueError:
        return "the logged entry cannot be read"
    names = sorted(name for name in now.keys() | then.keys() if now.get(name) != then.get(name))
    return ", ".join(f"{name} differs" for name in names)


def _checkpoints(log: Log, outside: Outside, report: Report) -> dict[int, list[tuple[str, bytes]]]:
    """Return name and root of every checkpoint by its size; name those that no trusted key has signed."""
    keys = outside.keys
    for key in queries.keys_of(log.id):
        if key.verifier not in keys:
            report.add(f"key {key.verifier}: only the database has it, no file here and no --key")
    found: dict[int, list[tuple[str, bytes]]] = {}
    own = db.session.execute(
        select(LogCheckpoint.id, LogCheckpoint.size, LogCheckpoint.root, LogCheckpoint.note)
        .where(LogCheckpoint.log_id == log.id)
        .order_by(LogCheckpoint.id)
    )
    for number, size, root, note in own:
        name = f"checkpoint {number} of size {size}"
        report.checkpoints += 1
        if Checkpoint(log.origin, size, bytes(root)) != _opened(note, keys, name, report):
            report.add(f"{name}: its row and its note differ")
        found.setdefault(size, []).append((name, bytes(root)))
    for name, note in outside.kept:
        checkpoint = _opened(note, keys, name, report)
        if checkpoint is not None and checkpoint.origin != log.origin:
            report.add(f"{name} is of another log, {checkpoint.origin}")
        elif checkpoint is not None:
            found.setdefault(checkpoint.size, []).append((f"{name} of size {checkpoint.size}", checkpoint.root))
    return found


def _opened(note: str, keys: Sequence[notes.VerifierKey], name: str, report: Report) -> Checkpoint | None:
    try:
        return notes.read_checkpoint(notes.open_note(note, keys)[0])
    except BadNote as error:
        report.add(f"{name}: {error}")
        return None


class _Walk:
    """Grows the tree again from the leaves' hashes and holds every tile and checkpoint against it."""

    def __init__(self, log: Log, report: Report, checkpoints: dict[int, list[tuple[str, bytes]]]) -> None:
        self.log, self.report, self.checkpoints = log, report, checkpoints
        self.tree = tree.Growing()
        self._open: list[list[bytes]] = []
        self._tiles = {
            (level, number): (bytes(hashes), bytes(root))
            for level, number, hashes, root in db.session.execute(
                select(LogTile.level, LogTile.number, LogTile.hashes, LogTile.root).where(
                    LogTile.log_id == log.id, LogTile.level > 0
                )
            )
        }

    def add(self, leaf: LogLeaf) -> None:
        """Take the next leaf."""
        if leaf.leaf_index != self.tree.size:
            self.report.add(f"leaf {leaf.leaf_index} stands where leaf {self.tree.size} should")
        if tree.leaf_hash(bytes(leaf.entry)) != bytes(leaf.hash):
            self.report.add(f"leaf {leaf.leaf_index}: its hash is not that of its entry")
        self.report.leaves += 1
        self.tree.add(bytes(leaf.hash))
        self._fill(0, self.tree.size - 1, bytes(leaf.hash))
        self.meet_checkpoints()

    def meet_checkpoints(self) -> None:
        """Hold the checkpoints of the present size against the root."""
        for name, root in self.checkpoints.pop(self.tree.size, ()):
            if root != self.tree.root:
                self.report.add(f"{name}: its root is not that of the leaves")

    def end(self) -> None:
        """Name what reaches beyond the last leaf."""
        total = queries.size_of(self.log.id)
        if total != self.tree.size:
            self.report.add(f"the log has {total} leaves, {self.tree.size} of them in places that were looked at")
        for name, _root in (each for size in sorted(self.checkpoints) for each in self.checkpoints[size]):
            self.report.add(f"{name}: the log has only {self.tree.size} leaves")
        query = text("SELECT count(*) FROM log_tiles WHERE log_id = :log")
        extra = db.session.execute(query, {"log": self.log.id}).scalar_one() - self.report.tiles
        if extra:
            self.report.add(f"{abs(extra)} tiles too {'many' if extra > 0 else 'few'}")

    def _fill(self, level: int, index: int, hash_: bytes) -> None:
        if len(self._open) == level:
            self._open.append([])
        self._open[level].append(hash_)
        if len(self._open[level]) < WIDTH:
            return
        number, hashes = index // WIDTH, self._open[level]
        self._open[level] = []
        root = tree.root_of(hashes)
        stored = self._stored(level, number)
        self.report.tiles += stored is not None
        if stored != (b"".join(hashes), root):
            self.report.add(f"tile {level}/{number} " + ("differs" if stored else "is missing"))
        self._fill(level + 1, number, root)

    def _stored(self, level: int, number: int) -> tuple[bytes, bytes] | None:
        if level:
            return self._tiles.get((level, number))
        query = select(LogTile.hashes, LogTile.root)
        one = query.where(LogTile.log_id == self.log.id, LogTile.level == 0, LogTile.number == number)
        row = db.session.execute(one).one_or_none()
        return None if row is None else (bytes(row[0]), bytes(row[1]))
