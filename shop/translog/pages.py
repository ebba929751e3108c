"""Logs as C2SP tlog-tiles has them: the checkpoint, tiles, entries and keys, each a small file that anybody may keep."""

from __future__ import annotations

import re
from base64 import b64encode
from dataclasses import dataclass
from datetime import datetime

from flask import Blueprint, Response, abort, render_template

from shop.auth import public
from shop.i18n import lazy
from shop.translog import queries, registry
from shop.translog.queries import WIDTH

bp = Blueprint("translog", __name__, url_prefix="/log", template_folder="templates")
#: What people call the logs that come with the product.
_TITLES = {"counted": lazy("计入帮扶额的交易"), "trace": lazy("溯源事件")}

_LEVEL = re.compile(r"(?:0|[1-9][0-9]?)\Z")
_HIGHEST = 63
#: Zero-padded elements of three digits, all but the last after an ``x``; a partial tile's width follows.
_NUMBER = re.compile(r"((?:x[0-9]{3}/){0,5}[0-9]{3})(?:\.p/([1-9][0-9]{0,2}))?\Z")
_FOR_EVER = "public, max-age=31536000, immutable"
_FOR_SECONDS = "public, max-age=5"


@dataclass(frozen=True)
class _Shown:
    """A log as it was last signed."""

    name: str
    origin: str
    size: int
    root: str
    signed_at: datetime


@bp.get("")
@public
def list_logs() -> str:
    """Show people what the logs are and how to check them."""
    logs = []
    for log in queries.list_logs():
        last = queries.find_checkpoint(log.id)
        if last is not None and log.name in registry.names():
            root = b64encode(bytes(last.root)).decode()
            logs.append(_Shown(log.name, log.origin, last.size, root, last.signed_at))
    return render_template("translog/logs.html", logs=logs, titles=_TITLES)


@bp.get("/<name>/checkpoint")
@public
def checkpoint(name: str) -> Response:
    """Answer the last signed checkpoint."""
    note = queries.get_checkpoint(queries.get_log(name).id).note
    return _answer(note.encode(), "text/plain; charset=utf-8", _FOR_SECONDS)


@bp.get("/<name>/key")
@public
def key(name: str) -> Response:
    """Answer the log's public keys, one a line, those that sign now first."""
    keys = queries.keys_of(queries.get_log(name).id)
    lines = [f"{each.verifier}\n" for each in keys if each.signs]
    lines += [f"# no longer signs\n{each.verifier}\n" for each in keys if not each.signs]
    return _answer("".join(lines).encode(), "text/plain; charset=utf-8", _FOR_SECONDS)


@bp.get("/<name>/tile/entries/<path:number>")
@public
def entries(name: str, number: str) -> Response:
    """Answer a bundle of entries."""
    return _tile(queries.entry_bundle(queries.get_log(name).id, *_read_number(number)))


@bp.get("/<name>/tile/<level>/<path:number>")
@public
def tile(name: str, level: str, number: str) -> Response:
    """Answer a tile of hashes."""
    if not _LEVEL.match(level) or int(level) > _HIGHEST:
        abort(404)
    return _tile(queries.tile(queries.get_log(name).id, int(level), *_read_number(number)))


def _read_number(text: str) -> tuple[int, int]:
    """Return a tile's number and width from its path, of which there is one for each tile."""
    match = _NUMBER.match(text)
    if not match or (match[2] and int(match[2]) >= WIDTH):
        abort(404)
    digits = match[1].replace("x", "").replace("/", "")
    if len(digits) > 3 and digits.startswith("000"):  # noqa: PLR2004  a shorter path says the same
        abort(404)
    return int(digits), int(match[2]) if match[2] else WIDTH


def _tile(data: bytes | None) -> Response:
    if data is None:
        abort(404)
    return _answer(data, "application/octet-stream", _FOR_EVER)


def _answer(data: bytes, media_type: str, cache: str) -> Response:
    response = Response(data, content_type=media_type)
    response.headers["Cache-Control"] = cache
    response.headers["Access-Control-Allow-Origin"] = "*"
    return response
