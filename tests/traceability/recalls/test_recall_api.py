"""Recalls over the API: level and deadline, answers, lifting; and who is reminded."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from catalog.lots.models import Lot
from catalog.products.models import Sku
from shop.db import db, transaction
from shop.identity.models import Organisation
from tests import factories as make
from tests.conftest import NOON, count
from tests.purchase.world import World, make_world
from traceability.recalls import reminders


@pytest.fixture
def world(session) -> World:
    return make_world(stock="0")


def add_lot(world: World, code: str) -> Lot:
    with transaction():
        return make.make_lot(db.session.get_one(Sku, world.listings[0].sku_id), world.producer, "100", lot_code=code)


def sent(world: World, quantity: str, lot: Lot) -> Any:
    order = world.signed(quantity)
    world.ship(order, quantity, lot_ids=(lot.public_id,))
    return order


def key(letter: str) -> dict[str, str]:
    return {"Idempotency-Key": letter * 8}


def opened(client: Any, header: dict[str, str], *lots: Lot, **more: Any) -> Any:
    body = {"level": "one", "reason": "农残超标", "lots": [str(lot.public_id) for lot in lots], **more}
    return client.post("/api/v1/recalls", json=body, headers=header | key("o"))


def told(topic: str) -> list[tuple[Any, ...]]:
    rows = text("SELECT organisation_ids, payload FROM outbox_events WHERE topic = :topic ORDER BY id")
    return [tuple(row) for row in db.session.execute(rows, {"topic": f"traceability.{topic}"})]


def test_several_lots_are_called_back_at_once_with_level_and_deadline(world, deliver, client, bearer):
    first, second = add_lot(world, "A"), add_lot(world, "B")
    order, header = sent(world, "6", first), bearer(world.producer)
    sent(world, "4", second)
    deliver()

    answer = opened(client, header, first, second, due_on=str(NOON.date() + timedelta(days=3)))
    again = opened(client, header, first, second, due_on=str(NOON.date() + timedelta(days=3)))
    deliver()

    assert (answer.status_code, again.json, count("recall_terms")) == (201, answer.json, 1)
    path = f"/api/v1/recalls/{answer.json['id']}"
    shown = client.get(path, headers=bearer(world.buyer))
    names = ("level", "lots", "lot_code", "consignees", "orders", "told", "answered", "reason", "due_on")
    assert [shown.json[name] for name in names] == [
        "one",
        2,
        "A",
        1,
        2,
        1,
        0,
        "农残超标",
        str(NOON.date() + timedelta(days=3)),
    ]
    assert (shown.headers["ETag"], shown.json["begin_by"][:10]) == ('"1"', str((NOON + timedelta(days=1)).date()))
    assert [each["id"] for each in client.get("/api/v1/recalls", headers=header).json["items"]] == [answer.json["id"]]
    assert client.get(f"{path}/consignments", headers=header).json["items"][0]["order_number"] == order.number
    assert client.get(path, headers=bearer(make_world().producer)).status_code == 404


def test_wrong_terms_and_anothers_lots_call_nothing_back(world, client, bearer):
    lot, header = add_lot(world, "A"), bearer(world.producer)

    answers = [
        opened(client, header, lot, level="four"),
        opened(client, header, lot, due_on="2026-07-01"),
        opened(client, header, lot, known_at="2026-12-01T00:00:00+08:00"),
        opened(client, header, lot, reason=" "),
        opened(client, bearer(make_world().producer), lot),
        opened(client, bearer(world.buyer), lot),
    ]

    assert [answer.status_code for answer in answers] == [422, 422, 422, 422, 404, 403]
    assert answers[1].json["errors"][0]["pointer"] == "#/due_on"
    assert (count("lot_recalls"), count("recall_terms"), lot.status) == (0, 0, "open")


def test_terms_are_changed_by_who_read_them_and_lifted_by_another(world, client, bearer):
    lot, header = add_lot(world, "A"), bearer(world.producer)
    path = f"/api/v1/recalls/{opened(client, header, lot).json['id']}"
    body = {"level": "two", "due_on": str(NOON.date() + timedelta(days=9))}
    second = make.make_member(
        "producer", "producer_clerk", organisation=db.session.get_one(Organisation, world.producer.organisation_id)
    )

    answers = [
        client.put(path, json=body, headers=header | match) for match in ({}, {"If-Match": '"7"'}, {"If-Match": '"1"'})
    ]
    lifts = [
        client.post(f"{path}/lift", json={"reason": "看错"}, headers=bearer(each) | key("l"))
        for each in (world.producer, second)
    ]

    assert [each.status_code for each in answers] == [428, 412, 200]
    assert (answers[2].headers["ETag"], answers[2].json["level"], answers[2].json["version"]) == ('"2"', "two", 2)
    assert [each.status_code for each in lifts] == [409, 200]
    assert lifts[1].json["lift_reason"] == "看错"
    assert client.put(path, json=body, headers=header | {"If-Match": '"2"'}).status_code == 409


def test_who_says_nothing_is_reminded_and_who_called_back_is_told_once_that_time_is_over(
    world, deliver, client, bearer
):
    lot = add_lot(world, "A")
    sent(world, "6", lot)
    deliver()
    operator = make.make_member("operator", "operator_reviewer")
    recall = opened(client, bearer(world.producer), lot, due_on=str(NOON.date() + timedelta(days=2))).json
    deliver()

    def remind(hours: int) -> int:
        with transaction():
            return reminders.remind(NOON + timedelta(hours=hours))

    assert [remind(23), remind(25), remind(26), remind(49)] == [0, 1, 0, 1]
    assert [row[0] for row in told("recall_unanswered")] == [[world.buyer.organisation_id]] * 2

    path, header = f"/api/v1/recalls/{recall['id']}", bearer(world.buyer)
    [row] = client.get(f"{path}/consignments", headers=header).json["items"]
    item = {
        "consignment": row["id"],
        "on_hand": {"value": "2"},
        "destroyed": {"value": "3", "unit": row["quantity"]["unit"]},
    }
    too_much = client.post(
        f"{path}/answer", json={"items": [item | {"sold_on": {"value": "2"}}]}, headers=header | key("a")
    )
    answer = client.post(f"{path}/answer", json={"items": [item], "note": "已封存"}, headers=header | key("b"))
    assert (too_much.status_code, answer.status_code, answer.json["answered"]) == (422, 200, 1)

    assert [remind(73), remind(97)] == [1, 0]
    [(whom, payload)] = told("recall_overdue")
    assert (whom, payload["consignees"]) == (sorted({world.producer.organisation_id, operator.organisation_id}), 1)
    item |= {"on_hand": {"value": "0"}, "sold_on": {"value": "1"}, "returned": {"value": "2"}}
    assert client.post(f"{path}/answer", json={"items": [item]}, headers=header | key("c")).status_code == 200
    [row] = client.get(f"{path}/consignments", headers=header).json["items"]
    assert [row[name]["value"] for name in ("on_hand", "sold_on", "returned", "destroyed", "open")] == [
        "0.000",
        "1.000",
        "2.000",
        "3.000",
        "0.000",
    ]
