"""Reservations on real connections: what two requests can break together, the database decides."""

import os
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from threading import Barrier

import pytest
from sqlalchemy import text

from catalog.lots import services as lots
from shop.db import db, transaction
from tests import factories as make
from tests.conftest import NOON

ROUNDS = int(os.environ.get("ROUNDS", "2"))
BUYERS = 12

pytestmark = pytest.mark.committed


@pytest.fixture
def skus(committed_app):
    """Two packs in stock: one unit of the first, plenty of the second."""
    with transaction():
        producer = make.make_producer()
        made = [make.make_sku(make.make_product(producer), producer) for _ in range(2)]
        for sku, quantity in zip(made, ("1", "1000"), strict=True):
            make.make_lot(sku, producer, quantity)
        keys = [sku.id for sku in made]
    db.session.remove()
    return keys


def together(app, *jobs):
    """Run the jobs at once, each in its own transaction; return what each gave or raised."""
    start = Barrier(len(jobs))

    def run(job):
        with app.app_context():
            start.wait()
            try:
                with transaction():
                    job()
            except (lots.OutOfStock, lots.NotReserved):
                return "refused"
            else:
                return "done"
            finally:
                db.session.remove()

    with ThreadPoolExecutor(len(jobs)) as pool:
        return list(pool.map(run, jobs))


def stock(sku_id):
    row = db.session.execute(text("SELECT on_hand, reserved FROM sku_stock WHERE sku_id = :id"), {"id": sku_id}).one()
    db.session.rollback()
    return tuple(row)


def test_the_last_unit_is_sold_once(committed_app, skus):
    scarce, _plenty = skus
    for _round in range(ROUNDS):
        outcome = together(committed_app, *[lambda: lots.reserve({scarce: Decimal(1)})] * BUYERS)

        assert sorted(outcome) == ["done"] + ["refused"] * (BUYERS - 1)
        assert stock(scarce) == (1, 1)
        with transaction():
            lots.release({scarce: Decimal(1)})


def test_orders_over_the_same_packs_in_any_order_do_not_lock_each_other_out(committed_app, skus):
    scarce, plenty = skus
    one, other = {scarce: Decimal(1), plenty: Decimal(1)}, {plenty: Decimal(1), scarce: Decimal(1)}
    for _round in range(ROUNDS):
        outcome = together(committed_app, *[lambda: lots.reserve(one), lambda: lots.reserve(other)] * (BUYERS // 2))

        assert outcome.count("done") == 1
        assert (stock(scarce), stock(plenty)) == ((1, 1), (1000, 1))
        with transaction():
            lots.release(one)


def test_shipments_of_one_lot_never_take_more_than_it_holds(committed_app, skus):
    _scarce, plenty = skus
    with transaction():
        lots.reserve({plenty: Decimal(1000)})

    jobs = [
        lambda n=n: lots.ship(plenty, Decimal(150), ref=f"shipment:{n}", at=NOON, user_id=None) for n in range(BUYERS)
    ]
    outcome = together(committed_app, *jobs)

    assert outcome.count("done") == 6
    assert stock(plenty) == (100, 100)
