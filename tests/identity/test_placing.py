"""Whose budget a verified organisation's unit is: the operator's word, and never for days that were counted."""

from datetime import date
from typing import Any
from uuid import UUID

import pytest

from shop.auth import Actor
from shop.db import db
from shop.identity.models import Unit, UnitPlacement
from tests.conftest import count
from tests.factories import make_member

API = "/api/v1"
#: What the elsewhere of an institution of Heping would be.
NINGBO = {"division_code": "330200", "finance_division_code": "330200", "budget_level": "city"}


@pytest.fixture
def call(client, bearer):
    keys = iter(range(1000))

    def send(actor: Actor, path: str, body: Any) -> Any:
        headers = {**bearer(actor), "Idempotency-Key": f"k{next(keys)}"}
        return client.post(f"{API}{path}", json=body, headers=headers)

    return send


@pytest.fixture
def buyer(session) -> Actor:
    return make_member("institution")


@pytest.fixture
def root(buyer: Actor) -> UUID:
    return db.session.query(Unit).filter_by(organisation_id=buyer.organisation_id).one().public_id


def rows() -> list[tuple[Any, ...]]:
    found = db.session.query(UnitPlacement).order_by(UnitPlacement.unit_id, UnitPlacement.valid_from)
    return [
        (one.unit_id, one.division_code, one.finance_division_code, one.budget_level, one.superior_id, one.valid_to)
        for one in found
    ]


def own_place(**changes: Any) -> dict[str, Any]:
    now = db.session.query(UnitPlacement).limit(1).one()
    return {
        "division_code": now.division_code, "finance_division_code": now.finance_division_code,
        "budget_level": now.budget_level, "since": "2026-07-15", **changes,
    }  # fmt: skip


@pytest.mark.parametrize(
    "change",
    [{"division_code": "330200"}, {"finance_division_code": "330200"}, {"budget_level": "province"}],
)
@pytest.mark.parametrize("since", ["2026-07-15", "2026-12-01"])
def test_its_own_administrator_does_not_move_its_count(call, buyer, root, change, since):
    before = rows()

    moved = call(buyer, f"/organisation/units/{root}/placements", own_place(**change, since=since))

    assert (moved.status_code, moved.json["type"]) == (409, "/problems/placement-checked")
    assert rows() == before


def test_another_superior_is_not_named_either(call, buyer, root):
    superior = str(make_member("authority").organisation_public_id)

    moved = call(buyer, f"/organisation/units/{root}/placements", own_place(superior_id=superior))

    assert moved.json["type"] == "/problems/placement-checked"


def test_a_unit_is_not_added_elsewhere(call, buyer, root):
    elsewhere = call(buyer, "/organisation/units", {"name": "分校", **NINGBO})
    assert (elsewhere.status_code, elsewhere.json["type"], count("units")) == (409, "/problems/placement-checked", 1)

    assert call(buyer, "/organisation/units", {"name": "食堂", **own_place()}).status_code == 201


def test_a_unit_moves_below_another_of_the_same_place(call, buyer, root):
    first = call(buyer, "/organisation/units", {"name": "甲", **own_place()}).json["id"]
    second = call(buyer, "/organisation/units", {"name": "乙", **own_place()}).json["id"]

    moved = call(buyer, f"/organisation/units/{second}/placements", own_place(parent_id=first))

    assert (moved.status_code, moved.json["depth"]) == (201, 2)


def test_the_operator_moves_it_from_tomorrow_on(call, buyer, root):
    operator = make_member("operator")
    path = f"/organisations/{buyer.organisation_public_id}/units/{root}/placements"

    today = call(operator, path, {**NINGBO, "since": "2026-07-15"})
    later = call(operator, path, {**NINGBO, "since": "2026-07-16"})

    assert (today.status_code, today.json["type"]) == (422, "/problems/bad-dates")
    assert later.status_code == 201
    newest = later.json["placements"][0]
    assert (newest["valid_from"], newest["valid_to"], newest["division_code"]) == (
        "2026-07-16", None, "330200",
    )  # fmt: skip
    ends = db.session.query(UnitPlacement.valid_to).order_by(UnitPlacement.valid_from).limit(1)
    assert ends.scalar() == date(2026, 7, 15)


def test_what_the_operator_planned_is_not_undone(call, buyer, root):
    operator = make_member("operator")
    path = f"/organisations/{buyer.organisation_public_id}/units/{root}/placements"
    before = own_place(since="2026-07-20")
    assert call(operator, path, {**NINGBO, "since": "2026-08-01"}).status_code == 201
    planned = rows()

    back = call(buyer, f"/organisation/units/{root}/placements", before)

    assert back.json["type"] == "/problems/placement-checked"
    assert rows() == planned


def test_the_operator_moves_it_on_the_page(login, buyer, root):
    browser = login(make_member("operator"))
    path = f"/operator/organisations/{buyer.organisation_public_id}/units"

    shown = browser.get(path)
    form = browser.get(f"{path}/{root}")
    moved = browser.post(f"{path}/{root}", data={**NINGBO, "since": "2026-07-16", "parent": ""})

    assert (shown.status_code, f"{path}/{root}" in shown.text) == (200, True)
    assert 'value="2026-07-16"' in form.text
    assert (moved.status_code, moved.headers["Location"]) == (302, path)
    assert [row[1] for row in rows()] == ["120101", "330200"]


def test_others_do_not_see_the_operators_pages(login, buyer, root):
    path = f"/operator/organisations/{buyer.organisation_public_id}/units"

    assert [login(buyer).get(path).status_code, login(buyer).get(f"{path}/{root}").status_code] == [403, 403]
    missing = login(make_member("operator")).get(f"{path}/{buyer.organisation_public_id}")
    assert missing.status_code == 404
