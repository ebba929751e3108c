"""Which logs there are: a package names one and tells, in an order that never changes, what belongs into it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import rfc8785

from shop.errors import NotFound
from shop.i18n import _
from shop.translog import receipts

#: Of the form of entries.
VERSION = 1


@dataclass(frozen=True)
class Record:
    """Something to be logged.

    ``told`` is published with the leaf: nothing personal, nothing that is somebody's business secret. ``facts`` are
    not: the leaf only commits to them, and who is handed them in a receipt can check them.
    """

    #: Where the source has it; records of one place come together.
    place: int
    #: What the source calls it, unique in the log.
    key: str
    told: Mapping[str, Any]
    facts: Mapping[str, Any] | None = None

    def facts_text(self) -> bytes | None:
        """Return the facts as the commitment takes them: RFC 8785 JSON."""
        return None if self.facts is None else rfc8785.dumps(dict(self.facts))

    def entry(self, log: str, salt: bytes | None) -> bytes:
        """Return the leaf: RFC 8785 JSON of what is told, with the commitment to the facts."""
        entry: dict[str, Any] = {"v": VERSION, "log": log, **self.told}
        facts = self.facts_text()
        if facts is not None:
            entry["commitment"] = receipts.commitment(salt or b"", facts)
        return rfc8785.dumps(entry)


@dataclass(frozen=True)
class Batch:
    """Records after a place, and the place up to which none is left."""

    records: Sequence[Record]
    place: int


#: Returns the committed records after a place and looks at about so many places. What it says of a place that it has
#: passed never changes: nothing may turn up there later.
Reader = Callable[[int, int], Batch]


@dataclass(frozen=True)
class Source:
    """A log's source: how it is read, and what has to be done first so that everything committed can be read.

    ``check`` names, for the monitor, records that ``read`` never returns and what else no longer says what they do.
    """

    name: str
    read: Reader
    prepare: Callable[[], object] = lambda: None
    check: Callable[[], Iterable[str]] = tuple


class NoSuchLog(NotFound):
    """There is no log with that name, or nothing has been logged yet."""

    code = "no-such-log"


_sources: dict[str, Source] = {}


def register(
    name: str,
    read: Reader,
    prepare: Callable[[], object] = lambda: None,
    check: Callable[[], Iterable[str]] = tuple,
) -> None:
    """Name a log and its source; called from a feature's ``INIT``. The same name again replaces it."""
    _sources[name] = Source(name, read, prepare, check)


def names() -> list[str]:
    """Return the names of all logs."""
    return sorted(_sources)


def get_source(name: str) -> Source:
    """Return the source of a log.

    :raises NoSuchLog: if there is none.
    """
    if name not in _sources:
        raise NoSuchLog(_("没有这个日志。"))
    return _sources[name]
