"""Lots are the only place where a quantity changes; stock is what they hold."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from sqlalchemy import text

from catalog.lots import expiring
from catalog.lots import services as lots
from shop.db import db, transaction
from tests import factories as make
from tests.conftest import NOON

TODAY = date(2026, 7, 15)


@pytest.fixture
def producer(session):
    with transaction():
        return make.make_producer()


@pytest.fixture
def sku(producer):
    with transaction():
        return make.make_sku(make.make_product(producer), producer)


def stock(sku):
    row = db.session.execute(text("SELECT on_hand, reserved FROM sku_stock WHERE sku_id = :id"), {"id": sku.id}).one()
    return tuple(row)


def held(*batch):
    rows = db.session.execute(
        text("SELECT id, on_hand FROM lots WHERE id = ANY(:ids)"), {"ids": [lot.id for lot in batch]}
    )
    found = {row.id: row.on_hand for row in rows}
    return [found[lot.id] for lot in batch]


def put(sku, producer, quantity="10", **changes):
    with transaction():
        return make.make_lot(sku, producer, quantity, **changes)


def reserve(sku, quantity):
    with transaction():
        lots.reserve({sku.id: Decimal(quantity)})


def ship(sku, quantity, ref="shipment:1:line:1", **changes):
    with transaction():
        return lots.ship(sku.id, Decimal(quantity), ref=ref, at=NOON, user_id=None, **changes)


def test_a_lot_is_stock_from_its_birth(producer, sku):
    lot = put(sku, producer, "12.5", lot_code="2026-07-A")

    assert stock(sku) == (Decimal("12.500"), 0)
    assert (lot.on_hand, lot.code, lot.status) == (Decimal("12.500"), "2026-07-A", "open")
    kinds = db.session.execute(text("SELECT kind, quantity, ref FROM lot_movements")).one()
    assert tuple(kinds) == ("born", Decimal("12.500"), f"lot:{lot.public_id}")


def test_a_code_is_used_once_per_pack(producer, sku):
    put(sku, producer, lot_code="A")

    with pytest.raises(lots.LotCodeTaken), transaction():
        make.make_lot(sku, producer, lot_code="A")

    assert stock(sku) == (10, 0)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"quantity": "0"}, "quantity"),
        ({"produced_on": date(2026, 7, 16)}, "produced_on"),
        ({"expires_on": date(2026, 7, 14)}, "expires_on"),
        ({"produced_on": date(2026, 7, 2), "expires_on": date(2026, 7, 1)}, "expires_on"),
    ],
)
def test_a_lot_that_makes_no_sense_is_refused(producer, sku, changes, field):
    with pytest.raises(lots.BadLot) as refusal, transaction():
        make.make_lot(sku, producer, **changes)

    assert refusal.value.members["errors"][0]["pointer"] == f"#/{field}"
    assert stock(sku) == (0, 0)


def test_another_producers_pack_is_not_there(sku):
    with transaction():
        other = make.make_producer()

    with pytest.raises(lots.NoSuchProducer), transaction():
        make.make_lot(sku, other)

    assert stock(sku) == (0, 0)


def test_reserving_takes_from_all_or_from_none(producer, sku):
    put(sku, producer, "5")
    with transaction():
        second = make.make_sku(make.make_product(producer), producer)

    with pytest.raises(lots.OutOfStock) as refusal, transaction():
        lots.reserve({sku.id: Decimal(2), second.id: Decimal(1)})

    assert refusal.value.members["skus"] == [{"sku": str(second.public_id), "wanted": "1", "available": "0.000"}]
    assert stock(sku) == (5, 0)


def test_releasing_gives_back_and_never_more_than_was_taken(producer, sku):
    put(sku, producer, "5")
    reserve(sku, 3)

    with transaction():
        lots.release({sku.id: Decimal(2)})
    with pytest.raises(lots.NotReserved), transaction():
        lots.release({sku.id: Decimal(2)})

    assert stock(sku) == (5, 1)


def test_shipping_takes_what_expires_first_and_the_reservation_with_it(producer, sku):
    never = put(sku, producer)
    late = put(sku, producer, expires_on=date(2027, 1, 1))
    soon = put(sku, producer, expires_on=date(2026, 7, 15))
    reserve(sku, 15)

    shipped = ship(sku, 15)

    assert [(part.lot_id, part.quantity) for part in shipped] == [(soon.id, 10), (late.id, 5)]
    assert held(soon, late, never) == [0, 5, 10]
    assert stock(sku) == (15, 0)


def test_goods_that_expired_yesterday_are_not_shipped(producer, sku):
    old = put(sku, producer, expires_on=date(2026, 7, 14), at=datetime(2026, 7, 14, 3, tzinfo=UTC))
    reserve(sku, 10)

    with pytest.raises(lots.OutOfStock), transaction():
        lots.ship(sku.id, Decimal(10), ref="s", at=NOON, user_id=None)

    assert held(old) == [10]
    assert stock(sku) == (10, 10)


def test_chosen_lots_only(producer, sku):
    first, second = put(sku, producer), put(sku, producer)
    reserve(sku, 12)

    with pytest.raises(lots.OutOfStock):
        ship(sku, 12, lot_ids=[second.id])
    ship(sku, 4, lot_ids=[second.id])

    assert held(first, second) == [10, 6]
    assert stock(sku) == (16, 8)


def test_nothing_is_shipped_that_was_not_reserved(producer, sku):
    put(sku, producer)
    reserve(sku, 2)

    with pytest.raises(lots.NotReserved):
        ship(sku, 3)

    assert stock(sku) == (10, 2)


def test_the_same_shipment_moves_a_lot_once(producer, sku):
    put(sku, producer)
    reserve(sku, 4)
    ship(sku, 2, ref="shipment:1:line:1")

    with pytest.raises(lots.AlreadyMoved):
        ship(sku, 2, ref="shipment:1:line:1")

    assert stock(sku) == (8, 2)


def test_rejected_goods_come_back_into_their_lot(producer, sku):
    lot = put(sku, producer)
    reserve(sku, 6)
    ship(sku, 6)

    with transaction():
        lots.take_back(lot.id, Decimal(2), ref="acceptance:1", at=NOON, user_id=None, destroyed=False)

    assert held(lot) == [6]
    assert stock(sku) == (6, 0)


def test_destroyed_goods_come_back_on_paper_only(producer, sku):
    lot = put(sku, producer)
    reserve(sku, 6)
    ship(sku, 6)

    with transaction():
        lots.take_back(lot.id, Decimal(2), ref="acceptance:1", at=NOON, user_id=None, destroyed=True)

    moves = db.session.execute(text("SELECT kind, quantity FROM lot_movements WHERE ref = 'acceptance:1' ORDER BY id"))
    assert [tuple(row) for row in moves] == [("returned", 2), ("destroyed", -2)]
    assert stock(sku) == (4, 0)


def test_goods_that_expired_on_the_way_do_not_become_stock(producer, sku):
    lot = put(sku, producer, expires_on=date(2026, 7, 15))
    reserve(sku, 6)
    ship(sku, 6)

    later = datetime(2026, 7, 20, 4, tzinfo=UTC)
    with transaction():
        lots.take_back(lot.id, Decimal(2), ref="acceptance:1", at=later, user_id=None, destroyed=False)

    assert stock(sku) == (4, 0)


def test_no_more_comes_back_than_went_out(producer, sku):
    lot = put(sku, producer)
    reserve(sku, 6)
    ship(sku, 6)

    with pytest.raises(lots.ReturnedTooMuch), transaction():
        lots.take_back(lot.id, Decimal("6.001"), ref="acceptance:1", at=NOON, user_id=None, destroyed=False)

    assert stock(sku) == (4, 0)


def test_a_count_corrects_a_lot_but_not_below_what_is_reserved(producer, sku):
    lot = put(sku, producer)
    reserve(sku, 6)

    with transaction():
        lots.adjust_lot(lot, Decimal(-4), reason="盘点", actor=producer, at=NOON)
    with pytest.raises(lots.StockReserved), transaction():
        lots.adjust_lot(lot, Decimal(-1), reason="盘点", actor=producer, at=NOON)
    with pytest.raises(lots.BadLot), transaction():
        lots.adjust_lot(lot, Decimal(1), reason=" ", actor=producer, at=NOON)

    assert stock(sku) == (6, 6)


def test_writing_off_closes_a_lot_that_nobody_has_reserved(producer, sku):
    lot = put(sku, producer)

    with transaction():
        lots.write_off_lot(lot, reason="受潮", actor=producer, at=NOON)
    with pytest.raises(lots.LotNotOpen), transaction():
        lots.adjust_lot(lot, Decimal(1), reason="盘点", actor=producer, at=NOON)

    assert (lot.status, lot.on_hand) == ("closed", 0)
    assert stock(sku) == (0, 0)


def test_writing_off_reserved_goods_is_refused(producer, sku):
    lot = put(sku, producer)
    reserve(sku, 1)

    with pytest.raises(lots.StockReserved), transaction():
        lots.write_off_lot(lot, reason="受潮", actor=producer, at=NOON)

    assert held(lot) == [10]


def test_expired_lots_leave_the_stock(producer, sku):
    put(sku, producer, "10", expires_on=date(2026, 7, 15))
    put(sku, producer, "3", expires_on=date(2026, 7, 16))

    with transaction():
        short = expiring.expire_lots(date(2026, 7, 16), at=NOON)

    assert short == []
    assert stock(sku) == (3, 0)
    with transaction():
        assert expiring.expire_lots(date(2026, 7, 16), at=NOON) == []
    assert stock(sku) == (3, 0)


def test_nothing_of_an_expired_lot_can_be_ordered_and_what_orders_reserved_of_it_waits_for_new_stock(producer, sku):
    old = put(sku, producer, "10", expires_on=date(2026, 7, 15))
    reserve(sku, 4)

    with transaction():
        assert expiring.expire_lots(date(2026, 7, 16), at=NOON) == [sku.id]
    assert (held(old), stock(sku), lots.free_stock([sku.id])) == ([0], (0, 4), {sku.id: Decimal(0)})
    with pytest.raises(lots.OutOfStock):
        reserve(sku, 1)
    put(sku, producer, "5")
    with transaction():
        assert expiring.expire_lots(date(2026, 7, 17), at=NOON) == []

    db.session.refresh(old)
    assert (old.status, stock(sku), lots.free_stock([sku.id])) == ("closed", (5, 4), {sku.id: Decimal(1)})


def test_movements_are_never_rewritten(producer, sku):
    put(sku, producer)

    with pytest.raises(Exception, match="append-only"):
        db.session.execute(text("UPDATE lot_movements SET quantity = 11"))
