"""Marshmallow's English sentences in the caller's language."""

from __future__ import annotations

import re

from flask import has_request_context
from flask_babel import get_locale

from shop.i18n import _

#: What marshmallow says, and what we say; groups are the values in the order of the names.
_TABLE: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    (r"Missing data for required field\.", "必填。", ()),
    (r"Unknown field\.", "没有这一项。", ()),
    (r"Field may not be null\.", "不可为空。", ()),
    (
        r"Must be greater than or equal to (.+) and less than or equal to (.+)\.",
        "须在 %(least)s 至 %(most)s 之间。",
        ("least", "most"),
    ),
    (r"Must be greater than or equal to (.+)\.", "不可小于 %(least)s。", ("least",)),
    (r"Must be less than or equal to (.+)\.", "不可大于 %(most)s。", ("most",)),
    (r"Must be greater than (.+)\.", "须大于 %(least)s。", ("least",)),
    (r"Must be less than (.+)\.", "须小于 %(most)s。", ("most",)),
    (r"Length must be between (.+) and (.+)\.", "长度须在 %(least)s 至 %(most)s 之间。", ("least", "most")),
    (r"Length must be (.+)\.", "长度须是 %(length)s。", ("length",)),
    (r"Shorter than minimum length (.+)\.", "长度不可少于 %(least)s。", ("least",)),
    (r"Longer than maximum length (.+)\.", "长度不可超过 %(most)s。", ("most",)),
    (r"Must be one of: (.+)\.", "须是其中之一：%(choices)s。", ("choices",)),
    (r"Not a valid (?:integer|number)\.", "须是数字。", ()),
    (r"Not a valid boolean\.", "须是 true 或 false。", ()),
    (r"Not a valid list\.", "须是列表。", ()),
    (r"Not a valid email address\.", "电子邮箱不正确。", ()),
    (r"Not a valid URL\.", "网址不正确。", ()),
    (
        r"(?:Not a valid .+|String does not match expected pattern|Invalid .+|Special numeric .+|Number too large)\.",
        "格式不对。",
        (),
    ),
)
_COMPILED = [(re.compile(pattern, re.DOTALL), chinese, names) for pattern, chinese, names in _TABLE]


def translate(message: str) -> str:
    """Return marshmallow's ``message`` in the caller's language; any other sentence as it is."""
    if has_request_context() and str(get_locale()) == "en":
        return message
    for pattern, chinese, names in _COMPILED:
        match = pattern.fullmatch(message)
        if match:
            return _(chinese, **dict(zip(names, match.groups(), strict=True)))
    return message
