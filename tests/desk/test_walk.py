"""A whole purchase over the API, from basket to acceptance, and what each route refuses."""

from __future__ import annotations

from itertools import count as counter
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import select

from shop.db import db, transaction
from shop.identity.models import AuthorityScope, Organisation
from tests import factories
from tests.conftest import count
from tests.purchase.world import World, make_world, reserved

API = "/api/v1"
_keys = counter(1)


class Caller:
    """Sends requests with a token, and an idempotency key of its own to every POST."""

    def __init__(self, client, header):
        self.client, self.header = client, header

    def get(self, path, **query) -> Any:
        return self.client.get(f"{API}{path}", headers=self.header, query_string=query)

    def post(self, path, body=None, key=None) -> Any:
        headers = {**self.header, "Idempotency-Key": key or f"k{next(_keys)}"}
        return self.client.post(f"{API}{path}", headers=headers, json={} if body is None else body)

    def send(self, method, path, body=None, **headers) -> Any:
        return self.client.open(f"{API}{path}", method=method, headers={**self.header, **headers}, json=body)


@pytest.fixture
def world(session) -> World:
    return make_world(listings=2)


@pytest.fixture
def buyer(world, client, bearer) -> Caller:
    return Caller(client, bearer(world.buyer))


@pytest.fixture
def producer(world, client, bearer) -> Caller:
    return Caller(client, bearer(world.producer))


@pytest.fixture
def stranger(client, bearer) -> Caller:
    return Caller(client, bearer(make_world().buyer))


def lines_of(world: World, *quantities: str) -> list[dict[str, Any]]:
    return [
        {"listing_id": str(listing.public_id), "quantity": {"value": quantity, "unit": "bag"}}
        for listing, quantity in zip(world.listings, quantities, strict=False)
    ]


def body_of(world: World, *quantities: str, **more: Any) -> dict[str, Any]:
    return {"unit_id": str(world.unit_id), "fund_source": "union", "lines": lines_of(world, *quantities)} | more


def place(world: World, buyer: Caller, *quantities: str) -> Any:
    answer = buyer.post("/procurements", body_of(world, *(quantities or ("10",)), place=True))
    assert answer.status_code == 201, answer.json
    return answer.json["orders"][0]


def confirm(producer: Caller, order: dict[str, Any]) -> Any:
    body = {"promised_on": "2026-07-20", "freight": {"amount": "15.00", "currency": "CNY"}, "sign": True}
    answer = producer.post(f"/orders/{order['id']}/confirm", body)
    assert answer.status_code == 200, answer.json
    return answer.json


def test_a_purchase_from_basket_to_acceptance(world, buyer, producer):
    buyer.post("/basket/lines", lines_of(world, "10")[0])
    basket = buyer.post("/basket/lines", lines_of(world, "5")[0])
    assert basket.json["total"] == {"amount": "300.00", "currency": "CNY"}
    assert basket.json["lines"][0]["quantity"] == {"value": "15.000", "unit": "bag"}

    draft = buyer.post("/procurements", {"unit_id": str(world.unit_id), "fund_source": "union", "from_basket": True})
    assert (draft.status_code, draft.json["status"], draft.json["possible"]) == (
        201, "draft", ["place", "cancel", "edit"],
    )  # fmt: skip
    assert buyer.get("/basket").json["lines"] == []

    placed = buyer.post(f"/procurements/{draft.json['id']}/place")
    assert (placed.status_code, placed.json["status"]) == (200, "placed")
    order = placed.json["orders"][0]
    assert order["total"] == {"amount": "300.00", "currency": "CNY"}

    confirmed = confirm(producer, order)
    assert (confirmed["status"], confirmed["total"]["amount"]) == ("confirmed", "315.00")
    page = buyer.get(f"/orders/{order['id']}").json
    assert page["next_step"]["side"] == "buyer"
    assert {"machine": "contract", "event": "sign", "to": "signed"} in page["possible"]
    signed = buyer.post(f"/contracts/{page['contract']['id']}/sign")
    assert signed.json["status"] == "signed"
    check = buyer.client.get(f"{API}/verify-contract/{signed.json['verification_code']}")
    assert (check.status_code, check.json["is_intact"], check.json["total"]["amount"]) == (200, True, "315.00")

    items = [{"line_id": order["lines"][0]["id"], "quantity": {"value": "15", "unit": "bag"}}]
    shipped = producer.post(f"/orders/{order['id']}/shipments", {"items": items, "carrier": "中铁快运"})
    assert (shipped.status_code, shipped.json["items"][0]["quantity"]["value"]) == (201, "15.000")
    assert producer.get(f"/shipments/{shipped.json['id']}").json == shipped.json

    decided = [
        {
            "shipment_item_id": shipped.json["items"][0]["id"], "accepted": {"value": "14"}, "rejected": {"value": "1"},
            "reason": "破损",
        }
    ]  # fmt: skip
    accepted = buyer.post(f"/orders/{order['id']}/acceptances", {"items": decided})
    assert accepted.status_code == 201, accepted.json

    page = buyer.get(f"/orders/{order['id']}").json
    assert (page["due"]["amount"], page["pay_due_on"], page["next_step"]["code"]) == ("295.00", "2026-08-14", "pay")
    assert [happening["event"] for happening in page["timeline"]] == [
        "place", "confirm", "offer", "sign", "sign", "ship_all", "accept",
    ]  # fmt: skip
    assert buyer.get(f"/procurements/{draft.json['id']}").json["status"] == "completed"


