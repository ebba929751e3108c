"""EPCIS documents of 500 events from the bytes of the body to the commit, beside plain COPY of the same rows.

Run with ``python -m bench.capture``. Each event names 8 identifiers, half of them new. The documents are made from a
seed before the clock starts. The limit is what the database does with the same rows in tables with the same indexes,
one commit a document, without parsing, validating, hashing or looking anything up.
"""

from __future__ import annotations

import argparse
import cProfile
import json
import pstats
import random
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psutil
from sqlalchemy import text

from shop import clock
from shop.app import create_app
from shop.auth import Actor
from shop.config import Settings
from shop.db import db, transaction
from tests.database import TestCluster
from tests.factories import make_member
from traceability.repository import services

AT = datetime(2026, 7, 15, 4, tzinfo=UTC)
EVENTS, NAMED = 500, 8
#: Kinds of goods that the co-operative makes.
GOODS = 40
RESULTS = Path(__file__).parent / "results" / "capture.json"
CONTEXT = "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"
#: What a capture writes, in the order in which it does, with how the rows of a document are told.
TABLES = {
    "trace_events": "id BETWEEN {first} AND {last}",
    "trace_epcs": "id BETWEEN {first_epc} AND {last_epc}",
    "trace_event_epcs": "event_id BETWEEN {first} AND {last}",
    "trace_event_attributes": "event_id BETWEEN {first} AND {last}",
    "trace_containments": "opened_by BETWEEN {first} AND {last}",
    "trace_transforms": "event_id BETWEEN {first} AND {last}",
}


