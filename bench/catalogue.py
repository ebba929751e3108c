"""A seeded catalogue: producers, products, listings with prices, papers, lots and stock, written straight into the tables."""

from __future__ import annotations

import csv
import random
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
from uuid6 import UUID

SAMPLE = Path(__file__).parents[1] / "catalog" / "products" / "data" / "products_sample.csv"
SINCE = datetime(2024, 1, 1, 2, 0, tzinfo=UTC)
TODAY = date(2026, 7, 15)
PER_PRODUCER = 8
_SCHEMES = ("county_recommendation", "county_list", "association")
_CERTIFICATES = (
    ("green_food", "中国绿色食品发展中心"),
    ("organic", "中绿华夏有机产品认证中心"),
    ("geographical_indication", "农业农村部"),
)
_GRADES = ("特级", "一级", "精选", "家庭装", "食堂装", "礼盒", "简装", "散装")

Row = tuple[Any, ...]


def fill(connection: psycopg.Connection[Any], listings: int, seed: int = 2) -> None:
    """Write ``listings`` open listings in one transaction; the reference data must be there.

    Row ``n`` of each table has the same numbers under the same seed. On an empty catalogue only.
    """
    chance = random.Random(seed)
    with SAMPLE.open(encoding="utf-8") as file:
        samples = list(csv.DictReader(file))
    producers = max(1, listings // PER_PRODUCER)
    with connection.transaction(), connection.cursor() as cursor:
        _set_triggers(cursor, "DISABLE")
        counties = cursor.execute("SELECT code, division_code FROM assisted_counties ORDER BY code").fetchall()
        pinyin = dict(cursor.execute("SELECT code, pinyin FROM categories").fetchall())
        seats = [counties[(n * 7919) % len(counties)] for n in range(producers)]
        homes = [seat[0] for seat in seats]
        _copy(cursor, "organisations (id, public_id, kind, name, division_code, is_demo, created_at, verified_at)", [
            (n + 1, _uuid(1, n), "producer", f"第{n + 1}农产品专业合作社", seats[n][1], True, SINCE, SINCE)
            for n in range(producers)
        ])  # fmt: skip
        forms = ("cooperative", "company", "family_farm")
        _copy(cursor, "producers (organisation_id, county_code, form)", [
            (n + 1, homes[n], forms[n % 3]) for n in range(producers)
        ])  # fmt: skip
        _copy(cursor, "benefit_links (public_id, producer_id, county_code, year, way, basis, households, persons, is_demo, recorded_at)", [
            (_uuid(2, n), n + 1, homes[n], 2025, "orders", "actual", chance.randint(5, 300), chance.randint(20, 900), True, SINCE)
            for n in range(producers)
        ])  # fmt: skip
        _fill_offers(cursor, chance, samples, homes, pinyin, listings)
        for table in ("organisations", "benefit_links", "products", "skus", "listings", "eligibility_bases", "lots"):
            cursor.execute(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), (SELECT max(id) FROM {table}))")
        cursor.execute("SELECT refresh_shop_cards(NULL)")
        _set_triggers(cursor, "ENABLE")
        cursor.execute("UPDATE catalogue_versions SET version = version + 1")
    connection.execute("ANALYZE")


def _set_triggers(cursor: psycopg.Cursor[Any], what: str) -> None:
    """Let the triggers that keep the shop's rows rest while thousands of listings are written."""
    found = cursor.execute(
        """SELECT tgrelid::regclass::text, tgname FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid
           WHERE p.prosrc LIKE '%note_catalogue_change%' AND NOT tgisinternal"""
    ).fetchall()
    for table, trigger in found:
        cursor.execute(f"ALTER TABLE {table} {what} TRIGGER {trigger}")


def _fill_offers(
    cursor: psycopg.Cursor[Any], chance: random.Random, samples: list[dict[str, str]], homes: list[str],
    pinyin: dict[str, str], listings: int,
) -> None:  # fmt: skip
    rows: dict[str, list[Row]] = {name: [] for name in _TABLES}
    for n in range(listings):
        sample, producer = samples[chance.randrange(len(samples))], n % len(homes)
        _add_offer(rows, chance, n + 1, sample, producer=producer + 1, home=homes[producer], pinyin=pinyin)
    for name, columns in _TABLES.items():
        _copy(cursor, f"{name} ({columns})", rows[name])


