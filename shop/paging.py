"""Keyset paging: ``limit`` and an opaque ``cursor`` that names the last row seen."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from marshmallow import fields, validate

from shop.api import Schema
from shop.errors import Invalid
from shop.i18n import _
from shop.parsing import storable

T = TypeVar("T")
DEFAULT_LIMIT, MAX_LIMIT = 20, 100


class BadCursor(Invalid):
    """The cursor was not made by this list."""

    code = "bad-cursor"


@dataclass(frozen=True)
class Page(Generic[T]):
    """One page of a list; ``next`` is the cursor of the following page or ``None``."""

    items: list[T]
    next: str | None


class PageQuery(Schema):
    """Query parameters of every list."""

    limit = fields.Integer(load_default=DEFAULT_LIMIT, validate=validate.Range(1, MAX_LIMIT))
    cursor = fields.String(load_default=None, validate=validate.Length(max=500))


def encode_cursor(*key: object) -> str:
    """Return the cursor of the row whose sort key is ``key``."""
    raw = json.dumps([str(part) for part in key], ensure_ascii=False).encode()
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def decode_cursor(cursor: str | None, *kinds: Callable[[str], Any]) -> list[Any] | None:
    """Return the sort key in ``cursor``, each part read by its kind; ``None`` for the first page.

    :raises BadCursor: if it is not one, or names what no column can hold.
    """
    if not cursor:
        return None
    try:
        raw = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        parts = json.loads(raw)
        key = [kind(part) for kind, part in zip(kinds, list(parts), strict=True)]
    except (ValueError, TypeError, AttributeError, RecursionError, binascii.Error, ArithmeticError) as error:
        raise BadCursor(_("分页标记无效，请从第一页重新开始。")) from error
    if not all(_fits(part) for part in key):
        raise BadCursor(_("分页标记无效，请从第一页重新开始。"))
    return key


def _fits(part: Any) -> bool:
    if isinstance(part, str):
        return storable(part)
    return not isinstance(part, int) or abs(part) < 2**63


def make_page(rows: Sequence[T], limit: int, key: Callable[[T], Sequence[object]]) -> Page[T]:
    """Cut ``limit + 1`` rows to a page; ``key`` gives the sort key of a row."""
    items = list(rows[:limit])
    more = len(rows) > limit
    return Page(items, encode_cursor(*key(items[-1])) if more and items else None)
