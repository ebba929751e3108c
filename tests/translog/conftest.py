"""A log of the tests' own: whatever is put into a list, logged when it is sealed."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from flask import Flask
from sqlalchemy import text

from shop.db import db
from shop.translog import registry
from shop.translog.registry import Batch, Record


class Records(list[Record]):
    """A source; one place a record."""

    def put(self, count: int = 1, *, facts: bool = False) -> None:
        for number in range(len(self) + 1, len(self) + count + 1):
            told = {"number": number}
            self.append(Record(number, f"record {number}", told, {"secret": f"of {number}"} if facts else None))

    def read(self, after: int, limit: int) -> Batch:
        found = [record for record in self if after < record.place <= after + limit]
        return Batch(found, max(after, min(after + limit, max((record.place for record in self), default=0))))


@pytest.fixture
def records() -> Iterator[Records]:
    """The source of the log ``test``."""
    source = Records()
    registry.register("test", source.read)
    yield source
    registry._sources.pop("test")  # other tests know nothing of it


@pytest.fixture
def fetch(client) -> Callable[[str], bytes]:
    """Read a file of the log ``test`` as a client does."""

    def get(path: str) -> bytes:
        answer = client.get(f"/log/test/{path}")
        assert answer.status_code == 200, path
        return bytes(answer.data)

    return get


@pytest.fixture
def run(app: Flask) -> Callable[..., tuple[int, str, str]]:
    """Run a command and return its exit code and what it said."""

    def invoke(*arguments: str) -> tuple[int, str, str]:
        done = app.test_cli_runner().invoke(args=list(arguments))
        return done.exit_code, done.stdout, done.stderr

    return invoke


@pytest.fixture
def disabled(session: object) -> Callable[[str, str], None]:
    """Run a statement as the tables' owner could: with the triggers of one of them off."""

    def run_statement(table: str, statement: str) -> None:
        db.session.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER USER"))
        db.session.execute(text(statement))
        db.session.execute(text(f"ALTER TABLE {table} ENABLE TRIGGER USER"))
        db.session.commit()

    return run_statement
