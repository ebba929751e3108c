"""The SQL of a placement as a script for pgbench: recorded once, with fresh keys and numbers each time it is run."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID, uuid4

import psycopg
from flask import Flask
from sqlalchemy import event

from bench.buyers import Buying
from shop.db import db

Statement = tuple[str, Any]
#: Sequences and where they stand before a placement is recorded: keys that nothing else in a statement looks like.
_SEQUENCES = {
    "procurements_id_seq": 7_100_000_000,
    "orders_id_seq": 7_200_000_000,
    "order_lines_id_seq": 7_300_000_000,
    "ledger_dimensions_id_seq": 7_400_000_000,
}
_UUID7 = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
_NUMBER = re.compile(r"DK(?:\d{8}-[0-9A-Z]{6}|[0-9A-Z]{9})\b")


@contextmanager
def _recording(app: Flask) -> Iterator[list[Statement]]:
    with app.app_context():
        engine = db.engine
    found: list[Statement] = []

    def note(_connection: Any, _cursor: Any, statement: str, values: Any, _context: Any, _many: Any) -> None:
        found.append((statement, values))

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield found
    finally:
        event.remove(engine, "before_cursor_execute", note)


def record(app: Flask, url: str, buying: Buying) -> list[str]:
    """Place each order once and return a pgbench script for each."""
    client = app.test_client()
    with psycopg.connect(url, autocommit=True) as connection:
        known = {str(row[0]) for row in connection.execute(_KNOWN)}
        scripts = []
        for place, body in enumerate([buying.bodies[0], *buying.bodies]):
            for sequence, start in _SEQUENCES.items():
                connection.execute("SELECT setval(%s, %s)", [sequence, start + place * 100])
            key = str(uuid4())
            with _recording(app) as statements:
                answer = client.post(
                    "/api/v1/procurements", data=body, content_type="application/json",
                    headers={"Authorization": f"Bearer {buying.token}", "Idempotency-Key": key},
                )  # fmt: skip
            assert answer.status_code == 201, answer.get_data(as_text=True)
            if place:  # the first one also reads what the process then remembers
                keys = {start + place * 100 + n for start in _SEQUENCES.values() for n in range(1, 4)}
                scripts.append(_script(psycopg.ClientCursor(connection), statements, key, keys, known))
        connection.execute("SELECT setval(s, 8000000000) FROM unnest(%s::text[]) s", [list(_SEQUENCES)])
    return scripts


_KNOWN = """SELECT public_id FROM listings UNION SELECT public_id FROM units UNION SELECT public_id FROM organisations
            UNION SELECT public_id FROM skus UNION SELECT public_id FROM products"""


def _script(
    cursor: psycopg.ClientCursor[Any], statements: list[Statement], key: str, keys: set[int], known: set[str]
) -> str:
    """Return the statements with what was made for this order replaced by variables."""
    lines = [_dashed(cursor.mogrify(statement, values or None).strip()) for statement, values in statements]
    whole = "\n".join(lines)
    uuids = sorted(set(_UUID7.findall(whole)) - known)
    numbers = sorted(set(_NUMBER.findall(whole)))
    names = {text: f"u{n}" for n, text in enumerate(uuids)} | {text: f"n{n}" for n, text in enumerate(numbers)}
    made = [f"gen_random_uuid() AS {names[text]}" for text in uuids]
    made += [f"'B' || nextval('orders_id_seq') AS {names[text]}" for text in numbers]
    script = [f"SELECT gen_random_uuid() AS idem, {', '.join(made)} \\gset"]
    for statement in lines:
        script += _timed(_with_keys(_with_names(statement.replace(key, ":idem"), names), keys))
    script.insert(2, "BEGIN;")
    return "\n".join([*script, "COMMIT;", ""])


def _dashed(statement: str) -> str:
    """Write UUIDs as JSON does, wherever they stand."""
    return re.sub(r"'([0-9a-f]{32})'::uuid", lambda found: f"'{UUID(found[1])}'::uuid", statement)


def _with_names(statement: str, names: dict[str, str]) -> str:
    for text in sorted(names, key=len, reverse=True):
        statement = statement.replace(text, f":{names[text]}")
    return statement


def _with_keys(statement: str, keys: set[int]) -> str:
    """Put variables for the keys that sequences gave; one inside a name of an entry is joined to it."""
    names = dict(zip(_SEQUENCES.values(), "pold", strict=True))
    for key in keys:
        name = f":{names[key // 100_000_000 * 100_000_000]}{key % 100}"
        statement = statement.replace(f":{key}:", f":' || {name} || ':").replace(str(key), name)
    return statement


def _timed(statement: str) -> Iterator[str]:
    """Yield a statement for pgbench, keeping the keys that the later ones need."""
    if "AS procurement_keys" in statement:
        wanted = "procurement_keys[1] AS p1, " + ", ".join(
            f"order_keys[{n}] AS o{n}, line_keys[{n}] AS l{n}, dimension_keys[{n}] AS d{n}" for n in (1, 2, 3)
        )
        yield f"SELECT {wanted} FROM ({statement}) q \\gset"
    else:
        yield statement + ";"
