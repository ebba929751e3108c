"""A bank statement of 10,000 lines, 9,300 of which match, from the bytes of the file to the commit.

Run with ``python -m bench.statements``. The file is made from a seed; orders and file are there before the clock starts.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil
from sqlalchemy import func, select, text

from orders.banking import statements
from orders.banking.models import BankStatementLine
from orders.banking.statements import ImportRequest
from orders.payments.models import Payment, PaymentAllocation
from shop import clock
from shop.app import create_app
from shop.config import Settings
from shop.db import db, transaction
from tests.banking.many import Scene, prepare
from tests.database import TestCluster

AT = datetime(2026, 7, 15, 4, tzinfo=UTC)
LINES, MATCHING = 10_000, 9_300
RESULTS = Path(__file__).parent / "results" / "statements.json"
HEAD = ("交易日期", "收入金额", "支出金额", "余额", "流水号", "对方户名", "对方账号", "附言")


def run(scene: Scene) -> dict[str, Any]:
    """Import the file once; return seconds for reading it and for all the rest."""
    request = ImportRequest(account=scene.account, file=scene.file)
    with transaction():
        backend = psutil.Process(db.session.execute(text("SELECT pg_backend_pid()")).scalar_one())
    database = _cpu_of(backend)
    started, cpu = time.perf_counter(), time.process_time()
    reading = statements.read(request, scene.trade.clerk, clock.business_day(AT))
    read_s = time.perf_counter() - started
    with transaction():
        statements.import_statement(request, reading, scene.trade.clerk, AT)
    total_s, cpu_s = time.perf_counter() - started, time.process_time() - cpu
    database_s = _cpu_of(backend) - database
    with transaction():
        counted = select(BankStatementLine.state, func.count()).group_by(BankStatementLine.state)
        states = {row[0]: row[1] for row in db.session.execute(counted)}
        payments = db.session.scalar(select(func.count()).select_from(Payment))
        allocated = db.session.scalar(select(func.count()).select_from(PaymentAllocation))
    return {
        "lines": sum(states.values()), "states": states, "payments": payments, "allocations": allocated,
        "read_s": round(read_s, 2), "total_s": round(total_s, 2), "python_cpu_s": round(cpu_s, 2), "database_cpu_s": round(database_s, 2),
    }  # fmt: skip


def _cpu_of(process: psutil.Process) -> float:
    """Return the CPU seconds that a process has used: what other work on the machine does not change much."""
    times = process.cpu_times()
    return float(times.user + times.system)


def main() -> None:
    """Measure each round on a database of its own, print and keep the result."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--rounds", type=int, default=3)
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
                    found.append(run(prepare(given.seed + number, LINES, MATCHING)))
                    db.session.remove()
                    db.engine.dispose()
            print(json.dumps(found[-1], ensure_ascii=False), flush=True)
    seconds = sorted(one["total_s"] for one in found)
    result = {"aim_s": 20, "total_s": seconds, "rounds": found}
    RESULTS.write_text(json.dumps(result, ensure_ascii=False, indent=1) + "\n")
    print(f"10,000 lines: {seconds[0]} to {seconds[-1]} s of 20 s")


if __name__ == "__main__":
    main()
