"""ISO 20022 camt.053, versions 02 and 08: the bank's XML statement, read without entities, DTD or network."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from typing import Any, TypeAlias

from lxml import etree

from orders.banking.reading.cells import compared_account, read_amount, read_day
from orders.banking.reading.entries import (
    MAX_ROWS,
    BadRow,
    Entry,
    Reading,
    StatementTooLong,
    UnreadableStatement,
    UnsafeStatement,
)
from shop.i18n import _

_NAMESPACE = re.compile(r"\{urn:iso:std:iso:20022:tech:xsd:camt\.053\.001\.(02|08)\}Document\Z")
#: An element of lxml, which has no types.
Node: TypeAlias = Any


def is_xml(data: bytes) -> bool:
    """Say whether a file is XML rather than a table."""
    head = data[:200].removeprefix(b"\xef\xbb\xbf").lstrip()
    return head.startswith((b"<?xml", b"<Document")) or (head[:2] in (b"\xff\xfe", b"\xfe\xff") and b"<\x00" in head)


def read_camt(data: bytes) -> Reading:
    """Return the booked entries of a statement; entries of several transactions are split.

    :raises UnsafeStatement: if it has a document type, and so may have entities.
    :raises UnreadableStatement: if it is no camt.053 of a known version.
    """
    root = _parse(data)
    if not _NAMESPACE.match(str(root.tag)):
        raise UnreadableStatement(_("不是 camt.053（版本 02 或 08）的 XML 对账单。"))
    statements = root.findall("{*}BkToCstmrStmt/{*}Stmt")
    accounts = {account for one in statements if (account := _account(one.find("{*}Acct")))}
    if not statements or len(accounts) > 1:
        raise UnreadableStatement(_("一个文件只能是一个账户的对账单。"))
    entries: list[Entry] = []
    bad: list[BadRow] = []
    for entry in (each for one in statements for each in one.findall("{*}Ntry")):
        if _status(entry) not in ("BOOK", ""):
            continue
        number = len(entries) + len(bad) + 1
        try:
            entries.extend(list(_read_entry(entry, number)))
        except ValueError as error:
            bad.append(BadRow(number, str(error)))
        if len(entries) > MAX_ROWS:
            raise StatementTooLong(_("文件超过 %(most)s 行，请按日期分成几个文件。", most=MAX_ROWS), max_rows=MAX_ROWS)
    return Reading("camt.053", tuple(entries), tuple(bad), account=next(iter(accounts), ""))


def _parse(data: bytes) -> Node:
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, dtd_validation=False, huge_tree=False,
        remove_comments=True, remove_pis=True,
    )  # fmt: skip
    unsafe = UnsafeStatement(_("XML 文件含有 DTD 或实体声明，不能导入。"))
    if b"<!DOCTYPE" in data or b"<!ENTITY" in data:
        raise unsafe
    try:
        root = etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise UnreadableStatement(_("XML 文件读不出来，请重新从网银下载。")) from error
    # In another encoding than the search above reads, the parser has found it.
    if root.getroottree().docinfo.internalDTD is not None:
        raise unsafe
    return root


def _read_entry(entry: Node, row_no: int) -> Iterator[Entry]:
    """Return one movement, or one for each transaction if the bank put several with their amounts into an entry."""
    details = entry.findall("{*}NtryDtls/{*}TxDtls")
    sign, amount = _direction(entry), _amount(entry.find("{*}Amt"))
    day = _day(entry)
    if len(details) <= 1:
        yield _entry(entry, details[0] if details else None, (sign, amount), day=day, row_no=row_no)
        return
    parts = [_amount(_transaction_amount(one)) for one in details]
    if sum(parts) != amount:
        raise ValueError(_("明细金额之和与汇总金额不符。"))
    for place, (one, part) in enumerate(zip(details, parts, strict=True), 1):
        yield _entry(entry, one, (sign, part), day=day, row_no=row_no + place - 1, place=place)


def _entry(
    entry: Node, detail: Node | None, moved: tuple[tuple[str, int], int], *, day: date, row_no: int, place: int = 0
) -> Entry:
    (direction, sign), amount = moved
    side = "Dbtr" if direction == "in" else "Cdtr"
    name = _text(detail, f"{{*}}RltdPties/{{*}}{side}/{{*}}Nm") or _text(
        detail, f"{{*}}RltdPties/{{*}}{side}/{{*}}Pty/{{*}}Nm"
    )
    account = None if detail is None else detail.find(f"{{*}}RltdPties/{{*}}{side}Acct")
    return Entry(
        row_no=row_no, direction=direction, amount_fen=sign * amount, value_on=day,
        serial=_serial(entry, detail, place)[:64], name=name[:200], account=_account(account)[:64],
        remark=_remark(entry, detail)[:500], return_code=_return_code(detail),
    )  # fmt: skip


def _serial(entry: Node, detail: Node | None, place: int) -> str:
    """Return the bank's own reference, of the transaction if an entry has several, else with its place in it."""
    of_entry = _text(entry, "{*}AcctSvcrRef") or _text(entry, "{*}NtryRef")
    of_detail = _text(detail, "{*}Refs/{*}AcctSvcrRef")
    if not place:
        return "".join((of_entry or of_detail).split())
    return "".join((of_detail or (f"{of_entry}/{place}" if of_entry else "")).split())


