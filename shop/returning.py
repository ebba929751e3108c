"""Where a page's act leads back to: addresses of this site only."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import request


def local_path(target: str | None) -> str:
    """Return ``target`` if it is a path of this site, else ``""``."""
    if not target or not target.startswith("/") or target.startswith(("//", "/\\")) or not target.isprintable():
        return ""
    parts = urlsplit(target)
    return "" if parts.scheme or parts.netloc or "\\" in target else target


def page_before() -> str:
    """Return the path, with its query, of the page of this site from which the request came; else ``""``."""
    parts = urlsplit(request.referrer or "")
    if parts.scheme not in ("http", "https") or parts.netloc != request.host:
        return ""
    return local_path(f"{parts.path}?{parts.query}" if parts.query else parts.path)


def list_before(address: str) -> str:
    """Return a list's ``address`` with the filters it had, if the request came from it; else as it is."""
    before = page_before()
    return before if before.partition("?")[0] == address else address
