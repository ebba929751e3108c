"""Numbers for people and reference codes for transfers: made from keys, so they never collide."""

from __future__ import annotations

import re
from datetime import date

#: No 0, 1, I, L or O, which are mistaken for one another; 31 is prime, so the check finds every single slip.
ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
_BASE = len(ALPHABET)
_SHORT, _LONG = 6, 8
#: Coprime with 31: they scatter neighbouring keys over the whole range, each key to a place of its own.
_SCATTER_SHORT, _SCATTER_LONG = 387_420_489, 617_283_945_121
_REFERENCE = re.compile(rf"DK([{ALPHABET}]{{{_LONG}}})([{ALPHABET}])")
_LOOSE = re.compile(r"[^0-9A-Za-z]+")


def _letters(value: int, length: int) -> str:
    letters = []
    for _ in range(length):
        value, rest = divmod(value, _BASE)
        letters.append(ALPHABET[rest])
    return "".join(reversed(letters))


def make_number(prefix: str, day: date, key: int) -> str:
    """Return a number such as ``DK20261122-7F3K9Q``: prefix, Shanghai day, six letters made from ``key``."""
    return f"{prefix}{day:%Y%m%d}-{_letters(key * _SCATTER_SHORT % _BASE**_SHORT, _SHORT)}"


def check_letter(body: str) -> str:
    """Return the check letter of ``body``: finds any wrong letter and any two neighbours changed about."""
    return ALPHABET[sum(weight * ALPHABET.index(letter) for weight, letter in enumerate(body, 2)) % _BASE]


def make_reference(key: int) -> str:
    """Return the reference code of an order for the remark of a transfer: ``DK``, eight letters and a check."""
    body = _letters(key * _SCATTER_LONG % _BASE**_LONG, _LONG)
    return f"DK{body}{check_letter(body)}"


def find_references(remark: str) -> list[str]:
    """Return the valid reference codes in a bank's remark, each once, in order; spaces and case do not matter."""
    packed = _LOOSE.sub("", remark).upper()
    found: list[str] = []
    for match in re.finditer(rf"(?=({_REFERENCE.pattern}))", packed):
        code, body, check = match.group(1), match.group(2), match.group(3)
        if check_letter(body) == check and code not in found:
            found.append(code)
    return found
