"""Packing and shipping on real connections: never more goes out than came in, whoever is first."""

import os
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from threading import Barrier

import pytest
from sqlalchemy import text

from catalog.lots import lifting, recalls
from catalog.lots import services as lots
from catalog.lots.batches import balance, packing, services
from catalog.lots.batches.acts import BatchNotOpen, BatchTooSmall
from catalog.lots.batches.models import BatchAct
from catalog.lots.records import reports, undoing
from catalog.lots.records.subjects import NoSuchSubject
from shop.db import db, transaction
from shop.files import services as files
from shop.identity.models import Organisation
from tests import factories as make
from tests.catalog.batches.help import make_farm
from tests.conftest import NOON

ROUNDS = int(os.environ.get("ROUNDS", "2"))
CLERKS = 30

pytestmark = pytest.mark.committed


@pytest.fixture
def farm(committed_app):
    made = make_farm()
    for thing in (made.sku, made.product, made.plot):
        db.session.refresh(thing)
    settle()
    return made


def settle():
    """Let go of what the session holds, so that threads share loaded values only."""
    db.session.expunge_all()
    db.session.rollback()


def together(app, jobs):
    """Run the jobs at once, each in its own transaction; return what each gave or raised."""
    start = Barrier(len(jobs))

    def run(job):
        with app.app_context():
            start.wait()
            try:
                with transaction():
                    job()
            except (
                BatchNotOpen,
                BatchTooSmall,
                lots.OutOfStock,
                lots.NotReserved,
                lots.LotNotOpen,
                lots.StockReserved,
                undoing.CannotUndo,
                NoSuchSubject,
            ) as refusal:
                return type(refusal).__name__
            else:
                return "done"
            finally:
                db.session.remove()

    with ThreadPoolExecutor(len(jobs)) as pool:
        return list(pool.map(run, jobs))


def numbers(sql, **values):
    row = db.session.execute(text(sql), values).one()
    db.session.rollback()
    return tuple(row)


def packing_of(farm, batch, code, quantity):
    new = packing.Packing(batch=batch, sku=farm.sku.public_id, code=code, quantity=Decimal(quantity), occurred_at=NOON)
    return lambda: packing.pack(new, farm.actor, at=NOON)


def test_thirty_packings_of_one_batch_never_pack_more_than_it_held(committed_app, farm):
    for n in range(ROUNDS):
        batch = farm.harvest("100")
        key, public_id = batch.id, batch.public_id
        jobs = [packing_of(farm, public_id, f"R{n}-{place}", "15") for place in range(CLERKS)]
        settle()

        outcome = together(committed_app, jobs)

        # 13 × 15 packs of 500 g are 97.5 kg; a fourteenth packing does not fit.
        assert sorted(outcome) == ["BatchTooSmall"] * 17 + ["done"] * 13
        assert numbers("SELECT on_hand_kg FROM batches WHERE id = :id", id=key) == (Decimal("2.5"),)
        assert numbers("SELECT sum(on_hand) FROM lots WHERE batch_id = :id", id=key) == (195,)
    assert balance.over_all([farm.actor.organisation_id]).difference == 0


@pytest.mark.parametrize("times", [1, pytest.param(20, marks=pytest.mark.soak)])
def test_thirty_shipments_of_one_packed_lot_never_take_more_than_it_holds(committed_app, farm, times):
    for n in range(times):
        batch = farm.harvest("50")
        lot = farm.pack(batch, "100", code=f"S{n}")
        sku, key = farm.sku.id, lot.id
        with transaction():
            lots.reserve({sku: Decimal(100)})
        settle()

        outcome = together(
            committed_app,
            [
                lambda place=place, n=n, sku=sku, key=key: lots.ship(
                    sku, Decimal(7), ref=f"s:{n}:{place}", at=NOON, user_id=None, lot_ids=[key]
                )
                for place in range(CLERKS)
            ],
        )

        assert outcome.count("done") == 14
        assert numbers("SELECT on_hand FROM lots WHERE id = :id", id=key) == (2,)
        assert balance.of_lot(key).shipped == 49
        settle()


