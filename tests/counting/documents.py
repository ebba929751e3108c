"""Sums from the documents' own tables: lines, acceptances, receipts and filings, replayed without the books.

No table of the ledger is read, nor is any code of the application's figures called: what each document says counts on
which day, and for whom, is worked out here a second time, as ``docs/books.md`` and ``docs/ledger.md`` tell it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import text

from shop.db import db

Keys = dict[str, str]
#: What a posting must come to: measure, day, sum and everything it is known by.
Fact = tuple[str, date, int, Keys]
_SHANGHAI = ZoneInfo("Asia/Shanghai")

_LINES = """
    SELECT l.id, l.order_id, l.unit_price_fen AS price, l.quantity, o.freight_fen AS freight, o.placed_at,
           b.verified_at, l.county_code, c.prefecture_code, c.province_code, p.category_code, p.kind,
           o.producer_id, o.buyer_id, o.unit_id, o.fund_source, p.id AS product_id,
           CASE WHEN b.institution_type IN ('budget_unit', 'school', 'hospital', 'union') THEN 'direct' ELSE 'helped' END
             AS mode,
           coalesce(u.division_code, b.division_code) AS buyer_division,
           coalesce(u.finance_division_code, b.division_code) AS finance_division
    FROM order_lines l JOIN orders o ON o.id = l.order_id JOIN skus s ON s.id = l.sku_id
    JOIN products p ON p.id = s.product_id JOIN organisations b ON b.id = o.buyer_id
    JOIN assisted_counties c ON c.code = l.county_code
    LEFT JOIN unit_placements u ON u.unit_id = o.unit_id
      AND daterange(u.valid_from, u.valid_to, '[]') @> (o.placed_at AT TIME ZONE 'Asia/Shanghai')::date
    ORDER BY l.order_id, l.id"""
_ACCEPTED = """
    SELECT a.order_id, a.accepted_at AS at, si.line_id AS line, sum(i.accepted) AS accepted, sum(i.rejected) AS rejected
    FROM acceptances a JOIN acceptance_items i ON i.acceptance_id = a.id
    JOIN shipment_items si ON si.id = i.shipment_item_id GROUP BY a.id, si.line_id"""
_RECEIVED = """
    SELECT s.order_id, p.decided_at AS at, p.value_on, sum(s.amount_fen) AS fen
    FROM payments p JOIN payment_allocations s ON s.payment_id = p.id WHERE p.status = 'confirmed' GROUP BY s.order_id, p.id"""
_FILED = """
    SELECT f.id, f.status, f.sold_from, f.sold_to, f.mode, f.producer_id, f.buyer_id, f.buyer_division_code, f.decided_at,
           b.verified_at, l.amount_fen, l.category_code, c.code AS county_code, c.prefecture_code, c.province_code,
           (SELECT u.id FROM units u WHERE u.organisation_id = f.buyer_id AND u.is_root) AS unit_id,
           (SELECT x.finance_division_code FROM unit_placements x JOIN units u ON u.id = x.unit_id
            WHERE u.organisation_id = f.buyer_id AND u.is_root AND daterange(x.valid_from, x.valid_to, '[]') @> f.sold_to)
             AS finance_division
    FROM filings f JOIN filing_lines l ON l.filing_id = f.id JOIN assisted_counties c ON c.code = f.county_code
    LEFT JOIN organisations b ON b.id = f.buyer_id WHERE f.status = 'confirmed'"""
_PAIRINGS = """
    SELECT id, east_code AS east, west_code AS west, valid_from, valid_to FROM pairings
    WHERE east_code IS NOT NULL AND west_code IS NOT NULL AND valid_from IS NOT NULL"""


def rows(statement: str) -> list[Mapping[str, Any]]:
    """Return a statement's rows by name."""
    return [dict(row) for row in db.session.execute(text(statement.replace("::", r"\:\:"))).mappings()]


