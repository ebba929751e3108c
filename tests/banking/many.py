"""A bank statement of many lines, made from a seed: most name an order's code, the others are fees and strangers' transfers."""

from __future__ import annotations

import csv
import io
import random
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from sqlalchemy import insert
from uuid6 import uuid7

from orders.purchase.models import Order
from orders.purchase.numbers import make_reference
from shop.db import db, transaction
from shop.files import services as files
from shop.identity.models import BankAccount
from tests.counting.build import Trade, make_order, make_trade

HEAD = ("交易日期", "收入金额", "支出金额", "余额", "流水号", "对方户名", "对方账号", "附言")


@dataclass(frozen=True)
class Scene:
    """A producer with open orders, its account and a stored file."""

    trade: Trade
    account: UUID
    file: UUID


def prepare(seed: int, lines: int, matching: int) -> Scene:
    """Make as many orders as lines match, and a file whose other lines are fees and strangers' transfers."""
    chance = random.Random(seed)  # noqa: S311  a repeatable sample
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
        codes = _copy_orders(pattern, matching)
        db.session.flush()
        account_id = account.public_id
    with transaction():
        file = files.store(_file(codes, lines - matching, chance), "流水.csv", trade.clerk).public_id
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


def _file(codes: list[str], others: int, chance: random.Random) -> bytes:
    rows: list[tuple[str, ...]] = []
    for n, code in enumerate(codes):
        written = chance.choice((code, code.lower(), f"货款{code}谢谢", f"付 {code[:4]} {code[4:]} 款"))
        amount = chance.choice(("100.00", "100.00", "100.00", "60.00", "120.50"))
        rows.append((_day(chance), amount, "", "", f"B{n:08d}", f"单位{n % 2000}", f"12001{n % 2000:010d}", written))
    for n in range(others):
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
