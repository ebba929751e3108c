"""What each fen of an order line or filing line carries, frozen: the dimensions of the books."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, fields
from functools import partial
from itertools import zip_longest

from shop.db import fetch, send
from shop.errors import Invalid
from shop.i18n import _
from shop.pipelining import Row, Statement


class CountyUnknown(Invalid):
    """A line's county is not one of the assisted counties."""

    code = "county-unknown"


@dataclass(frozen=True, kw_only=True, slots=True)
class DimensionFacts:
    """Everything a counted fen of one order line or filing line carries; see :class:`LedgerDimension`.

    The county's prefecture and province are filled in from the county. Exactly one of ``line_id`` and
    ``filing_line_id`` is given.
    """

    county_code: str
    category_code: str
    buyer_division_code: str
    finance_division_code: str
    mode: str
    channel: str
    partner_level: str
    rule_version: int
    counts: bool
    line_id: int | None = None
    order_id: int | None = None
    filing_line_id: int | None = None
    filing_id: int | None = None
    product_id: int | None = None
    kind: str = "farm"
    eligibility_id: int | None = None
    eligibility_scheme: str | None = None
    producer_id: int | None = None
    seller_name: str = ""
    buyer_id: int | None = None
    buyer_name: str = ""
    unit_id: int | None = None
    fund_source: str | None = None
    helper_name: str = ""
    pairing_id: int | None = None
    not_counted_reason: str = ""


_FIELDS = tuple(field.name for field in fields(DimensionFacts))
_INTEGERS = frozenset(
    {
        "line_id", "order_id", "filing_line_id", "filing_id", "product_id", "eligibility_id", "producer_id", "buyer_id",
        "unit_id", "pairing_id", "rule_version",
    }
)  # fmt: skip


def _column_type(name: str) -> str:
    return "bigint" if name in _INTEGERS else "boolean" if name == "counts" else "text"


#: One statement whatever the number of lines; the county gives its prefecture and province.
_ADD_DIMENSIONS = Statement(f"""
    INSERT INTO ledger_dimensions (id, {", ".join(_FIELDS)}, prefecture_code, province_code)
    SELECT coalesce(r.id, nextval('ledger_dimensions_id_seq')), {", ".join(f"r.{name}" for name in _FIELDS)},
           c.prefecture_code, c.province_code
    FROM json_to_recordset(cast(:rows AS json))
         AS r(id bigint, {", ".join(f"{name} {_column_type(name)}" for name in _FIELDS)})
    CROSS JOIN LATERAL (SELECT * FROM assisted_counties WHERE code = r.county_code LIMIT 1) c
    RETURNING id, line_id, filing_line_id""")


def add_dimensions(rows: Sequence[DimensionFacts]) -> list[int]:
    """Write one immutable row per line, in one statement; return their keys in the order of ``rows``.

    :raises CountyUnknown: if a county is not an assisted one.
    """
    if not rows:
        return []
    made = fetch(_ADD_DIMENSIONS, {"rows": _as_json(rows, ())})
    _refuse_lost(rows, made)
    keys = {(line, filing_line): key for key, line, filing_line in made}
    return [keys[row.line_id, row.filing_line_id] for row in rows]


def send_dimensions(rows: Sequence[DimensionFacts], keys: Sequence[int]) -> None:
    """Write the same under keys that were taken before; leaves with the next statement that is waited for.

    :raises CountyUnknown: then, if a county is not an assisted one.
    """
    send(_ADD_DIMENSIONS, {"rows": _as_json(rows, keys)}, partial(_refuse_lost, rows))


def _as_json(rows: Sequence[DimensionFacts], keys: Sequence[int]) -> str:
    values = [{"id": key} | {name: getattr(row, name) for name in _FIELDS} for row, key in zip_longest(rows, keys)]
    return json.dumps(values, ensure_ascii=False)


def _refuse_lost(rows: Sequence[DimensionFacts], made: Sequence[Row]) -> None:
    """Refuse rows that were not written: their county is not one."""
    if len(made) != len(rows):
        known = {(line, filing_line) for _id, line, filing_line in made}
        lost = sorted({row.county_code for row in rows if (row.line_id, row.filing_line_id) not in known})
        raise CountyUnknown(_("不是脱贫县：%(codes)s。", codes="、".join(lost)), counties=lost)
