"""A lot that is called back is no stock from that moment, whatever orders have reserved of it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from threading import Barrier

import pytest
from sqlalchemy import text

from catalog.lots import recalls
from catalog.lots import services as lots
from catalog.lots.models import Lot
from shop.db import db, transaction
from tests import factories as make
from tests.conftest import NOON


def stock(sku):
    row = db.session.execute(
        text("SELECT on_hand, reserved, uncovered FROM sku_stock WHERE sku_id = :sku"), {"sku": sku}
    ).one()
    return tuple(row)


def move(name, *args, **values):
    with transaction():
        return getattr(lots, name)(*args, **values)


def recall(lot, actor):
    with transaction():
        assert recalls.recall([lot], reason="农残", actor=actor, at=NOON) == [lot]


def test_nothing_of_a_recalled_lot_can_be_ordered_while_a_part_of_it_is_reserved(session):
    with transaction():
        producer = make.make_producer()
        sku = make.make_sku(make.make_product(producer), producer)
        lot = make.make_lot(sku, producer, "100")
    move("reserve", {sku.id: Decimal(40)})
    move("ship", sku.id, Decimal(10), ref="s:1", at=NOON, user_id=None)

    recall(lot.id, producer)
    with pytest.raises(lots.OutOfStock) as refused:
        move("reserve", {sku.id: Decimal("0.001")})
    move("take_back", lot.id, Decimal(10), ref="b:1", at=NOON, user_id=None, destroyed=False)

    db.session.refresh(lot)
    assert refused.value.members["skus"][0]["available"] == "0"
    assert (lot.status, lot.on_hand) == ("recalled", Decimal(100))
    assert stock(sku.id) == (0, 30, 30)
    assert lots.free_stock([sku.id]) == {sku.id: Decimal(0)}

    # New goods are for the orders that were there before; only what is left of them is free.
    with transaction():
        make.make_lot(sku, producer, "25")
    with pytest.raises(lots.OutOfStock):
        move("reserve", {sku.id: Decimal(1)})
    with pytest.raises(lots.StockReserved):
        move("adjust_lot", db.session.query(Lot).filter_by(status="open").one(), Decimal(-1), reason="x",
             actor=producer, at=NOON)  # fmt: skip
    assert stock(sku.id) == (25, 30, 5)
    move("ship", sku.id, Decimal(10), ref="s:2", at=NOON, user_id=None)
    assert stock(sku.id) == (15, 20, 5)
    move("release", {sku.id: Decimal(12)})
    assert (stock(sku.id), lots.free_stock([sku.id])[sku.id]) == ((15, 8, 0), Decimal(7))


def test_a_recalled_lot_is_destroyed_by_event_and_what_comes_back_later_too(session):
    with transaction():
        producer = make.make_producer()
        sku = make.make_sku(make.make_product(producer), producer)
        lot = make.make_lot(sku, producer, "100")
    move("reserve", {sku.id: Decimal(40)})
    move("ship", sku.id, Decimal(10), ref="s:1", at=NOON, user_id=None)
    recall(lot.id, producer)

    move("write_off_lot", lot, reason="农残", actor=producer, at=NOON)
    with pytest.raises(lots.LotNotOpen):
        move("write_off_lot", lot, reason="农残", actor=producer, at=NOON)
    move("take_back", lot.id, Decimal(4), ref="b:1", at=NOON, user_id=None, destroyed=False)
    move("write_off_lot", lot, reason="退回销毁", actor=producer, at=NOON)

    db.session.refresh(lot)
    assert (lot.status, lot.on_hand) == ("recalled", Decimal(0))
    assert stock(sku.id) == (0, 30, 30)
    told = db.session.execute(
        text("""SELECT payload ->> 'kind', payload -> 'lot' ->> 'quantity', payload ->> 'reason' FROM outbox_events
                WHERE topic = 'catalog.lot_moved' AND payload ->> 'kind' = 'destroyed' ORDER BY id""")
    ).all()
    assert [tuple(row) for row in told] == [("destroyed", "-90.000", "农残"), ("destroyed", "-4.000", "退回销毁")]


@pytest.mark.committed
def test_of_orders_and_returns_that_meet_a_recall_none_takes_what_was_called_back(committed_app):
    with transaction():
        producer = make.make_producer()
        sku = make.make_sku(make.make_product(producer), producer)
        key, good, bad = sku.id, *(make.make_lot(sku, producer, quantity).id for quantity in ("10", "110"))
    move("reserve", {key: Decimal(20)})
    with transaction():
        lots.ship(key, Decimal(10), ref="s", at=NOON, user_id=None, lot_ids=[bad])
    jobs = [
        lambda: recalls.recall([bad], reason="农残", actor=producer, at=NOON),
        *(lambda n=n: lots.take_back(bad, Decimal(1), ref=f"b:{n}", at=NOON, user_id=None, destroyed=False) for n in range(5)),
        *[lambda: lots.reserve({key: Decimal(9)})] * 14,
    ]  # fmt: skip
    db.session.remove()
    start = Barrier(len(jobs))

    def run(job):
        with committed_app.app_context():
            start.wait()
            try:
                with transaction():
                    job()
            except lots.OutOfStock:
                return 0
            finally:
                db.session.remove()
            return 9

    with ThreadPoolExecutor(len(jobs)) as pool:
        outcomes = list(pool.map(run, jobs))

    reserved = 10 + sum(outcomes[6:])
    assert outcomes[:6] == [9] * 6
    assert stock(key) == (10, reserved, reserved - 10)
    assert db.session.execute(text("SELECT id, status, on_hand FROM lots ORDER BY id")).all() == [
        (good, "open", 10), (bad, "recalled", 105)
    ]  # fmt: skip
    db.session.rollback()
    with pytest.raises(lots.OutOfStock):
        move("reserve", {key: Decimal("0.001")})
