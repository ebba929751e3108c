"""Databases of 0.1 and 5 million events, made once and kept: catalogue, histories, indexes, one deep genealogy."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg

from bench import trace_history as lots
from bench import trace_world
from bench.catalogue import fill
from bench.trace_tree import plant
from shop.runtime.postgres import Cluster
from shop.runtime.services import server_settings
from tests.database import OWNER, PASSWORD, migrate

#: While the databases are made; what is measured has the settings of a running installation.
_IN_HASTE = {
    "fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "wal_level": "minimal", "max_wal_senders": "0",
    "max_wal_size": "8GB", "checkpoint_timeout": "1h", "maintenance_work_mem": "768MB", "autovacuum": "off",
}  # fmt: skip
_WRITERS = 2
_DONE = "made"


def name_of(events: int) -> str:
    """Return what the database of so many events is called."""
    return f"trace_{events}"


@contextmanager
def running(home: Path, sizes: list[int]) -> Iterator[dict[int, str]]:
    """Yield the addresses of the databases by their size, those made that are not there yet, with default durability."""
    hasty = Cluster(home, password=PASSWORD, settings=server_settings() | _IN_HASTE)
    try:
        hasty.start()
        for events in sizes:
            _make(hasty, events)
    finally:
        hasty.stop()
    cluster = Cluster(home, password=PASSWORD, settings=server_settings())
    cluster.start()
    try:
        yield {events: cluster.url(name_of(events), user=OWNER, password=PASSWORD) for events in sizes}
    finally:
        cluster.stop()


def _make(cluster: Cluster, events: int) -> None:
    name, began = name_of(events), time.monotonic()
    with psycopg.connect(cluster.url("postgres"), autocommit=True) as connection:
        told = connection.execute(
            "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = %s", [name]
        ).fetchone()
        if told == (_DONE,):
            migrate(cluster.url(name, user=OWNER, password=PASSWORD))
            _tidy(cluster.url(name))
            return
        connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
    migrate(cluster.provide(name, user=OWNER, password=PASSWORD))
    count = events // lots.EVENTS
    url = cluster.url(name)
    with psycopg.connect(url, autocommit=True) as connection:
        fill(connection, count)
        trace_world.prepare(connection)
        rest = _take_off(connection)
        _say(f"{name}: catalogue", began)
        _copy(url, count)
        _say(f"{name}: copied", began)
        for statement in rest:
            connection.execute(statement)
        _advance(connection)
        connection.execute("SELECT trace_fill_values()")  # the writers' session fires no triggers
        _say(f"{name}: indexed", began)
        connection.execute("ANALYZE")
    plant(cluster.url(name, user=OWNER, password=PASSWORD))
    _tidy(url)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"COMMENT ON DATABASE {name} IS '{_DONE}'")
    _say(f"{name}: made", began)


def _tidy(url: str) -> None:
    """Leave nothing to do for autovacuum: a migration may have written every row anew."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")
        connection.execute("CHECKPOINT")


def _say(what: str, began: float) -> None:
    print(f"{what} after {time.monotonic() - began:.0f} s", flush=True)


def _copy(url: str, count: int) -> None:
    groups = -(-count // trace_world.ABREAST)
    with multiprocessing.get_context("spawn").Pool(_WRITERS) as pool:
        for done in pool.imap_unordered(_copy_group, [(url, group, count) for group in range(groups)]):
            if done % 10 == 0:
                print(f"group {done} of {groups}", flush=True)


def _copy_group(asked: tuple[str, int, int]) -> int:
    url, group, count = asked
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica")  # keys refer to rows that are there
        trace_world.copy_group(connection, trace_world.read(connection), group, count)
    return group


def _take_off(connection: psycopg.Connection[Any]) -> list[str]:
    """Drop keys and indexes of the tables, and return the statements that make them again."""
    tables = list(trace_world.TABLES)
    keys = connection.execute(
        """SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint
           WHERE contype IN ('f', 'p', 'u') AND (conrelid::regclass::text = ANY (%(t)s) OR confrelid::regclass::text = ANY (%(t)s))
           ORDER BY contype = 'f' DESC, conname""",
        {"t": tables},
    ).fetchall()
    for table, key, _ in keys:
        connection.execute(f"ALTER TABLE {table} DROP CONSTRAINT {key}")
    indexes = connection.execute(
        "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = ANY (%s)", [tables]
    ).fetchall()
    for index, _ in indexes:
        connection.execute(f"DROP INDEX {index}")
    again = [f"ALTER TABLE {table} ADD CONSTRAINT {key} {definition}" for table, key, definition in reversed(keys)]
    return [*again, *(definition for _, definition in indexes)]


def _advance(connection: psycopg.Connection[Any]) -> None:
    for table in ("trace_events", "trace_epcs"):
        connection.execute(f"SELECT setval('{table}_id_seq', (SELECT max(id) FROM {table}))")
