"""Pinyin of Chinese text, for ordering and search.

The dictionary takes 0.3 s and 56 MB, and most processes never need it: it is loaded when first asked for.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import Any


@cache
def _dictionary() -> Any:
    return import_module("pypinyin")


def pinyin_of(name: str) -> str:
    """Return the pinyin of a Chinese name without tones and blanks."""
    return "".join(_dictionary().lazy_pinyin(name)).lower().replace(" ", "")


def initials_of(name: str) -> str:
    """Return the first letter of each character's pinyin."""
    pinyin = _dictionary()
    return "".join(pinyin.lazy_pinyin(name, style=pinyin.Style.FIRST_LETTER))
