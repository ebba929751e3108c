"""What is looked at before anything is started: each finding is one line."""

import errno
import fcntl
import os
import socket
from pathlib import Path

import psutil

from shop.runtime.errors import StartError


def require_free_port(host: str, port: int) -> None:
    """See that the web server will be able to listen.

    :raises StartError: naming the program that listens already, where the system tells.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except (OSError, UnicodeError) as error:
            raise StartError(_why_not(error, host, port)) from error


def _why_not(error: OSError | UnicodeError, host: str, port: int) -> str:
    code = error.errno if isinstance(error, OSError) else None
    if code == errno.EADDRINUSE:
        return f"Port {port} on {host} is in use{_listener(port)}; stop that program or choose another by DUIKOU_PORT."
    if code == errno.EACCES:
        return f"Port {port} may only be used by root; choose one above 1023 by DUIKOU_PORT."
    return f"This machine cannot listen on {host}, port {port}: {error}; choose another by DUIKOU_HOST."


def _listener(port: int) -> str:
    try:
        for found in psutil.net_connections("tcp"):
            if found.status == psutil.CONN_LISTEN and found.pid and found.laddr and found.laddr.port == port:
                return f" by {psutil.Process(found.pid).name()} (process {found.pid})"
    except (psutil.Error, OSError, AttributeError):
        pass
    return ""


def require_alone(lock: Path) -> int:
    """Take the right to serve a data folder; return the handle that holds it until this process ends.

    :raises StartError: if another process serves it.
    """
    handle = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(handle)
        message = f"Duikou already runs on the data folder {lock.parent}; stop it, or choose another by DUIKOU_DATA."
        raise StartError(message) from error
    return handle