_TABLES = {
    "products": "id, public_id, producer_id, category_code, county_code, name, pinyin, search_words, is_demo, created_at",
    "skus": "id, public_id, product_id, code, pack_spec, unit, net_weight_g",
    "listings": "id, public_id, sku_id, producer_id, title, status, min_quantity, step_quantity, tax_rate, listed_at, changed_at",
    "price_tiers": "listing_id, min_quantity, price_fen",
    "eligibility_bases": "id, public_id, product_id, scheme, county_code, issuer, number, status, is_demo, valid_from, valid_to",
    "certificates": "public_id, producer_id, product_id, scheme, issuer, number, scope, status, is_demo, valid_from, valid_to",
    "lots": "id, public_id, sku_id, code, produced_on, expires_on, created_at",
    "lot_movements": "public_id, lot_id, kind, quantity, ref, note, at",
}


def _add_offer(
    rows: dict[str, list[Row]], chance: random.Random, n: int, sample: dict[str, str], *, producer: int, home: str,
    pinyin: dict[str, str],
) -> None:  # fmt: skip
    """Add an offer's rows; the order of the draws makes what a seed makes."""
    name, sound = f"{sample['name_zh']}({chance.choice(_GRADES)})", pinyin[sample["category_code"]]
    words = f"{sample['name_zh']} {sound} {sample['name_en'].lower()}"
    rows["products"].append((
        n, _uuid(3, n), producer, sample["category_code"], home, name, f"{sound}{n % 97:02d}", words, True, SINCE,
    ))  # fmt: skip
    weight_g = chance.choice((500, 1000, 2500, 5000))
    rows["skus"].append((n, _uuid(4, n), n, f"SKU{n:08d}", sample["package_spec"], sample["unit"], weight_g))
    _add_listing(rows, chance, n, producer, name)
    _add_papers(rows, chance, n, producer, home, name)
    _add_stock(rows, chance, n)


def _add_listing(rows: dict[str, list[Row]], chance: random.Random, n: int, producer: int, title: str) -> None:
    listed_at, least = SINCE + timedelta(minutes=7 * n), chance.choice((1, 5, 10))
    rows["listings"].append(
        (n, _uuid(5, n), n, producer, title, "listed", least, 1, "exempt", listed_at, listed_at)
    )  # fmt: skip
    price = chance.randrange(800, 20000)
    rows["price_tiers"] += [(n, least, price), (n, 100, price * 95 // 100), (n, 1000, price * 9 // 10)]


def _add_papers(
    rows: dict[str, list[Row]], chance: random.Random, n: int, producer: int, home: str, name: str
) -> None:  # fmt: skip
    """Make a product eligible, and give four of ten a certificate."""
    rows["eligibility_bases"].append((
        n, _uuid(6, n), n, _SCHEMES[n % 3], home, "县乡村振兴局", f"RD{n:08d}", "in_force", True, date(2024, 1, 1),
        date(2027, 12, 31),
    ))  # fmt: skip
    if chance.random() < 0.4:
        scheme, issuer = chance.choice(_CERTIFICATES)
        rows["certificates"].append((
            _uuid(7, n), producer, n, scheme, issuer, f"C{n:08d}", name, "in_force", True, date(2025, 1, 1),
            date(2027, 6, 30),
        ))  # fmt: skip


def _add_stock(rows: dict[str, list[Row]], chance: random.Random, n: int) -> None:
    """Add a lot; one of twenty is empty."""
    quantity = 0 if chance.random() < 0.05 else chance.randint(50, 5000)
    made_on, expires_on = TODAY - timedelta(days=40), TODAY + timedelta(days=320)
    rows["lots"].append((n, _uuid(8, n), n, f"L{n:07d}", made_on, expires_on, SINCE))
    if quantity:
        rows["lot_movements"].append((_uuid(9, n), n, "born", quantity, f"bench:{n}", "{}", SINCE))


def _copy(cursor: psycopg.Cursor[Any], target: str, rows: list[Row]) -> None:
    with cursor.copy(f"COPY {target} FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)


def _uuid(kind: int, n: int) -> str:
    """Return a UUIDv7 that is the same in each run."""
    return str(UUID(int=(0x0190_0000_0000 + n) << 80 | 0x7 << 76 | kind << 64 | 0x8 << 60 | n))
