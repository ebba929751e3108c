"""The smallest world in which something can be counted: three counties, two buyers' divisions, four categories."""

from __future__ import annotations

from datetime import date
from itertools import count as counter

from sqlalchemy import text

from orders.ledger import books
from shop.clock import start_of_day
from shop.db import db

JINGYUAN, ANDING, LIBO = "620421", "621102", "522722"
#: A county right below its municipality: it has no prefecture.
YUNYANG = "500235"
HEPING, NINGBO = "120101", "330200"
COUNTIES = (JINGYUAN, ANDING, LIBO)
DIVISIONS = (
    ("120000", "天津市", "province", None, "120000", None),
    ("120100", "天津市辖区", "prefecture", "120000", "120000", "120100"),
    (HEPING, "和平区", "county", "120100", "120000", "120100"),
    ("330000", "浙江省", "province", None, "330000", None),
    (NINGBO, "宁波市", "prefecture", "330000", "330000", NINGBO),
    ("330203", "海曙区", "county", NINGBO, "330000", NINGBO),
    ("620000", "甘肃省", "province", None, "620000", None),
    ("620400", "白银市", "prefecture", "620000", "620000", "620400"),
    (JINGYUAN, "靖远县", "county", "620400", "620000", "620400"),
    ("621100", "定西市", "prefecture", "620000", "620000", "621100"),
    (ANDING, "安定区", "county", "621100", "620000", "621100"),
    ("520000", "贵州省", "province", None, "520000", None),
    ("522700", "黔南州", "prefecture", "520000", "520000", "522700"),
    (LIBO, "荔波县", "county", "522700", "520000", "522700"),
    ("500000", "重庆市", "province", None, "500000", None),
    (YUNYANG, "云阳县", "county", "500000", "500000", None),
)
CATEGORIES = (("fruit", None), ("wolfberry", "fruit"), ("dates", "fruit"), ("meat", None), ("lamb", "meat"))
LEAVES = ("wolfberry", "dates", "lamb")
_numbers = counter(1)


def make_world() -> None:
    """Insert divisions, counties, categories and counting rule 1, unless they are there."""
    for code, name, level, parent, province, prefecture in DIVISIONS:
        _insert(
            "divisions", code=code, name=name, level=level, parent_code=parent, province_code=province,
            prefecture_code=prefecture, pinyin=code,
        )  # fmt: skip
    for code in (*COUNTIES, YUNYANG):
        name, province, prefecture = next((d[1], d[4], d[5]) for d in DIVISIONS if d[0] == code)
        _insert(
            "assisted_counties", code=code, name=name, division_code=code, province_code=province,
            prefecture_code=prefecture, key_county="no", key_basis="listed", removed_year=2020, pinyin=code,
        )  # fmt: skip
    for code, parent in CATEGORIES:
        _insert("categories", code=code, name_zh=code, name_en=code, parent_code=parent, pinyin=code)
    _insert("counting_rules", version=1, description="1", valid_from=date(2000, 1, 1))


def _insert(table: str, **values: object) -> None:
    names = ", ".join(values)
    marks = ", ".join(f":{name}" for name in values)
    db.session.execute(text(f"INSERT INTO {table} ({names}) VALUES ({marks}) ON CONFLICT DO NOTHING"), values)


def dimension(**changes: object) -> books.DimensionFacts:
    """Return the facts of an order line: wolfberry of Jingyuan for a buyer in Heping."""
    facts: dict[str, object] = {
        "line_id": next(_numbers), "order_id": 1, "county_code": JINGYUAN, "category_code": "wolfberry",
        "buyer_division_code": HEPING, "finance_division_code": HEPING, "mode": "direct", "channel": "shop",
        "partner_level": "own", "rule_version": 1, "counts": True, "producer_id": 11, "buyer_id": 21, "product_id": 31,
        "fund_source": "canteen", "unit_id": 41,
    }  # fmt: skip
    return books.DimensionFacts(**{**facts, **changes})  # type: ignore[arg-type]


def post(
    amount_fen: int,
    *,
    measure: str = "counted",
    on: date = date(2026, 7, 1),
    key: str | None = None,
    facts: books.DimensionFacts | None = None,
    dimension_id: int | None = None,
) -> int:
    """Post one amount under new facts (or another under ``dimension_id``); return the entry."""
    facts = facts or dimension()
    if dimension_id is None:
        (dimension_id,) = books.add_dimensions([facts])
    posting = books.StatsPosting(
        measure, dimension_id, facts.county_code, books.org_owner(facts.buyer_id or 0), amount_fen, on
    )
    key = key or f"test:{next(_numbers)}"
    return books.record_entry(key, "test", occurred_at=start_of_day(on), stats=[posting], order_id=facts.order_id)
