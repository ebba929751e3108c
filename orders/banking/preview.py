"""How a file will be read, before anything is kept: titles, mapping, the first movements, and what cannot be read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from orders.banking import accounts, statements
from orders.banking.accounts import ImportAccount
from orders.banking.reading import camt, layouts, tables
from orders.banking.reading.cells import plain
from orders.banking.reading.entries import BadRow, Entry
from orders.banking.reading.layouts import Mapping
from orders.banking.statements import ImportRequest
from shop.auth import Actor
from shop.errors import DomainError
from shop.files import services as files

_SHOWN = 10


@dataclass(frozen=True)
class Preview:
    """What a person sees before importing."""

    account: ImportAccount
    titles: Sequence[str]
    mapping: Mapping | None
    entries: Sequence[Entry]
    bad: Sequence[BadRow]
    found: int
    #: The first rows of a table, where no titles were found.
    raw: Sequence[Sequence[str]]
    refusal: str


def look(request: ImportRequest, actor: Actor, on: date) -> Preview:
    """Read a file as an import would, and show the outset of it; nothing is kept.

    :raises NotFound: for an account or file that is not the actor's.
    """
    account = accounts.get_import_account(request.account, actor, on)
    data = files.read_bytes(files.get_own(request.file, actor))
    titles, raw, mapping = _table(data, request.mapping or _kept(account))
    try:
        reading = statements.read(request, actor, on)
    except DomainError as error:
        return Preview(account, titles, mapping, (), (), 0, raw, str(error.detail))
    return Preview(account, titles, mapping, reading.entries[:_SHOWN], reading.bad[:50], len(reading.entries), (), "")


def _kept(account: ImportAccount) -> Mapping | None:
    saved = accounts.find_saved(account)
    return Mapping.from_json(saved.mapping) if saved and saved.mapping else None


def _table(data: bytes, mapping: Mapping | None) -> tuple[list[str], list[list[str]], Mapping | None]:
    """Return a table's titles, first rows and mapping; nothing of an XML or a file that cannot be read."""
    if camt.is_xml(data):
        return [], [], None
    try:
        rows = tables.read_rows(data)
    except DomainError:
        return [], [], None
    raw = [[plain(cell)[:60] for cell in row[:20]] for row in rows[:_SHOWN]]
    try:
        head = layouts.find_head(rows, mapping)
    except DomainError:
        return [], raw, mapping
    titles = [text for cell in rows[head.row_no - 1] if (text := plain(cell))]
    return titles, raw, mapping or layouts.guess(head)
