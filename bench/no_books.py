"""The application without its books: places orders but posts nothing. Only to measure what the books cost."""

from typing import Any

from orders.ledger import books
from wsgi import app

__all__ = ["app"]


def _post_nothing(*_args: Any, **_values: Any) -> None:
    """Stand where entries are recorded."""


books.record_entries = _post_nothing
