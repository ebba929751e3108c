"""The one refusal of this package."""


class StartError(Exception):
    """Something on this machine keeps Duikou from starting; the message is one line for its user."""
