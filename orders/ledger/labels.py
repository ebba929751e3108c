"""Names for the keys of a breakdown: one statement a dimension, whatever the number of rows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import text

from shop.db import db
from shop.i18n import lazy

#: Codes that are the same everywhere: dimension -> code -> Chinese name (the message id).
WORDS = {
    "measure": {
        "contracted": lazy("签约额"), "ordered": lazy("下单额"), "accepted": lazy("验收额"), "paid": lazy("付款额"),
        "counted": lazy("帮扶额"),
    },
    "channel": {
        "shop": lazy("商城"), "contract": lazy("长期合同"), "live": lazy("直播带货"), "hall": lazy("专馆专柜"),
        "filing": lazy("线下申报"), "832": lazy("832平台"),
    },
    "mode": {"direct": lazy("直接采购"), "helped": lazy("帮助销售")},
    "partner": {
        "own": lazy("结对地区"), "province": lazy("结对省市其他地区"), "other_east": lazy("其他东部地区"),
        "elsewhere": lazy("其他地区"),
    },
    "fund_source": {"canteen": lazy("食堂经费"), "union": lazy("工会经费"), "personal": lazy("个人"), "other": lazy("其他")},
    "kind": {"farm": lazy("农产品"), "handicraft": lazy("手工艺品"), "service": lazy("服务")},
}  # fmt: skip
#: Column titles.
TITLES = {
    "county": lazy("县"), "prefecture": lazy("市州"), "province": lazy("省"), "category": lazy("品类"), "kind": lazy("类型"),
    "producer": lazy("供应商"), "institution": lazy("采购单位"), "unit": lazy("预算单位"), "fund_source": lazy("资金来源"),
    "channel": lazy("渠道"), "mode": lazy("采购方式"), "partner": lazy("结对关系"), "pairing": lazy("结对"),
    "product": lazy("商品"), "buyer_division": lazy("采购地区"), "finance_division": lazy("财政地区"), "day": lazy("日"),
    "month": lazy("月"), "quarter": lazy("季度"), "year": lazy("年"),
}  # fmt: skip
_DIVISIONS = "SELECT code, code, name, name FROM divisions WHERE code = ANY(:keys)"
_NAMES = {
    "county": "SELECT code, code, name, name FROM assisted_counties WHERE code = ANY(:keys)",
    "prefecture": _DIVISIONS,
    "province": _DIVISIONS,
    "buyer_division": _DIVISIONS,
    "finance_division": _DIVISIONS,
    "category": "SELECT code, code, name_zh, name_en FROM categories WHERE code = ANY(:keys)",
    "producer": "SELECT id, public_id, name, name FROM organisations WHERE id = ANY(cast(:keys AS bigint[]))",
    "institution": "SELECT id, public_id, name, name FROM organisations WHERE id = ANY(cast(:keys AS bigint[]))",
    "unit": "SELECT id, public_id, name, name FROM units WHERE id = ANY(cast(:keys AS bigint[]))",
    "product": """SELECT id, public_id, name, coalesce(nullif(name_en, ''), name) FROM products
                  WHERE id = ANY(cast(:keys AS bigint[]))""",
    "pairing": """SELECT p.id, p.public_id, coalesce(e.name, eo.name) || '—' || coalesce(w.name, wo.name),
                         coalesce(e.name, eo.name) || '—' || coalesce(w.name, wo.name)
                  FROM pairings p LEFT JOIN divisions e ON e.code = p.east_code
                  LEFT JOIN organisations eo ON eo.id = p.east_organisation_id
                  LEFT JOIN divisions w ON w.code = p.west_code
                  LEFT JOIN organisations wo ON wo.id = p.west_organisation_id
                  WHERE p.id = ANY(cast(:keys AS bigint[]))""",
}
_ID_TABLES = {
    "producer": "organisations", "institution": "organisations", "unit": "units", "product": "products",
    "pairing": "pairings",
}  # fmt: skip


@dataclass(frozen=True)
class Label:
    """A key as people see it; ``id`` is what a filter takes, ``None`` where the key is not known."""

    id: str | None
    name: str
    name_en: str


UNKNOWN = Label(None, "未登记", "Not registered")


def label_rows(by: Sequence[str], rows: Iterable[Sequence[str]]) -> list[tuple[Label, ...]]:
    """Return the labels of each row's keys."""
    rows = list(rows)
    tables = [names_of(name, {row[n] for row in rows}) for n, name in enumerate(by)]
    return [tuple(tables[n].get(key, Label(key, key, key)) for n, key in enumerate(row)) for row in rows]


def names_of(dimension: str, keys: Iterable[str]) -> dict[str, Label]:
    """Return the label of each key of a dimension; an empty key is unknown."""
    wanted = sorted(set(keys) - {""})
    found = {"": UNKNOWN}
    if dimension in WORDS:
        return found | {key: Label(key, str(WORDS[dimension].get(key, key)), key.replace("_", " ")) for key in wanted}
    if dimension not in _NAMES or not wanted:
        return found | {key: Label(key, key, key) for key in wanted}
    rows = db.session.execute(text(_NAMES[dimension]), {"keys": wanted})
    return found | {str(key): Label(str(shown), name, name_en) for key, shown, name, name_en in rows}


def name_of(dimension: str, key: str) -> Label:
    """Return the label of one key, also of one that nothing has."""
    return names_of(dimension, [key]).get(key, Label(key, key, key))


def key_of(dimension: str, public: str) -> str:
    """Return the key that a filter's public value stands for; one that no row has if there is no such thing.

    ``none`` asks for what is not registered.
    """
    if public == "none":
        return ""
    table = _ID_TABLES.get(dimension)
    if table is None:
        return public
    try:
        wanted = UUID(public)
    except ValueError:
        return "-1"
    found = db.session.execute(text(f"SELECT id FROM {table} WHERE public_id = :public"), {"public": wanted}).scalar()
    return "-1" if found is None else str(found)