def test_approval_by_another_person_then_place(world, buyer, client, bearer):
    organisation = db.session.scalars(select(Organisation).where(Organisation.id == world.buyer.organisation_id)).one()
    approver = Caller(
        client, bearer(factories.make_member("institution", "institution_approver", organisation=organisation))
    )
    direct = buyer.post("/procurements", body_of(world, "10", place=True))
    assert (direct.status_code, direct.json["type"]) == (409, "/problems/wrong-state")

    made = buyer.post("/procurements", body_of(world, "10", submit=True))
    path = f"/procurements/{made.json['id']}"
    assert (made.json["status"], made.json["approval"]) == ("submitted", "pending")
    assert buyer.post(f"{path}/approve").status_code == 409
    assert buyer.post(f"{path}/place").status_code == 409

    assert approver.post(f"{path}/approve", {"why": "同意"}).json["approval"] == "approved"
    edited = buyer.send("PATCH", path, {"title": "七月食材"}, **{"If-Match": approver.get(path).headers["ETag"]})
    assert (edited.status_code, edited.json["status"], edited.json["approval"]) == (200, "draft", "void")

    assert buyer.post(f"{path}/submit").json["approval"] == "pending"
    assert approver.post(f"{path}/reject", {"why": "数量过多"}).json["approval"] == "rejected"
    lines = {"lines": lines_of(world, "2")}
    etag = buyer.get(path).headers["ETag"]
    assert buyer.send("PUT", f"{path}/lines", lines, **{"If-Match": etag}).json["status"] == "draft"
    assert buyer.send("PUT", f"{path}/lines", lines, **{"If-Match": etag}).status_code == 412
    assert buyer.send("PUT", f"{path}/lines", lines).status_code == 428
    buyer.post(f"{path}/submit")
    approver.post(f"{path}/approve")
    placed = approver.post(f"{path}/place")
    assert (placed.status_code, placed.json["total"]["amount"]) == (200, "40.00")


def test_only_two_hundreds_are_kept_under_a_key(world, buyer):
    key = "the-same-key-twice"
    refused = buyer.post("/procurements", body_of(world, "1000", place=True), key)
    assert (refused.status_code, refused.json["type"]) == (409, "/problems/out-of-stock")
    assert refused.json["errors"][0]["pointer"] == "#/lines/0/quantity"

    first = buyer.post("/procurements", body_of(world, "10", place=True), key)
    again = buyer.post("/procurements", body_of(world, "10", place=True), key)

    assert (first.status_code, again.status_code, first.data == again.data) == (201, 201, True)
    assert (count("orders"), reserved(world.listings[0])) == (1, 10)
    assert buyer.post("/procurements", body_of(world, "11", place=True), key).status_code == 422


