"""An order of three lines placed in one call: what it costs, against the same SQL under pgbench, and without the books.

Run with ``python -m bench.placing``. The application runs as in earnest, over HTTP, one worker on one core; entries are
sealed meanwhile as often as a running installation does.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import uuid4

import psutil
import psycopg
from flask import Flask

from bench.buyers import Buying, prepare
from bench.catalogue import fill
from bench.load import CLIENTS, Run, Server, pinned, press, serving
from bench.replay import record
from orders.ledger.feature import SCHEDULE
from orders.ledger.reporting import seal_everything
from shop.app import create_app
from shop.config import Settings
from shop.db import db
from shop.runtime.account import server_account
from shop.runtime.postgres import installed_programs
from tests.database import TestCluster

RESULTS = Path(__file__).parent / "results" / "placing.json"
LISTINGS = 10_000
#: CPU of server and database for one order in milliseconds; shares of pgbench and of an application without books.
AIMS = {"cpu_ms": 8.8, "of_pgbench": 0.15, "with_books_of_without": 0.75}
#: The same CPU in requests of a bare Flask view, which makes 14,200 a second on both cores of the machine that the aim comes from.
AIMS["cpu_in_bare_requests"] = round(AIMS["cpu_ms"] / (2 / 14_200 * 1000), 1)
_PATH = "/api/v1/procurements"


def cpu_of(process: psutil.Process) -> float:
    """Return the CPU seconds of a process and all its children, ended ones included."""
    total = 0.0
    for member in (process, *process.children(recursive=True)):
        with suppress(psutil.NoSuchProcess):  # a server's child that has just ended is among its parent's ended ones
            times = member.cpu_times()
            total += times.user + times.system
    own = process.cpu_times()
    return total + own.children_user + own.children_system


def press_orders(server: Server, buying: Buying, seconds: float) -> int:
    """Place orders over HTTP from the second core; return how many were placed."""
    bodies = ",".join(json.dumps(body, ensure_ascii=False) for body in buying.bodies)
    script = f"""
        local bodies, n = {{{bodies}}}, 0
        local headers = {{["Content-Type"] = "application/json", ["Authorization"] = "Bearer {buying.token}"}}
        request = function()
            n = n + 1
            headers["Idempotency-Key"] = "{uuid4()}-" .. n
            return wrk.format("POST", "{_PATH}", headers, bodies[(n - 1) % #bodies + 1])
        end
        done = function(summary) io.write("done " .. summary.requests .. " " .. summary.errors.status .. "\\n") end"""
    with TemporaryDirectory() as folder:
        file = Path(folder) / "orders.lua"
        file.write_text(script, encoding="utf-8")
        command = ["wrk", "-t1", f"-c{CLIENTS}", f"-d{max(1, round(seconds))}s", "-s", str(file), server.address]
        said = subprocess.run(pinned(1, command), check=True, capture_output=True, text=True).stdout
    _, done, errors = next(line for line in said.splitlines() if line.startswith("done ")).split()
    assert errors == "0", said
    return int(done)


@contextmanager
def sealing(app: Flask) -> Iterator[None]:
    """Seal beside the block, as often as the schedule of a running installation."""
    ended = threading.Event()

    def run() -> None:
        with app.app_context():
            while not ended.wait(SCHEDULE["ledger.seal"]):
                seal_everything()
                db.session.remove()

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def placed(server: Server, buying: Buying, database: psutil.Process, seconds: float) -> Run:
    """Return orders a second and the CPU of server and database for one, in microseconds."""
    before, began = server.cpu_s() + cpu_of(database), time.monotonic()
    done = press_orders(server, buying, seconds)
    took = time.monotonic() - began
    return Run(done / took, (server.cpu_s() + cpu_of(database) - before) / done * 1e6)


def replayed(url: str, pgbench: Path, scripts: Sequence[Path], seconds: float) -> float:
    """Run the recorded SQL under pgbench and return transactions a second."""
    command = [str(pgbench), "-n", f"-c{CLIENTS}", "-j1", f"-T{max(1, round(seconds))}"]
    command += [f"--file={script}" for script in scripts]
    found = subprocess.run([*command, url], check=False, capture_output=True, text=True)
    assert found.returncode == 0, found.stderr[-2000:]
    assert "ERROR" not in found.stderr, found.stderr[-2000:]
    rate = re.search(r"^tps = ([\d.]+)", found.stdout, re.MULTILINE)
    assert rate is not None, found.stdout
    return float(rate[1])


def measure(url: str, pgbench: Path, *, rounds: int, seconds: float, listings: int) -> dict[str, Any]:
    """Fill the database, record, and press the three in turns."""
    with psycopg.connect(url, autocommit=True) as connection:
        fill(connection, listings)
        database = psutil.Process(psutil.Process(connection.info.backend_pid).ppid())
    address = url.replace("postgresql://", "postgresql+psycopg://")
    app = create_app(
        Settings(DATABASE_URL=address, BROKER_URL="memory://", SECRET_KEY="bench" * 8, TESTING=True, HOT_READS=False)
    )
    buying = prepare(app, url)
    env = {"DATABASE_URL": url, "BROKER_URL": "memory://", "SECRET_KEY": "bench" * 8}
    speed: dict[str, list[float]] = {"with_books": [], "without_books": [], "pgbench": []}
    cpu: list[float] = []
    bare: list[float] = []
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory()))
        scripts = [folder / f"order{n}.sql" for n in range(len(buying.bodies))]
        for script, statements in zip(scripts, record(app, url, buying), strict=True):
            script.write_text(statements, encoding="utf-8")
        servers = {
            "with_books": stack.enter_context(serving("wsgi:app", "/healthz", env)),
            "without_books": stack.enter_context(serving("bench.no_books:app", "/healthz", env)),
        }
        plain = stack.enter_context(serving("bench.bare:app", "/bench/bare", {}))
        stack.enter_context(sealing(app))
        _warm_up(url, list(servers.values()), buying)
        for _ in range(rounds):
            for name, server in servers.items():
                press_orders(server, buying, 1)
                run = placed(server, buying, database, seconds)
                speed[name].append(run.requests_per_s)
                if name == "with_books":
                    cpu.append(run.cpu_us / 1000)
            bare.append(press(plain, ["/bench/bare"], seconds / 2).cpu_us / 1000)
            speed["pgbench"].append(replayed(url, pgbench, scripts, seconds))
    with app.app_context():
        db.session.remove()
        db.engine.dispose()
    return figures(speed, cpu, bare)


def _warm_up(url: str, servers: Sequence[Server], buying: Buying) -> None:
    """Place enough for the tables not to be empty, and let plans be made anew: those of empty tables read all rows."""
    for server in servers:
        press_orders(server, buying, 8)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("ANALYZE")


def figures(speed: dict[str, list[float]], cpu: list[float], bare: list[float]) -> dict[str, Any]:
    """Return medians with least and most, and the ratios of each round."""

    def spread(values: Sequence[float]) -> dict[str, float]:
        return {"median": round(statistics.median(values), 3), "least": round(min(values), 3), "most": round(max(values), 3)}  # fmt: skip

    def shares(of: str) -> list[float]:
        return [mine / theirs for mine, theirs in zip(speed["with_books"], speed[of], strict=True)]

    return {
        "aims": AIMS,
        "cpu_ms": spread(cpu),
        "cpu_in_bare_requests": spread([mine / theirs for mine, theirs in zip(cpu, bare, strict=True)]),
        "per_second": {name: spread(values) for name, values in speed.items()},
        "of_pgbench": spread(shares("pgbench")),
        "with_books_of_without": spread(shares("without_books")),
    }


def main() -> None:
    """Measure, print, and keep the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=8)
    parser.add_argument("--listings", type=int, default=LISTINGS)
    given = parser.parse_args()
    if not shutil.which("wrk"):
        sys.exit("Placing is measured with wrk, which is not installed.")
    with TestCluster().running() as cluster, cluster.database() as url:
        pgbench = installed_programs(server_account(cluster.home)) / "pgbench"
        found = measure(url, pgbench, rounds=given.rounds, seconds=given.seconds, listings=given.listings)
    found |= {"listings": given.listings, "rounds": given.rounds, "seconds": given.seconds}
    print(json.dumps(found, indent=2))
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(found, indent=2) + "\n")


if __name__ == "__main__":
    main()
