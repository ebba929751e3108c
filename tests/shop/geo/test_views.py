"""Divisions, counties and pairings over the API."""


def test_divisions_by_parent_in_pages(client):
    first = client.get("/api/v1/divisions?parent=620400&limit=3").json
    second = client.get(f"/api/v1/divisions?parent=620400&limit=3&cursor={first['next']}").json

    assert [item["name"] for item in first["items"] + second["items"]] == [
        "白银区",
        "平川区",
        "靖远县",
        "会宁县",
        "景泰县",
    ]
    assert second["next"] is None


def test_a_division_and_one_that_is_not(client):
    assert client.get("/api/v1/divisions/620421").json == {
        "code": "620421", "name": "靖远县", "level": "county", "parent_code": "620400", "province_code": "620000",
        "prefecture_code": "620400",
    }  # fmt: skip
    missing = client.get("/api/v1/divisions/999999")
    assert (missing.status_code, missing.json["type"]) == (404, "/problems/no-such-division")


def test_a_county_shows_what_is_verified_and_its_partners(client):
    county = client.get("/api/v1/counties/620421").json

    assert (county["full_name"], county["removed_year"]) == ("甘肃省白银市靖远县", 2019)
    assert county["is_key_verified"] == (county["key_basis"] == "listed")
    names = [(row["east_name"], row["valid_from"], row["from_precision"]) for row in county["partners"]]
    assert names == [
        ("山东省", "2021-01-01", "year"),
        ("天津市", "2021-01-01", "year"),
        ("和平区", "2019-01-01", "year"),
        ("天津市", "2016-10-27", "day"),
    ]


def test_unverified_key_counties_say_so(client):
    items = client.get("/api/v1/counties?province=630000&limit=100").json["items"]

    assert len(items) == 42
    assert {(i["key_county"], i["key_basis"], i["is_key_verified"]) for i in items} == {("unknown", "not_found", False)}


def test_counties_are_found_by_name_and_former_name(client):
    assert [i["code"] for i in client.get("/api/v1/counties?q=平泉县").json["items"]] == ["130881"]
    assert [i["code"] for i in client.get("/api/v1/counties?q=jingyuan").json["items"]] == ["620421", "640424"]


def test_pairings_of_a_place_on_a_day(client):
    then = client.get("/api/v1/pairings?west=620421&on=2020-07-13").json["items"]
    now = client.get("/api/v1/pairings?east=120101&on=2026-07-15&limit=100").json["items"]

    assert {(row["east_name"], row["west_name"]) for row in then} == {("天津市", "甘肃省"), ("和平区", "靖远县")}
    assert ("和平区", "会宁县") in {(row["east_name"], row["west_name"]) for row in now}


def test_bad_parameters_are_named(client):
    answer = client.get("/api/v1/counties?province=62&limit=0&nonsense=1")

    assert answer.status_code == 422
    assert {error["pointer"].split("/")[-1] for error in answer.json["errors"]} == {"province", "limit", "nonsense"}
    assert client.get("/api/v1/divisions?cursor=x").status_code == 422
