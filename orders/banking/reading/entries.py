"""What reading a file gives: movements, and rows that could not be read with the reason."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date

from shop.errors import Invalid

MAX_ROWS = 50_000


class UnreadableStatement(Invalid):
    """The file is no table and no camt.053 document that can be read."""

    code = "unreadable-statement"


class UnsafeStatement(Invalid):
    """The file declares entities or unpacks to far more than it weighs."""

    code = "unsafe-statement"


class StatementTooLong(Invalid):
    """The file has more rows than one import takes."""

    code = "statement-too-long"


class LayoutUnknown(Invalid):
    """No row of the file's head names a day and an amount; the columns must be named by hand."""

    code = "layout-unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One movement on an account; ``amount_fen`` is below zero only for a reversal."""

    row_no: int
    direction: str
    amount_fen: int
    value_on: date
    serial: str = ""
    balance_fen: int | None = None
    name: str = ""
    account: str = ""
    remark: str = ""
    return_code: str | None = None

    def facts(self) -> tuple[str, int, date]:
        """Return what two entries of one serial have in common."""
        return self.direction, self.amount_fen, self.value_on


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that should be a movement and cannot be read as one."""

    row_no: int
    detail: str


@dataclass(frozen=True, slots=True)
class Reading:
    """All of a file: how it was read, its movements and what could not be read."""

    layout: str
    entries: tuple[Entry, ...]
    bad: tuple[BadRow, ...] = ()
    #: The account that the file names, if it does.
    account: str = ""


def with_serials(entries: Iterable[Entry]) -> list[Entry]:
    """Give each entry without a bank's serial a stable one: a hash of its facts and its place among its equals.

    A statement's balances differ, so equals only occur where a file has none; then they must come in one file,
    as they do when files are cut between days.
    """
    seen: Counter[str] = Counter()
    found = []
    for entry in entries:
        if entry.serial:
            found.append(entry)
            continue
        facts = "|".join(
            str(part)
            for part in (
                entry.direction, entry.amount_fen, entry.value_on, entry.balance_fen, entry.name, entry.account, entry.remark
            )
        )  # fmt: skip
        ordinal = seen[facts]
        seen[facts] += 1
        digest = hashlib.sha256(f"{facts}|{ordinal}".encode()).hexdigest()[:24].upper()
        found.append(replace(entry, serial=f"H{digest}"))
    return found
