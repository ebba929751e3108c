"""Banks' files as movements: encodings, layouts, amounts, days, camt.053, and files that are refused."""

import io
import zipfile
from datetime import date, datetime

import pytest

from orders.banking.reading import camt, cells, layouts, tables
from orders.banking.reading.entries import (
    LayoutUnknown,
    StatementTooLong,
    UnreadableStatement,
    UnsafeStatement,
    with_serials,
)
from orders.banking.reading.layouts import PRESETS, Mapping
from orders.banking.reading.sources import FileSource
from tests.banking.sheets import LAYOUTS, camt_entry, filled, old_workbook, plain, text_file, workbook
from tests.banking.sheets import camt as camt_file

CODE = "DK23456789X"
RECEIPT = ("in", 1_230_000, date(2026, 7, 3))
FEE = ("out", 850, date(2026, 7, 4))


def read(data, mapping=None):
    return FileSource(data, mapping).read()


@pytest.mark.parametrize("name", list(LAYOUTS))
@pytest.mark.parametrize("encoding", ["gbk", "gb18030", "utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", "\t", "|"])
def test_layouts_are_read_in_every_encoding_by_their_titles(name, encoding, delimiter):
    found = read(text_file(filled(LAYOUTS[name], CODE), encoding=encoding, delimiter=delimiter))

    assert [entry.facts() for entry in found.entries] == [RECEIPT, FEE]
    assert found.bad == ()
    first = found.entries[0]
    assert (first.name, first.account) == ("天津市和平区第一小学", "12001618400052500001")
    assert (first.balance_fen, CODE in first.remark) == (11_230_000, True)
    assert first.serial.endswith("17") != (name == "icbc_like")


@pytest.mark.parametrize("name", list(LAYOUTS))
def test_presets_read_the_same_as_the_titles_tell(name):
    data = workbook(filled(LAYOUTS[name], CODE), empty_first=True)

    found = read(data, PRESETS[name])

    assert [entry.facts() for entry in found.entries] == [RECEIPT, FEE]
    assert CODE in found.entries[0].remark
    assert found.entries[0].name == "天津市和平区第一小学"


