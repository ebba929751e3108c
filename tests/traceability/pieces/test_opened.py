"""Numbers of packs do not multiply by opening the packs, packing them anew and numbering them again."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from threading import Barrier

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from catalog.lots.batches import packing
from catalog.lots.batches.models import BatchAct
from catalog.lots.batches.packing import PacksNumbered
from catalog.lots.records import undoing
from shop.db import db, transaction
from tests.catalog.batches.help import left, make_farm
from tests.conftest import NOON, count
from traceability.pieces.services import TooManyPieces, issue

TABLES = ("batches", "batch_acts", "lot_movements", "serial_runs", "lot_serials", "outbox_events")


def test_packs_with_numbers_are_not_opened_and_opened_packs_get_none(session):
    farm = make_farm()
    batch = farm.harvest("100")
    lot = farm.pack(batch, "10")

    def number(pieces):
        with transaction():
            issue(lot.public_id, pieces, farm.actor, at=NOON)

    def open_packs(quantity):
        with transaction():
            return packing.unpack(lot.public_id, Decimal(quantity), farm.actor, occurred_at=NOON, at=NOON)

    def undo(act_id):
        with transaction():
            undoing.undo(db.session.get_one(BatchAct, act_id).public_id, farm.actor, at=NOON)

    number(6)
    before = [count(table) for table in TABLES]
    for refusal, job in (
        (PacksNumbered, lambda: open_packs(5)), (undoing.CannotUndo, lambda: undo(lot.act_id)),
    ):  # fmt: skip
        with pytest.raises(refusal) as refused:
            job()
        assert (type(refused.value), [count(table) for table in TABLES]) == (refusal, before)
    with pytest.raises(IntegrityError) as raised, db.session.begin_nested():
        db.session.execute(text("UPDATE lots SET status = 'undone'"))
    assert getattr(raised.value.orig, "diag").constraint_name == "ck_lots_untouched"  # noqa: B009

    loose = open_packs(4)
    with pytest.raises(TooManyPieces) as none_left:
        number(1)
    assert none_left.value.members["left"] == 0
    undo(loose.act_id)
    number(4)
    with pytest.raises(PacksNumbered):
        open_packs(1)
    db.session.refresh(lot)
    assert (left(batch), [count(table) for table in ("serial_runs", "lot_serials")]) == ([95], [2, 10])
    assert lot.on_hand == Decimal(10)


@pytest.mark.committed
def test_of_those_who_number_and_open_the_same_packs_at_once_each_pack_serves_one(committed_app):
    farm = make_farm()
    lot = farm.pack(farm.harvest("100"), "10").public_id
    actor, start = farm.actor, Barrier(20)
    db.session.remove()

    def run(n):
        with committed_app.app_context():
            start.wait()
            try:
                with transaction():
                    if n % 2:
                        issue(lot, 1, actor, at=NOON)
                    else:
                        packing.unpack(lot, Decimal(1), actor, occurred_at=NOON, at=NOON)
            except (TooManyPieces, PacksNumbered) as refused:
                return type(refused)
            finally:
                db.session.remove()
            return None

    with ThreadPoolExecutor(20) as pool:
        outcomes = list(pool.map(run, range(20)))

    numbered, opened = outcomes[1::2].count(None), outcomes[::2].count(None)
    assert numbered + opened == 10
    assert count("lot_serials") == numbered
    assert db.session.execute(text("SELECT on_hand FROM lots")).scalar_one() == 10 - opened
