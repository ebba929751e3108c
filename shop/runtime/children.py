"""The programs the supervisor keeps alive, and their output."""

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from shop.runtime.options import CHECKOUT

#: A child that dies waits so long before it is started again: doubled each time, up to the last.
FIRST_PAUSE_S = 1.0
LONGEST_PAUSE_S = 30.0

#: After so long without dying a child counts as healthy again.
HEALTHY_AFTER_S = 60.0

_PR_SET_PDEATHSIG = 1


@dataclass
class Child:
    """One program: how to run it, and what became of it."""

    name: str
    command: Sequence[str]
    #: Seconds it gets to end by itself when asked to.
    patience_s: float = 10.0
    #: Started again when it ends.
    is_kept: bool = True
    niceness: int = 0
    #: Told the exit code of a program that is not kept.
    on_end: Callable[[int | None], None] | None = field(default=None, repr=False)
    process: subprocess.Popen[bytes] | None = None
    started_at_s: float = 0.0
    #: Monotonic second of the next start, if it is waiting for one.
    due_at_s: float | None = None
    deaths: int = 0
    _rest: bytes = field(default=b"", repr=False)

    def start(self, env: Mapping[str, str]) -> None:
        """Start the program in a session of its own, so that Ctrl-C reaches only the supervisor."""
        self.due_at_s = None
        self.started_at_s = time.monotonic()
        self.process = subprocess.Popen(  # noqa: S603 - our own programs
            list(self.command),
            cwd=CHECKOUT,
            env=dict(env),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=_prepare(self.niceness),  # noqa: PLW1509 - the supervisor has one thread
        )

    @property
    def is_alive(self) -> bool:
        """Say whether the program runs now."""
        return self.process is not None and self.process.poll() is None

    def read(self) -> tuple[list[tuple[str, bool]], bool]:
        """Return what it has written since, and whether more may come.

        Each line comes with whether the program means to rewrite it, as progress bars do.
        """
        if self.process is None or self.process.stdout is None:
            return [], False
        try:
            data = os.read(self.process.stdout.fileno(), 65536)
        except BlockingIOError:
            return [], False
        text = (self._rest + data).replace(b"\r\n", b"\n").replace(b"\r", b"\r\n")
        *lines, self._rest = text.split(b"\n") if data else [*text.splitlines(), b""]
        return [(line.rstrip(b"\r").decode(errors="replace"), line.endswith(b"\r")) for line in lines], bool(data)

    def note_death(self) -> float:
        """Plan the next start of a program that died; return the seconds until then."""
        now = time.monotonic()
        self.deaths = 1 if now - self.started_at_s > HEALTHY_AFTER_S else self.deaths + 1
        pause_s = min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2.0 ** (self.deaths - 1))
        self.due_at_s = now + pause_s
        self.process = None
        return pause_s

    def ask_to_end(self) -> None:
        """Ask the program to finish what it does and end."""
        self.due_at_s = None
        if self.is_alive and self.process is not None:
            self.process.terminate()

    def make_end(self) -> None:
        """End the program and everything it started, whatever it does."""
        if self.process is None:
            return
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


def _prepare(niceness: int) -> Callable[[], None]:
    """Return what a new process does before its program: lower itself, and die with the supervisor."""
    library = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None

    def prepare() -> None:
        if niceness:
            os.nice(niceness)
        if library is not None:
            library.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)

    return prepare
