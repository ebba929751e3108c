"""Loggers' exports as they come: encodings, heads, forms of time; a broken one is refused whole with its rows."""

import re
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from catalog.lots.records.reading import BadTemperatureFile, read_log

NOW = datetime(2026, 7, 15, 4, tzinfo=UTC)

CHINESE = """设备编号:RC-5-0042
导出时间,2026-07-14
序号,时间,温度(℃),湿度(%RH)
1,2026-07-13 08:00:00,3.5,60
2,2026-07-13 08:10:00,-0.25,61
"""
SPLIT = """日期,时间,温度,报警上限温度
2026/7/13,8:00,4.0℃,8
2026/7/13,8:05,4.1℃,8
"""
ENGLISH = """Serial Number: ETI-99
"Date/Time";"Temperature (°F)";"Humidity"
"2026-07-13T08:00:00+08:00";"32.0";"1"
"2026-07-13T08:10:00+08:00";"50.0";"1"
"""
NEWEST_FIRST = "时间\t温度\n2026年7月13日 9时00分\t5\n2026年7月13日 8时00分\t4\n\t\n"
DAY_FIRST = "Time,Temp\n13/07/2026 08:00,4\n13-07-2026 08:01:30,4.5\n"


def at(hour, minute=0, second=0):
    return datetime(2026, 7, 13, hour - 8, minute, second, tzinfo=UTC)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "utf-16"])
def test_the_usual_encodings_are_read(encoding):
    log = read_log(CHINESE.encode(encoding), NOW)

    assert [(one.at, one.celsius) for one in log.readings] == [(at(8), Decimal("3.50")), (at(8, 10), Decimal("-0.25"))]
    assert log.device == "RC-5-0042"
    assert log.layout == {
        "head_row": 3, "time": "时间", "temperature": "温度(℃)", "date": None, "unit": "C", "day_first": None,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("text", "readings"),
    [
        (SPLIT, [(at(8), "4.00"), (at(8, 5), "4.10")]),
        (ENGLISH, [(at(8), "0.00"), (at(8, 10), "10.00")]),
        (NEWEST_FIRST, [(at(8), "4.00"), (at(9), "5.00")]),
        (DAY_FIRST, [(at(8), "4.00"), (at(8, 1, 30), "4.50")]),
    ],
)
def test_the_usual_forms_are_read(text, readings):
    assert [(one.at, f"{one.celsius}") for one in read_log(text.encode(), NOW).readings] == readings


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("时间,温度\n2026-07-13 08:00,4\n2026-07-13 08:10,Err\n2026-07-13,5\n2026-07-13 25:00,5\n", [3, 4, 5]),
        ("时间,温度\n2026-07-13 08:00,4\n2026-07-13 08:00,5\n", [3]),
        ("时间,温度\n2026-07-13 08:00,4\n2026-07-15 12:01,5\n", [3]),
        ("时间,温度\n2026-07-13 08:00,101\n", [2]),
        ("Time,Temp\n05/07/2026 08:00,4\n", [2]),
        ("时间,温度\n", []),
        ("品名,数量\n枸杞,1\n", []),
        ("", []),
    ],
)
def test_a_broken_file_is_refused_whole_with_its_rows(text, rows):
    with pytest.raises(BadTemperatureFile) as refusal:
        read_log(text.encode(), NOW)

    assert refusal.value.members["rows"] == rows


def test_what_is_no_text_is_refused():
    with pytest.raises(BadTemperatureFile):
        read_log(b"\x00\x01\x02\xff", NOW)


def rows_of(head: str, *cells: str) -> bytes:
    return "\n".join([head, *(f"2026-07-13 08:{n:02}:00,{cell}" for n, cell in enumerate(cells))]).encode()


@pytest.mark.parametrize(
    ("head", "cells"),
    [
        ("Time,Temp", ["39.2F", "102.2 F"]), ("Time,Temperature(F)", ["39.2", "102.2"]), ("Time,Temp_F", ["39.2", "102.2"]),
        ("Time,TempF", ["39.2", "102.2F"]), ("时间,温度（华氏）", ["39.2", "102.2"]), ("时间,温度", ["39.2°F", "102.2"]),
        ("Time,Temp F", ["39.2°f", "102.2"]), ("Time,Temperature(°C),Temperature(°F)", ["4.0,39.2", "39.0,102.2"]),
        ("Time,Temp,Dew point temp,MKT temp", ["4,1,3", "39,2,3"]), ("Time,Temp_C,Max Temp_C", ["4,9", "39,90"]),
    ],
)  # fmt: skip
def test_a_unit_is_known_wherever_it_stands(head, cells):
    log = read_log(rows_of(head, *cells), NOW)

    assert [f"{one.celsius}" for one in log.readings] == ["4.00", "39.00"]


@pytest.mark.parametrize(
    ("data", "rows", "words"),
    [
        (rows_of("Time,Temp(°C)", "4.0", "39.2F"), [1, 3], "温度单位前后不一致"),
        (rows_of("Time,Temp", "4C", "39.2F"), [2, 3], "温度单位前后不一致"),
        (rows_of("时间,温度1(℃),温度2(℃)", "4,25"), [1], "温度1(℃)、温度2(℃)"),
        (rows_of("Time,Temp F,Probe 2 temp F", "4,25"), [1], "每个探头单独导出"),
    ],
)  # fmt: skip
def test_units_that_disagree_and_several_probes_are_refused(data, rows, words):
    with pytest.raises(BadTemperatureFile, match=re.escape(words)) as refusal:
        read_log(data, NOW)

    assert refusal.value.members["rows"] == rows


def test_a_device_after_a_wide_colon_is_read():
    assert read_log(CHINESE.replace("编号:", "编号：").encode(), NOW).device == "RC-5-0042"


def test_a_year_that_no_clock_shows_is_refused_with_its_row():
    for year in ("0001", "1899", "1999"):
        with pytest.raises(BadTemperatureFile) as refused:
            read_log(f"时间,温度\n{year}-12-01 00:00,4\n2026-07-13 08:00,4\n".encode(), NOW)
        assert refused.value.members["rows"] == [2]


def test_titles_made_to_be_tried_in_every_way_are_read_at_once():
    title = "serial" + " " * 19_000 + "x"

    log = read_log(("\n".join([title] * 58) + "\n时间,温度\n2026-07-13 08:00,4\n").encode(), NOW)

    assert (len(log.readings), log.device) == (1, "")


@pytest.mark.parametrize(
    ("title", "device"),
    [
        ("设备编号\uff1aRC-5-0042", "RC-5-0042"), ("Serial No.: ABC123", "ABC123"), ("Device ID,\tLOG-7", "LOG-7"),
        ('序列号:"77001"', "77001"),
    ],
)  # fmt: skip
def test_the_device_is_named_in_the_usual_ways(title, device):
    assert read_log(f"{title}\n时间,温度\n2026-07-13 08:00,4\n".encode(), NOW).device == device


@pytest.mark.parametrize("text", ["1,\n" * 5_000_000, "1," * 5_000_000, '"' + "x\n" * 5_000_000], ids=str.__len__)
def test_a_file_of_endless_rows_or_lines_is_given_up(text):
    with pytest.raises(BadTemperatureFile) as refused:
        read_log(f"时间,温度\n2026-07-13 08:00,4\n{text}".encode(), NOW)

    assert refused.value.members["rows"] == []
