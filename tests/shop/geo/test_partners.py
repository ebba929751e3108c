"""The most specific pairing in force decides whose partner a county is."""

from datetime import date

import pytest
from sqlalchemy import text

from shop.db import db
from shop.geo.models import Pairing
from shop.geo.partners import NoSuchCounty, NoSuchDivision
from shop.geo.queries import division_path, list_divisions, match_partner, match_partners, path_name

HEPING, HEXI, JINGYUAN, HUINING, TIANJIN = "120101", "120103", "620421", "620422", "120000"


def pairing_id(east, west, on):
    return db.session.execute(
        text("""SELECT id FROM pairings WHERE east_code = :east AND west_code = :west AND valid_from <= :on
                AND (valid_to IS NULL OR valid_to >= :on)"""),
        {"east": east, "west": west, "on": on},
    ).scalar_one()


def pair(east, west, **values):
    given = {"programme": "dongxi", "source": "test", "confidence": "high", "valid_from": date(2020, 1, 1), **values}
    row = Pairing(east_code=east, west_code=west, **given)
    db.session.add(row)
    db.session.flush()
    return row.id


def test_the_districts_own_county_wins_over_the_provinces_pairing(session):
    on = date(2020, 7, 13)

    match = match_partner(HEPING, JINGYUAN, on)

    assert (match.level, match.pairing_id) == ("own", pairing_id(HEPING, JINGYUAN, on))


def test_a_district_without_a_pairing_of_its_own_has_the_provinces(session):
    on = date(2020, 7, 13)

    match = match_partner(HEXI, JINGYUAN, on)

    assert (match.level, match.pairing_id) == ("own", pairing_id(TIANJIN, "620000", on))


def test_before_the_start_there_is_no_partner(session):
    assert match_partner(HEPING, JINGYUAN, date(2010, 1, 1)).level == "elsewhere"


def test_at_a_hand_over_known_to_the_year_both_hold_and_each_has_its_own(session):
    on = date(2021, 6, 1)

    assert match_partner("330200", "522325", on).pairing_id == pairing_id("330200", "522300", on)
    assert match_partner("441300", "522325", on).pairing_id == pairing_id("441300", "522300", on)
    assert match_partner("330200", "522325", date(2022, 1, 1)).level != "own"


def test_the_rest_of_the_partners_province_is_not_the_partner(session):
    # Ningbo helped Qianxinan, not Bijie; no pairing of all Zhejiang with all Guizhou was in force.
    match = match_partner("330200", "520521", date(2019, 6, 1))

    assert (match.level, match.pairing_id) == ("province", None)


def test_an_eastern_buyer_elsewhere_and_a_buyer_who_is_no_partner(session):
    assert match_partner(HEPING, "500229", date(2022, 6, 1)).level == "other_east"
    assert match_partner("410102", JINGYUAN, date(2022, 6, 1)).level == "elsewhere"


def test_ties_go_to_the_earlier_start_then_to_the_lower_code(session):
    on = date(2026, 7, 15)
    later = pair("120103", JINGYUAN, valid_from=date(2024, 1, 1))
    earlier = pair("120103", JINGYUAN, valid_from=date(2023, 1, 1), programme="dingdian")

    assert match_partner("120103", JINGYUAN, on).pairing_id == earlier
    assert later != earlier

    same_day = pair("120000", HUINING, valid_from=date(2015, 1, 1), programme="shanhai")
    assert match_partner("120102", HUINING, on).pairing_id == same_day


def test_an_organisations_own_pairing_is_the_most_specific(session):
    db.session.execute(
        text("""
        INSERT INTO organisations (public_id, kind, name, division_code, institution_type, created_at)
        VALUES (gen_random_uuid(), 'institution', '某医院', '120101', 'hospital', now())""")
    )
    hospital = db.session.execute(text("SELECT id FROM organisations WHERE name = '某医院'")).scalar_one()
    theirs = pair(None, JINGYUAN, east_organisation_id=hospital, programme="dingdian")
    on = date(2026, 7, 15)

    assert match_partner(HEPING, JINGYUAN, on, hospital).pairing_id == theirs
    assert match_partner(HEPING, JINGYUAN, on).pairing_id == pairing_id(HEPING, JINGYUAN, on)


def test_an_undated_pairing_never_matches(session):
    east, west = db.session.execute(
        text(
            """SELECT east_code, west_code FROM pairings p WHERE valid_from IS NULL AND west_code NOT LIKE '%00'
           ORDER BY east_code LIMIT 1"""
        )
    ).one()
    undated = db.session.execute(text("SELECT id FROM pairings WHERE valid_from IS NULL")).scalars().all()

    assert match_partner(east, west, date(2026, 7, 15)).pairing_id not in undated


def test_the_day_after_the_end_no_longer_counts(session):
    pair("120103", JINGYUAN, valid_from=date(2026, 1, 1), valid_to=date(2026, 6, 30))
    own = match_partner("120103", JINGYUAN, date(2026, 6, 30)).pairing_id

    assert own != match_partner("120103", JINGYUAN, date(2026, 7, 1)).pairing_id


def test_a_committee_without_a_division_of_its_own_is_found_by_its_prefecture(session):
    theirs = pair("110000", "632800", valid_from=date(2018, 1, 1), programme="duikou")

    assert match_partner("110101", "632857", date(2026, 7, 15)).pairing_id == theirs


def test_many_counties_at_once(session):
    found = match_partners(HEPING, [JINGYUAN, HUINING, JINGYUAN], date(2026, 7, 15))

    assert sorted(found) == [JINGYUAN, HUINING]
    assert {match.level for match in found.values()} == {"own"}
    assert match_partners(HEPING, [], date(2026, 7, 15)) == {}


def test_unknown_codes_are_refused(session):
    with pytest.raises(NoSuchDivision):
        match_partner("999999", JINGYUAN, date(2026, 7, 15))
    with pytest.raises(NoSuchCounty):
        match_partner(HEPING, "110101", date(2026, 7, 15))


def test_a_path_names_province_prefecture_and_county(session):
    assert path_name(JINGYUAN) == "甘肃省白银市靖远县"
    assert [d.code for d in division_path(HEPING)] == ["120000", HEPING]
    assert [d.code for d in division_path("620000")] == ["620000"]


def test_divisions_are_found_by_name_pinyin_code_and_parent(session):
    assert [d.code for d in list_divisions(query="jingyuan", parent_code="620400")] == [JINGYUAN]
    assert [d.code for d in list_divisions(query="靖远")] == [JINGYUAN]
    assert [d.code for d in list_divisions(level="province", limit=2)] == ["110000", "120000", "130000"]
    assert list_divisions(query="%") == []
