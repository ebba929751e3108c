"""What the supervisor says: one line at a time, marked with the program it comes from."""

import os
import sys
import time
from contextlib import suppress
from typing import TextIO

_WIDTH = 7
_COLOURS = {"web": "36", "worker": "33", "beat": "35", "demo": "32", "duikou": "1"}

#: A progress bar rewrites its line many times a second; a log wants to see it now and then.
_PROGRESS_EVERY_S = 3.0


class Console:
    """Writes lines to ``stream`` until it is gone, as it is when its terminal was closed."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = sys.stdout if stream is None else stream
        self._is_terminal = bool(self._stream and self._stream.isatty())
        self._last_progress = 0.0

    @property
    def has_lost_its_terminal(self) -> bool:
        """Say whether there was a terminal and it has been closed."""
        return self._is_terminal and (self._stream is None or not self._stream.isatty())

    def say(self, text: str = "", *, source: str = "duikou") -> None:
        """Write ``text``, each of its lines after the name of its ``source``."""
        for line in text.splitlines() or [""]:
            self._write(f"{self._mark(source)} {line}".rstrip() + "\n")

    def progress(self, text: str, *, source: str) -> None:
        """Write a line that will soon be out of date, unless one was written a moment ago."""
        now = time.monotonic()
        if now - self._last_progress >= _PROGRESS_EVERY_S:
            self._last_progress = now
            self.say(text, source=source)

    def _mark(self, source: str) -> str:
        mark = f"{source:<{_WIDTH}}|"
        return f"\x1b[{_COLOURS.get(source, '0')}m{mark}\x1b[0m" if self._is_terminal else mark

    def _write(self, text: str) -> None:
        if self._stream is None:
            return
        try:
            self._stream.write(text)
            self._stream.flush()
        except (OSError, ValueError):
            self._forget_reader()

    def _forget_reader(self) -> None:
        """Go on in silence: nobody reads any more, and what we run must still be stopped in order."""
        stream, self._stream = self._stream, None
        with suppress(OSError, ValueError):
            if stream is not None:  # what is still buffered must not fail when this process ends
                os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
