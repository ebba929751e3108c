"""Cells of banks' files as values: amounts, days, directions; and names and accounts as they are compared."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal

from shop import money
from shop.i18n import _
from shop.typed import compared, fold

Cell = str | int | float | bool | date | datetime | None

_EXCEL_ZERO = date(1899, 12, 30)
#: Days of a workbook that are taken for days: 1954 to 2118.
_EXCEL_DAYS = range(20_000, 80_000)
_AROUND_AMOUNT = re.compile(r"[\s,¥元]|CNY|RMB|人民币", re.IGNORECASE)
#: Digits as banks write them; what Python takes beside them (exponents, underscores, ``inf``) is no amount.
_AMOUNT = re.compile(r"[-+]?(?:[0-9]{1,20}(?:\.[0-9]{0,20})?|\.[0-9]{1,20})\Z")
_NO_AMOUNT = frozenset({"", "-", "--", "—"})
_DAY = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?(?:[T\s]*\d{1,2}[:时].*)?\Z", re.DOTALL)
_PACKED_DAY = re.compile(r"(\d{4})(\d{2})(\d{2})(?:\s*[\d:.]{6,})?\Z")
_IN = frozenset({"贷", "贷方", "贷记", "收", "收入", "收款", "转入", "来账", "入账", "C", "CR", "CRDT", "CREDIT", "+"})
_OUT = frozenset(
    {"借", "借方", "借记", "支", "支出", "付", "付款", "转出", "往账", "出账", "D", "DR", "DBIT", "DEBIT", "-"}
)
#: Marks that banks put before digits so that office programs keep them as text.
_KEPT_AS_TEXT = re.compile(r'\A=?"(.*)"\Z|\A[\'`](.*)\Z', re.DOTALL)


def plain(cell: Cell) -> str:
    """Return a cell as text: full-width forms made narrow, blanks around and marks that keep digits as text dropped."""
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return str(cell)
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    text = fold(str(cell)).replace("\x00", "").strip()
    kept = _KEPT_AS_TEXT.match(text)
    return (kept[1] if kept[1] is not None else kept[2]).strip() if kept else text


def read_amount(cell: Cell) -> int | None:
    """Return an amount of yuan in fen, ``None`` for an empty cell or zero.

    :raises ValueError: for anything else, in words.
    """
    if isinstance(cell, float | int) and not isinstance(cell, bool):
        number = Decimal(str(cell)).quantize(Decimal("0.000001"), rounding=ROUND_HALF_UP)
        return _fen(number) or None
    text = _AROUND_AMOUNT.sub("", plain(cell))
    if text in _NO_AMOUNT:
        return None
    if text.startswith("(") and text.endswith(")"):
        text = f"-{text[1:-1]}"
    if not _AMOUNT.match(text):
        raise ValueError(_("“%(text)s”不是金额。", text=text[:40]))
    return _fen(Decimal(text)) or None


def _fen(number: Decimal) -> int:
    if not number.is_finite() or abs(number) > money.MAX_FEN // 100:
        raise ValueError(_("金额超出范围。"))
    fen = number * 100
    if fen != fen.to_integral_value():
        raise ValueError(_("金额多于两位小数：%(number)s。", number=number))
    return int(fen)


def read_day(cell: Cell) -> date:
    """Return a day: typed, as text in the usual forms, packed, or the number a workbook keeps it as.

    :raises ValueError: for anything else, in words.
    """
    if isinstance(cell, datetime):
        return cell.date()
    if isinstance(cell, date):
        return cell
    if isinstance(cell, int | float) and not isinstance(cell, bool) and int(cell) in _EXCEL_DAYS:
        return _EXCEL_ZERO + timedelta(days=int(cell))
    text = plain(cell)
    found = _DAY.match(text) or _PACKED_DAY.match(text)
    try:
        if found:
            return date(int(found[1]), int(found[2]), int(found[3]))
        if text.isdecimal() and len(text) == 5 and int(text) in _EXCEL_DAYS:  # noqa: PLR2004  a day's number of a workbook
            return _EXCEL_ZERO + timedelta(days=int(text))
    except ValueError as error:
        raise ValueError(_("没有“%(text)s”这一天。", text=text[:40])) from error
    raise ValueError(_("“%(text)s”不是日期。", text=text[:40]) if text else _("没有日期。"))


def read_direction(cell: Cell) -> str:
    """Return ``in`` for the bank's credit, ``out`` for its debit.

    :raises ValueError: for any other word.
    """
    text = plain(cell).upper()
    if text in _IN:
        return "in"
    if text in _OUT:
        return "out"
    raise ValueError(_("“%(text)s”不是借贷标志。", text=text[:40]))


def compared_name(name: str) -> str:
    """Return a name as names are compared: NFKC, upper case, letters and digits of any script only."""
    return compared(name)


def compared_account(account: str) -> str:
    """Return an account number without blanks and marks."""
    return re.sub(r"[^0-9A-Z]", "", fold(account).upper())