@pytest.mark.parametrize(
    "lines",
    [
        [],
        [{"listing_id": "x", "quantity": {"value": "1"}}],
        [{"listing_id": str(uuid4()), "quantity": {"value": 1}}],
        [{"listing_id": str(uuid4()), "quantity": {"value": "-1"}}],
    ],
)
def test_a_malformed_body_is_a_problem_and_changes_nothing(world, buyer, lines):
    answer = buyer.post("/procurements", body_of(world) | {"lines": lines, "place": True})

    assert answer.status_code == 422
    assert answer.json["errors"][0]["pointer"].startswith("#/lines")
    assert (count("procurements"), count("orders")) == (0, 0)


def test_without_a_key_or_a_token_nothing_is_placed(world, buyer, client):
    assert buyer.send("POST", "/procurements", body_of(world, "10", place=True)).status_code == 400
    answer = client.post(f"{API}/procurements", json=body_of(world, "10"), headers={"Idempotency-Key": "k"})
    assert answer.status_code == 401
    assert count("procurements") == 0


def test_another_organisations_things_are_not_there(world, buyer, producer, stranger):
    order = place(world, buyer)
    confirm(producer, order)
    page = buyer.get(f"/orders/{order['id']}").json
    paths = [
        ("GET", f"/orders/{order['id']}"), ("GET", f"/orders/{order['id']}/shipments"),
        ("GET", f"/orders/{order['id']}/acceptances"), ("GET", f"/contracts/{page['contract']['id']}"),
        ("GET", f"/procurements/{page['procurement_id']}"), ("POST", f"/orders/{order['id']}/cancel"),
        ("POST", f"/orders/{order['id']}/close-short"), ("POST", f"/contracts/{page['contract']['id']}/sign"),
        ("POST", f"/procurements/{page['procurement_id']}/place"), ("POST", f"/procurements/{page['procurement_id']}/cancel"),
    ]  # fmt: skip
    before = count("moves")

    for method, path in paths:
        answer = stranger.get(path) if method == "GET" else stranger.post(path)
        assert answer.status_code == 404, path
    assert stranger.get("/orders").json == {"items": [], "next": None}
    assert count("moves") == before


def test_lists_are_paged_and_filtered(world, buyer, producer):
    orders = [place(world, buyer, "1") for _ in range(3)]

    first = buyer.get("/orders", limit=2).json
    rest = buyer.get("/orders", limit=2, cursor=first["next"]).json
    assert [o["id"] for o in first["items"] + rest["items"]] == [o["id"] for o in reversed(orders)]
    assert rest["next"] is None
    assert [o["id"] for o in producer.get("/orders", number=orders[0]["number"]).json["items"]] == [orders[0]["id"]]
    assert len(producer.get("/orders", status="awaiting_confirmation", placed_from="2026-07-15").json["items"]) == 3
    assert producer.get("/orders", placed_to="2026-07-14").json["items"] == []
    assert len(buyer.get("/procurements", status="placed").json["items"]) == 3


def test_officials_see_the_orders_in_their_scope_and_move_nothing(world, buyer, client, bearer):
    order = place(world, buyer)
    with transaction():
        gansu = factories.make_organisation("authority", division_code="620000")
        other = factories.make_organisation("authority", division_code="520000")
        for organisation in (gansu, other):
            scope = AuthorityScope(
                organisation_id=organisation.id, kind="division", division_code=organisation.division_code,
                valid_from=factories.LONG_AGO.date(),
            )  # fmt: skip
            db.session.add(scope)
    inside = Caller(client, bearer(factories.make_member("authority", organisation=gansu)))
    outside = Caller(client, bearer(factories.make_member("authority", organisation=other)))

    assert inside.get(f"/orders/{order['id']}").json["possible"] == []
    assert [o["id"] for o in inside.get("/orders").json["items"]] == [order["id"]]
    assert outside.get(f"/orders/{order['id']}").status_code == 404
    assert inside.post(f"/orders/{order['id']}/cancel", {"why": "x"}).status_code == 403
