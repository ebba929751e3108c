"""The shipped divisions, counties and pairings are all there, as the source has them."""

import csv
import time
import warnings
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import text

from shop.db import db, transaction
from shop.geo import reference as geo
from shop.geo.dates import end_of, start_of
from shop.reference import load_all

SOURCE = Path(__file__).resolve().parents[4] / "shared" / "data"
TABLES = (
    "divisions", "division_names", "assisted_counties", "pairings", "categories", "roles", "role_permissions",
    "counting_rules", "claim_schemes",
)  # fmt: skip


def source(name):
    """Rows of the original file beside the checkout, or of the shipped copy, saying so."""
    path = SOURCE / name
    if not path.exists():
        path = next(path for path in Path(__file__).resolve().parents[3].glob(f"[sc]*/**/data/{name}"))
        warnings.warn(f"{SOURCE} is not here: {name} is compared with the shipped copy only", UserWarning, stacklevel=2)
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def checksum():
    def of(table):
        return db.session.execute(
            text(f"SELECT md5(string_agg(t::text || t.xmin::text, '|' ORDER BY t::text)) FROM {table} t")
        )

    return {table: of(table).scalar_one() for table in TABLES}


def rows(statement):
    return {tuple(row) for row in db.session.execute(text(statement))}


@pytest.mark.filterwarnings("default::UserWarning")
def test_every_division_is_loaded(session):
    expected = {(r["code"], r["name"], r["level"], r["parent_code"] or None) for r in source("divisions.csv")}

    assert rows("SELECT code, name, level, parent_code FROM divisions") == expected
    assert len(expected) == 3212


@pytest.mark.filterwarnings("default::UserWarning")
def test_every_county_is_loaded_and_the_unverified_stay_so(session):
    expected = {
        (
            r["code"], r["name"], r["key_county"], r["key_basis"], int(r["removed_year"]), r["former_name"] or None,
            r["former_code"] or None, r["division_code"], r["note"] or None, r["province"], r["prefecture"] or None,
        )
        for r in source("assisted_counties.csv")
    }  # fmt: skip

    loaded = rows("""
        SELECT c.code, c.name, key_county, key_basis, removed_year, former_name, former_code, division_code, note,
               p.name, f.name
        FROM assisted_counties c JOIN divisions p ON p.code = c.province_code
        LEFT JOIN divisions f ON f.code = c.prefecture_code""")

    assert loaded == expected
    assert len(loaded) == 832
    assert sum(row[3] == "recalled" and row[2] == "yes" for row in loaded) == 52
    assert sum(row[3] == "not_found" for row in loaded) == 42


@pytest.mark.filterwarnings("default::UserWarning")
def test_every_pairing_is_loaded_with_its_texts_and_confidence(session):
    expected = {
        (r["east_code"], r["west_code"], r["valid_from"], r["valid_to"], r["source"], r["confidence"], "dongxi")
        for r in source("pairings.csv")
    }

    loaded = rows("SELECT east_code, west_code, from_text, to_text, source, confidence, programme FROM pairings")

    assert loaded == expected
    assert len(loaded) == 120


def test_days_follow_from_the_precision_of_the_text(session):
    for text_, first, precision in rows("SELECT from_text, valid_from, from_precision FROM pairings"):
        assert first == (date(*[*map(int, text_.split("-")), 1, 1][:3]) if text_ else None)
        assert precision == {0: None, 4: "year", 7: "month", 10: "day"}[len(text_)]
    ends = rows("SELECT to_text, valid_to, to_precision FROM pairings")
    # A province's pairing until 2021 ends the day before its next row begins; others on the last day of the year.
    assert ends == {
        ("", None, None), ("2020", date(2020, 12, 31), "year"), ("2021", date(2020, 12, 31), "year"),
        ("2021", date(2021, 12, 31), "year"), ("2017", date(2017, 12, 31), "year"),
    } & ends  # fmt: skip
    pair = "SELECT valid_from, valid_to FROM pairings WHERE east_code = '120000' AND west_code = '620000'"
    assert rows(pair) == {(date(2016, 10, 27), date(2020, 12, 31)), (date(2021, 1, 1), None)}
    hand_over = "SELECT valid_to FROM pairings WHERE east_code = '330200' AND west_code = '522300'"
    assert rows(hand_over) == {(date(2021, 12, 31),)}