def test_using_a_batch_and_undoing_it_exclude_each_other(committed_app, farm):
    for n in range(ROUNDS):
        batch = farm.harvest("10")
        key, public_id = batch.id, batch.public_id
        act = db.session.get_one(BatchAct, batch.act_id).public_id
        settle()

        outcome = together(
            committed_app,
            [
                packing_of(farm, public_id, f"U{n}", "20"),
                lambda act=act: undoing.undo(act, farm.actor, at=NOON),
                lambda batch=public_id: services.discard(batch, Decimal(1), "x", farm.actor, occurred_at=NOON, at=NOON),
            ],
        )

        assert outcome.count("done") == 1
        left, packed = numbers(
            """SELECT on_hand_kg, (SELECT coalesce(sum(on_hand), 0) FROM lots l WHERE l.batch_id = b.id)
               FROM batches b WHERE id = :id""",
            id=key,
        )
        assert (left, packed) == {0: (0, 20), 1: (0, 0), 2: (9, 0)}[outcome.index("done")]
    assert balance.over_all([farm.actor.organisation_id]).difference == 0


def test_mixing_the_same_batches_in_any_order_does_not_lock_each_other_out(committed_app, farm):
    first, second = farm.harvest("100").public_id, farm.harvest("100").public_id
    settle()

    def mixing(one, other):
        return lambda: services.mix({one: Decimal(9), other: Decimal(9)}, farm.actor, occurred_at=NOON, at=NOON)

    outcome = together(committed_app, [mixing(first, second), mixing(second, first)] * 8)

    assert outcome.count("done") == 11
    assert numbers(
        "SELECT min(on_hand_kg), max(on_hand_kg) FROM batches WHERE public_id = ANY(:ids)", ids=[first, second]
    ) == (1, 1)


def test_packing_and_opening_while_a_lot_is_called_back_leave_nothing_of_it_in_stock(committed_app, farm):
    for n in range(ROUNDS):
        field = farm.harvest("100")
        lot = farm.pack(field, "100", code=f"L{n}")
        with transaction():
            loose = packing.unpack(lot.public_id, Decimal(40), farm.actor, occurred_at=NOON, at=NOON)
        key, field_key, public_id, batch = lot.id, field.id, lot.public_id, loose.public_id
        act = db.session.get_one(BatchAct, loose.act_id).public_id
        settle()

        outcome = together(
            committed_app,
            [
                lambda key=key: recalls.recall([key], reason="异物", actor=farm.actor, at=NOON),
                *(packing_of(farm, batch, f"R{n}-{place}", "3") for place in range(8)),
                *[lambda lot=public_id: packing.unpack(lot, Decimal(5), farm.actor, occurred_at=NOON, at=NOON)] * 4,
                *[lambda b=batch: services.split(b, [("", Decimal(1))], farm.actor, occurred_at=NOON, at=NOON)] * 4,
                lambda act=act: undoing.undo(act, farm.actor, at=NOON),
            ],
        )  # fmt: skip

        assert outcome[0] == "done"
        assert set(outcome[1:]) <= {"done", "BatchNotOpen", "LotNotOpen", "CannotUndo"}
        made = outcome[1:17].count("done") + (outcome[17] != "done")
        assert numbers("SELECT count(*) FROM lots WHERE status = 'open'") == (0,)
        assert numbers(
            """SELECT (SELECT count(*) FROM lots WHERE status = 'recalled' AND code LIKE :codes)
                    + (SELECT count(*) FROM batches WHERE status = 'recalled' AND id > :batch)""",
            codes=f"R{n}-%", batch=field_key,
        ) == (made,)  # fmt: skip
        assert numbers("SELECT on_hand FROM sku_stock") == (0,)
    assert balance.over_all([farm.actor.organisation_id]).difference == 0


