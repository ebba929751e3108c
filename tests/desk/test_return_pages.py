"""Returns on the pages of both sides and over the API, and what the trace and a recall show of them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from sqlalchemy import select, text

from catalog.lots import recalls
from orders.fulfilment.models import ShipmentItem
from orders.returns.models import GoodsReturn, GoodsReturnItem
from shop.auth import Actor
from shop.db import db, transaction
from tests.conftest import NOON
from tests.purchase.world import World, make_world
from traceability.repository.models import TraceEvent


def accepted(world: World) -> tuple[Any, ShipmentItem]:
    order = world.signed("10")
    shipment = world.ship(order, "10")
    world.accept(order, shipment, "8", "2")
    return order, db.session.scalars(select(ShipmentItem).where(ShipmentItem.shipment_id == shipment.id)).one()


def one_return() -> GoodsReturn:
    return db.session.scalars(select(GoodsReturn).execution_options(populate_existing=True)).one()


def test_both_sides_walk_a_return_by_their_pages_and_the_trace_tells_it(session, login, deliver):
    world = make_world()
    order, item = accepted(world)
    key = iter("abcdefgh")

    def post(actor: Actor, path: str, **fields: str) -> tuple[int, str]:
        answer = login(actor).post(path, data={"idempotency_key": next(key) * 32, **fields})
        return answer.status_code, answer.text

    new, visitor = f"/desk/orders/{order.public_id}/returns/new", login(world.buyer)
    assert new in visitor.get(f"/desk/orders/{order.public_id}").text
    assert "可退 8 袋" in visitor.get(new).text
    refused = post(world.buyer, new, reason="内部霉变", **{f"quantity-{item.public_id}": "9"})
    assert (refused[0], "可退数量为 8。" in refused[1]) == (422, True)
    assert post(world.buyer, new, reason="内部霉变", **{f"quantity-{item.public_id}": "3"})[0] == 302
    made = one_return()
    there = f"returns/{made.public_id}"
    for actor, desk, may in ((world.buyer, "desk", "撤回退货"), (world.producer, "producer", "同意退货")):
        visitor = login(actor)
        assert made.number in visitor.get(f"/{desk}/returns").text
        assert may in visitor.get(f"/{desk}/{there}").text

    assert post(world.producer, f"/producer/{there}/agree")[0] == 302
    assert post(world.buyer, f"/desk/{there}/send", carrier="顺丰", tracking_ref="SF1")[0] == 302
    part = db.session.scalars(select(GoodsReturnItem)).one()
    fates = {f"to_lot-{part.public_id}": "2", f"destroyed-{part.public_id}": "1"}
    assert post(world.producer, f"/producer/{there}/receive", **fates)[0] == 302
    deliver(times=2)

    page = login(world.buyer).get(f"/desk/orders/{order.public_id}").text
    assert ("后退回 3" in page, made.number in page, one_return().status) == (True, True, "received")
    query = select(TraceEvent.document).where(TraceEvent.action != "ADD").order_by(TraceEvent.id)
    told = [
        (each["bizStep"], each["disposition"], each["quantityList"][0]["quantity"])
        for each in db.session.scalars(query)
    ]
    back = [
        ("shipping", "returned", 3),
        ("receiving", "returned", 3),
        ("accepting", "returned", 2),
        ("accepting", "returned", 1),
    ]
    assert sorted(told) == sorted(
        [("shipping", "in_transit", 10), ("receiving", "in_progress", 8), ("receiving", "returned", 2),
         ("accepting", "returned", 2), *back, ("destroying", "destroyed", 1)]
    )  # fmt: skip
    rma = [each for each in db.session.scalars(query) if str(made.public_id) in str(each["bizTransactionList"])]
    party = f"urn:uuid:{world.buyer.organisation_public_id}"
    assert [each["sourceList"][0]["source"] for each in rma] == [party, party]


def test_over_the_api_and_a_recall_shows_what_came_back(session, client, bearer, login, deliver):
    world = make_world()
    order, item = accepted(world)
    with transaction():
        recalls.recall([item.lot_id], reason="农残超标", actor=world.producer, at=NOON)
    deliver()
    buyer, producer, key = bearer(world.buyer), bearer(world.producer), iter("abcdef")

    def post(path: str, headers: dict[str, str], body: dict[str, Any] | None = None) -> Any:
        return client.post(f"/api/v1{path}", json=body, headers={**headers, "Idempotency-Key": next(key)})

    wanted = {"items": [{"item_id": str(item.public_id), "quantity": {"value": "5", "unit": "bag"}}], "reason": "召回"}
    wrong = {**wanted, "items": [{**wanted["items"][0], "quantity": {"value": "5", "unit": "kg"}}]}  # type: ignore[dict-item]
    refused = post(f"/orders/{order.public_id}/returns", buyer, wrong)
    assert (refused.status_code, refused.json["errors"][0]["pointer"]) == (422, "#/items/0/quantity")
    made = post(f"/orders/{order.public_id}/returns", buyer, wanted)
    assert (made.status_code, made.json["status"], made.json["is_recall"]) == (201, "agreed", True)
    came = {"items": [{"item_id": made.json["items"][0]["id"], "destroyed": {"value": "5", "unit": "bag"}}]}
    assert post(f"/returns/{made.json['id']}/receive", buyer, came).status_code == 403
    done = post(f"/returns/{made.json['id']}/receive", producer, came)
    deliver(times=2)

    assert (done.status_code, done.json["status"], done.json["items"][0]["destroyed"]["value"]) == (
        200,
        "received",
        "5.000",
    )
    listed = client.get("/api/v1/returns?status=received", headers=producer).json["items"]
    assert [each["number"] for each in listed] == [made.json["number"]]
    lot = db.session.execute(text("SELECT public_id FROM lots")).scalar_one()
    answer = client.get(f"/api/v1/trace/lots/{lot}/recipients", headers=producer).json
    told = answer["items"][0]
    assert [told[name]["value"] for name in ("quantity", "accepted", "rejected", "returned", "out")] == [
        "10.000", "8.000", "2.000", "5.000", "3.000"
    ]  # fmt: skip
    assert answer["totals"]["sums"][0]["out"]["value"] == "3.000"
    recall = db.session.execute(text("SELECT recall_id FROM lot_recalls")).scalar_one()
    page = login(world.buyer).get(f"/desk/recalls/{recall}").text
    assert ("供应商已收回" in page, 'data-label="供应商已收回">5<' in page, 'data-label="未说明">3<' in page) == (
        True,
        True,
        True,
    )
    assert Decimal(told["out"]["value"]) == Decimal(3)
