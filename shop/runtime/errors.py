"""The one refusal of this package."""

from collections.abc import Iterator
from contextlib import contextmanager

import click


class StartError(click.ClickException):
    """Something on this machine keeps Duikou from running; the message is one line for its user.

    Being click's own kind, it ends every command with that line and exit code 1, no traceback.
    """


@contextmanager
def one_line_errors() -> Iterator[None]:
    """Turn what the system refuses inside the block (a file, a disk, a process) into a ``StartError``."""
    try:
        yield
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        message = f"The system refused: {where}{error.strerror or error}."
        raise StartError(message) from error
