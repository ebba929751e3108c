"""What people type, as it is read and compared: keyboards write signs and digits wide or narrow, and mean the same."""

from __future__ import annotations

import re
import unicodedata

_SEPARATORS = re.compile(r"[\n\r\t,;、]+")


def fold(text: str) -> str:
    """Return a text with wide signs, letters and digits made narrow (NFKC): ``，（１）`` is ``,(1)``."""
    return unicodedata.normalize("NFKC", text)


def compared(text: str) -> str:
    """Return a name or number as it is compared: folded, upper case, letters and digits of any script only."""
    return "".join(each for each in fold(text).upper() if each.isalnum())


def digits(text: str) -> str:
    """Return an amount or quantity without what only helps the eye: width, blanks and thousands separators."""
    return "".join(fold(text).replace(",", "").split())


def pieces(text: str) -> list[str]:
    """Return the parts of what was typed in one field: on lines, or with commas, semicolons or 、 between."""
    return [piece.strip() for piece in _SEPARATORS.split(fold(text)) if piece.strip()]
