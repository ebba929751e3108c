"""Constraints of the database as refusals that people understand."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import IntegrityError

from shop.db import db
from shop.errors import DomainError


@contextmanager
def refusing(**refusals: DomainError) -> Iterator[None]:
    """Write what the block adds; a violated constraint named here becomes its refusal, others stay errors.

    The block runs in a savepoint, so that the caller's transaction can go on after the refusal.
    """
    try:
        with db.session.begin_nested():
            yield
            db.session.flush()  # obtains the database's answer inside the savepoint
    except IntegrityError as error:
        name = getattr(getattr(error.orig, "diag", None), "constraint_name", None)
        refusal = refusals.get(str(name))
        if refusal is None:
            raise
        raise refusal from error
