"""Exports of temperature loggers as readings: text in the usual encodings, head row found by its words, refused whole."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from itertools import pairwise

from shop import texts
from shop.clock import SHANGHAI
from shop.errors import Invalid
from shop.i18n import _

MAX_READINGS, _MAX_NAMED = 50_000, 20
_HEAD_WITHIN = 60
#: Rows of titles above, and blank ones.
_SPARE_ROWS = 1_000
#: No logger saw anything before; a clock that was never set writes such years.
EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
_TITLE_CHARACTERS = 500
_TIME = re.compile(r"(日期|时间|time|date)", re.IGNORECASE)
_DATE = re.compile(r"^(日期|date)$", re.IGNORECASE)
_TEMPERATURE = re.compile(r"(温度|temp|℃|°C|℉|°F)", re.IGNORECASE)
#: Other columns that speak of temperature, or of time, and are no readings.
_NOT = re.compile(r"(湿|humid|上限|下限|报警|alarm|limit|设定|set)", re.IGNORECASE)
#: Of these each is another figure than what the probe saw.
_DERIVED = re.compile(r"(露点|dew|MKT|kinetic|动力学|平均|最高|最低|max|min|avg|mean)", re.IGNORECASE)
#: Here and below every repetition is bounded, so that no cell or line makes the search try ways by the million.
_UNITS = (
    ("F", re.compile(r"(℉|华氏|(?:(?<![a-z])|temp|temperature)\s{0,3}F(?![a-z]))", re.IGNORECASE)),
    ("C", re.compile(r"(℃|摄氏|(?:(?<![a-z])|temp|temperature)\s{0,3}C(?![a-z]))", re.IGNORECASE)),
)
_DEVICE = re.compile(
    r"(设备编号|设备号|设备ID|仪器编号|序列号|记录仪编号|serial(?: ?(?:number|no))?|device(?: ?(?:id|no))?)"
    r"[^\w\n]{0,5}?[:\uff1a,\t][^\w\n]{0,5}([\w-]{3,40})",
    re.IGNORECASE,
)
_YEAR_FIRST = re.compile(
    r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?[ T]*(\d{1,2})[:时](\d{1,2})(?:[:分](\d{1,2})(?:\.\d+)?)?秒?分?\s*(Z|[+-]\d{2}:?\d{2})?\Z"
)
_YEAR_LAST = re.compile(r"(\d{1,2})[-/.](\d{1,2})[-/.](\d{4})[ T]+(\d{1,2}):(\d{1,2})(?::(\d{1,2}))?\Z")
_VALUE = re.compile(r"([-+−]?\d{1,3}(?:\.\d{1,4})?)\s*(?:℃|°C|C|℉|°F|F|度)?\Z", re.IGNORECASE)
_COLDEST, _HOTTEST = Decimal(-100), Decimal(100)


class BadTemperatureFile(Invalid):
    """The file is no export of a logger, or rows of it cannot be read; member ``rows`` names them. Nothing was stored."""

    code = "bad-temperature-file"


@dataclass(frozen=True)
class Reading:
    """What a logger saw at an instant, in degrees Celsius."""

    at: datetime
    celsius: Decimal


@dataclass(frozen=True)
class Log:
    """The readings of a file in order of time, and how it was read."""

    readings: Sequence[Reading]
    device: str
    layout: dict[str, object]


@dataclass(frozen=True)
class _Layout:
    row: int
    date: int | None
    time: int
    temperature: int
    #: ``F`` or ``C``, as head or rows say; Celsius where neither does.
    unit: str


def read_log(data: bytes, now: datetime) -> Log:
    """Return the readings of a logger's export.

    :raises BadTemperatureFile: if there is no table, or naming every row that cannot be read.
    """
    text = _decode(data)
    rows = _rows(text)
    layout = _find_layout(rows)
    is_day_first = _order_of_days(rows, layout)
    readings, wrong = [], []
    for number, row in enumerate(rows[layout.row + 1 :], layout.row + 2):
        if not any(cell.strip() for cell in row):
            continue
        reading = _read_row(row, layout, is_day_first=is_day_first)
        if reading is None or not EARLIEST <= reading.at <= now:
            wrong.append(number)
        else:
            readings.append((number, reading))
    if len(readings) > 1 and readings[0][1].at > readings[-1][1].at:
        readings.reverse()
    wrong += [number for (_n, before), (number, after) in pairwise(readings) if after.at <= before.at]
    _refuse(wrong, len(readings))
    device = _DEVICE.search("\n".join(line[:_TITLE_CHARACTERS] for line in texts.first_lines(text, _HEAD_WITHIN)))
    head = rows[layout.row]
    told = {
        "head_row": layout.row + 1, "time": head[layout.time].strip(), "temperature": head[layout.temperature].strip(),
        "date": None if layout.date is None else head[layout.date].strip(),
        "unit": layout.unit, "day_first": is_day_first,
    }  # fmt: skip
    return Log([reading for _number, reading in readings], device[2] if device else "", told)


def _refuse(wrong: list[int], read: int) -> None:
    if wrong:
        named = "、".join(str(number) for number in sorted(set(wrong))[:_MAX_NAMED])
        detail = _(
            "第 %(rows)s 行读不出来：时间须递增，在2000年之后且不晚于现在，温度须在 -100 至 100 ℃ 之间。文件没有导入。",
            rows=named,
        )
        raise BadTemperatureFile(detail, rows=sorted(set(wrong))[:_MAX_NAMED])
    if not read:
        raise BadTemperatureFile(_("文件里没有温度记录。"), rows=[])
    if read > MAX_READINGS:
        raise _too_long()


def _too_long() -> BadTemperatureFile:
    return BadTemperatureFile(_("一个文件最多 %(most)s 条记录，请按日期分开。", most=MAX_READINGS), rows=[])


def _decode(data: bytes) -> str:
    encodings = ("utf-16",) if data[:2] in (b"\xff\xfe", b"\xfe\xff") else ("utf-8-sig", "gb18030")
    for encoding in encodings:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if not re.search(r"[\x00-\x08\x0e-\x1f]", text):
            return text
    raise BadTemperatureFile(_("请上传记录仪导出的 CSV 或 TXT 文件。"), rows=[])


def _rows(text: str) -> list[list[str]]:
    """Return the lines as cells, divided by the mark that the head row is divided by."""
    titles = texts.first_lines(text, _HEAD_WITHIN)
    head = next((line for line in titles if _TIME.search(line) and _TEMPERATURE.search(line)), "")
    mark = max("\t,;|", key=head.count)
    try:
        return texts.read_rows(text, mark, most=MAX_READINGS + _SPARE_ROWS)
    except texts.TooManyRows as error:
        raise _too_long() from error
    except texts.NoTable as error:
        raise BadTemperatureFile(_("文件中的引号不成对，或有一行太长，读不出来。"), rows=[]) from error


def _find_layout(rows: list[list[str]]) -> _Layout:
    for number, row in enumerate(rows[:_HEAD_WITHIN]):
        cells = [cell.strip() for cell in row]
        temperatures = [n for n, cell in enumerate(cells) if _TEMPERATURE.search(cell) and not _NOT.search(cell)]
        times = [
            n for n, cell in enumerate(cells) if _TIME.search(cell) and not _NOT.search(cell) and n not in temperatures
        ]
        if not temperatures or not times:
            continue
        dates = [n for n in times if _DATE.match(cells[n])]
        rest = [n for n in times if n not in dates]
        date = dates[0] if dates and rest else None
        column = _the_probe({n: cells[n] for n in temperatures}, number)
        return _Layout(number, date, (rest or dates)[0], column, _unit(rows, number, column))
    raise BadTemperatureFile(_("找不到表头：文件须有“时间”和“温度”两列。"), rows=[])


def _the_probe(columns: dict[int, str], head: int) -> int:
    """Return the one column of readings; what one probe saw may stand in both units.

    :raises BadTemperatureFile: if there are several probes: none may be left out in silence.
    """
    seen = {n: name for n, name in columns.items() if not _DERIVED.search(name)} or columns
    if len({re.sub(r"\W|_", "", _without_unit(name)).casefold() for name in seen.values()}) == 1:
        celsius = [n for n, name in seen.items() if _unit_of(name) == "C"]
        seen = {n: seen[n] for n in celsius} if len(celsius) == 1 else seen
    if len(seen) > 1:
        detail = _("文件里有几列温度（%(names)s）。请每个探头单独导出一个文件。", names="、".join(seen.values()))
        raise BadTemperatureFile(detail, rows=[head + 1])
    return next(iter(seen))


def _unit_of(words: str) -> str | None:
    return next((unit for unit, said in _UNITS if said.search(words)), None)


def _without_unit(words: str) -> str:
    for _name, said in _UNITS:
        words = said.sub("", words)
    return words.replace("°", "")


def _unit(rows: list[list[str]], head: int, column: int) -> str:
    """Return the unit of all readings.

    :raises BadTemperatureFile: if head and rows, or rows among each other, say different ones.
    """
    said: dict[str, int] = {unit: head + 1} if (unit := _unit_of(rows[head][column])) else {}
    for number, row in enumerate(rows[head + 1 :], head + 2):
        if column < len(row) and (unit := _unit_of(row[column])):
            said.setdefault(unit, number)
    if len(said) > 1:
        detail = _("温度单位前后不一致，分不清摄氏和华氏。请统一单位后重新导出，文件没有导入。")
        raise BadTemperatureFile(detail, rows=sorted(said.values()))
    return next(iter(said), "C")


def _written(row: list[str], layout: _Layout) -> str:
    cells = [
        row[n].strip() if n < len(row) else ""
        for n in ((layout.time,) if layout.date is None else (layout.date, layout.time))
    ]
    return " ".join(cells)


def _order_of_days(rows: list[list[str]], layout: _Layout) -> bool | None:
    """Say whether days stand before months where the year is last; ``None`` where it is first.

    :raises BadTemperatureFile: if the file leaves it open.
    """
    found = [match for row in rows[layout.row + 1 :] if (match := _YEAR_LAST.match(_written(row, layout)))]
    if not found:
        return None
    twelve = 12
    first, second = max(int(match[1]) for match in found), max(int(match[2]) for match in found)
    if (first > twelve) == (second > twelve):
        raise BadTemperatureFile(
            _("日期分不清日和月，请把记录仪的日期格式改为 年-月-日 后重新导出。"), rows=[layout.row + 2]
        )
    return first > twelve


def _read_row(row: list[str], layout: _Layout, *, is_day_first: bool | None) -> Reading | None:
    at = _read_time(_written(row, layout), is_day_first=is_day_first)
    cell = row[layout.temperature].strip() if layout.temperature < len(row) else ""
    value = _VALUE.match(cell)
    if at is None or value is None:
        return None
    degrees = Decimal(value[1].replace("−", "-"))
    if layout.unit == "F":
        degrees = (degrees - 32) * 5 / 9
    celsius = degrees.quantize(Decimal("0.01"), rounding=ROUND_HALF_UP)
    return Reading(at, celsius) if _COLDEST <= celsius <= _HOTTEST else None


def _read_time(text: str, *, is_day_first: bool | None) -> datetime | None:
    """Return an instant; without an offset it is Shanghai's time."""
    if match := _YEAR_FIRST.match(text):
        year, month, day = int(match[1]), int(match[2]), int(match[3])
        zone = match[7]
    elif (match := _YEAR_LAST.match(text)) and is_day_first is not None:
        one, other, year = int(match[1]), int(match[2]), int(match[3])
        day, month = (one, other) if is_day_first else (other, one)
        zone = None
    else:
        return None
    try:
        local = datetime(year, month, day, int(match[4]), int(match[5]), int(match[6] or 0), tzinfo=SHANGHAI)
        if zone:
            return datetime.fromisoformat(local.replace(tzinfo=None).isoformat() + zone)
    except ValueError:
        return None
    return local
