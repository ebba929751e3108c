"""File locks that the system releases when their holder dies, however it dies."""

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

#: Only the owner of a data folder may take its locks.
_MODE = 0o600


@contextmanager
def exclusive(path: Path) -> Iterator[None]:
    """Hold ``path`` alone; wait while another process holds it."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, _MODE)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


class SharedUse:
    """Counts the users of something across processes: the first starts it, the last stops it.

    Both decisions are taken under ``guard``, so that nobody joins what is being stopped. A user
    that was killed stops counting by itself, and leaves the thing running for the next one.
    """

    def __init__(self, folder: Path) -> None:
        self._guard = folder / "guard.lock"
        self._users = folder / "users.lock"
        self._handle: int | None = None

    def join(self, start: Callable[[], None]) -> None:
        """Count this process as a user once ``start`` has returned; ``start`` must accept repeats."""
        with exclusive(self._guard):
            start()
            self._handle = os.open(self._users, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, _MODE)
            fcntl.flock(self._handle, fcntl.LOCK_SH)

    def leave(self, stop: Callable[[], None]) -> bool:
        """Stop counting this process, and call ``stop`` if it was the last; say whether it was."""
        if self._handle is None:
            return False
        with exclusive(self._guard):
            last = self._alone(self._handle)
            if last:
                stop()
            os.close(self._handle)
            self._handle = None
        return last

    @staticmethod
    def _alone(handle: int) -> bool:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True