def _remark(entry: Node, detail: Node | None) -> str:
    texts = [] if detail is None else [each.text or "" for each in detail.findall("{*}RmtInf/{*}Ustrd")]
    texts.append(_text(detail, "{*}RmtInf/{*}Strd/{*}CdtrRefInf/{*}Ref"))
    texts += [_text(detail, "{*}AddtlTxInf"), _text(entry, "{*}AddtlNtryInf")]
    return " ".join(dict.fromkeys(text.strip() for text in texts if text.strip()))


def _return_code(detail: Node | None) -> str | None:
    """Return why the bank sent a transfer back, ``returned`` if it does not say; ``None`` if it did not."""
    returned = None if detail is None else detail.find("{*}RtrInf")
    if returned is None:
        return None
    return (_text(returned, "{*}Rsn/{*}Cd") or _text(returned, "{*}Rsn/{*}Prtry") or "returned")[:64]


def _direction(entry: Node) -> tuple[str, int]:
    """Return direction and sign; a reversal takes back what went the other way."""
    indicator = _text(entry, "{*}CdtDbtInd")
    if indicator not in ("CRDT", "DBIT"):
        raise ValueError(_("“%(text)s”不是借贷标志。", text=indicator[:40]))
    is_credit = indicator == "CRDT"
    if _text(entry, "{*}RvslInd") in ("true", "1"):
        return ("out", -1) if is_credit else ("in", -1)
    return ("in", 1) if is_credit else ("out", 1)


def _transaction_amount(detail: Node) -> Node | None:
    found = detail.find("{*}AmtDtls/{*}TxAmt/{*}Amt")
    return found if found is not None else detail.find("{*}Amt")


def _amount(node: Node | None) -> int:
    if node is None:
        raise ValueError(_("没有金额。"))
    if node.get("Ccy") != "CNY":
        raise ValueError(_("币种须是 CNY。"))
    amount = read_amount(node.text or "")
    if amount is None or amount < 0:
        raise ValueError(_("没有金额。"))
    return amount


def _day(entry: Node) -> date:
    for path in ("{*}ValDt/{*}Dt", "{*}ValDt/{*}DtTm", "{*}BookgDt/{*}Dt", "{*}BookgDt/{*}DtTm"):
        if text := _text(entry, path):
            return read_day(text[:10])
    raise ValueError(_("没有日期。"))


def _status(entry: Node) -> str:
    return _text(entry, "{*}Sts/{*}Cd") or _text(entry, "{*}Sts")


def _account(node: Node | None) -> str:
    return compared_account(_text(node, "{*}Id/{*}IBAN") or _text(node, "{*}Id/{*}Othr/{*}Id"))


def _text(node: Node | None, path: str) -> str:
    found = None if node is None else node.find(path)
    return (found.text or "").strip() if found is not None else ""
