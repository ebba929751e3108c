"""Decodes what Stripe's clients send: nested names in forms and queries, JSON in version 2."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import parse_qsl

_PART = re.compile(r"\[([^\]]*)\]")


def decode(text: str) -> dict[str, Any]:
    """``a[b]=1&c[0]=x`` as ``{"a": {"b": "1"}, "c": {"0": "x"}}``; a name without position gets the next."""
    root: dict[str, Any] = {}
    for name, value in parse_qsl(text, keep_blank_values=True):
        head = name.split("[", 1)[0]
        place, *rest = [head, *_PART.findall(name)]
        target = root
        for part in rest:
            inner = target.setdefault(place, {})
            if not isinstance(inner, dict):
                inner = target[place] = {}
            target, place = inner, part or str(len(inner))
        target[place] = value
    return root


def read_json(text: str) -> dict[str, Any]:
    """The object in a JSON body; nothing at all is an empty one."""
    found = json.loads(text or "{}")
    if not isinstance(found, dict):
        raise TypeError("The body is not an object.")
    return found
