"""Files as banks' online banking gives them, made here: text in several encodings, workbooks, camt.053."""

from __future__ import annotations

import csv
import io
import struct
from collections.abc import Sequence
from datetime import date

import xlsxwriter

ICBC = (
    ("中国××银行账户明细", ),
    ("账号：6222020000000001", "户名：靖远县枸杞专业合作社"),
    ("起始日期：2026-07-01", "截止日期：2026-07-14", "币种：人民币"),
    (),
    ("凭证号", "本方账号", "对方账号", "交易时间", "借/贷", "借方发生额", "贷方发生额", "对方行号", "摘要", "用途", "对方单位名称", "余额", "个性化信息"),
    ("00017", "6222020000000001", "12001618400052500001", "2026-07-03 10:15:22", "贷", "", "12,300.00", "", "转账", "货款{code}", "天津市和平区第一小学", "112,300.00", ""),
    ("00018", "6222020000000001", "999888777", "2026-07-04 09:00:00", "借", "8.50", "", "", "手续费", "", "", "112,291.50", ""),
    ("合计", "", "", "", "", "8.50", "12,300.00"),
)  # fmt: skip
CCB = (
    ("账号", "账户名称", "交易时间", "借方发生额（支取）", "贷方发生额（收入）", "余额", "币种", "对方户名", "对方账号", "对方开户机构", "记账日期", "摘要", "备注", "账户明细编号-交易流水号", "企业流水号", "凭证种类", "凭证号"),
    ("'62170001", "合作社", "20260703 10:15:22", "0.00", "12,300.00", "112,300.00", "人民币元", "天津市和平区第一小学", "12001618400052500001", "", "20260703", "电子汇入", "货款{code}", "17-A00017", "", "", ""),
    ("'62170001", "合作社", "20260704 09:00:00", "8.50", "0.00", "112,291.50", "人民币元", "", "999888777", "", "20260704", "收费", "", "18-A00018", "", "", ""),
)  # fmt: skip
ABC = (
    ("账户明细查询",),
    ("账号：95599001", "查询时间：2026年7月14日"),
    ("交易时间", "收入金额", "支出金额", "账户余额", "对方账号", "对方户名", "交易用途", "交易摘要", "交易流水号"),
    ("2026年7月3日", "12,300.00", "-", "112,300.00", "12001618400052500001", "天津市和平区第一小学", "货款{code}", "转存", "A00017"),
    ("2026年7月4日", "", "8.50", "112,291.50", "999888777", "", "", "手续费", "A00018"),
    ("打印时间：2026年7月14日",),
)  # fmt: skip
BOC = (
    ("交易类型[ Transaction Type ]", "付款人账号[ Debit Account No. ]", "付款人名称[ Payer's Name ]", "收款人账号[ Payee's Account Number ]", "收款人名称[ Payee's Name ]", "交易日期[ Transaction Date ]", "交易时间[ Transaction time ]", "交易金额[ Trade Amount ]", "交易后余额[ After-transaction balance ]", "起息日期[ Value Date ]", "交易流水号[ Transaction reference number ]", "用途[ Purpose ]", "交易附言[ Remark ]"),
    ("来账", "12001618400052500001", "天津市和平区第一小学", "104", "合作社", "20260703", "10:15:22", "12300.00", "112300.00", "20260703", "B00017", "货款", "{code}"),
    ("往账", "104", "合作社", "999888777", "", "20260704", "09:00:00", "-8.50", "112291.50", "20260704", "B00018", "手续费", ""),
)  # fmt: skip
LAYOUTS = {"icbc_like": ICBC, "ccb_like": CCB, "abc_like": ABC, "boc_like": BOC}


def filled(rows: Sequence[Sequence[str]], code: str) -> list[list[str]]:
    return [[cell.replace("{code}", code) for cell in row] for row in rows]


def text_file(rows: Sequence[Sequence[object]], *, encoding: str = "gb18030", delimiter: str = ",") -> bytes:
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter).writerows(rows)
    return out.getvalue().encode(encoding)


def workbook(rows: Sequence[Sequence[object]], *, empty_first: bool = False, far: int = 0) -> bytes:
    """A workbook; ``far`` is a column in which the last row has a cell more."""
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"strings_to_numbers": False, "strings_to_formulas": False})
    if empty_first:
        book.add_worksheet("封面")
    sheet = book.add_worksheet("流水")
    day = book.add_format({"num_format": "yyyy-mm-dd"})
    for number, row in enumerate(rows):
        for column, cell in enumerate(row):
            if isinstance(cell, date):
                sheet.write_datetime(number, column, cell, day)
            else:
                sheet.write(number, column, cell)
    if far:
        sheet.write(len(rows) - 1, far, "b")
    book.close()
    return out.getvalue()


def _record(kind: int, body: bytes) -> bytes:
    return struct.pack("<HH", kind, len(body)) + body