def test_a_pairing_without_a_start_is_never_in_force(session):
    assert len(rows("SELECT id FROM pairings WHERE valid_from IS NULL AND from_text = ''")) == 4


@pytest.mark.filterwarnings("default::UserWarning")
def test_all_leaf_categories_are_loaded(session):
    yes = {"yes": True, "no": False, "": None}
    expected = {
        (
            r["code"], r["name_zh"], r["name_en"], r["parent"] or None, r["unit"] or None, yes[r["perishable"]],
            yes[r["cold_chain"]], r["hs_code"] or None, r["origin_paper"] or None, yes[r["quarantine"]],
        )
        for r in source("categories.csv")
    }  # fmt: skip

    loaded = rows("""SELECT code, name_zh, name_en, parent_code, unit, is_perishable, is_cold_chain, hs_code,
                            origin_paper, needs_quarantine FROM categories""")

    assert loaded == expected
    assert (sum(row[3] is None for row in loaded), sum(row[3] is not None for row in loaded)) == (16, 150)


@pytest.mark.filterwarnings("default::UserWarning")
def test_the_shipped_files_are_the_sources(session):
    for name in ("divisions.csv", "assisted_counties.csv", "pairings.csv", "categories.csv", "products_sample.csv"):
        shipped = next(path for path in Path(__file__).resolve().parents[3].glob(f"[sc]*/**/data/{name}"))
        with shipped.open(encoding="utf-8", newline="") as file:
            assert list(csv.DictReader(file)) == source(name)


def test_former_names_are_kept_until_the_year_of_the_change(session):
    names = rows("SELECT division_code, code, name, valid_from, valid_to FROM division_names")

    assert ("130881", "130823", "平泉县", date(2012, 1, 1), date(2016, 12, 31)) in names
    assert ("540221", "542322", "南木林县", date(2012, 1, 1), date(2012, 12, 31)) in names
    assert len(names) == 102


def test_loading_again_changes_nothing_and_is_quick(session):
    before = checksum()

    started = time.process_time()
    with transaction():
        loaded = load_all()
    took = time.process_time() - started

    assert checksum() == before
    assert {changed for _, _, changed in loaded} == {0}
    assert took < 3


def test_what_people_dated_survives_a_reload(session):
    with transaction():
        db.session.execute(text("UPDATE pairings SET valid_to = '2026-06-30' WHERE east_code = '120101'"))
        db.session.execute(text("UPDATE categories SET needs_quarantine = true WHERE code = '0101'"))
        db.session.execute(text("UPDATE divisions SET name = '错' WHERE code = '620421'"))

    with transaction():
        load_all()

    assert rows("SELECT DISTINCT valid_to FROM pairings WHERE east_code = '120101'") == {(date(2026, 6, 30),)}
    assert rows("SELECT needs_quarantine FROM categories WHERE code = '0101'") == {(True,)}
    assert rows("SELECT name FROM divisions WHERE code = '620421'") == {("靖远县",)}


@pytest.mark.parametrize(
    ("start", "expected"),
    [("2021", date(2021, 1, 1)), ("2010-06", date(2010, 6, 1)), ("2016-10-27", date(2016, 10, 27)), ("", None)],
)
def test_a_start_is_the_first_day_it_can_be(start, expected):
    assert start_of(start) == expected


@pytest.mark.parametrize(
    ("end", "following", "expected"),
    [
        ("2021", None, date(2021, 12, 31)),
        ("2021", date(2021, 1, 1), date(2020, 12, 31)),
        ("2021", date(2024, 1, 1), date(2021, 12, 31)),
        ("2024-02", None, date(2024, 2, 29)),
        ("2021-05-06", date(2021, 5, 1), date(2021, 5, 6)),
        ("", date(2021, 1, 1), None),
    ],
)
def test_an_end_is_the_last_day_it_can_be(end, following, expected):
    assert end_of(end, following) == expected


def test_three_rows_of_a_pair_follow_each_other():
    source_rows = [
        {"east_code": "1", "west_code": "2", "valid_from": f, "valid_to": t, "source": "", "confidence": "low"}
        for f, t in (("2010", "2013"), ("2013", "2016"), ("2016", ""))
    ]

    made = geo.pairing_rows(source_rows)

    assert [(r["valid_from"], r["valid_to"]) for r in made] == [
        (date(2010, 1, 1), date(2012, 12, 31)),
        (date(2013, 1, 1), date(2015, 12, 31)),
        (date(2016, 1, 1), None),
    ]
