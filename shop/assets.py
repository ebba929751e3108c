"""Style sheets and scripts: served by the application itself, compressed, under addresses that change with them."""

from __future__ import annotations

import gzip
import hashlib
import mimetypes
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import flask_bootstrap
from flask import Blueprint, Response, request

from shop.auth import public
from shop.errors import NotFound

#: Folders of files that pages ask for, the first that has a name wins.
FOLDERS = (
    Path(__file__).parent / "static",
    Path(flask_bootstrap.__file__).parent / "static" / "bootstrap5" / "css",
)
_TEXT = {".css", ".js", ".svg", ".json"}
#: Where files are.
PREFIX = "/static"
_YEAR_S = 31_536_000

bp = Blueprint("assets", __name__)


@dataclass(frozen=True)
class Asset:
    """A file's bytes, as they are and compressed, and the tag that changes with them."""

    body: bytes
    packed: bytes | None
    kind: str
    tag: str


@cache
def read(name: str) -> Asset:
    """Read a file once for the life of the process.

    :raises NotFound: if there is none of that name.
    """
    for folder in FOLDERS if name.isprintable() else ():
        path = (folder / name).resolve()
        if path.is_relative_to(folder.resolve()) and path.is_file():
            body = path.read_bytes()
            packed = gzip.compress(body, 9, mtime=0) if path.suffix in _TEXT else None
            kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
            if path.suffix in _TEXT:
                kind += "; charset=utf-8"
            return Asset(body, packed, kind, hashlib.sha256(body).hexdigest()[:12])
    raise NotFound


@cache
def address(name: str) -> str:
    """Return the address of a file, which changes with its bytes."""
    return f"{PREFIX}/{name}?v={read(name).tag}"


@bp.get(f"{PREFIX}/<path:name>")
@public
def static_file(name: str) -> Response:
    """Serve a file of the pages; its address carries a hash, so it may be kept for a year."""
    asset = read(name)
    answer = Response(asset.body, content_type=asset.kind)
    if asset.packed is not None:
        answer.vary.add("Accept-Encoding")
        if request.accept_encodings["gzip"] > 0:
            answer.set_data(asset.packed)
            answer.content_encoding = "gzip"
    answer.set_etag(asset.tag)
    answer.cache_control.public = True
    answer.cache_control.max_age = _YEAR_S if request.args.get("v") == asset.tag else 3600
    answer.make_conditional(request)
    return answer
