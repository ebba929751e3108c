"""Filters of lists and totals that take several values."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date
from typing import Any
from uuid import UUID

from flask import request
from marshmallow import ValidationError, fields

from shop import clock, money
from shop.errors import Invalid
from shop.i18n import _
from shop.typed import fold

#: What people write around a sum.
_AROUND_SUMS = re.compile(r"[\s,\uff0c\u00a5\uffe5元]")
#: Values of one filter in one question.
MOST = 50


class TooManyValues(Invalid):
    """A filter of a page names more values than anybody chooses."""

    code = "too-many-values"


def several(given: Iterable[str]) -> tuple[str, ...]:
    """Return the values of a page's filter, repeated or with commas, each once and in order.

    :raises TooManyValues: above :data:`MOST`.
    """
    values = sorted({part.strip() for text in given for part in fold(text).split(",")} - {""})
    if len(values) > MOST:
        raise TooManyValues(_("最多同时筛选 %(most)s 项。", most=MOST))
    return tuple(values)


def searched() -> str:
    """Return what a page's search box was asked for, ``q`` in its address."""
    typed = fold(request.args.get("q", "")).strip()[:100]
    return typed if typed.isprintable() else ""


def searched_fen(q: str) -> list[int]:
    """Return the sum that a search names, in fen, if it is one."""
    try:
        return [money.parse_yuan(_AROUND_SUMS.sub("", fold(q)))]
    except ValueError:
        return []


def read_day(given: str | None) -> date | None:
    """Return the day in a page's filter; what is none, or lies outside the years of :func:`clock.read_day`, filters nothing."""
    try:
        return clock.read_day((given or "").strip())
    except ValueError:
        return None


def read_id(given: str | None) -> UUID | None:
    """Return the identifier in a page's address; what is none names nothing."""
    try:
        return UUID(given or "")
    except ValueError:
        return None


class Several(fields.List[Any]):
    """One or several values of a filter: repeated (``county=a&county=b``), with commas (``county=a,b``), or both.

    :param inner: the field of one value, whose text holds no comma.
    """

    def __init__(self, inner: fields.Field[Any], **kwargs: Any) -> None:
        metadata = {"description": inner.metadata.get("description", ""), **kwargs.pop("metadata", {})}
        metadata["description"] = f"{metadata['description']} Several: repeated, or with commas.".strip()
        super().__init__(inner, metadata=metadata, **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> list[Any]:
        """Return the values, each once, in order; the messages of a wrong one are the filter's own."""
        texts = value if isinstance(value, list | tuple) else [value]
        parts = sorted({part.strip() for text in texts for part in str(text).split(",")})
        if len(parts) > MOST:
            raise ValidationError(_("最多同时筛选 %(most)s 项。", most=MOST))
        return [self.inner.deserialize(part, attr, data, **kwargs) for part in parts]