def test_a_workbook_keeps_days_and_amounts_as_numbers():
    rows: list[list[object]] = [
        ["对账单"], ["交易日期", "收入金额", "支出金额", "流水号"],
        [date(2026, 7, 3), 12300, "", 17], [46206, 0.1, None, 18.0], [20260703, "", 8.5, "19"], ["46206", "", "1,008.50", "20"],
    ]  # fmt: skip

    found = read(workbook(rows))

    assert [(entry.value_on, entry.direction, entry.amount_fen, entry.serial) for entry in found.entries] == [
        (date(2026, 7, 3), "in", 1_230_000, "17"), (date(2026, 7, 3), "in", 10, "18"),
        (date(2026, 7, 3), "out", 850, "19"), (date(2026, 7, 3), "out", 100_850, "20"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("cell", "fen"),
    [
        ("1,234,567.89", 123_456_789), ("1,234.50元", 123_450), ("¥12.3", 1230), ("(8.50)", -850), ("-8.50", -850),
        ("+8", 800), ("\uff11\uff0c\uff12\uff13\uff14\uff0e\uff15\uff10", 123_450), (8, 800), (8.5, 850), (1234.1, 123_410), ("", None), ("-", None), ("0.00", None), (0, None), (None, None),
    ],
)  # fmt: skip
def test_amounts_are_read_in_the_forms_banks_write(cell, fen):
    assert cells.read_amount(cell) == fen


@pytest.mark.parametrize("cell", ["12.345", "abc", "1e400", "NaN", 1.001, "99999999999999999"])
def test_what_is_no_amount_is_refused(cell):
    with pytest.raises(ValueError, match=r"[\u4e00-\u9fff]"):
        cells.read_amount(cell)


@pytest.mark.parametrize(
    "cell",
    [
        "20260703", "2026-07-03", "2026/7/3", "2026年7月3日", "2026.7.3", "2026-07-03 23:59:59", "20260703235959",
        "20260703 10:15:22", "\uff12\uff10\uff12\uff16年\uff17月\uff13日", "2026-07-03T10:00:00", "2026年07月03日", 20260703, 46206, 46206.5, "46206",
        date(2026, 7, 3), datetime(2026, 7, 3, 23, 0),  # noqa: DTZ001  as a workbook has it
    ],
)  # fmt: skip
def test_days_are_read_in_the_forms_banks_write(cell):
    assert cells.read_day(cell) == date(2026, 7, 3)


@pytest.mark.parametrize("cell", ["", None, "2026-02-30", "3 July", 7, "20261332"])
def test_what_is_no_day_is_refused(cell):
    with pytest.raises(ValueError, match=r"[\u4e00-\u9fff]"):
        cells.read_day(cell)


def test_one_amount_with_a_flag_or_a_sign_tells_the_direction():
    flagged = text_file(
        [
            ["日期", "金额", "借贷标志"],
            ["20260703", "5.00", "贷"],
            ["20260703", "6.00", "借"],
            ["20260703", "-7.00", "贷"],
        ]
    )
    signed = text_file([["日期", "发生额"], ["20260703", "5.00"], ["20260703", "-6.00"]])

    assert [(e.direction, e.amount_fen) for e in read(flagged).entries] == [("in", 500), ("out", 600), ("in", -700)]
    assert [(e.direction, e.amount_fen) for e in read(signed).entries] == [("in", 500), ("out", 600)]


def test_rows_that_should_be_movements_and_are_not_are_told_with_their_numbers():
    found = read(
        plain(
            ("20260703", "5.00", "", "", "A1", "甲", "", ""), ("2026-13-01", "5.00", "", "", "A2", "", "", ""),
            ("20260703", "x", "", "", "A3", "", "", ""), ("20260703", "", "", "", "A4", "", "", ""),
            ("20260703", "1", "2", "", "A5", "", "", ""), ("合计", "5.00", "", "", "", "", "", ""), (),
        )
    )  # fmt: skip

    assert [entry.serial for entry in found.entries] == ["A1"]
    assert [(row.row_no, row.detail) for row in found.bad] == [
        (3, "没有“2026-13-01”这一天。"), (4, "“x”不是金额。"), (5, "没有金额。"), (6, "收入和支出都有金额。"),
    ]  # fmt: skip


def test_a_mapping_names_columns_that_no_title_would_tell():
    data = text_file([["何时", "多少", "谁"], ["20260703", "5.00", "甲"]])

    with pytest.raises(LayoutUnknown):
        read(data)
    found = read(data, Mapping(day="何时", amount="多少", name="谁"))
    assert [(e.facts(), e.name) for e in found.entries] == [(("in", 500, date(2026, 7, 3)), "甲")]
    with pytest.raises(LayoutUnknown) as refused:
        read(data, Mapping(day="何时", amount="多少", remark=("附言",)))
    assert "附言" in refused.value.detail


def test_a_mapping_survives_being_saved():
    for mapping in PRESETS.values():
        assert Mapping.from_json(mapping.as_json()) == mapping


def test_movements_without_a_serial_get_one_that_only_their_facts_decide():
    rows = [("20260703", "5.00", "", "105.00", "", "甲", "", ""), ("20260703", "5.00", "", "110.00", "", "甲", "", "")]
    same = [("20260703", "5.00", "", "", "-", "甲", "", "")] * 2

    one, two = with_serials(read(plain(*rows)).entries)
    moved = with_serials(read(plain(rows[1], rows[0])).entries)
    twins = with_serials(read(plain(*same)).entries)

    assert one.serial != two.serial
    assert {each.serial for each in moved} == {one.serial, two.serial}
    assert len({each.serial for each in twins}) == 2


@pytest.mark.parametrize("version", ["02", "08"])
def test_camt_is_read_in_both_versions(version):
    entries = camt_entry("12300.00", version=version, remark=f"货款 {CODE}") + camt_entry(
        "8.5", version=version, indicator="DBIT", serial="ASR2", name="税务局", day="2026-07-04"
    )

    found = read(camt_file(entries, version=version))

    assert (found.layout, found.account) == ("camt.053", "6222020000000001")
    assert [entry.facts() for entry in found.entries] == [RECEIPT, FEE]
    first, second = found.entries
    assert (first.serial, first.name, first.account, first.remark) == (
        "ASR1", "天津市和平区第一小学", "12001618400052500001", f"货款 {CODE}",
    )  # fmt: skip
    assert (second.serial, second.name, second.return_code) == ("ASR2", "税务局", None)


def test_camt_tells_returns_reversals_and_splits_batches():
    returned = camt_entry("5.00", serial="R1", more="<RtrInf><Rsn><Cd>AC01</Cd></Rsn></RtrInf>")
    reversal = camt_entry("6.00", serial="R2", indicator="DBIT", entry="<RvslInd>true</RvslInd>")
    pending = camt_entry("7.00", serial="R3").replace("BOOK", "PDNG")
    batch = """<Ntry><Amt Ccy="CNY">3.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts><ValDt><Dt>2026-07-03</Dt></ValDt>
      <AcctSvcrRef>B1</AcctSvcrRef><NtryDtls>
      <TxDtls><Amt Ccy="CNY">1.00</Amt></TxDtls><TxDtls><Refs><AcctSvcrRef>B1X</AcctSvcrRef></Refs><Amt Ccy="CNY">2.00</Amt></TxDtls>
      </NtryDtls></Ntry>"""
    foreign = camt_entry("9.00", serial="R4").replace('"CNY"', '"USD"')

    found = camt.read_camt(camt_file(returned + reversal + pending + batch + foreign))

    assert [(e.row_no, e.serial, e.direction, e.amount_fen, e.return_code) for e in found.entries] == [
        (1, "R1", "in", 500, "AC01"), (2, "R2", "in", -600, None), (3, "B1/1", "in", 100, None), (4, "B1X", "in", 200, None),
    ]  # fmt: skip
    assert [(row.row_no, row.detail) for row in found.bad] == [(5, "币种须是 CNY。")]


LAUGHS = "<!DOCTYPE lolz [<!ENTITY a 'ha'><!ENTITY b '&a;&a;&a;&a;'><!ENTITY c '&b;&b;&b;&b;'>]>"
OUTSIDE = "<!DOCTYPE foo [<!ENTITY x SYSTEM 'file:///etc/passwd'>]>"


@pytest.mark.parametrize("head", [LAUGHS, OUTSIDE, "<!DOCTYPE foo SYSTEM 'http://127.0.0.1:9/x.dtd'>"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_entities_are_refused_before_they_mean_anything(head, encoding):
    entity = "&c;" if head is LAUGHS else "&x;" if head is OUTSIDE else ""
    text = camt_file(camt_entry("5.00", remark=entity), head=head).decode().replace("UTF-8", encoding)

    with pytest.raises(UnsafeStatement):
        read(text.encode(encoding))


@pytest.mark.parametrize(
    "data",
    [
        camt_file("", version="04"), b"<?xml version='1.0'?><a/>", camt_file("<Ntry>")[:-40], b"\x89PNG\r\n\x1a\n\x00\x00",
        b"PK\x03\x04broken", b"one column\nonly\n", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1rest", b"<html><table></table></html>",
    ],
)  # fmt: skip
def test_other_files_are_refused_whole(data):
    with pytest.raises(UnreadableStatement):
        read(data)


def test_a_zip_bomb_is_refused_whatever_sizes_it_claims(monkeypatch):
    monkeypatch.setattr(tables, "MAX_UNPACKED", 1 << 20)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as package:
        package.writestr("[Content_Types].xml", b" " * (2 << 20))
    data = bytearray(out.getvalue())
    claimed = (2 << 20).to_bytes(4, "little")
    while claimed in data:
        at = data.index(claimed)
        data[at : at + 4] = (10).to_bytes(4, "little")

    for bomb in (out.getvalue(), bytes(data)):
        with pytest.raises(UnsafeStatement):
            read(bomb)


def test_a_workbook_of_excel_97_is_read_like_any_other():
    rows = filled(LAYOUTS["ccb_like"], CODE)
    places = [(r, c, cell) for r, row in enumerate(rows) for c, cell in enumerate(row) if cell != ""]

    found = read(old_workbook([*places[:-1], (2, 4, 8.5)]))

    assert [entry.facts() for entry in found.entries] == [RECEIPT]
    assert [one.row_no for one in found.bad] == [3]
    assert found.entries[0].name == "天津市和平区第一小学"
    assert [entry.facts() for entry in read(old_workbook(places)).entries] == [RECEIPT, FEE]


@pytest.mark.parametrize(
    "data", [workbook([["a"], *[[]] * 300_000, ["b"]], far=9000), old_workbook([(0, 0, "a"), (65_535, 65_535, "b")])]
)
def test_a_small_workbook_with_a_cell_far_away_is_refused_and_harms_nobody(data):
    assert len(data) < 100_000

    with pytest.raises(UnsafeStatement):
        read(data)


@pytest.mark.parametrize("amount", ["1e3", "1E3", "1_000", "inf", "NaN", "0x10", "١٢", "--5", "1.2.3", "5-"])
def test_what_only_a_computer_takes_for_a_number_is_no_amount(amount):
    with pytest.raises(ValueError, match="不是金额"):
        cells.read_amount(amount)


def test_more_rows_than_an_import_takes_are_refused(monkeypatch):
    monkeypatch.setattr("orders.banking.reading.movements.MAX_ROWS", 2)
    row = ("20260703", "5.00", "", "", "", "甲", "", "")

    assert len(read(plain(row, row)).entries) == 2
    with pytest.raises(StatementTooLong):
        read(plain(row, row, row))


def test_titles_are_compared_without_brackets_and_marks():
    assert [layouts.simple(title) for title in ("贷方发生额（收入）", "贷方发生额（收入）", "交易日期[ Transaction Date ]", "借/贷")] == [
        "贷方发生额", "贷方发生额", "交易日期", "借贷",
    ]  # fmt: skip
