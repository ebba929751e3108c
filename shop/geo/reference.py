"""Loads the divisions, assisted counties and pairings that ship with the package."""

from __future__ import annotations

import re
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select

from shop.db import db
from shop.geo.dates import end_of, precision_of, start_of
from shop.geo.models import AssistedCounty, Division, DivisionName, Pairing
from shop.pinyin import pinyin_of
from shop.reference import Loaded, read_csv, upsert

DATA = Path(__file__).parent / "data"
#: The shipped pairings are all of 东西部协作.
PROGRAMME = "dongxi"
#: The list of counties was set in 2012; a former name without a year of change is known of that year only.
LIST_YEAR = 2012

Rows = list[dict[str, str]]


def load() -> list[Loaded]:
    """Write everything; rows that are right already are not touched."""
    divisions = read_csv(DATA / "divisions.csv")
    counties = read_csv(DATA / "assisted_counties.csv")
    pairings = read_csv(DATA / "pairings.csv")
    rows = division_rows(divisions)
    county = county_rows(counties, {row["code"]: row for row in rows})
    return [
        ("divisions", len(rows), upsert(Division, rows)),
        ("assisted counties", len(county), upsert(AssistedCounty, county)),
        ("former names", *_load_names(counties)),
        ("pairings", *_load_pairings(pairing_rows(pairings))),
    ]


def division_rows(source: Rows) -> list[dict[str, Any]]:
    """Return the rows of ``divisions``, parents first."""
    prefectures = {row["code"] for row in source if row["level"] == "prefecture"}
    order = ("province", "prefecture", "county")
    return [
        {
            "code": row["code"],
            "name": row["name"],
            "level": row["level"],
            "parent_code": row["parent_code"] or None,
            "province_code": f"{row['code'][:2]}0000",
            "prefecture_code": next((c for c in (row["code"], row["parent_code"]) if c in prefectures), None),
            "pinyin": pinyin_of(row["name"]),
        }
        for row in sorted(source, key=lambda row: (order.index(row["level"]), row["code"]))
    ]


def county_rows(source: Rows, divisions: dict[str, dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the rows of ``assisted_counties``; a basis that was not verified stays so marked."""
    return [
        {
            "code": row["code"],
            "name": row["name"],
            "division_code": row["division_code"],
            "province_code": divisions[row["division_code"]]["province_code"],
            "prefecture_code": divisions[row["division_code"]]["prefecture_code"],
            "key_county": row["key_county"],
            "key_basis": row["key_basis"],
            "removed_year": int(row["removed_year"]),
            "former_name": row["former_name"] or None,
            "former_code": row["former_code"] or None,
            "note": row["note"] or None,
            "pinyin": pinyin_of(row["name"]),
        }
        for row in source
    ]


def former_name(row: dict[str, str]) -> dict[str, Any] | None:
    """Return what a county was called in 2012, until the day before the year of its change."""
    if not row["former_name"] and not row["former_code"]:
        return None
    years = [int(year) for year in re.findall(r"\b20\d\d\b", row["note"])]
    changed = max(years, default=None)
    known = changed is not None and changed > LIST_YEAR
    source = f"as in 2012; changed {changed}, exact to the year" if known else "as in 2012; day of the change unknown"
    return {
        "division_code": row["division_code"],
        "code": row["former_code"] or row["code"],
        "name": row["former_name"] or row["name"],
        "valid_from": date(LIST_YEAR, 1, 1),
        "valid_to": date(changed, 1, 1) - timedelta(days=1) if known and changed else date(LIST_YEAR, 12, 31),
        "source": source,
    }


def _load_names(counties: Rows) -> tuple[int, int]:
    rows = [name for name in map(former_name, counties) if name is not None]
    there = {
        (row.code, row.valid_from) for row in db.session.execute(select(DivisionName.code, DivisionName.valid_from))
    }
    new = [DivisionName(**row) for row in rows if (row["code"], row["valid_from"]) not in there]
    db.session.add_all(new)
    return len(rows), len(new)


def pairing_rows(source: Rows) -> list[dict[str, Any]]:
    """Return the rows of ``pairings`` with exact days and how exact the source is."""
    following: dict[tuple[str, str, str], date] = {}
    last: dict[tuple[str, str], dict[str, str]] = {}
    for row in sorted(source, key=lambda row: row["valid_from"]):
        pair = (row["east_code"], row["west_code"])
        start = start_of(row["valid_from"])
        if pair in last and start is not None:
            following[*pair, last[pair]["valid_from"]] = start
        last[pair] = row
    return [
        {
            "programme": PROGRAMME,
            "east_code": row["east_code"],
            "west_code": row["west_code"],
            "valid_from": start_of(row["valid_from"]),
            "valid_to": end_of(row["valid_to"], following.get((row["east_code"], row["west_code"], row["valid_from"]))),
            "from_precision": precision_of(row["valid_from"]),
            "to_precision": precision_of(row["valid_to"]),
            "from_text": row["valid_from"],
            "to_text": row["valid_to"],
            "source": row["source"],
            "confidence": row["confidence"],
        }
        for row in source
    ]


def _load_pairings(rows: list[dict[str, Any]]) -> tuple[int, int]:
    """Add what is missing; of a pairing that is there, only an open end is filled: people may have dated it."""
    there = {
        (p.east_code, p.west_code, p.from_text): p
        for p in db.session.scalars(select(Pairing).where(Pairing.programme == PROGRAMME))
    }
    changed = 0
    for row in rows:
        old = there.get((row["east_code"], row["west_code"], row["from_text"]))
        if old is None:
            continue
        if old.valid_to is None and row["valid_to"] is not None:
            old.valid_to, old.to_text, old.to_precision = row["valid_to"], row["to_text"], row["to_precision"]
            changed += 1
    db.session.flush()  # ends must stand before the rows that follow them
    new = [Pairing(**row) for row in rows if (row["east_code"], row["west_code"], row["from_text"]) not in there]
    db.session.add_all(new)
    return len(rows), changed + len(new)
