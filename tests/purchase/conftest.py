"""Fixtures of the tests of purchases."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import pytest
from sqlalchemy import event

from shop.db import db


@pytest.fixture
def statements(session: object) -> Callable[[], AbstractContextManager[list[str]]]:
    """Collect the statements that a block sends."""

    @contextmanager
    def collect() -> Iterator[list[str]]:
        seen: list[str] = []

        def note(_conn: object, _cursor: object, statement: str, *_rest: object) -> None:
            seen.append(statement)

        bind = db.session.connection()
        event.listen(bind, "before_cursor_execute", note)
        try:
            yield seen
        finally:
            event.remove(bind, "before_cursor_execute", note)

    return collect
