"""Reading requests of the API: strict JSON, and no unknown query parameter passes unseen."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, NoReturn

from flask import Flask, Request, request
from marshmallow import RAISE
from marshmallow import Schema as MarshmallowSchema
from webargs.core import missing
from webargs.flaskparser import FlaskParser, is_json_request

from shop.errors import DomainError, NotFound
from shop.i18n import _

#: Query parameters that every operation takes.
EVERYWHERE = frozenset({"lang"})


class MalformedBody(DomainError):
    """The body is missing, or is not a JSON document."""

    code = "malformed"


class UnsupportedMedia(DomainError):
    """The body's media type is not one that the operation reads."""

    code = "unsupported-media-type"
    http_status = 415


class Parser(FlaskParser):
    """Reads bodies and query strings for ``@bp.arguments``."""

    DEFAULT_UNKNOWN_BY_LOCATION: dict[str, str | None] = {  # noqa: RUF012  so declared by the base
        **FlaskParser.DEFAULT_UNKNOWN_BY_LOCATION,
        "query": RAISE,
        "querystring": RAISE,
    }

    def load_json(self, req: Request, schema: MarshmallowSchema) -> Any:
        """Return the body's document.

        A body may be left out when the schema requires nothing.

        :raises MalformedBody: for a missing or broken document, a repeated member, NaN, a NUL character.
        :raises UnsupportedMedia: for another media type than JSON.
        """
        raw = req.get_data(cache=True)
        if not raw:
            if needs_body(schema):
                raise MalformedBody(_("请求体须是 JSON。"))
            return missing
        if not is_json_request(req):
            raise UnsupportedMedia(_("请求体须是 application/json。"))
        return read_json(raw)

    def load_querystring(self, req: Request, schema: MarshmallowSchema) -> Any:
        """Return the query parameters without those that every operation takes."""
        args = req.args
        if EVERYWHERE & args.keys():
            args = args.copy()
            for name in EVERYWHERE & args.keys():
                args.poplist(name)
        return self._makeproxy(args, schema)

    def load_files(self, req: Request, schema: MarshmallowSchema) -> Any:
        """Return the uploaded files.

        :raises UnsupportedMedia: for another body than a multipart form.
        """
        if req.mimetype != "multipart/form-data":
            raise UnsupportedMedia(_("请求体须是 multipart/form-data。"))
        return super().load_files(req, schema)


def needs_body(schema: MarshmallowSchema) -> bool:
    """Say whether a body is needed: a list is, an object with a required member is."""
    return bool(schema.many) or any(field.required for field in schema.fields.values())


def read_json(raw: bytes) -> Any:
    """Return the JSON document in ``raw``.

    :raises MalformedBody: if it is none, or holds what no text column can.
    """
    try:
        text = raw.decode("utf-8")
        document = json.loads(text, parse_constant=_refuse_constant, object_pairs_hook=_refuse_repeats)
    except (ValueError, RecursionError) as error:
        raise MalformedBody(_("请求体不是正确的 JSON。")) from error
    if "\\u" in text and not all(storable(part) for part in _strings(document)):
        raise MalformedBody(_("请求体含有不可存储的字符。"))
    return document


def storable(text: str) -> bool:
    """Say whether PostgreSQL can store ``text``: no NUL, no half of a surrogate pair."""
    return "\x00" not in text and not any("\ud800" <= char <= "\udfff" for char in text)


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(name)


def _refuse_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("repeated member")
    return members


def _strings(document: Any) -> Iterator[str]:
    if isinstance(document, str):
        yield document
    elif isinstance(document, dict):
        for name, value in document.items():
            yield name
            yield from _strings(value)
    elif isinstance(document, list):
        for value in document:
            yield from _strings(value)


def _refuse_nul() -> None:
    """Refuse a NUL in address or form before it reaches a query; no path with one leads anywhere."""
    environ = request.environ
    if request.method in ("GET", "HEAD") and "%00" not in environ["QUERY_STRING"] and "\0" not in environ["PATH_INFO"]:
        return  # what the server has decoded holds no half of a surrogate pair
    if not storable(request.path):
        raise NotFound
    texts = [*request.args.keys(), *request.args.values()]
    if request.mimetype in ("application/x-www-form-urlencoded", "multipart/form-data"):
        texts += [value for values in request.form.listvalues() for value in values]
    if not all(storable(text) for text in texts):
        raise MalformedBody(_("请求含有不可存储的字符。"))


def init_app(app: Flask) -> None:
    """Refuse what cannot be stored, on every route."""
    app.before_request(_refuse_nul)