def test_a_report_and_the_undoing_of_its_lot_leave_no_report_of_an_undone_lot(committed_app, farm):
    with transaction():
        file = files.store(b"%PDF-1.7\n%%EOF\n", "报告.pdf", farm.actor).id
    for n in range(ROUNDS):
        lot = farm.pack(farm.harvest("100"), "1", code=f"U{n}")
        act, public_id = db.session.get_one(BatchAct, lot.act_id).public_id, lot.public_id
        settle()
        item = reports.Item("毒死蜱", "≤0.02", "未检出", has_passed=True)
        new = reports.NewReport("own", "检测室", f"N{n}", NOON.date(), True, [item], lot=public_id)

        outcome = together(
            committed_app,
            [
                *[lambda new=new: reports.record_report(new, file, farm.actor, at=NOON)] * 4,
                lambda act=act: undoing.undo(act, farm.actor, at=NOON),
            ],
        )  # fmt: skip

        assert (outcome[4], set(outcome[:4]) <= {"done", "NoSuchSubject"}) == ("done", True)
        assert numbers(
            """SELECT count(*), count(*) FILTER (WHERE r.withdrawn_at IS NULL) FROM test_reports r JOIN lots l ON l.id = r.lot_id
               WHERE l.public_id = :lot""", lot=public_id,
        ) == (outcome.count("done") - 1, 0)  # fmt: skip


def test_a_lot_that_joins_a_recall_while_it_is_lifted_is_free_too(committed_app, farm):
    field = farm.harvest("100")
    lot, other = farm.pack(field, "10", code="J1"), farm.pack(field, "10", code="J2")
    keys = [lot.id, other.id]
    with transaction():
        recalls.recall(keys[:1], reason="异物", actor=farm.actor, at=NOON)
        organisation = db.session.get_one(Organisation, farm.actor.organisation_id)
        colleague = make.make_member("producer", "producer_clerk", organisation=organisation)
        recall_id = recalls.find_recall(keys[0], farm.actor.organisation_id)
    assert recall_id is not None
    settle()
    waits = text("SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted)")

    def lift():
        with committed_app.app_context(), transaction():
            return lifting.lift(recall_id, reason="看错", actor=colleague, at=NOON)

    with ThreadPoolExecutor(1) as pool:
        with transaction():
            recalls.recall(keys, reason="异物", actor=farm.actor, at=NOON)
            lifted = pool.submit(lift)
            while not db.session.scalar(waits):
                assert not lifted.done()
        freed = lifted.result()

    assert sorted(freed) == keys
    assert numbers("SELECT count(*), count(*) FILTER (WHERE status = 'open') FROM lots") == (2, 2)
    assert numbers("SELECT count(*) FROM lot_recalls WHERE lifted_at IS NULL") == (0,)


def test_what_is_packed_while_its_batch_is_called_back_is_called_back_or_not_packed(committed_app, farm):
    for n in range(ROUNDS):
        batch = farm.harvest("100")
        key, public_id = batch.id, batch.public_id
        settle()

        outcome = together(
            committed_app,
            [
                *(packing_of(farm, public_id, f"B{n}-{place}", "3") for place in range(8)),
                lambda key=key: recalls.recall_batch(key, [], reason="农残", actor=farm.actor, at=NOON),
                *(packing_of(farm, public_id, f"B{n}-{place}", "3") for place in range(8, 16)),
            ],
        )

        assert (outcome[8], set(outcome) <= {"done", "BatchNotOpen"}) == ("done", True)
        assert numbers(
            """SELECT count(*), count(*) FILTER (WHERE l.status = 'recalled' AND r.lot_id IS NOT NULL) FROM lots l
               LEFT JOIN lot_recalls r ON r.lot_id = l.id WHERE l.batch_id = :batch""", batch=key,
        ) == (outcome.count("done") - 1, outcome.count("done") - 1)  # fmt: skip
