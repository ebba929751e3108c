"""Events by the million: histories of lots that are in the catalogue, written by COPY with the rows of a capture.

800 lots go through their 125 steps side by side, a fortnight later the next 800, so that a lot's rows lie as far apart
as they would in a repository that many write to. Each lot is delivered to six buyers, who are given it and all that it was made
of. The log has a leaf for each event; its tiles and checkpoints are not made, as no page of a lot reads them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import psycopg

from bench import trace_history as lots
from bench.catalogue import SINCE
from bench.trace_pattern import Pattern, Step, attribute_names, hashed, pattern_of
from catalog.products.numbers import own_number, product_number
from traceability.repository import dictionary
from traceability.repository.storing import COLUMNS

#: Lots that are under way together, and days between the beginnings of such groups.
ABREAST, APART = 800, 14
VARIANTS, BUYERS = 4, 200
FIRST_DAY = date(2024, 5, 1)
_ORIGIN = "localhost/log/trace"
TABLES: Mapping[str, str] = {
    "trace_events": f"{', '.join(name for name, _ in COLUMNS)}, record_time, organisation_id, county_code",
    "trace_event_epcs": "event_id, ordinal, epc_id, role, event_time, quantity, uom",
    "trace_event_attributes": "event_id, ordinal, field, name_id, element, value, num, time, uom",
    "trace_transforms": "event_id, ordinal, transformation_id, epc_id, is_output, quantity, uom",
    "trace_containments": "child_id, parent_id, during, opened_by, closed_by",
    "trace_epcs": "id, uri, captured, kind, gs1_key",
    "trace_grants": "organisation_id, epc_id, granted_at, granted_by, reason",
    "log_leaves": "log_id, leaf_index, place, key, entry, hash, salt, logged_at",
}

Connection = psycopg.Connection[Any]


@dataclass(frozen=True)
class Party:
    """Who records events."""

    id: int
    public_id: str
    seat: str


@dataclass(frozen=True)
class World:
    """What all lots share: who there is, the patterns, and where the lots' keys begin."""

    producers: list[Party]
    buyers: list[Party]
    patterns: list[Pattern]
    log_id: int
    #: Lots under way together.
    abreast: int

    def owner(self, lot: int) -> Party:
        """Return the producer of a lot; lots are dealt out as :mod:`bench.catalogue` deals out products."""
        return self.producers[lot % len(self.producers)]

    def buyer(self, lot: int, place: int) -> Party:
        """Return one of the buyers of a lot."""
        return self.buyers[(lot * 7 + place) % len(self.buyers)]


def prepare(connection: Connection, abreast: int = ABREAST) -> World:
    """Write what all lots share, on a database with a catalogue."""
    with connection.transaction(), connection.cursor() as cursor:
        seats = [row[0] for row in cursor.execute("SELECT code FROM divisions ORDER BY code").fetchall()]
        cursor.execute(
            """INSERT INTO organisations (public_id, kind, name, division_code, institution_type, is_demo, created_at, verified_at)
               SELECT gen_random_uuid(), 'institution', '第' || n || '食堂', (%(seats)s::text[])[1 + (n * 7919) %% cardinality(%(seats)s::text[])],
                      'budget_unit', true, %(at)s, %(at)s
               FROM generate_series(1, %(count)s) n""",
            {"seats": seats, "at": SINCE, "count": BUYERS},
        )
        cursor.execute("INSERT INTO logs (name, origin, created_at) VALUES ('trace', %s, now())", [_ORIGIN])
        context = dictionary.context_key([lots.CONTEXT])
        cursor.execute(
            "INSERT INTO trace_contexts (sha256, contexts) VALUES (decode(%s, 'hex'), jsonb_build_array(%s::text))",
            [context, lots.CONTEXT],
        )
        names = set().union(*(attribute_names(variant) for variant in range(VARIANTS)))
        cursor.execute("INSERT INTO trace_names (name) SELECT unnest(%s::text[])", [sorted(names)])
    return read(connection, abreast)


def read(connection: Connection, abreast: int = ABREAST) -> World:
    """Return what all lots share, once it is written."""
    parties = """SELECT o.id, o.public_id::text, coalesce(p.county_code, o.division_code) FROM organisations o
                 LEFT JOIN producers p ON p.organisation_id = o.id WHERE o.kind = %s AND o.is_demo ORDER BY o.id"""
    producers, buyers = (
        [Party(*row) for row in connection.execute(parties, [kind]).fetchall()] for kind in ("producer", "institution")
    )
    names = dict(connection.execute("SELECT name, id FROM trace_names").fetchall())
    context = connection.execute("SELECT min(id) FROM trace_contexts").fetchone()
    log = connection.execute("SELECT id FROM logs WHERE name = 'trace'").fetchone()
    assert context is not None
    assert log is not None
    return World(producers, buyers, [pattern_of(n, context[0], names) for n in range(VARIANTS)], log[0], abreast)


