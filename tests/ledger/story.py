"""A random ledger, and the plain SQL that the totals must agree with: written without the code under test."""

from __future__ import annotations

import random
from datetime import date, timedelta
from typing import Any

from sqlalchemy import text

from orders.ledger import sealing
from orders.ledger.questions import Question
from shop.db import db
from tests.conftest import NOON
from tests.ledger.world import ANDING, COUNTIES, HEPING, JINGYUAN, LEAVES, YUNYANG, dimension, post

#: Values a filter may ask for, by dimension.
KEYS = {
    "county": [JINGYUAN, ANDING], "prefecture": ["620400", "522700", ""], "province": ["620000", "520000"],
    "category": ["fruit", "lamb", "dates"], "kind": ["farm", "handicraft"], "producer": ["11", "12"],
    "institution": ["21", "22", ""], "unit": ["41", "42", ""], "fund_source": ["canteen", "union", ""],
    "channel": ["shop", "filing"], "mode": ["direct", "helped"], "partner": ["own", "elsewhere"], "product": ["31", "32"],
    "buyer_division": [HEPING, "330203"],
}  # fmt: skip


def tell(chance: random.Random, *, lines: int, postings: int, seals: int) -> int:
    """Post random amounts under random facts, sealing now and then; return the last seal's place."""
    facts = [_facts(chance) for _ in range(lines)]
    known: dict[int, int] = {}
    for n in range(postings):
        which = chance.randrange(lines)
        day = date(2025, 1, 1) + timedelta(days=chance.randint(0, 800))
        amount = chance.choice([chance.randint(1, 10**7), -chance.randint(1, 10**5)])
        measure = chance.choice(["counted", "paid"])
        post(amount, measure=measure, on=day, facts=facts[which], dimension_id=known.get(which))
        if which not in known:
            known[which] = db.session.execute(
                text("SELECT id FROM ledger_dimensions WHERE line_id = :line"), {"line": facts[which].line_id}
            ).scalar_one()
        if n % (postings // seals) == 0:
            sealing.seal(NOON)
    return sealing.seal(NOON).seq


def _facts(chance: random.Random) -> Any:
    return dimension(
        county_code=chance.choice((*COUNTIES, YUNYANG)), category_code=chance.choice(LEAVES),
        kind=chance.choice(["farm", "handicraft"]), producer_id=chance.choice([11, 12, None]),
        product_id=chance.choice([31, 32, 33]), buyer_id=chance.choice([21, 22, None]), unit_id=chance.choice([41, 42, None]),
        fund_source=chance.choice(["canteen", "union", None]), buyer_division_code=chance.choice([HEPING, "330203"]),
        finance_division_code=chance.choice([HEPING, "330200"]), channel=chance.choice(["shop", "contract", "filing"]),
        mode=chance.choice(["direct", "helped"]), partner_level=chance.choice(["own", "province", "elsewhere"]),
    )  # fmt: skip


_PLAIN = {
    "county": "d.county_code", "prefecture": "d.prefecture_code", "province": "d.province_code",
    "category": "d.category_code", "kind": "d.kind", "producer": "d.producer_id::text",
    "institution": "d.buyer_id::text", "unit": "d.unit_id::text", "fund_source": "d.fund_source", "channel": "d.channel",
    "mode": "d.mode", "partner": "d.partner_level", "pairing": "d.pairing_id::text", "product": "d.product_id::text",
    "buyer_division": "d.buyer_division_code", "finance_division": "d.finance_division_code",
    "day": "p.business_on::text", "month": "left(p.business_on::text, 7)",
    "quarter": "extract(year FROM p.business_on)::text || 'Q' || extract(quarter FROM p.business_on)::text",
    "year": "left(p.business_on::text, 4)",
}  # fmt: skip
_PARENT = {"wolfberry": "fruit", "dates": "fruit", "lamb": "meat"}


def plain(question: Question) -> list[tuple[Any, ...]]:
    """Answer by reading every posting and summing here."""
    names = sorted(_PLAIN)
    columns = ", ".join(f"coalesce({_PLAIN[name]}, '') AS {name}" for name in names)
    statement = f"""SELECT {columns}, p.amount_fen FROM postings p, ledger_dimensions d, ledger_seals s
                    WHERE d.id = p.dimension_id AND s.entry_id = p.entry_id AND s.seq <= {question.as_of}
                      AND p.measure = '{question.measure}'
                      AND p.business_on >= '{question.from_on}' AND p.business_on <= '{question.to_on}'"""
    sums: dict[tuple[str, ...], int] = {}
    for row in db.session.execute(text(statement.replace("::", r"\:\:"))).mappings():
        if _passes(question, row):
            key = tuple(row[name] for name in question.by)
            sums[key] = sums.get(key, 0) + row["amount_fen"]
    return sorted((*key, amount) for key, amount in sums.items() if amount)


def _passes(question: Question, row: Any) -> bool:
    for condition in question.filters:
        value = row[condition.dimension]
        allowed = {value, _PARENT[value]} if condition.dimension == "category" else {value}
        if not allowed & set(condition.values):
            return False
    if question.visible is None:
        return True
    (one,) = question.visible
    if one.dimension == "west":
        return row["province"] in one.values
    parents = {HEPING: "120000", "330203": "330200"}
    return parents[row["buyer_division"]] in one.values
