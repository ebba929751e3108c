"""Delivered goods that are called back: the buyer sees it, rejects them in one step, or says that it knows."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select

from catalog.lots import recalls
from catalog.lots.models import Lot
from orders.fulfilment.accepting import AcceptanceDraft, GoodsRecalled, ItemDecision, accept_goods
from orders.fulfilment.models import AcceptanceItem, ShipmentItem
from shop.db import db, transaction
from tests.conftest import NOON, count
from tests.purchase.world import make_world


def item_of(shipment: Any) -> ShipmentItem:
    return db.session.scalars(select(ShipmentItem).where(ShipmentItem.shipment_id == shipment.id)).one()


def test_recalled_goods_are_shown_in_red_and_accepted_only_by_who_says_that_it_knows(session, client, bearer, login):
    world = make_world()
    order = world.signed("10")
    item = item_of(world.ship(order, "6"))
    lot = db.session.get_one(Lot, item.lot_id)
    visitor, path = login(world.buyer), f"/desk/orders/{order.public_id}"
    assert "已召回" not in visitor.get(path).text + visitor.get(f"{path}/accept").text
    with transaction():
        recalls.recall([lot.id], reason="农残超标", actor=world.producer, at=NOON)

    def accept(**decision: Any) -> None:
        one = ItemDecision(item.public_id, Decimal(2), Decimal(0), **decision)
        with transaction():
            accept_goods(order.public_id, AcceptanceDraft([one]), actor=world.buyer, at=NOON)

    pages = visitor.get(path).text, visitor.get(f"{path}/accept").text
    assert [("notice-danger" in page, "农残超标" in page, "已召回" in page) for page in pages] == [
        (True, True, True)
    ] * 2
    with pytest.raises(GoodsRecalled) as refused:
        accept()
    assert refused.value.members["errors"][0]["pointer"] == "#/items/0/accepted"
    fields = {f"accepted-{item.public_id}": "2", f"rejected-{item.public_id}": "0", "witness_id": ""}
    fields["idempotency_key"] = "a" * 32
    api = f"/api/v1/orders/{order.public_id}/acceptances"
    wanted: dict[str, Any] = {
        "items": [{"shipment_item_id": str(item.public_id), "accepted": {"value": "1", "unit": "bag"}}]
    }
    headers = bearer(world.buyer)
    answers = [
        visitor.post(f"{path}/accept", data=fields),
        client.post(api, json=wanted, headers={**headers, "Idempotency-Key": "one"}),
    ]
    assert ([each.status_code for each in answers], count("acceptances")) == ([409, 409], 0)
    assert answers[1].json["type"].rpartition("/")[2] == "goods-recalled"

    accept(knows_recall=True)
    wanted["items"][0]["accept_recalled"] = True
    assert client.post(api, json=wanted, headers={**headers, "Idempotency-Key": "two"}).status_code == 201
    fields |= {f"recalled-{item.public_id}": "1", "idempotency_key": "b" * 32, f"accepted-{item.public_id}": "1"}
    assert visitor.post(f"{path}/accept", data=fields).status_code == 302

    done = visitor.post(f"{path}/accept", data={"reject_recalled": "1", "witness_id": "", "idempotency_key": "c" * 32})
    db.session.expire_all()
    last = db.session.scalars(select(AcceptanceItem).order_by(AcceptanceItem.id.desc())).first()
    assert last is not None
    assert (done.status_code, last.accepted, last.rejected, last.reason) == (
        302, Decimal(0), Decimal(2), "召回：农残超标"
    )  # fmt: skip
    assert (item.accepted, item.rejected, lot.status) == (Decimal(4), Decimal(2), "recalled")
