"""How the web server is run: processes of one worker each, all listening for themselves."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

#: Threads of one web process: as many as its share of the processors and the database can serve.
WEB_THREADS = 2 * (os.cpu_count() or 1) + 1
_OPTIONS = ("--workers", "1", "--no-ws", "--log-level", "warning")


def web_command(host: str, port: int, target: str = "wsgi:app", *, more: Sequence[str] = ()) -> list[str]:
    """Return the command of one web process; several may listen on one port.

    Each has a socket of its own with SO_REUSEPORT, and the system spreads connections over them. Workers that share a socket
    leave most connections to whichever of them wakes first, so that of two processors one does nearly all.
    """
    command = [
        sys.executable,
        "-u",
        "-m",
        "granian",
        "--interface",
        "wsgi",
        "--host",
        host,
        "--port",
        str(port),
        *_OPTIONS,
    ]
    return [*command, "--blocking-threads", str(WEB_THREADS), "--backpressure", str(8 * WEB_THREADS), *more, target]
