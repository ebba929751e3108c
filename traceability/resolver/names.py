"""How a lot is called on its label and in events."""

from __future__ import annotations

import re
from typing import Final

#: What GS1 lets a lot number (AI 10) consist of: twenty of its character set 82. A slash would be taken for the end of
#: it by some servers, and dots alone for a folder.
_LOT_NUMBER: Final = re.compile(r"""(?!\.+$)[!"%&'()*+,\-.0-9:;<=>?A-Z_a-z]{1,20}""")
#: A lot whose code does not fit is called by its key, and so is one whose code looks like that.
_BY_KEY: Final = re.compile(r"DK_(\d{1,15})", re.ASCII)


def lot_number(code: str, lot_id: int) -> str:
    """Return a lot's number on labels and in events: its code, or its key where GS1 has no room for the code."""
    if _LOT_NUMBER.fullmatch(code) and not _BY_KEY.fullmatch(code):
        return code
    return f"DK_{lot_id}"


def key_of(number: str) -> int | None:
    """Return the key of a lot that is called by it."""
    found = _BY_KEY.fullmatch(number)
    return int(found[1]) if found else None
