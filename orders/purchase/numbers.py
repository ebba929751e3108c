"""Numbers for people and reference codes for transfers: made from keys, so they never collide."""

from __future__ import annotations

import re

from orders.numbers import ALPHABET, BASE, letters, make_number
from shop.typed import fold

_LONG = 8
#: Coprime with 31: it scatters neighbouring keys over the whole range, each key to a place of its own.
_SCATTER_LONG = 617_283_945_121
_CODE = rf"([{ALPHABET}]{{{_LONG}}})([{ALPHABET}])"
_LOOSE = re.compile(r"[^0-9A-Za-z]+")

__all__ = ["ALPHABET", "check_letter", "find_references", "make_number", "make_reference"]


def check_letter(body: str) -> str:
    """Return the check letter of ``body``: finds any wrong letter and any two neighbours changed about."""
    return ALPHABET[sum(weight * ALPHABET.index(letter) for weight, letter in enumerate(body, 2)) % BASE]


def make_reference(key: int, prefix: str = "DK") -> str:
    """Return a reference code for the remark of a transfer: ``DK`` for an order, eight letters and a check."""
    body = letters(key * _SCATTER_LONG % BASE**_LONG, _LONG)
    return f"{prefix}{body}{check_letter(body)}"


def find_references(remark: str, prefix: str = "DK") -> list[str]:
    """Return the valid reference codes in a bank's remark, each once, in order; blanks, case and width do not matter."""
    packed = _LOOSE.sub("", fold(remark)).upper()
    found: list[str] = []
    for match in re.finditer(rf"(?=({prefix}{_CODE}))", packed):
        code, body, check = match.group(1), match.group(2), match.group(3)
        if check_letter(body) == check and code not in found:
            found.append(code)
    return found
