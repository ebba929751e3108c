"""Bytes of JSON to values, as strictly as what is kept and hashed must be read."""

import json
from typing import NoReturn

from traceability.standard.faults import Fault, shown

#: Objects and lists, and what stands in them: 20 MB of events have a fifth of either, and the reader takes some hundred
#: bytes of memory for each.
MAX_OPENED, MAX_SEPARATED = 500_000, 2_000_000


def read(data: bytes) -> tuple[object, Fault | None]:
    """Return what JSON says, or ``None`` and the fault that stops it from being read; a byte order mark is passed over.

    Refused are what holds more than any document needs, what is no UTF-8, a member that stands twice in an object (which of them counts?), numbers that JSON
    does not have, and nesting that would exhaust the stack.
    """
    if data.count(b"{") + data.count(b"[") > MAX_OPENED or data.count(b",") > MAX_SEPARATED:
        return None, Fault("", "The text holds more objects, lists or values than are read at once.")
    try:
        return json.loads(data.decode("utf-8-sig"), object_pairs_hook=_once, parse_constant=_no_number), None
    except UnicodeDecodeError as error:
        return None, Fault("", f"The text is not UTF-8: byte {error.start} is wrong.")
    except RecursionError:
        return None, Fault("", "The document is nested too deeply to be read.")
    except json.JSONDecodeError as error:
        return None, Fault("", f"The text is not JSON: {error.msg} in line {error.lineno}, column {error.colno}.")
    except ValueError as error:
        return None, Fault("", f"The text is not JSON that can be kept: {error}.")


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) < len(pairs):
        seen: set[str] = set()
        twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        raise ValueError(f"{shown(twice)} stands twice in one object")
    return found


def _no_number(text: str) -> NoReturn:
    raise ValueError(f"{text} is no number")