def _cell(row: int, column: int, value: object) -> bytes:
    """A cell of BIFF8: a number, or text in UTF-16."""
    place = struct.pack("<HHH", row, column, 0)
    if isinstance(value, int | float):
        return _record(0x0203, place + struct.pack("<d", value))
    text = str(value)
    return _record(0x0204, place + struct.pack("<HB", len(text), 1) + text.encode("utf-16-le"))


def old_workbook(cells: Sequence[tuple[int, int, object]]) -> bytes:
    """A workbook of Excel 97 (BIFF8 in a compound file), of cells with their places."""
    name = "流水".encode("utf-16-le")
    begins = [_record(0x0809, struct.pack("<HHHHII", 0x0600, kind, 0x0DBB, 0x07CC, 0x41, 6)) for kind in (5, 0x10)]
    head = begins[0] + _record(0x0042, struct.pack("<H", 1200))
    at = len(head) + 4 + 8 + len(name) + 4
    book = head + _record(0x0085, struct.pack("<IBBBB", at, 0, 0, 2, 1) + name) + _record(0x000A, b"")
    book += begins[1] + b"".join(_cell(*each) for each in cells) + _record(0x000A, b"")
    return _compound(book)


def _compound(stream: bytes) -> bytes:
    """A compound file of one stream: header, table of sectors, directory, and the stream."""
    stream = stream.ljust(-(-max(len(stream), 4096) // 512) * 512, b"\0")
    sectors, free, end = len(stream) // 512, 0xFFFFFFFF, 0xFFFFFFFE
    table = [0xFFFFFFFD, end, *range(3, 2 + sectors), end]
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16) + struct.pack("<HHHHH", 0x3E, 3, 0xFFFE, 9, 6) + bytes(6)
    header += (
        struct.pack("<IIIIIIIII", 0, 1, 1, 0, 4096, end, 0, end, 0)
        + struct.pack("<I", 0)
        + struct.pack("<I", free) * 108
    )
    directory = _entry("Root Entry", 5, child=1, start=end) + _entry("Workbook", 2, start=2, size=len(stream))
    filled_table = struct.pack(f"<{len(table)}I", *table).ljust(512, b"\xff")
    return header + filled_table + directory.ljust(512, b"\0") + stream


def _entry(name: str, kind: int, *, child: int = 0xFFFFFFFF, start: int, size: int = 0) -> bytes:
    written = (name + "\0").encode("utf-16-le")
    head = written.ljust(64, b"\0") + struct.pack("<HBBIII", len(written), kind, 1, 0xFFFFFFFF, 0xFFFFFFFF, child)
    return head + bytes(36) + struct.pack("<IQ", start, size)


#: The plain layout of most tests.
HEAD = ("交易日期", "收入金额", "支出金额", "余额", "流水号", "对方户名", "对方账号", "附言")


def plain(*rows: Sequence[object]) -> bytes:
    """A file of rows (day, in, out, balance, serial, name, account, remark)."""
    return text_file([HEAD, *rows], encoding="utf-8")


def camt(entries: str, *, version: str = "08", account: str = "6222020000000001", head: str = "") -> bytes:
    """A camt.053 document around entries."""
    return f"""<?xml version="1.0" encoding="UTF-8"?>{head}
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.{version}">
 <BkToCstmrStmt><GrpHdr><MsgId>M1</MsgId><CreDtTm>2026-07-14T18:00:00</CreDtTm></GrpHdr>
  <Stmt><Id>S1</Id><Acct><Id><Othr><Id>{account}</Id></Othr></Id><Ccy>CNY</Ccy></Acct>{entries}</Stmt>
 </BkToCstmrStmt>
</Document>""".encode()


def camt_entry(
    amount: str, *, version: str = "08", indicator: str = "CRDT", serial: str = "ASR1", name: str = "天津市和平区第一小学",
    account: str = "12001618400052500001", remark: str = "", day: str = "2026-07-03", more: str = "", entry: str = "",
) -> str:  # fmt: skip
    side = "Dbtr" if indicator == "CRDT" else "Cdtr"
    party = f"<{side}><Pty><Nm>{name}</Nm></Pty></{side}>" if version == "08" else f"<{side}><Nm>{name}</Nm></{side}>"
    status = "<Sts><Cd>BOOK</Cd></Sts>" if version == "08" else "<Sts>BOOK</Sts>"
    return f"""<Ntry><NtryRef>1</NtryRef><Amt Ccy="CNY">{amount}</Amt><CdtDbtInd>{indicator}</CdtDbtInd>{entry}{status}
  <BookgDt><Dt>{day}</Dt></BookgDt><ValDt><Dt>{day}</Dt></ValDt><AcctSvcrRef>{serial}</AcctSvcrRef>
  <NtryDtls><TxDtls><RltdPties>{party}<{side}Acct><Id><Othr><Id>{account}</Id></Othr></Id></{side}Acct></RltdPties>
   <RmtInf><Ustrd>{remark}</Ustrd></RmtInf>{more}</TxDtls></NtryDtls></Ntry>"""
