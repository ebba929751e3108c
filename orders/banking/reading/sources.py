"""The port through which statements come in, and its one implementation: a file that a person chose.

A direct link to a bank would be a second implementation, which answers :meth:`StatementSource.read` from the bank's
interface outside any transaction. There is none here: each bank's link needs its own contract, client and keys.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from orders.banking.reading import camt, layouts, movements, tables
from orders.banking.reading.entries import LayoutUnknown, Reading
from orders.banking.reading.layouts import Mapping
from shop.i18n import _


class StatementSource(Protocol):
    """Gives an account's movements of a period."""

    def read(self) -> Reading:
        """Return all movements and what could not be read as one."""
        ...


@dataclass(frozen=True)
class FileSource:
    """A downloaded file: a table under a mapping, or camt.053, which needs none."""

    data: bytes
    mapping: Mapping | None = None

    def read(self) -> Reading:
        """Return the file's movements; without a mapping the titles tell what the columns hold.

        :raises UnreadableStatement, UnsafeStatement, StatementTooLong, LayoutUnknown: if it cannot be read.
        """
        if camt.is_xml(self.data):
            return camt.read_camt(self.data)
        rows = tables.read_rows(self.data)
        head = layouts.find_head(rows, self.mapping)
        mapping = self.mapping or layouts.guess(head)
        if not mapping.is_enough:
            raise LayoutUnknown(_("请指定日期列和金额列。"), columns=[])
        return movements.read_movements(rows, head, mapping)
