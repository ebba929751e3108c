"""Documents of 500 events handed in over HTTP until their jobs have ended, beside plain COPY of the same rows."""

from __future__ import annotations

import http.client
import json
import threading
import time
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

import psycopg

from bench.capture import EVENTS, Trade
from bench.load import Server

#: What a capture writes, in the order in which it does, and the column that says what is new.
_TABLES = {
    "trace_events": "id", "trace_epcs": "id", "trace_event_epcs": "event_id", "trace_event_attributes": "event_id",
    "trace_containments": "opened_by", "trace_transforms": "event_id",
}  # fmt: skip


def documents(seed: int, clients: int, each: int) -> list[list[bytes]]:
    """Return what each client hands in: goods of its own, so that none waits for another's."""
    trades = [Trade(seed * clients + n) for n in range(clients)]
    return [[trade.document() for _ in range(each)] for trade in trades]


def hand_in(server: Server, token: str, held: Sequence[Sequence[bytes]]) -> float:
    """Hand all in, each client its own one after the other; return the seconds until every job says that it has ended."""
    failed: list[str] = []

    def run(mine: Sequence[bytes]) -> None:
        connection = http.client.HTTPConnection(urlsplit(server.address).netloc, timeout=120)
        failed.extend(wrong for document in mine if (wrong := _hand_in(connection, token, document)))

    threads = [threading.Thread(target=run, args=(mine,)) for mine in held]
    began = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    took = time.monotonic() - began
    assert not failed, failed[0]
    return took


def _hand_in(connection: http.client.HTTPConnection, token: str, document: bytes) -> str | None:
    """Hand in a document and ask for its job until it has ended; return what is wrong with it."""
    head = {"Authorization": f"Bearer {token}"}
    connection.request("POST", "/epcis/capture", document, {**head, "Content-Type": "application/json"})
    answer = connection.getresponse()
    said = answer.read()
    if answer.status != http.client.ACCEPTED:
        return said.decode()
    address = urlsplit(answer.headers["Location"]).path
    while True:
        connection.request("GET", address, headers=head)
        job = json.loads(connection.getresponse().read())
        if "finishedAt" in job:
            return None if job["stored"] == EVENTS else json.dumps(job)
        time.sleep(0.02)


def newest(connection: psycopg.Connection[Any]) -> tuple[int, int]:
    """Return the greatest keys of events and identifiers."""
    row = connection.execute("SELECT (SELECT max(id) FROM trace_events), (SELECT max(id) FROM trace_epcs)").fetchone()
    assert row is not None
    return row[0], row[1]


def copy_alone(url: str, since: tuple[int, int], commits: int) -> float:
    """Copy what was captured since into tables with the same indexes, in so many commits; return the seconds."""
    with psycopg.connect(url) as connection, connection.cursor() as cursor:
        held: dict[str, list[bytes]] = {}
        for table, column in _TABLES.items():
            after = since[1] if table == "trace_epcs" else since[0]
            with cursor.copy(f"COPY (SELECT * FROM {table} WHERE {column} > {after}) TO STDOUT") as out:
                held[table] = b"".join(bytes(part) for part in out).splitlines(keepends=True)
            cursor.execute(f"DROP TABLE IF EXISTS limit_{table}")
            cursor.execute(f"CREATE TABLE limit_{table} (LIKE {table} INCLUDING ALL)")
        connection.commit()
        began = time.monotonic()
        for n in range(commits):
            for table, lines in held.items():
                with cursor.copy(f"COPY limit_{table} FROM STDIN") as copy:
                    copy.write(b"".join(lines[n * len(lines) // commits : (n + 1) * len(lines) // commits]))
            connection.commit()
        took = time.monotonic() - began
        for table in _TABLES:
            cursor.execute(f"DROP TABLE limit_{table}")
        connection.commit()
    return took
