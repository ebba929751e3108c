"""What every request passes first and last: its id, the security headers, its count, its line in the log.

One function around the application instead of handlers before and after each view: these steps cost more together
than a view that answers from memory.
"""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Callable, Iterable
from typing import Any

from flask import Flask, has_request_context, request
from werkzeug.middleware.proxy_fix import ProxyFix

from shop.logs import log, request_id
from shop.measuring import count_process, request_seconds, requests_total
from shop.security import KEEP_NOTHING, SIGNED_IN, headers_of

_SAFE = re.compile(r"[A-Za-z0-9._-]{8,64}\Z")
#: Answers from here on are logged whatever the method.
_BUG = "5"
Headers = list[tuple[str, str]]


def _shown_path(environ: dict[str, Any]) -> str:
    """Return the request's path; of a link that carries a secret only its form."""
    rule = request.url_rule.rule if has_request_context() and request.url_rule is not None else ""
    return rule if "<secret>" in rule else str(environ.get("PATH_INFO", ""))


def init_app(app: Flask) -> None:
    """Wrap the application; the id is taken from ``X-Request-Id`` if that is well formed.

    Outermost, if the settings say so, stands what believes the headers of the proxies in front.
    """
    inner = app.wsgi_app
    ours = list(headers_of(app).items())
    cookie = f"{SIGNED_IN}="
    names = frozenset(name.lower() for name, _ in ours)
    count_process(app.config["PROCESS_NAME"])
    counters = {digit: requests_total.labels(f"{digit}xx") for digit in "12345"}

    def edge(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        began = time.perf_counter()
        given = environ.get("HTTP_X_REQUEST_ID")
        current = given if given and _SAFE.match(given) else secrets.token_hex(16)
        request_id.set(current)
        is_signed_in = cookie in environ.get("HTTP_COOKIE", "")

        def start(status: str, headers: Headers, exc_info: Any = None) -> Any:
            given_names = {name.lower() for name, _ in headers}
            set_already = names & given_names
            headers = headers + ([pair for pair in ours if pair[0].lower() not in set_already] if set_already else ours)
            headers.append(("X-Request-Id", current))
            if is_signed_in and "cache-control" not in given_names:
                headers.append(KEEP_NOTHING)
            counters[status[0]].inc()
            took_s = time.perf_counter() - began
            request_seconds.observe(took_s)
            if environ["REQUEST_METHOD"] != "GET" or status[0] == _BUG:  # reads are counted, not logged
                took_ms = round(took_s * 1000, 1)
                path, code = _shown_path(environ), int(status[:3])
                log.info("request", method=environ["REQUEST_METHOD"], path=path, status=code, took_ms=took_ms)
            return start_response(status, headers, exc_info) if exc_info else start_response(status, headers)

        return inner(environ, start)

    app.wsgi_app = edge  # type: ignore[method-assign]
    if proxies := int(app.config["TRUSTED_PROXIES"]):
        app.wsgi_app = ProxyFix(edge, x_for=proxies, x_proto=proxies, x_host=proxies)  # type: ignore[method-assign]
