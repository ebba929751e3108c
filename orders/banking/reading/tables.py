"""Files as rows of cells: text in any of the usual encodings, XLS and XLSX; bombs and endless files are refused."""

from __future__ import annotations

import io
import re
import zipfile
import zlib

from orders.banking.reading import workbook
from orders.banking.reading.cells import Cell
from orders.banking.reading.entries import MAX_ROWS, StatementTooLong, UnreadableStatement, UnsafeStatement
from shop import texts
from shop.i18n import _

#: What a workbook may unpack to; 50,000 rows of twenty columns are about 60 MB.
MAX_UNPACKED = 120 * 1024 * 1024
MAX_PARTS = 500
#: Rows of titles above and sums below the movements.
_SPARE_ROWS = 200
_XLS = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_DELIMITERS = "\t,|;"

Rows = list[list[Cell]]


def read_rows(data: bytes) -> Rows:
    """Return the rows of a file, told by its bytes.

    :raises UnreadableStatement: if it is neither a workbook nor text.
    :raises UnsafeStatement: if a workbook unpacks to too much.
    :raises StatementTooLong: if there are more rows than one import takes.
    """
    if data.startswith(b"PK\x03\x04"):
        _require_modest(data)
        rows = _read_workbook(data)
    elif data.startswith(_XLS):
        rows = _read_workbook(data)
    else:
        rows = _read_text(data)
    if len(rows) > MAX_ROWS + _SPARE_ROWS:
        raise _too_long()
    return rows


def _too_long() -> StatementTooLong:
    return StatementTooLong(_("文件超过 %(most)s 行，请按日期分成几个文件。", most=MAX_ROWS), max_rows=MAX_ROWS)


def _require_modest(data: bytes) -> None:
    """Unpack every part piece by piece, keeping nothing, whatever sizes the package claims."""
    unsafe = UnsafeStatement(_("文件解压后过大，不能导入。"))
    left = MAX_UNPACKED
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as package:
            parts = package.infolist()
            if len(parts) > MAX_PARTS:
                raise unsafe
            for part in parts:
                # Read to the end of the stream, not to where the package says that it ends.
                part.file_size = 1 << 62
                with package.open(part) as stream:
                    while piece := stream.read(1 << 20):
                        left -= len(piece)
                        if left < 0:
                            raise unsafe
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, NotImplementedError, RuntimeError) as error:
        raise UnreadableStatement(_("文件已损坏，请重新从网银下载。")) from error


def _read_workbook(data: bytes) -> Rows:
    """Return the rows of the first sheet that has any."""
    try:
        return workbook.read(data)
    except workbook.TooMuch as error:
        raise UnsafeStatement(_("表格展开后过大，不能导入。请另存为 CSV。")) from error
    except workbook.Unreadable as error:
        if error.args == ("empty",):
            raise UnreadableStatement(_("表格是空的。")) from error
        raise UnreadableStatement(_("表格读不出来，请重新从网银下载，或另存为 XLSX 或 CSV。")) from error


def decode(data: bytes) -> str:
    """Return text in UTF-8 with or without its mark, UTF-16 with its mark, GBK or GB 18030.

    :raises UnreadableStatement: if it is none.
    """
    encodings = ("utf-16",) if data[:2] in (b"\xff\xfe", b"\xfe\xff") else ("utf-8-sig", "gb18030")
    for encoding in encodings:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if not re.search(r"[\x00-\x08\x0e-\x1f]", text):
            return text
    raise UnreadableStatement(_("文件不是表格。请上传网银下载的 CSV、TXT、XLS 或 XLSX，或 camt.053 XML。"))


def _read_text(data: bytes) -> Rows:
    text = decode(data)
    if text.lstrip()[:1] == "<":
        raise UnreadableStatement(_("文件是网页，不是表格。请在办公软件中打开后另存为 XLSX 或 CSV。"))
    mark = _delimiter(texts.first_lines(text, _SPARE_ROWS))
    try:
        rows: Rows = [list(row) for row in texts.read_rows(text, mark, most=MAX_ROWS + _SPARE_ROWS)]
    except texts.TooManyRows as error:
        raise _too_long() from error
    except texts.NoTable as error:
        raise UnreadableStatement(_("文件中的引号不成对，或有一行太长，读不出来。")) from error
    if not any(len(row) > 1 for row in rows):
        raise UnreadableStatement(_("文件中没有表格：找不到逗号、制表符、竖线或分号分隔的列。"))
    return rows


def _delimiter(lines: list[str]) -> str:
    """Return the mark that splits most lines into the same number of columns."""

    def agreement(mark: str) -> int:
        try:
            widths = [len(row) for row in texts.read_rows("\n".join(lines), mark, most=_SPARE_ROWS)]
        except texts.NoTable:
            return 0
        wide = [width for width in widths if width > 1]
        return max((wide.count(width) * width for width in set(wide)), default=0)

    return max(_DELIMITERS, key=agreement)
