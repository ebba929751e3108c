"""Rows under a mapping as movements: what is no movement is passed over, what should be one and is not is told."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date

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
    reader = _Reader(head, mapping)
    for row_no, row in enumerate(rows[head.row_no :], head.row_no + 1):
        try:
            day = reader.day_of(row)
            if day is None:
                continue
            entries.append(reader.read(row_no, row, day))
        except ValueError as error:
            bad.append(BadRow(row_no, str(error)))
        if len(entries) + len(bad) > MAX_ROWS:
            raise StatementTooLong(_("文件超过 %(most)s 行，请按日期分成几个文件。", most=MAX_ROWS), max_rows=MAX_ROWS)
    return Reading("table", tuple(entries), tuple(bad))


class _Reader:
    """Rows under a mapping whose columns were looked up once."""

    def __init__(self, head: Head, mapping: Mapping) -> None:
        self._mapping = mapping
        self._places = {title: head.at(title) for title in mapping.titles()}
        self._remarks = [place for title in mapping.remark if (place := self._places[title]) is not None]
        self._title = plain(mapping.day)

    def _cell(self, row: Sequence[Cell], title: str) -> Cell:
        place = self._places.get(title)
        return row[place] if place is not None and place < len(row) else None

    def _text(self, row: Sequence[Cell], title: str) -> str:
        return plain(self._cell(row, title))[:_MAX_TEXT]

    def day_of(self, row: Sequence[Cell]) -> date | None:
        """Return the row's day, ``None`` for a row that is no movement: empty, the titles again, sums and notes.

        :raises ValueError: in words, if it should be a movement and has no day.
        """
        try:
            return read_day(self._cell(row, self._mapping.day))
        except ValueError:
            filled = [text for cell in row if (text := plain(cell))]
            repeats = self._text(row, self._mapping.day) == self._title
            if not filled or repeats or len(filled) == 1 or any(_NO_MOVEMENT.match(text) for text in filled):
                return None
            raise

    def read(self, row_no: int, row: Sequence[Cell], day: date) -> Entry:
        """Return the movement.

        :raises ValueError: in words, if it is none.
        """
        mapping = self._mapping
        direction, amount = self._amount(row)
        other = ("payer_name", "payer_account") if direction == "in" else ("payee_name", "payee_account")
        remarks = dict.fromkeys(plain(row[place])[:_MAX_TEXT] for place in self._remarks if place < len(row))
        serial = "".join(self._text(row, mapping.serial).split())[:64]
        return Entry(
            row_no=row_no, direction=direction, amount_fen=amount, value_on=day,
            serial="" if serial.upper() in _NO_SERIAL else serial, balance_fen=self._balance(row),
            name=self._text(row, mapping.name or getattr(mapping, other[0]))[:200],
            account=compared_account(self._text(row, mapping.account or getattr(mapping, other[1])))[:64],
            remark=" ".join(each for each in remarks if each)[:_MAX_TEXT],
        )  # fmt: skip

    def _balance(self, row: Sequence[Cell]) -> int | None:
        cell = self._cell(row, self._mapping.balance)
        return None if cell is None or plain(cell) == "" else read_amount(cell) or 0

    def _amount(self, row: Sequence[Cell]) -> tuple[str, int]:
        mapping = self._mapping
        if not mapping.amount:
            credit = read_amount(self._cell(row, mapping.credit))
            debit = read_amount(self._cell(row, mapping.debit))
            if credit and debit:
                raise ValueError(_("收入和支出都有金额。"))
            if not credit and not debit:
                raise ValueError(_("没有金额。"))
            return ("in", credit) if credit else ("out", debit or 0)
        amount = read_amount(self._cell(row, mapping.amount))
        if not amount:
            raise ValueError(_("没有金额。"))
        if not mapping.flag:
            return ("in", amount) if amount > 0 else ("out", -amount)
        direction = read_direction(self._cell(row, mapping.flag))
        # Some banks write what goes out below zero beside the flag; a receipt below zero is a reversal.
        return direction, abs(amount) if direction == "out" else amount
