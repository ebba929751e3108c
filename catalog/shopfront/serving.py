"""Sends a public page: kept bytes if they are still true, else made now."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from flask import Flask, Response, current_app, request

from catalog.shopfront.cache import Built, PageStore
from shop import clock, hotreads
from shop.i18n import COOKIE, language

_VERSION = b"SELECT version FROM catalogue_versions WHERE id = 1"
#: For a listing's own page also what is free of it.
_VERSION_AND_STOCK = b"""
    SELECT v.version, greatest(s.on_hand - s.reserved, 0)::numeric(14,3) FROM catalogue_versions v
    LEFT JOIN listings l ON l.public_id = $1::uuid LEFT JOIN sku_stock s ON s.sku_id = l.sku_id WHERE v.id = 1"""
#: A longer address is not worth keeping.
_LONGEST_KEY = 600
#: Kept nowhere without asking again: a price or a quantity is never shown older than the request.
_HEADERS = (("Cache-Control", "private, no-cache"), ("Vary", "Cookie"))


def is_anonymous() -> bool:
    """Say whether the request carries nothing that could make its page differ from everybody's."""
    environ = request.environ
    if "HTTP_AUTHORIZATION" in environ:
        return False
    return "HTTP_COOKIE" not in environ or request.cookies.keys() <= {COOKIE}


def serve(build: Callable[[], Built], listing: UUID | None = None) -> Response:
    """Answer with the page, for everybody from the store; ``listing`` is the one whose stock the page says."""
    store: PageStore | None = current_app.extensions["page_store"]
    if store is None or not is_anonymous():
        return _respond(build())
    environ = request.environ
    query = environ["QUERY_STRING"]
    is_plain = "HTTP_COOKIE" not in environ and "lang=" not in query
    key = f"{'zh_Hans' if is_plain else language()} {environ['PATH_INFO']}?{query}"
    version, mark = _check(listing)
    page = store.find(key, version, clock.today(), mark)
    if page is None:
        page = build()
        if len(key) < _LONGEST_KEY and page.mark == mark:
            store.keep(key, version, page)
    return _respond(page)


def _check(listing: UUID | None) -> tuple[int, str | None]:
    if listing is None:
        (version,) = hotreads.check(b"catalogue_version", _VERSION)
        return int(version or 0), None
    version, free = hotreads.check(b"catalogue_version_and_stock", _VERSION_AND_STOCK, str(listing).encode())
    return int(version or 0), free


def _respond(page: Built) -> Response:
    return Response(page.body, content_type=page.content_type, headers=_HEADERS)


def init_app(app: Flask) -> None:
    """Start with an empty store; none at all if the setting says so."""
    app.extensions["page_store"] = PageStore() if app.config["PAGE_CACHE"] else None