class Trade:
    """Makes events of a co-operative: boxes are made, packed on pallets, looked at, and goods become others."""

    def __init__(self, seed: int) -> None:
        self._chance = random.Random(seed)
        self._made = [self._new() for _ in range(NAMED)]
        self._number = 0

    def document(self) -> bytes:
        """Return the bytes of a document."""
        events = [self._event() for _ in range(EVENTS)]
        document = {
            "@context": [CONTEXT, {"coop": "https://coop.example.cn/ns/"}], "type": "EPCISDocument",
            "schemaVersion": "2.0", "creationDate": "2026-07-14T08:00:00.000+08:00", "epcisBody": {"eventList": events},
        }  # fmt: skip
        return json.dumps(document, ensure_ascii=False).encode()

    def _new(self) -> str:
        return f"urn:epc:id:sgtin:4012345.{self._chance.randrange(GOODS):06d}.{self._chance.randrange(10**12)}"

    def _event(self) -> dict[str, Any]:
        new = [self._new() for _ in range(NAMED // 2)]
        old = self._chance.sample(self._made[-20_000:], NAMED // 2)
        self._made += new
        self._number += 1
        at = AT - timedelta(days=1) + timedelta(seconds=self._number)
        event: dict[str, Any] = {
            "eventID": f"urn:uuid:{self._chance.getrandbits(128):032x}", "eventTime": at.isoformat(timespec="milliseconds"),
            "eventTimeZoneOffset": "+08:00", "readPoint": {"id": "urn:epc:id:sgln:4012345.00001.0"},
            "bizLocation": {"id": "urn:epc:id:sgln:4012345.00002.0"},
        }  # fmt: skip
        kind = self._chance.random()
        if kind < 0.6:
            order = f"urn:epcglobal:cbv:bt:4012345000016:{self._number}"
            return event | {
                "type": "ObjectEvent", "action": "OBSERVE", "bizStep": "shipping", "disposition": "in_transit",
                "epcList": new + old, "bizTransactionList": [{"type": "po", "bizTransaction": order}],
                "coop:batch": self._number,
            }  # fmt: skip
        if kind < 0.9:
            parent = f"urn:epc:id:sscc:4012345.{self._chance.randrange(10**10):010d}"
            return event | {
                "type": "AggregationEvent", "action": "ADD", "bizStep": "packing", "parentID": parent,
                "childEPCs": new[1:] + old,
            }  # fmt: skip
        return event | {
            "type": "TransformationEvent", "bizStep": "commissioning", "inputEPCList": old, "outputEPCList": new,
            "ilmd": {"cbvmda:lotNumber": f"L{self._number}", "cbvmda:itemExpirationDate": "2027-07-14"},
        }  # fmt: skip


def capture(documents: list[bytes], actor: Actor) -> tuple[list[float], list[dict[str, int]]]:
    """Capture each document as a request does; return the seconds and the keys of what it wrote."""
    seconds, keys = [], []
    for raw in documents:
        before = _keys()
        began = time.perf_counter()
        document = services.read_document(raw, behaviour="rollback", most=10_000)
        with transaction():
            services.capture_document(raw, document, "rollback", actor, at=AT)
        seconds.append(time.perf_counter() - began)
        after = _keys()
        keys.append({
            "first": before["event"] + 1, "last": after["event"], "first_epc": before["epc"] + 1, "last_epc": after["epc"],
        })  # fmt: skip
    return seconds, keys


def _keys() -> dict[str, int]:
    with transaction():
        row = db.session.execute(
            text(
                "SELECT coalesce((SELECT max(id) FROM trace_events), 0), coalesce((SELECT max(id) FROM trace_epcs), 0)"
            )
        ).one()
    return {"event": row[0], "epc": row[1]}


def copy_alone(keys: list[dict[str, int]]) -> list[float]:
    """Copy the rows of each document into tables of their own, one commit each; return the seconds."""
    raw: Any = db.engine.raw_connection().driver_connection
    rows = []
    with raw.cursor() as cursor:
        for each in keys:
            held = []
            for table, condition in TABLES.items():
                with cursor.copy(f"COPY (SELECT * FROM {table} WHERE {condition.format(**each)}) TO STDOUT") as out:
                    held.append((table, b"".join(bytes(part) for part in out)))
            rows.append(held)
        for table in TABLES:
            cursor.execute(f"CREATE TABLE limit_{table} (LIKE {table} INCLUDING ALL)")
        raw.commit()
        seconds = []
        for held in rows:
            began = time.perf_counter()
            for table, data in held:
                with cursor.copy(f"COPY limit_{table} FROM STDIN") as copy:
                    copy.write(data)
            raw.commit()
            seconds.append(time.perf_counter() - began)
    return seconds


def run(seed: int, documents: int, *, profile: bool) -> dict[str, Any]:
    """Measure one round on the current application's database."""
    actor = make_member("producer")
    trade = Trade(seed)
    made = [trade.document() for _ in range(documents)]
    with transaction():
        backend = psutil.Process(db.session.execute(text("SELECT pg_backend_pid()")).scalar_one())
    capture(made[:2], actor)  # statements are prepared, caches filled
    profiler = cProfile.Profile()
    if profile:
        profiler.enable()
    database, cpu, began = _cpu_of(backend), time.process_time(), time.perf_counter()
    seconds, keys = capture(made[2:], actor)
    total, cpu, database = time.perf_counter() - began, time.process_time() - cpu, _cpu_of(backend) - database
    profiler.disable()
    if profile:
        pstats.Stats(profiler).sort_stats("tottime").print_stats(45)
    limit = copy_alone(keys)
    events = EVENTS * len(seconds)
    return {
        "events": events, "bytes_a_document": len(made[0]), "events_a_second": round(events / sum(seconds)),
        "copy_events_a_second": round(events / sum(limit)), "share_of_copy": round(sum(limit) / sum(seconds), 3),
        "slowest_document_s": round(max(seconds), 3), "python_cpu_s": round(cpu, 2), "database_cpu_s": round(database, 2),
        "wall_s": round(total, 2),
    }  # fmt: skip


def _cpu_of(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def main() -> None:
    """Measure each round on a database of its own, print and keep the result."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--documents", type=int, default=40)
    options.add_argument("--profile", action="store_true")
    given = options.parse_args()
    found = []
    with TestCluster().running() as cluster, tempfile.TemporaryDirectory() as folder:
        for number in range(given.rounds):
            with cluster.database() as url:
                settings = Settings(
                    DATABASE_URL=url.replace("postgresql://", "postgresql+psycopg://"), BROKER_URL="memory://",
                    SECRET_KEY="a key of the measurement", DATA_DIR=Path(folder), TESTING=True,  # noqa: S106
                )  # fmt: skip
                app = create_app(settings)
                with app.app_context(), clock.stopped_at(AT):
                    found.append(run(given.seed + number, given.documents, profile=given.profile))
                    db.session.remove()
                    db.engine.dispose()
            print(json.dumps(found[-1]), flush=True)
    rates = sorted(one["events_a_second"] for one in found)
    if not given.profile:
        RESULTS.write_text(json.dumps({"aim": 1500, "events_a_second": rates, "rounds": found}, indent=1) + "\n")
    print(f"captured: {rates[0]} to {rates[-1]} events a second; the aim is 1,500")


if __name__ == "__main__":
    main()
