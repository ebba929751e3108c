"""The limit that pages are measured against: a view that only passes through what every request passes."""

from __future__ import annotations

from flask import Blueprint, Flask, Response, request

from shop.auth import public

bp = Blueprint("limits", __name__)
_LARGEST = 1 << 20
_bodies: dict[int, bytes] = {}


@bp.get("/bench/null")
@public
def null() -> Response:
    """Answer a constant body of ``?size=`` bytes, with the headers of a public page."""
    size = min(request.args.get("size", 1024, int), _LARGEST)
    body = _bodies.setdefault(size, b"x" * size)
    headers = (("Cache-Control", "private, no-cache"), ("Vary", "Cookie"))
    return Response(body, content_type="text/html; charset=utf-8", headers=headers)


def init_app(app: Flask) -> None:
    """Add the view if the setting asks for it."""
    if app.config["BENCH"]:
        app.register_blueprint(bp)
