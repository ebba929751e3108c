"""The one refusal of this package."""

import click


class StartError(click.ClickException):
    """Something on this machine keeps Duikou from running; the message is one line for its user.

    Being click's own kind, it ends every command with that line and exit code 1, no traceback.
    """