def names_of(world: World, lot: int, group: int) -> dict[str, str]:
    """Return the names of a lot, ``lot`` counted from 0; its SKU and product have the same key."""
    digits = f"{lot + 1:07d}"
    begins = FIRST_DAY + timedelta(days=group * APART)
    units = {name: _with_check_digit(f"06901234{digits}{n:02d}") for n, name in enumerate(lots.names_of_cases())}
    return {
        "gtin": own_number(lot + 1), "product": product_number(lot + 1), "lot": digits,
        "minute": f":{lot * 7 % 60:02d}:{lot * 11 % 60:02d}", "expiry": str(begins + timedelta(days=365)),
        "producer": world.owner(lot).public_id, "report": f"00000000-0000-4000-8000-00000{digits}",
        **{f"buyer{n}": world.buyer(lot, n).public_id for n in range(lots.BUYERS)},
        **{f"day{n:02d}": str(begins + timedelta(days=n)) for n in range(lots.DAYS)}, **units,
    }  # fmt: skip


def _with_check_digit(digits: str) -> str:
    total = sum(int(digit) * (3 if place % 2 == 0 else 1) for place, digit in enumerate(digits))
    return f"{digits}{-total % 10}"


def lines_of_group(world: World, group: int, lots_in_all: int) -> dict[str, list[str]]:
    """Return the rows of the lots that are under way together, by table; keys follow from the group's number."""
    lines: dict[str, list[str]] = {table: [] for table in TABLES}
    first = group * world.abreast
    members = range(first, min(first + world.abreast, lots_in_all))
    known: list[dict[str, Any]] = []
    for place, lot in enumerate(members):
        pattern = world.patterns[lot % VARIANTS]
        names: dict[str, Any] = dict(names_of(world, lot, group))
        events = {f"v{n}": 1 + (first * lots.EVENTS) + n * len(members) + place for n in range(lots.EVENTS)}
        base, count = first * len(pattern.epcs), len(pattern.epcs)
        names |= {f"e{n}": 1 + base + n * len(members) + place for n in range(count)} | events
        known.append(names)
        lines["trace_epcs"] += [f"{names[f'e{n}']}\t{line % names}" for n, line in enumerate(pattern.epcs)]
        lines["trace_grants"] += _grants(world, lot, names, pattern)
    for n in range(lots.EVENTS):
        for lot, names in zip(members, known, strict=True):
            _add_event(lines, world, lot, names, world.patterns[lot % VARIANTS].steps[n], n)
    return lines


def _add_event(
    lines: dict[str, list[str]], world: World, lot: int, names: dict[str, Any], step: Step, place: int
) -> None:
    who = world.owner(lot) if step.writer == "producer" else world.buyer(lot, int(step.writer[-1]))
    names["id"], names["organisation"], names["seat"] = names[f"v{place}"], who.id, who.seat
    names["hash"], names["content"] = hashed(step, names)
    names["recorded"] = step.recorded % names
    for table, line in step.lines.items():
        lines[table].append(line % names)
    entry = (
        f'{{"commitment":"{names["content"]}","declaration":false,"event":"{names["hash"]}","hash":"{names["hash"]}",'
        f'"log":"trace","party":"{who.public_id}","recorded_at":"{names["recorded"]}","v":1}}'
    )
    leaf = hashlib.sha256(b"\0" + entry.encode()).hexdigest()
    lines["log_leaves"].append(
        f"{world.log_id}\t{names['id'] - 1}\t{names['id']}\t{names['hash']}\t\\\\x{entry.encode().hex()}\t\\\\x{leaf}"
        f"\t\\\\x{names['content'][:32]}\t{names['recorded']}"
    )


def _grants(world: World, lot: int, names: Mapping[str, Any], pattern: Pattern) -> Iterator[str]:
    """Give the producer and the buyers the lot and its batches."""
    goods = [n for n, line in enumerate(pattern.epcs) if "/10/" in line]
    owner = world.owner(lot).id
    parties = {owner: "own"} | {world.buyer(lot, n).id: "order" for n in range(lots.BUYERS)}
    for party, reason in parties.items():
        for n in goods:
            yield f"{party}\t{names[f'e{n}']}\t{names['day13']} 08:00:00+00\t{owner}\t{reason}"


def copy_group(connection: Connection, world: World, group: int, lots_in_all: int) -> None:
    """Write a group of lots in one transaction."""
    with connection.transaction(), connection.cursor() as cursor:
        for table, lines in lines_of_group(world, group, lots_in_all).items():
            with cursor.copy(f"COPY {table} ({TABLES[table]}) FROM STDIN") as copy:
                copy.write("\n".join(lines) + "\n")
