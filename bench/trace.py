"""The trace part with 0.1 and 5 million events: page of a lot, MATCH_epc, a deep genealogy, capture; over HTTP.

Run with ``python -m bench.trace``; with ``--keep FOLDER`` the databases are made once and found there again. Server,
worker, broker and database run as in an installation, with default durability; the sizes take turns within each round.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import quote
from urllib.request import Request, urlopen

import psycopg

from bench.load import Server, serving
from bench.trace_capture import copy_alone, documents, hand_in, newest
from bench.trace_history import EVENTS as OF_A_LOT
from bench.trace_load import running
from bench.trace_tree import root
from shop import clock
from shop.app import create_app
from shop.config import Settings
from shop.db import db, transaction
from shop.identity import services as identity
from shop.runtime.valkey import Broker
from tests import factories

RESULTS = Path(__file__).parent / "results" / "trace.json"
SIZES, CLIENTS, WORKERS = (100_000, 5_000_000), 4, 2
CLOCK = "2026-07-15T12:00:00+08:00"
#: Milliseconds, events a second, and how much slower the larger may be.
AIMS = {"page_p95_ms": 25, "match_p95_ms": 20, "genealogy_ms": 300, "captured_a_second": 1500, "of_small": 1.3}
_PATHS = 3000


@dataclass(frozen=True)
class Case:
    """One size: where it is asked, by whom, and for what."""

    url: str
    server: Server
    reader: str
    writer: str
    pages: list[str]
    matches: list[str]


@contextmanager
def working(env: dict[str, str]) -> Iterator[None]:
    """Run the worker of jobs for the block."""
    command = [
        sys.executable,
        "-W",
        "ignore",
        "-m",
        "celery",
        "--quiet",
        "-A",
        "wsgi.celery",
        "worker",
        "--loglevel",
        "ERROR",
    ]
    command += ["--concurrency", str(WORKERS), "--without-mingle", "--without-gossip"]
    with subprocess.Popen(command, cwd=Path(__file__).parents[1], env={**os.environ, **env}) as process:
        try:
            yield
        finally:
            process.terminate()
            process.wait(30)


def tokens(url: str, env: dict[str, str]) -> tuple[str, str]:
    """Return tokens of a new operator, who reads, and of a member of the first producer, who captures."""
    address = url.replace("postgresql://", "postgresql+psycopg://")
    settings = Settings(
        DATABASE_URL=address, BROKER_URL="memory://", SECRET_KEY=env["SECRET_KEY"], DATA_DIR=Path(env["DATA_DIR"]), TESTING=True
    )  # fmt: skip
    made = []
    with create_app(settings).app_context(), psycopg.connect(url) as connection:
        row = connection.execute("SELECT min(organisation_id) FROM producers").fetchone()
        assert row is not None
        with transaction():
            operator = factories.make_organisation("operator", credit_code=None)
            for organisation, role in ((operator.id, "operator_reviewer"), (row[0], "producer_admin")):
                user = factories.make_user(phone=f"139{random.randrange(10**8):08d}")
                member = identity.add_member(user.id, organisation, since=date(2020, 1, 1), roles=(role,))
                made.append(identity.issue_token(member.id, "bench", ("*",), at=clock.real_now()).secret)
        db.session.remove()
        db.engine.dispose()
    return made[0], made[1]


def paths_of(url: str) -> tuple[list[str], list[str]]:
    """Return addresses of the pages of lots, and of events that name one item, each drawn by chance."""
    chance = random.Random(5)
    with psycopg.connect(url) as connection:
        lots = [str(row[0]) for row in connection.execute("SELECT public_id FROM lots ORDER BY id").fetchall()]
        most = connection.execute("SELECT max(id) FROM trace_epcs").fetchone()
        assert most is not None
        keys = [chance.randrange(1, most[0]) for _ in range(2 * _PATHS)]
        items = connection.execute(
            "SELECT uri FROM trace_epcs WHERE id = ANY (%s) AND kind = 'instance' ORDER BY md5(uri)", [keys]
        ).fetchall()
    pages = [f"/trace/lots/{lot}" for lot in chance.sample(lots, min(_PATHS, len(lots)))]
    return pages, [f"/epcis/events?MATCH_epc={quote(row[0], safe='')}" for row in items[:_PATHS]]


def latencies(server: Server, paths: Sequence[str], seconds: float, token: str = "") -> tuple[float, float, int]:
    """Ask for the paths in turn with four clients; return the median, the 95th percentile in ms, and how many were answered."""
    listed = ",".join(f'"{path}"' for path in paths)
    script = f"""
        local paths, n = {{{listed}}}, 0
        local headers = {{["Authorization"] = "Bearer {token}"}}
        request = function() n = n + 1; return wrk.format("GET", paths[(n - 1) % #paths + 1], {"headers" if token else "nil"}) end
        done = function(summary, latency) io.write("done " .. summary.errors.status .. " " .. latency:percentile(50) .. " "
            .. latency:percentile(95) .. " " .. summary.requests .. "\\n") end"""
    with TemporaryDirectory() as folder:
        file = Path(folder) / "paths.lua"
        file.write_text(script, encoding="utf-8")
        command = [
            "wrk",
            "-t1",
            f"-c{CLIENTS}",
            f"-d{max(1, round(seconds))}s",
            "--timeout",
            "30s",
            "-s",
            str(file),
            server.address,
        ]
        said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    _, errors, median, tail, requests = next(line for line in said.splitlines() if line.startswith("done ")).split()
    assert errors == "0", said
    return int(median) / 1000, int(tail) / 1000, int(requests)


def genealogy(case: Case, times: int) -> tuple[list[float], int]:
    """Ask for all that came of one lot, one time after the other; return milliseconds, and how many things there are."""
    address = f"{case.server.address}/api/v1/trace/{quote(root(), safe='')}?direction=down"
    took, found = [], b""
    for _ in range(times):
        began = time.monotonic()
        found = urlopen(Request(address, headers={"Authorization": f"Bearer {case.reader}"}), timeout=60).read()
        took.append((time.monotonic() - began) * 1000)
    return took, len(json.loads(found)["nodes"])


def captured(case: Case, seed: int, each: int) -> tuple[float, float]:
    """Return events captured a second, and rows of as many events copied a second."""
    held = documents(seed, CLIENTS, each)
    with psycopg.connect(case.url, autocommit=True) as connection:
        since = newest(connection)
    took = hand_in(case.server, case.writer, held)
    events = 500 * CLIENTS * each
    return events / took, events / copy_alone(case.url, since, CLIENTS * each)


def measure(cases: dict[int, Case], *, rounds: int, seconds: float, each: int) -> dict[int, dict[str, list[float]]]:
    """Measure everything in each round, the sizes in turns."""
    found: dict[int, dict[str, list[float]]] = {size: {} for size in cases}

    def note(size: int, **values: float) -> None:
        for name, value in values.items():
            found[size].setdefault(name, []).append(round(value, 1))

    for case in cases.values():  # the second web process begins to answer later than the first
        latencies(case.server, case.pages, 6)
    for n in range(rounds):
        for size, case in cases.items():
            chance = random.Random(n)
            for name, paths, token in (("page", case.pages, ""), ("match", case.matches, case.reader)):
                mixed = chance.sample(paths, len(paths))
                latencies(case.server, mixed[: len(mixed) // 2], 2, token)
                before = case.server.cpu_s()
                median, tail, count = latencies(case.server, mixed[len(mixed) // 2 :], seconds, token)
                cpu = (case.server.cpu_s() - before) / count * 1000
                note(size, **{f"{name}_p50_ms": median, f"{name}_p95_ms": tail, f"{name}_a_second": count / seconds})
                note(size, **{f"{name}_server_cpu_ms": cpu})
            took, count = genealogy(case, 6)
            note(
                size, genealogy_ms=statistics.median(took[1:]), genealogy_most_ms=max(took[1:]), genealogy_things=count
            )
    for case in cases.values():  # a server that has just started has nothing in its memory
        hand_in(case.server, case.writer, documents(int(time.time()) + rounds, CLIENTS, 3))
    for n in range(rounds):
        for size, case in cases.items():
            rate, copied = captured(case, int(time.time()) + n, each)
            note(size, captured_a_second=rate, copied_a_second=copied)
    return found


def figures(found: dict[int, dict[str, list[float]]]) -> dict[str, Any]:
    """Return medians of each size, and the larger's as shares of the smaller's in the same round."""
    medians = {size: {name: statistics.median(values) for name, values in told.items()} for size, told in found.items()}
    small, large = min(found), max(found)
    times = {
        name: round(statistics.median(
            (mine / theirs if name.endswith("_ms") else theirs / mine)
            for mine, theirs in zip(found[large][name], found[small][name], strict=True)), 3)
        for name in ("page_p95_ms", "match_p95_ms", "genealogy_ms", "captured_a_second")
    }  # fmt: skip
    return {"aims": AIMS, "medians": medians, "slower_than_small": times, "rounds": found}


def run(home: Path, sizes: list[int], options: argparse.Namespace) -> dict[str, Any]:
    """Start everything, measure, stop everything."""
    with ExitStack() as stack:
        urls = stack.enter_context(running(home, sizes))
        data = stack.enter_context(TemporaryDirectory())
        broker = Broker(Path(data) / "valkey", password="bench" * 4)
        broker.start()
        stack.callback(broker.stop)
        cases = {}
        for place, (size, url) in enumerate(urls.items()):
            env = {
                "DATABASE_URL": url, "BROKER_URL": f"{broker.url()[:-1]}{place}", "SECRET_KEY": "bench" * 8, "CLOCK_START": CLOCK,
                "DATA_DIR": data,
            }  # fmt: skip
            server = stack.enter_context(serving("wsgi:app", "/healthz", env, workers=WORKERS))
            stack.enter_context(working(env))
            cases[size] = Case(url, server, *tokens(url, env), *paths_of(url))
        return figures(measure(cases, rounds=options.rounds, seconds=options.seconds, each=options.documents))


def main() -> None:
    """Measure, print, and keep the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=15)
    parser.add_argument("--documents", type=int, default=8, help="that each of four clients hands in, in each round")
    parser.add_argument("--sizes", type=int, nargs="+", default=list(SIZES), help=f"multiples of {OF_A_LOT}")
    parser.add_argument("--keep", type=Path, help="folder of the databases, made there the first time")
    given = parser.parse_args()
    if not shutil.which("wrk"):
        sys.exit("The trace part is measured with wrk, which is not installed.")
    with TemporaryDirectory(prefix="duikou-bench-") as folder:
        Path(folder).chmod(0o755)
        found = run(given.keep or Path(folder) / "cluster", given.sizes, given)
    found |= {"seconds": given.seconds, "documents": given.documents * CLIENTS}
    print(json.dumps(found, indent=1))
    if given.sizes == list(SIZES):
        RESULTS.write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
