"""Whatever moves, stock is the sum of open lots, nothing is ever below zero, and only a recall takes what is reserved."""

from datetime import date, timedelta
from decimal import Decimal

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from catalog.lots import expiring, recalls
from catalog.lots import services as lots
from catalog.lots.models import Lot
from shop.db import db, transaction
from shop.errors import DomainError
from tests import factories as make
from tests.conftest import NOON, examples, undone

QUANTITY = st.decimals(min_value="0.001", max_value=30, places=3)
MOVES = st.lists(
    st.one_of(
        st.tuples(st.just("born"), QUANTITY, st.integers(0, 4)),
        st.tuples(st.just("reserve"), QUANTITY, st.just(0)),
        st.tuples(st.just("release"), QUANTITY, st.just(0)),
        st.tuples(st.just("ship"), QUANTITY, st.just(0)),
        st.tuples(st.sampled_from(["back", "destroyed"]), QUANTITY, st.integers(0, 5)),
        st.tuples(st.sampled_from(["up", "down", "write_off", "recall"]), QUANTITY, st.integers(0, 5)),
        st.tuples(st.just("expire"), st.just(Decimal(1)), st.integers(0, 5)),
    ),
    max_size=25,
)
TODAY = date(2026, 7, 15)


def act(kind, quantity, n, *, sku, producer, batch, ref):
    """One move, on the n-th lot if it needs one; a refusal is as good as an answer."""
    lot = batch[n % len(batch)] if batch else None
    if kind == "born":
        batch.append(make.make_lot(sku, producer, str(quantity), expires_on=TODAY + timedelta(days=n) if n else None))
    elif kind in ("reserve", "release"):
        getattr(lots, kind)({sku.id: quantity})
    elif kind == "ship":
        lots.ship(sku.id, quantity, ref=ref, at=NOON, user_id=None)
    elif kind == "expire":
        expiring.expire_lots(TODAY + timedelta(days=n), at=NOON)
    elif lot is None:
        return
    elif kind in ("back", "destroyed"):
        lots.take_back(lot.id, quantity, ref=ref, at=NOON, user_id=None, destroyed=kind == "destroyed")
    elif kind == "recall":
        recalls.recall([lot.id], reason="x", actor=producer, at=NOON)
    elif kind == "write_off":
        lots.write_off_lot(lot, reason="x", actor=producer, at=NOON)
    else:
        change = quantity if kind == "up" else -quantity
        lots.adjust_lot(lot, change, reason="x", actor=producer, at=NOON)


CHECK = text("""
    SELECT s.on_hand, s.reserved, s.uncovered,
           (SELECT coalesce(sum(on_hand), 0) FROM lots l WHERE l.sku_id = s.sku_id AND l.status = 'open') AS open,
           (SELECT coalesce(min(on_hand), 0) FROM lots l WHERE l.sku_id = s.sku_id) AS least,
           (SELECT count(*) FROM lots l WHERE l.sku_id = s.sku_id AND l.on_hand <>
               (SELECT sum(quantity) FROM lot_movements m WHERE m.lot_id = l.id)) AS astray
    FROM sku_stock s WHERE s.sku_id = :sku""")


@settings(max_examples=examples(25), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(moves=MOVES)
def test_stock_is_what_open_lots_hold(session, moves):
    with undone():
        with transaction():
            producer = make.make_producer()
            sku = make.make_sku(make.make_product(producer), producer)
        batch: list[Lot] = []
        for place, (kind, quantity, n) in enumerate(moves):
            try:
                with transaction():
                    act(kind, quantity, n, sku=sku, producer=producer, batch=batch, ref=f"{sku.id}:{place}")
            except DomainError:
                batch = [lot for lot in batch if db.session.get(type(lot), lot.id) is not None]

            row = db.session.execute(CHECK, {"sku": sku.id}).one()
            assert row.on_hand == row.open
            assert row.reserved >= 0
            assert row.uncovered == max(row.reserved - row.on_hand, 0)
            assert row.least >= 0
            assert row.astray == 0
