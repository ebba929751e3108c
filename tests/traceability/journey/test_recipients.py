"""Where a lot went: the answer that a recall needs lists exactly the orders that got it."""

from __future__ import annotations

import io
from decimal import Decimal
from typing import Any

import pytest
from python_calamine import CalamineWorkbook
from sqlalchemy import select, text

from catalog.lots import recalls
from catalog.lots.batches import packing
from catalog.lots.models import Lot
from catalog.lots.services import OutOfStock
from catalog.products.models import Sku
from shop.db import db, transaction
from tests import factories as make
from tests.catalog.batches.help import Farm, make_farm
from tests.conftest import NOON, count
from tests.purchase.world import World, make_world, on_hand, reserved
from tests.traceability.journey.recall_races import race_of_recall_and_shipments
from traceability.journey import recipients
from traceability.journey.goods import lots_of


@pytest.fixture
def world(session) -> World:
    return make_world(stock="0")


def add_lot(world: World, code: str) -> Lot:
    with transaction():
        return make.make_lot(db.session.get_one(Sku, world.listings[0].sku_id), world.producer, "100", lot_code=code)


def goods_of(lot: Lot) -> Any:
    return lots_of([lot.id])[lot.id]


def told(*lots: Lot) -> list[tuple[str, ...]]:
    rows = recipients.list_recipients([goods_of(each) for each in lots])
    return [
        (row.order_number, row.lot_code, *(f"{each:f}" for each in (row.quantity, row.accepted, row.rejected)))
        for row in rows
    ]


def test_exactly_the_orders_that_got_the_lot_are_listed(world, deliver):
    lot, other = add_lot(world, "A"), add_lot(world, "B")
    first, second, third = world.signed("10"), world.signed("4"), world.signed("5")
    world.accept(first, world.ship(first, "6", lot_ids=(lot.public_id,)), "5", "1")
    world.ship(first, "4", lot_ids=(other.public_id,))
    world.ship(second, "4", lot_ids=(lot.public_id,))
    world.ship(third, "5", lot_ids=(other.public_id,))

    deliver(times=2)

    assert told(lot) == [
        (first.number, "A", "6.000", "5.000", "1.000"), (second.number, "A", "4.000", "0", "0")
    ]  # fmt: skip
    assert told(other) == [(first.number, "B", "4.000", "0", "0"), (third.number, "B", "5.000", "0", "0")]


def test_lots_that_were_made_of_it_belong_to_the_answer(session, deliver):
    farm: Farm = make_farm()
    batch = farm.harvest("100", code="A")
    first = farm.pack(batch, "40", code="L1")
    farm.pack(batch, "40", code="L2")
    with transaction():
        loose = packing.unpack(first.public_id, Decimal(10), farm.actor, occurred_at=NOON, at=NOON)
    again = farm.pack(loose, "10", code="L3")
    deliver()

    made = [each.code for each in recipients.lots_made_of(goods_of(first), farm.actor, NOON).lots]

    assert made == ["L1", "L3"]
    assert goods_of(again).code == "L3"


def test_the_producer_reads_it_page_by_page_and_as_a_workbook_and_nobody_else(world, deliver, client, login, bearer):
    lot = add_lot(world, "A")
    orders = [world.signed("10") for _ in range(3)]
    for order in orders:
        world.ship(order, "2")
    deliver()
    header = bearer(world.producer)
    address = f"/api/v1/trace/lots/{lot.public_id}/recipients"

    first = client.get(f"{address}?limit=2", headers=header).json
    rest = client.get(f"{address}?limit=2&cursor={first['next']}", headers=header).json
    book = client.get(f"{address}.xlsx", headers=header).data
    page = login(world.producer).get(f"/producer/lots/{lot.public_id}/recipients").text

    assert [row["order_number"] for row in first["items"] + rest["items"]] == [order.number for order in orders]
    assert (first["items"][0]["quantity"], first["items"][0]["out"], rest["next"]) == (
        {"value": "2.000", "unit": "bag"}, {"value": "2.000", "unit": "bag"}, None
    )  # fmt: skip
    sheet = CalamineWorkbook.from_filelike(io.BytesIO(book)).get_sheet_by_index(0).to_python()
    assert [row[1] for row in sheet[1:]] == [*(order.number for order in orders), "3"]
    assert all(order.number in page for order in orders)
    for actor in (world.buyer, make_world().producer):
        refused = client.get(address, headers=bearer(actor))
        assert (refused.status_code, refused.json["type"].rpartition("/")[2]) == (404, "no-such-lot")


def test_the_lot_of_an_order_leads_each_reader_to_what_they_may_see_of_it(world, login):
    lot = add_lot(world, "A")
    readers = (world.producer, world.buyer, make_world().producer, make.make_member("operator", "operator_reviewer"))

    led = [login(reader).get(f"/lots/{lot.public_id}").location for reader in readers]

    label = f"/trace/lots/{lot.public_id}"
    assert led == [
        f"/producer/lots/{lot.public_id}/recipients", label, label, f"/operator/lots/{lot.public_id}/recipients",
    ]  # fmt: skip


