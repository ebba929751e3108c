"""A server under load: starts granian on one core, sends requests from the other, counts requests and server's CPU."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import NamedTemporaryFile

import psutil

from shop.runtime.web import web_command

ROOT = Path(__file__).parents[1]
#: Connections kept busy.
CLIENTS = 8


@dataclass(frozen=True)
class Server:
    """A running web server."""

    address: str
    processes: Sequence[psutil.Process]

    def cpu_s(self) -> float:
        """Return the CPU seconds that its processes have used."""
        family = [each for process in self.processes for each in (process, *process.children(recursive=True))]
        times = [member.cpu_times() for member in family]
        return float(sum(time_.user + time_.system for time_ in times))


@dataclass(frozen=True)
class Run:
    """What a run measured."""

    requests_per_s: float
    cpu_us: float


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def pinned(core: int, command: Sequence[str]) -> list[str]:
    """Return the command bound to a core, where there are two and a tool to bind with."""
    if shutil.which("taskset") and (os.cpu_count() or 1) > 1:
        return ["taskset", "-c", str(core), *command]
    return list(command)


@contextmanager
def serving(target: str, ready: str, env: dict[str, str], *, workers: int = 1) -> Iterator[Server]:
    """Serve ``target`` as a running installation does for the block.

    One worker has the first core for itself, so that the other is left to who asks and to the database; several share all.
    """
    port = free_port()
    command = web_command("127.0.0.1", port, target)
    address = f"http://127.0.0.1:{port}"
    with ExitStack() as stack:
        processes = [
            stack.enter_context(_started(pinned(0, command) if workers == 1 else command, env)) for _ in range(workers)
        ]
        deadline = time.monotonic() + 120
        while True:
            try:
                urllib.request.urlopen(address + ready, timeout=5).read()
                break
            except (urllib.error.URLError, OSError):
                assert time.monotonic() < deadline, f"{target} does not answer"
                time.sleep(0.1)
        yield Server(address, processes)


@contextmanager
def _started(command: Sequence[str], env: dict[str, str]) -> Iterator[psutil.Process]:
    with subprocess.Popen(command, cwd=ROOT, env={**os.environ, **env}) as process:
        try:
            yield psutil.Process(process.pid)
        finally:
            process.terminate()
            process.wait(20)


def press(server: Server, paths: Sequence[str], seconds: float) -> Run:
    """Send requests for ``paths`` in turn from the second core, and return what the server managed."""
    before = server.cpu_s()
    began = time.monotonic()
    done = _press_wrk(server.address, paths, seconds) if shutil.which("wrk") else _press_threads(server, paths, seconds)
    took = time.monotonic() - began
    return Run(done / took, (server.cpu_s() - before) / max(done, 1) * 1e6)


def _press_wrk(address: str, paths: Sequence[str], seconds: float) -> int:
    listed = ",".join(f'"{path}"' for path in paths)
    script = f"""
        local paths, n = {{{listed}}}, 0
        request = function() n = n + 1; return wrk.format("GET", paths[(n - 1) % #paths + 1]) end
        done = function(summary) io.write("done " .. summary.requests .. " " .. summary.errors.status .. "\\n") end"""
    with NamedTemporaryFile("w", suffix=".lua") as file:
        file.write(script)
        file.flush()
        command = ["wrk", "-t1", f"-c{CLIENTS}", f"-d{max(1, round(seconds))}s", "-s", file.name, address]
        said = subprocess.run(pinned(1, command), check=True, capture_output=True, text=True).stdout
    _, done, errors = next(line for line in said.splitlines() if line.startswith("done ")).split()
    assert errors == "0", said
    return int(done)


def _press_threads(server: Server, paths: Sequence[str], seconds: float) -> int:
    """Do the same without wrk: slower, so the limits look lower than they are."""
    until = time.monotonic() + seconds
    counts = [0] * CLIENTS
    host, port = server.address.removeprefix("http://").split(":")

    def ask(place: int) -> None:
        with socket.create_connection((host, int(port))) as connection, connection.makefile("rb") as answers:
            while time.monotonic() < until:
                path = paths[(counts[place] * CLIENTS + place) % len(paths)]
                connection.sendall(f"GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
                length = 0
                while (line := answers.readline().strip()) != b"":
                    if line.lower().startswith(b"content-length:"):
                        length = int(line.split(b":")[1])
                answers.read(length)
                counts[place] += 1

    threads = [threading.Thread(target=ask, args=(place,)) for place in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(counts)
