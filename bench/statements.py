"""A bank statement of 10,000 lines, 9,300 of which match, from the bytes of the file to the commit.

Run with ``python -m bench.statements``. The file is made from a seed; orders and file are there before the clock starts.
"""

from __future__ import annotations

import argparse
import csv
import io
import json
import random
import tempfile
import time
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import psutil
from sqlalchemy import func, insert, select, text
from uuid6 import uuid7

from orders.banking import statements
from orders.banking.models import BankStatementLine
from orders.banking.statements import ImportRequest
from orders.payments.models import Payment, PaymentAllocation
from orders.purchase.models import Order
from orders.purchase.numbers import make_reference
from shop import clock
from shop.app import create_app
from shop.config import Settings
from shop.db import db, transaction
from shop.files import services as files
from shop.identity.models import BankAccount
from tests.counting.build import Trade, make_order, make_trade
from tests.database import TestCluster

AT = datetime(2026, 7, 15, 4, tzinfo=UTC)
LINES, MATCHING = 10_000, 9_300
RESULTS = Path(__file__).parent / "results" / "statements.json"
HEAD = ("交易日期", "收入金额", "支出金额", "余额", "流水号", "对方户名", "对方账号", "附言")


@dataclass(frozen=True)
class Scene:
    """A producer with open orders, its account and a stored file."""

    trade: Trade
    account: UUID
    file: UUID


def prepare(seed: int) -> Scene:
    """Make as many orders as lines match, and a file whose other lines are fees and strangers' transfers."""
    chance = random.Random(seed)
    with transaction():
        trade = make_trade()
        account = BankAccount(
            organisation_id=trade.clerk.organisation_id,
            holder="合作社",
            bank="某银行",
            number="6222020000000001",
            is_default=True,
        )
        db.session.add(account)
        pattern = make_order(trade, status="shipped")
        codes = _copy_orders(pattern, MATCHING)
        db.session.flush()
        account_id = account.public_id
    with transaction():
        file = files.store(_file(codes, chance), "流水.csv", trade.clerk).public_id
    return Scene(trade, account_id, file)


def _copy_orders(pattern: Order, number: int) -> list[str]:
    """Add orders like one, each with its own number and code; their lines are of no account here."""
    columns = {column.name: getattr(pattern, column.name) for column in Order.__table__.columns if column.name != "id"}
    rows = [
        {**columns, "public_id": uuid7(), "number": f"DK20260715-B{n:06d}", "reference_code": make_reference(10**9 + n)}
        for n in range(number)
    ]
    db.session.execute(insert(Order.__table__), rows)  # type: ignore[arg-type]
    return [row["reference_code"] for row in rows]


def _file(codes: list[str], chance: random.Random) -> bytes:
    rows: list[tuple[str, ...]] = []
    for n, code in enumerate(codes):
        written = chance.choice((code, code.lower(), f"货款{code}谢谢", f"付 {code[:4]} {code[4:]} 款"))
        amount = chance.choice(("100.00", "100.00", "100.00", "60.00", "120.50"))
        rows.append((_day(chance), amount, "", "", f"B{n:08d}", f"单位{n % 2000}", f"12001{n % 2000:010d}", written))
    for n in range(LINES - MATCHING):
        is_fee = chance.random() < 0.3
        rows.append(
            (_day(chance), "" if is_fee else "77.00", "8.50" if is_fee else "", "", f"X{n:08d}", f"散户{n}", "", "往来")
        )
    chance.shuffle(rows)
    out = io.StringIO()
    csv.writer(out).writerows([HEAD, *rows])
    return out.getvalue().encode("gb18030")


def _day(chance: random.Random) -> str:
    return (date(2026, 7, 14) - timedelta(days=chance.randrange(10))).isoformat()


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
                    found.append(run(prepare(given.seed + number)))
                    db.session.remove()
                    db.engine.dispose()
            print(json.dumps(found[-1], ensure_ascii=False), flush=True)
    seconds = sorted(one["total_s"] for one in found)
    result = {"aim_s": 20, "total_s": seconds, "rounds": found}
    RESULTS.write_text(json.dumps(result, ensure_ascii=False, indent=1) + "\n")
    print(f"10,000 lines: {seconds[0]} to {seconds[-1]} s of 20 s")


if __name__ == "__main__":
    main()
