"""Batches over the API."""

from decimal import Decimal

import pytest

from tests.catalog.batches.help import left, make_farm
from tests.conftest import count

KG = {"unit": "kg"}


@pytest.fixture
def farm(session):
    return make_farm()


@pytest.fixture
def ask(client, bearer, farm):
    header = bearer(farm.actor)
    keys = iter(range(1000))

    def send(path, body=None):
        if body is None:
            return client.get(f"/api/v1{path}", headers=header)
        return client.post(f"/api/v1{path}", json=body, headers={**header, "Idempotency-Key": f"k{next(keys)}"})

    return send


def kg(value):
    return {"value": value, "unit": "kg"}


def test_from_the_field_to_the_pack_and_back(ask, farm):
    place = ask("/places", {"kind": "barn", "name": "晾晒棚", "latitude": "36.500000", "longitude": "104.700000"}).json
    product = str(farm.product.public_id)
    fresh = ask(
        "/batches", {"product": product, "kind": "harvest", "quantity": kg("400"), "place": place["id"], "code": "F1"}
    )
    dry = ask(
        "/batches/process",
        {
            "inputs": [{"batch": fresh.json["id"], "quantity": kg("400")}], "product": product, "quantity": kg("90"),
            "yield_bound": "0.2500", "method": "烘干", "code": "D1",
        },
    )  # fmt: skip
    parts = ask(f"/batches/{dry.json['id']}/split", {"parts": [{"quantity": kg("30"), "code": "D1-1"}]}).json["items"]
    mixed = ask(
        "/batches/mix",
        {
            "inputs": [
                {"batch": parts[0]["id"], "quantity": kg("30")},
                {"batch": dry.json["id"], "quantity": kg("10")},
            ],
            "code": "M1",
        },
    ).json
    lot = ask(
        f"/batches/{mixed['id']}/pack",
        {"sku": str(farm.sku.public_id), "code": "P1", "quantity": {"value": "60", "unit": "bag"}, "loss": kg("0.5")},
    ).json
    loose = ask(f"/lots/{lot['id']}/unpack", {"quantity": {"value": "10"}}).json
    gone = ask(f"/batches/{loose['id']}/discard", {"quantity": kg("1"), "reason": "抽样"}).json
    acts = ask(f"/batches/{loose['id']}/acts").json["items"]
    undone = ask(f"/batch-acts/{acts[0]['id']}/undo", {})

    assert [answer.status_code for answer in (fresh, dry, undone)] == [201, 201, 201]
    assert (place["latitude"], place["valid_from"], place["valid_to"]) == ("36.500000", "2021-07-11", None)
    assert (dry.json["kind"], dry.json["on_hand"], dry.json["place"]) == ("process", kg("90.000"), None)
    assert (lot["batch_id"], lot["on_hand"]) == (mixed["id"], {"value": "60.000", "unit": "bag"})
    assert (gone["on_hand"], [act["kind"] for act in acts]) == (kg("4.000"), ["discard", "unpack"])
    assert [(m["quantity"]["value"], m["code"]) for m in undone.json["moved"]] == [("1.000", loose["code"])]
    assert ask(f"/lots/{lot['id']}/balance").json == {
        "came_in": kg("30.000"), "added": kg("0.000"), "in_batches": kg("0.000"), "in_lots": kg("25.000"),
        "shipped": kg("0.000"), "used": kg("5.000"), "lost": kg("0.000"), "difference": kg("0.000"),
    }  # fmt: skip
    assert ask("/mass-balance").json == {
        "came_in": kg("400.000"), "added": kg("0.000"), "in_batches": kg("64.500"), "in_lots": kg("25.000"),
        "shipped": kg("0.000"), "used": kg("0.000"), "lost": kg("310.500"), "difference": kg("0.000"),
    }  # fmt: skip
    assert ask(f"/batches/{dry.json['id']}/balance").json["used"] == kg("40.000")


def test_lists_are_paged_newest_first(ask, farm):
    for code in ("A", "B", "C"):
        farm.harvest(code=code)

    first = ask("/batches?limit=2").json
    second = ask(f"/batches?limit=2&cursor={first['next']}").json
    acts = ask("/batch-acts?limit=2").json

    assert [[row["code"] for row in page["items"]] for page in (first, second)] == [["C", "B"], ["A"]]
    assert (second["next"], len(acts["items"]), acts["next"] is None) == (None, 2, False)
    assert ask("/batches?product=019c5a1e-7b3c-7d2e-8f10-2a6b9c4d5e6f").json["items"] == []
    assert [row["name"] for row in ask("/places").json["items"]] == ["三号地块"]


def test_refusals_point_at_their_member_and_change_nothing(ask, farm):
    batch = farm.harvest("10")
    one = {"batch": str(batch.public_id), "quantity": kg("1")}
    product = str(farm.product.public_id)

    twice = ask("/batches/mix", {"inputs": [one, one]})
    much = ask(
        f"/batches/{batch.public_id}/pack", {"sku": str(farm.sku.public_id), "code": "A", "quantity": {"value": "21"}}
    )
    pounds = ask(
        "/batches",
        {
            "product": product,
            "kind": "harvest",
            "quantity": {"value": "1", "unit": "lb"},
            "place": str(farm.plot.public_id),
        },
    )
    malformed = ask("/batches", {"product": product, "kind": "harvest", "quantity": 5, "place": "x"})

    assert (twice.status_code, twice.json["errors"][0]["pointer"]) == (422, "#/inputs/1/batch")
    assert (much.status_code, much.json["type"], much.json["available_kg"]) == (
        409,
        "/problems/batch-too-small",
        "10.000",
    )
    assert (pounds.status_code, malformed.status_code) == (422, 422)
    assert (left(batch), count("batch_acts"), count("lots")) == ([Decimal(10)], 1, 0)


def test_a_place_is_ended(ask, farm):
    ended = ask(f"/places/{farm.plot.public_id}/end", {})

    assert ended.json["valid_to"] == "2026-07-15"


def test_buyers_have_no_batches(client, bearer, session):
    from_buyer = bearer(make_farm().actor, "orders:read")

    assert client.get("/api/v1/batches", headers=from_buyer).status_code == 403
