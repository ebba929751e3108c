"""A browser without a window: follows forms and keeps where it is sent."""

from __future__ import annotations

import json
import urllib.parse
import urllib.request
from typing import Any


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *given: Any) -> None:
        """Do not follow."""


_OPENER = urllib.request.build_opener(_Stay)


def ask(address: str, values: dict[str, Any] | None = None, *, as_json: bool = False) -> tuple[int, str, str | None]:
    """Status, text and where it leads; with ``values`` it is a post."""
    body = None if values is None else (json.dumps(values) if as_json else urllib.parse.urlencode(values)).encode()
    headers = {"Content-Type": "application/json"} if as_json else {}
    try:
        with _OPENER.open(urllib.request.Request(address, body, headers), timeout=10) as answer:
            return answer.status, answer.read().decode(), None
    except urllib.error.HTTPError as other:
        with other:
            return other.code, other.read().decode(), other.headers["Location"]
