"""JSON answers are what the standard library would send."""

from __future__ import annotations

import json
from collections import OrderedDict
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import IntEnum
from typing import Any, NamedTuple
from uuid import UUID

import pytest
from flask import Flask
from flask.json.provider import DefaultJSONProvider
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup

from shop.i18n import lazy


class Kind(IntEnum):
    ONE = 1


class Pair(NamedTuple):
    left: int
    right: str


def plain(app: Flask, value: object) -> bytes:
    """The answer of Flask's own provider."""
    provider = DefaultJSONProvider(app)
    provider.ensure_ascii = False
    answer: Any = provider.response(value)
    return bytes(answer.data)


@pytest.mark.parametrize(
    "value",
    [
        {"b": 1, "a": [True, None, 1.5, "枸杞"]},
        {2: "two"},
        {"amount": Decimal("12.30"), "id": UUID(int=7), "day": date(2026, 7, 15)},
        datetime(2026, 7, 15, 4, tzinfo=UTC),
        {"big": 1 << 70, "small": -(1 << 65)},
        [Kind.ONE, Pair(1, "b"), (1, 2)],
        OrderedDict(z=1, a=Markup("<b>&</b>")),
        {"quote": '"\\\n\t\u2028', "none": None},
        "",
        [],
        None,
    ],
)
def test_an_answer_is_the_same_bytes(app, value):
    assert app.json.response(value).data == plain(app, value)


def test_what_is_translated_later_is_translated(app):
    with app.test_request_context("/api/v1?lang=en"):
        assert app.json.response({"word": lazy("登录")}).get_json() == {"word": "Sign in"}


def test_lone_surrogates_are_not_sent(app):
    with pytest.raises(UnicodeEncodeError):
        app.json.response({"bad": "\ud800"})


TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=5) | st.dictionaries(TEXT, inner, max_size=5))


@given(value=VALUES)
def test_any_answer_reads_back_as_the_standard_library_reads_its_own(app, value):
    assert json.loads(app.json.response(value).data) == json.loads(plain(app, value))