def test_a_lot_that_went_nowhere_says_so(world, login):
    lot = add_lot(world, "A")

    page = login(world.producer).get(f"/producer/lots/{lot.public_id}/recipients").text

    assert "这个批次还没有发给任何单位。" in page
    assert db.session.scalar(select(Lot.code)) == "A"


def test_a_recalled_lot_leaves_no_more_whatever_is_reserved(world, deliver, login):
    lot = add_lot(world, "A")
    order = world.signed("100")
    world.ship(order, "10")
    deliver()

    answer = login(world.producer).post(
        f"/producer/lots/{lot.public_id}/recall",
        data={"reason": "检出农药残留", "level": "one", "idempotency_key": "k" * 32},
    )

    with pytest.raises(OutOfStock):
        world.ship(order, "10")
    assert answer.status_code == 302
    assert (on_hand(world.listings[0]), reserved(world.listings[0])) == (0, 90)
    visitor = login(world.producer)
    assert "检出农药残留" in visitor.get(f"/trace/lots/{lot.public_id}").text
    page = visitor.get(f"/producer/lots/{lot.public_id}/recipients").text
    assert (order.number in page, "批次 A 已召回" in page, "确认召回" in page) == (True, True, False)


def test_a_recalled_lot_that_nobody_has_reserved_is_no_stock(world):
    lot, other = add_lot(world, "A"), add_lot(world, "B")
    with transaction():
        assert recalls.recall([lot.id], reason="农残", actor=world.producer, at=world.at) == [lot.id]
    with transaction():
        assert recalls.recall([lot.id], reason="再次", actor=world.producer, at=world.at) == []

    db.session.refresh(lot)
    assert (lot.status, db.session.get_one(Lot, other.id).status, on_hand(world.listings[0])) == (
        "recalled",
        "open",
        100,
    )


def test_a_recall_says_why_and_anothers_lot_is_not_there(world, login):
    lot = add_lot(world, "A")
    visitor = login(world.producer)
    address = f"/producer/lots/{lot.public_id}/recall"

    silent = visitor.post(address, data={"reason": "", "idempotency_key": "k" * 32})
    strange = login(make_world().producer).post(address, data={"reason": "x", "idempotency_key": "m" * 32})

    assert ("请填写召回原因。" in silent.text, strange.status_code, count("lot_recalls")) == (True, 404, 0)


@pytest.mark.committed
@pytest.mark.parametrize("times", [1, pytest.param(20, marks=pytest.mark.soak)])
def test_goods_that_leave_while_their_lot_is_called_back_are_in_its_list_or_do_not_leave(committed_app, deliver, times):
    outcomes = [race_of_recall_and_shipments(committed_app, deliver, n * 7 % 20) for n in range(times)]

    assert [sum(each) for each in outcomes] == [19] * times


def test_totals_do_not_add_packs_to_kilograms(deliver, login, client, bearer, session):
    farm = make_farm()
    with transaction():
        loose = make.make_sku(farm.product, farm.actor, unit="kg", pack_spec="散装")
    batch = farm.harvest("100")
    packs = farm.pack(batch, "40", code="A")
    with transaction():
        opened = packing.unpack(packs.public_id, Decimal(10), farm.actor, occurred_at=NOON, at=NOON)
        new = packing.Packing(opened.public_id, loose.public_id, "K", Decimal(5), NOON)
        again = packing.pack(new, farm.actor, at=NOON)
        buyer = make.make_member(organisation=make.make_organisation())
    for n, (lot, quantity, unit) in enumerate(((packs, 5, "bag"), (again, 3, "kg"))):
        values = {
            "lot": lot.id,
            "by": farm.actor.organisation_id,
            "to": buyer.organisation_id,
            "n": n,
            "q": quantity,
            "unit": unit,
        }
        with transaction():
            db.session.execute(_CONSIGNMENT, values)

    page = login(farm.actor).get(f"/producer/lots/{packs.public_id}/recipients").text
    data = client.get(f"/api/v1/trace/lots/{packs.public_id}/recipients.xlsx", headers=bearer(farm.actor)).data
    total = CalamineWorkbook.from_filelike(io.BytesIO(data)).get_sheet_by_index(0).to_python()[-1]

    assert "5 袋 + 3 公斤" in page
    assert (total[0], total[9], total[11], total[14]) == ("合计", "5 袋 + 3 公斤", "0 袋 + 0 公斤", "5 袋 + 3 公斤")


_CONSIGNMENT = text("""
    INSERT INTO trace_consignments (movement_id, lot_id, consignor_id, consignee_id, order_ref, order_number, shipment_ref,
        shipment_number, quantity, unit, shipped_at)
    SELECT id, lot_id, :by, :to, gen_random_uuid(), 'DD-' || :n, gen_random_uuid(), 'FH-' || :n, :q, :unit, at
    FROM lot_movements WHERE lot_id = :lot AND kind = 'born'""")
