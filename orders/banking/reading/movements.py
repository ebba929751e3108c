"""Rows under a mapping as movements: what is no movement is passed over, what should be one and is not is told."""

from __future__ import annotations

import re
from collections.abc import Sequence

from orders.banking.reading.cells import Cell, compared_account, plain, read_amount, read_day, read_direction
from orders.banking.reading.entries import MAX_ROWS, BadRow, Entry, Reading, StatementTooLong
from orders.banking.reading.layouts import Head, Mapping
from shop.i18n import _

#: Rows of sums and notes above, between and below the movements.
_NO_MOVEMENT = re.compile(
    r"(合计|总计|小计|本页|承前|过次页|上期余额|期初余额|期末余额|累计|笔数|制表|打印|注[::]|说明[::]|备注[::])"
)
_NO_SERIAL = frozenset({"", "0", "-", "--", "无", "NULL"})
_MAX_TEXT = 500


def read_movements(rows: Sequence[Sequence[Cell]], head: Head, mapping: Mapping) -> Reading:
    """Return every movement below the titles, and the rows that could not be read.

    :raises StatementTooLong: if there are more than one import takes.
    """
    entries: list[Entry] = []
    bad: list[BadRow] = []
    for row_no, row in enumerate(rows[head.row_no :], head.row_no + 1):
        reader = _Row(row, head, mapping)
        if reader.is_no_movement():
            continue
        try:
            entries.append(reader.read(row_no))
        except ValueError as error:
            bad.append(BadRow(row_no, str(error)))
        if len(entries) + len(bad) > MAX_ROWS:
            raise StatementTooLong(_("文件超过 %(most)s 行,请按日期分成几个文件。", most=MAX_ROWS), max_rows=MAX_ROWS)
    return Reading("table", tuple(entries), tuple(bad))


class _Row:
    """One row under the mapping."""

    def __init__(self, row: Sequence[Cell], head: Head, mapping: Mapping) -> None:
        self._row, self._head, self._mapping = row, head, mapping

    def cell(self, title: str) -> Cell:
        place = self._head.at(title)
        return self._row[place] if place is not None and place < len(self._row) else None

    def text(self, title: str) -> str:
        return plain(self.cell(title))[:_MAX_TEXT]

    def is_no_movement(self) -> bool:
        """Say whether the row is empty, repeats the titles, or holds sums and notes."""
        texts = [plain(cell) for cell in self._row]
        filled = [text for text in texts if text]
        if not filled or self.text(self._mapping.day) == plain(self._mapping.day):
            return True
        try:
            read_day(self.cell(self._mapping.day))
        except ValueError:
            return len(filled) == 1 or any(_NO_MOVEMENT.match(text) for text in filled)
        return False

    def read(self, row_no: int) -> Entry:
        """Return the movement.

        :raises ValueError: in words, if it is none.
        """
        direction, amount = self._amount()
        mapping = self._mapping
        other = ("payer_name", "payer_account") if direction == "in" else ("payee_name", "payee_account")
        remarks = dict.fromkeys(self.text(title) for title in mapping.remark)
        serial = "".join(self.text(mapping.serial).split())[:64]
        return Entry(
            row_no=row_no, direction=direction, amount_fen=amount, value_on=read_day(self.cell(mapping.day)),
            serial="" if serial.upper() in _NO_SERIAL else serial, balance_fen=self._balance(),
            name=self.text(mapping.name or getattr(mapping, other[0]))[:200],
            account=compared_account(self.text(mapping.account or getattr(mapping, other[1])))[:64],
            remark=" ".join(each for each in remarks if each)[:_MAX_TEXT],
        )  # fmt: skip

    def _balance(self) -> int | None:
        cell = self.cell(self._mapping.balance)
        return None if plain(cell) == "" else read_amount(cell) or 0

    def _amount(self) -> tuple[str, int]:
        mapping = self._mapping
        if not mapping.amount:
            credit, debit = read_amount(self.cell(mapping.credit)), read_amount(self.cell(mapping.debit))
            if credit and debit:
                raise ValueError(_("收入和支出都有金额。"))
            if not credit and not debit:
                raise ValueError(_("没有金额。"))
            return ("in", credit) if credit else ("out", debit or 0)
        amount = read_amount(self.cell(mapping.amount))
        if not amount:
            raise ValueError(_("没有金额。"))
        if not mapping.flag:
            return ("in", amount) if amount > 0 else ("out", -amount)
        direction = read_direction(self.cell(mapping.flag))
        # Some banks write what goes out below zero beside the flag; a receipt below zero is a reversal.
        return direction, abs(amount) if direction == "out" else amount
