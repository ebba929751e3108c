"""The double on a port: HTTP around :class:`Api` and the pages that a payer walks through."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

from tests.stripe_double.api import Api, ConnectionLost, Request
from tests.stripe_double.idempotency import Answer


@dataclass(frozen=True)
class Page:
    """An answer for a browser; with ``location`` it leads elsewhere."""

    text: str = ""
    status: int = 200
    type: str = "text/html; charset=utf-8"
    location: str | None = None


Pages = Callable[[Request], Page]


class Server:
    """Listens on loopback from ``start`` to ``stop``; every request has its own thread."""

    def __init__(self, port: int = 0) -> None:
        self._http = ThreadingHTTPServer(("127.0.0.1", port), _Handler)
        self._http.daemon_threads = True
        self._thread = threading.Thread(
            target=self._http.serve_forever, args=(0.02,), name="stripe-double", daemon=True
        )
        self.url = f"http://127.0.0.1:{self._http.server_address[1]}"

    def start(self, api: Api, pages: Pages) -> None:
        self._http.api, self._http.pages = api, pages  # type: ignore[attr-defined]
        self._thread.start()

    def stop(self) -> None:
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()


class _Handler(BaseHTTPRequestHandler):
    """One request a connection, so that nothing stays open behind a test."""

    def _answer(self) -> None:
        split = urlsplit(self.path)
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length).decode()
        request = Request(self.command.lower(), split.path, split.query, body, dict(self.headers))
        try:
            if split.path.startswith(("/v1/", "/v2/")):
                self._send(self.server.api.answer(request))  # type: ignore[attr-defined]
            else:
                self._send_page(self.server.pages(request))  # type: ignore[attr-defined]
        except (ConnectionLost, ConnectionError):
            # Lost on command, or whoever asked is gone: it was killed, say.
            self.close_connection = True
        except Exception as error:  # noqa: BLE001 - the test is told, and the caller answered
            self.server.api.broke(request, error)  # type: ignore[attr-defined]
            self._send(Answer(500, {"error": {"type": "api_error", "message": f"The double broke: {error!r}"}}))

    def _send(self, answer: Answer) -> None:
        headers = {"Content-Type": "application/json", **answer.headers}
        self._write(answer.status, headers, json.dumps(answer.body).encode())

    def _send_page(self, page: Page) -> None:
        headers = {"Content-Type": page.type, "Access-Control-Allow-Origin": "*"}
        if page.location:
            headers["Location"] = page.location
        self._write(303 if page.location else page.status, headers, page.text.encode())

    def _write(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = do_DELETE = do_OPTIONS = _answer  # noqa: N815 - the names that http.server calls

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name that http.server has
        """Say nothing."""
