"""Sends one webhook over the network: to the checked address only, no redirects, ten seconds at most."""

from __future__ import annotations

import http.client
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from shop.webhooks.addresses import BadWebhookAddress, Target, resolve

CONNECT_S, TOTAL_S = 5, 10
#: Bytes of an answer that are read; the rest is nobody's concern.
MAX_ANSWER = 16 * 1024
_NAMES = {"http": 80, "https": 443}


@dataclass(frozen=True)
class Outcome:
    """What became of one try: a status, or an error without one; ``took_ms`` in real time."""

    status: int | None
    error: str | None
    took_ms: int

    @property
    def is_delivered(self) -> bool:
        """Say whether the receiver took it: a 2xx, nothing else, redirects least of all."""
        return self.status is not None and 200 <= self.status < 300  # noqa: PLR2004  a 2xx


def post(url: str, headers: dict[str, str], body: bytes, *, allow_private: bool) -> Outcome:
    """POST ``body`` to ``url``; every failure of the network is an outcome, never an exception."""
    began = time.monotonic()
    status, error = None, None
    try:
        status = _exchange(resolve(url, allow_private=allow_private), headers, body, began)
        if not 200 <= status < 300:  # noqa: PLR2004  a 2xx
            error = f"HTTP {status}"
    except BadWebhookAddress as refusal:
        error = refusal.detail
    except (OSError, http.client.HTTPException, ValueError) as failure:
        error = f"{type(failure).__name__}: {failure}"[:500]
    return Outcome(status, error, round((time.monotonic() - began) * 1000))


def _exchange(target: Target, headers: dict[str, str], body: bytes, began: float) -> int:
    raw = socket.create_connection((target.ip, target.port), timeout=CONNECT_S)
    with raw, _deadline(raw, TOTAL_S - (time.monotonic() - began)):
        stream: socket.socket = raw
        if target.scheme == "https":
            stream = ssl.create_default_context().wrap_socket(raw, server_hostname=target.host)
        stream.settimeout(TOTAL_S)
        connection = http.client.HTTPConnection(target.host, target.port)
        connection.sock = stream
        is_usual = _NAMES[target.scheme] == target.port
        host = f"[{target.host}]" if ":" in target.host else target.host
        connection.request(
            "POST", target.path, body, {"Host": host if is_usual else f"{host}:{target.port}", **headers}
        )
        answer = connection.getresponse()
        answer.read(MAX_ANSWER)
        connection.close()
        return answer.status


@contextmanager
def _deadline(raw: socket.socket, seconds: float) -> Iterator[None]:
    """End the exchange after ``seconds`` however slowly bytes drip: socket timeouts are per read."""

    def cut() -> None:
        late.set()
        try:
            raw.shutdown(socket.SHUT_RDWR)
        except OSError:
            return

    late = threading.Event()
    timer = threading.Timer(max(seconds, 0.1), cut)
    timer.daemon = True
    timer.start()
    try:
        yield
    except (OSError, http.client.HTTPException) as error:
        if late.is_set():
            message = f"no answer within {TOTAL_S} s"
            raise TimeoutError(message) from error
        raise
    finally:
        timer.cancel()
    if late.is_set():
        message = f"no answer within {TOTAL_S} s"
        raise TimeoutError(message)