def day_of(at: datetime) -> date:
    return at.astimezone(_SHANGHAI).date()


def cost(price: int, quantity: Decimal) -> int:
    return int((price * quantity).quantize(Decimal(1), ROUND_HALF_UP))


def spread(fen: int, parts: list[int]) -> list[int]:
    """Split by largest remainder, ties to the first, and no more than all parts are."""
    whole = sum(parts)
    fen = min(fen, whole)
    shares = [fen * part // whole if whole else 0 for part in parts]
    by_rest = sorted(range(len(parts)), key=lambda n: (-(fen * parts[n] % whole) if whole else 0, n))
    for n in by_rest[: fen - sum(shares)]:
        shares[n] += 1
    return shares


class Partners:
    """Whose partner a county is on a day: the deepest ends, then the earlier start, then the lower eastern code."""

    def __init__(self) -> None:
        self.pairings = rows(_PAIRINGS)

    def of(self, buyer: str, county: str, on: date) -> tuple[str, str]:
        """Return the pairing's key and the level of the match."""
        inside = [p for p in self.pairings if p["valid_from"] <= on and (p["valid_to"] is None or p["valid_to"] >= on)]
        own = [p for p in inside if _holds(p["east"], buyer) and _holds(p["west"], county)]
        if own:
            best = min(own, key=lambda p: (-_depth(p["east"]) - _depth(p["west"]), p["valid_from"], p["east"]))
            return str(best["id"]), "own"
        of_province = [p for p in inside if p["east"][:2] == buyer[:2]]
        if any(p["west"][:2] == county[:2] for p in of_province):
            return "", "province"
        return "", "other_east" if of_province else "elsewhere"


def _depth(code: str) -> int:
    return 1 if code.endswith("0000") else 2 if code.endswith("00") else 3


def _holds(end: str, code: str) -> bool:
    return code.startswith(end[: 2 * _depth(end)])


@dataclass
class Line:
    """An order line while its documents are replayed."""

    row: Mapping[str, Any]
    keys: Keys
    accepted: Decimal = Decimal(0)
    rejected: Decimal = Decimal(0)
    stands: dict[str, int] = field(default_factory=dict)
    #: What was accepted and paid on which day, signed.
    moved: dict[str, dict[date, int]] = field(default_factory=lambda: {"accepted": {}, "paid": {}})

    @property
    def payable(self) -> int:
        return cost(self.row["price"], self.row["quantity"] - self.rejected)


def facts() -> list[Fact]:
    """Return all that was ordered, accepted, paid and counted, by the documents."""
    partners = Partners()
    return [*_of_orders(partners), *_of_filings(partners)]


def _of_orders(partners: Partners) -> Iterator[Fact]:
    orders: dict[int, list[Line]] = {}
    for row in rows(_LINES):
        orders.setdefault(row["order_id"], []).append(Line(row, _keys(row, partners, day_of(row["placed_at"]), "shop")))
    happened = sorted([*rows(_ACCEPTED), *rows(_RECEIVED)], key=lambda one: (one["at"], one.get("line", 0)))
    for order, lines in orders.items():
        yield from _replay(lines, [one for one in happened if one["order_id"] == order])


def _replay(lines: list[Line], happened: list[Mapping[str, Any]]) -> Iterator[Fact]:
    placed_on, received = day_of(lines[0].row["placed_at"]), 0
    for line in lines:
        yield "ordered", placed_on, cost(line.row["price"], line.row["quantity"]), line.keys
    for moment in sorted({one["at"] for one in happened}):
        on = day_of(moment)
        for one in (one for one in happened if one["at"] == moment):
            if "line" in one:
                line = next(line for line in lines if line.row["id"] == one["line"])
                line.accepted += one["accepted"]
                line.rejected += one["rejected"]
            else:
                received += int(one["fen"])
                on = max(one["value_on"], placed_on)
        yield from _move(lines, received, on)
    for line in lines:
        yield from _counted(line)


def _counted(line: Line) -> Iterator[Fact]:
    """Return what counts: on every day, by then, the smaller of all that was accepted and all that was paid by then."""
    verified_at = line.row["verified_at"]
    if verified_at is None or verified_at > line.row["placed_at"]:
        return
    before = 0
    for day in sorted({*line.moved["accepted"], *line.moved["paid"]}):
        by_then = [sum(fen for on, fen in line.moved[side].items() if on <= day) for side in ("accepted", "paid")]
        if min(by_then) != before:
            yield "counted", day, min(by_then) - before, line.keys
        before = min(by_then)


def _move(lines: list[Line], received: int, on: date) -> Iterator[Fact]:
    """Return what each line stands at more, or less, once something has happened."""
    payable = [line.payable for line in lines]
    freight = lines[0].row["freight"] if any(payable) else 0
    shares = spread(received, [*payable, freight])
    for line, paid in zip(lines, shares[:-1], strict=True):
        goal = {"accepted": cost(line.row["price"], line.accepted), "paid": paid}
        for measure, fen in goal.items():
            more = fen - line.stands.get(measure, 0)
            if more:
                line.moved[measure][on] = line.moved[measure].get(on, 0) + more
                yield measure, on, more, line.keys
        line.stands = goal


def _of_filings(partners: Partners) -> Iterator[Fact]:
    for filed in rows(_FILED):
        division = filed["buyer_division_code"]
        row = {
            **filed, "buyer_division": division, "finance_division": filed["finance_division"] or division,
            "kind": "farm", "fund_source": None, "product_id": None,
        }  # fmt: skip
        keys = _keys(row, partners, row["sold_from"], "filing")
        unsure = row["buyer_id"] is not None and (row["verified_at"] is None or row["verified_at"] > row["decided_at"])
        for measure in ("ordered", "accepted", "paid") if unsure else ("ordered", "accepted", "paid", "counted"):
            yield measure, row["sold_to"], row["amount_fen"], keys


def _keys(row: Mapping[str, Any], partners: Partners, on: date, channel: str) -> Keys:
    pairing, level = partners.of(row["buyer_division"], row["county_code"], on)
    named = {
        "county": row["county_code"], "prefecture": row["prefecture_code"], "province": row["province_code"],
        "category": row["category_code"], "kind": row["kind"], "producer": row["producer_id"],
        "institution": row["buyer_id"], "unit": row["unit_id"], "fund_source": row["fund_source"], "mode": row["mode"],
        "product": row["product_id"], "buyer_division": row["buyer_division"], "finance_division": row["finance_division"],
        "pairing": pairing, "partner": level, "channel": channel,
    }  # fmt: skip
    return {name: "" if value is None else str(value) for name, value in named.items()}


def answer(
    found: list[Fact], measure: str, days: tuple[date, date], by: tuple[str, ...], asked: Mapping[str, Any]
) -> Any:
    """Sum facts as a question about the totals would; ``asked`` maps a dimension to the values it may have."""
    sums: dict[tuple[str, ...], int] = {}
    for fact_measure, day, fen, keys in found:
        known = {**keys, **_times(day)}
        if fact_measure != measure or not days[0] <= day <= days[1]:
            continue
        if all(_is_one(name, known[name], values) for name, values in asked.items()):
            key = tuple(known[name] for name in by)
            sums[key] = sums.get(key, 0) + fen
    return sorted((*key, fen) for key, fen in sums.items() if fen)


def _is_one(name: str, value: str, values: tuple[str, ...]) -> bool:
    return value in values or (name == "category" and value[:2] in values)


def _times(day: date) -> Keys:
    quarter = (day.month + 2) // 3
    return {
        "day": day.isoformat(), "month": f"{day:%Y-%m}", "quarter": f"{day.year}Q{quarter}", "year": str(day.year),
    }  # fmt: skip
