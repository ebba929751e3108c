"""How much a walk may reach, and how long it may take."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from shop.db import db
from shop.errors import DomainError
from shop.i18n import _

#: States that one walk may reach.
BUDGET = 50_000
#: Milliseconds that a statement of a walk may take.
MOST_MS = 10_000
_QUERY_CANCELED = "57014"
_LIMIT = text("SELECT set_config('statement_timeout', :milliseconds, true)")
_NO_LIMIT = text("SET LOCAL statement_timeout TO DEFAULT")


class TraceTooLarge(DomainError):
    """More is connected with the identifier than one answer may hold; ask for something nearer to what is looked for."""

    code = "trace-too-large"
    http_status = 413


class TraceTooSlow(DomainError):
    """Finding out took too long; ask for something nearer to what is looked for."""

    code = "trace-too-slow"
    http_status = 413


def too_large(budget: int) -> TraceTooLarge:
    """Return the refusal of a walk past its budget."""
    return TraceTooLarge(_("相关的货物太多，超过 %(most)s 项；请从更接近目标的标识查起。", most=budget), most=budget)


@contextmanager
def in_bounded_time(milliseconds: int = MOST_MS) -> Iterator[None]:
    """Let no statement of the block run longer.

    :raises TraceTooSlow: when one does; the transaction is over then.
    """
    try:
        db.session.execute(_LIMIT, {"milliseconds": str(milliseconds)})
        yield
        db.session.execute(_NO_LIMIT)
    except DBAPIError as error:
        if getattr(error.orig, "sqlstate", None) != _QUERY_CANCELED:
            raise
        raise TraceTooSlow(_("相关的货物太多，没有在规定时间内查完；请从更接近目标的标识查起。")) from error
