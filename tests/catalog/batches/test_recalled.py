"""What was called back is not packed anew under another name."""

from __future__ import annotations

from decimal import Decimal

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from catalog.lots import lifting, recalls
from catalog.lots import services as lots
from catalog.lots.batches import packing, services
from catalog.lots.batches.acts import BatchNotOpen
from catalog.lots.batches.models import BatchAct
from catalog.lots.records import undoing
from catalog.lots.services import LotNotOpen
from shop.db import db, transaction
from tests import factories as make
from tests.catalog.batches.help import events, left, make_farm
from tests.conftest import NOON, count


@pytest.mark.parametrize("reserved", [0, 30])
def test_packs_of_a_recalled_lot_are_not_opened_to_be_packed_anew_whatever_is_reserved(session, reserved):
    farm = make_farm()
    batch = farm.harvest("100", code="A")
    lot = farm.pack(batch, "40", code="L1")
    with transaction():
        db.session.execute(text("UPDATE sku_stock SET reserved = :many"), {"many": reserved})
        assert recalls.recall([lot.id], reason="异物", actor=farm.actor, at=NOON) == [lot.id]
    before = [count(table) for table in ("batches", "batch_acts", "lot_movements")]

    with pytest.raises(LotNotOpen) as refused, transaction():
        packing.unpack(lot.public_id, Decimal(5), farm.actor, occurred_at=NOON, at=NOON)

    assert type(refused.value) is LotNotOpen
    assert [count(table) for table in ("batches", "batch_acts", "lot_movements")] == before
    assert left(batch) == [Decimal(80)]
    assert db.session.execute(text("SELECT status, on_hand FROM lots")).one() == (
        "recalled", Decimal(40)
    )  # fmt: skip


def state():
    tables = ("batches", "batch_acts", "batch_movements", "lots", "lot_movements", "lot_recalls", "outbox_events")
    held = "SELECT 'b', id, status, on_hand_kg FROM batches UNION ALL SELECT 'l', id, status, on_hand FROM lots ORDER BY 1, 2"
    return [count(table) for table in tables], db.session.execute(text(held)).all()


def test_what_was_made_of_a_lot_before_its_recall_is_recalled_and_nothing_is_made_of_it_any_more(session):
    farm = make_farm()
    field = farm.harvest("100")
    lot = farm.pack(field, "40", code="L1")
    with transaction():
        loose = packing.unpack(lot.public_id, Decimal(30), farm.actor, occurred_at=NOON, at=NOON)
    [part] = split(farm, loose, "4")
    dried = farm.process({part: "2"}, "2")
    again = farm.pack(loose, "6", code="L2")
    with transaction():
        mistake = packing.unpack(again.public_id, Decimal(1), farm.actor, occurred_at=NOON, at=NOON)
        undoing.undo(db.session.get_one(BatchAct, mistake.act_id).public_id, farm.actor, at=NOON)
        lots.reserve({farm.sku.id: Decimal(5)})

    with transaction():
        called = recalls.recall([lot.id], reason="异物", actor=farm.actor, at=NOON)

    before = state()
    assert (called, [told["code"] for told in events("catalog.lot_recalled")]) == ([lot.id, again.id], ["L1", "L2"])
    assert [row[2] for row in before[1]] == ["open", *["recalled"] * 3, "undone", *["recalled"] * 2]
    assert db.session.execute(text("SELECT on_hand, reserved, uncovered FROM sku_stock")).one() == (0, 5, 5)
    for batch in (loose, part, dried):
        refused(BatchNotOpen, lambda batch=batch: farm.pack(batch, "1", code="L3"))
        refused(BatchNotOpen, lambda batch=batch: farm.process({batch: "1", field: "1"}, "1"))
        refused(BatchNotOpen, lambda batch=batch: split(farm, batch, "1"))
        refused(undoing.CannotUndo, lambda batch=batch: undo(farm, batch.act_id))
    for packed in (lot, again):
        refused(LotNotOpen, lambda packed=packed: unpack(farm, packed))
        refused(undoing.CannotUndo, lambda packed=packed: undo(farm, packed.act_id))
    assert state() == before

    with transaction():
        services.discard(loose.public_id, Decimal(8), "召回销毁", farm.actor, occurred_at=NOON, at=NOON)
    assert (left(loose), farm.pack(field, "10", code="L4").status) == ([0], "open")


def test_the_database_itself_makes_nothing_of_what_was_called_back(session):
    farm = make_farm()
    lot = farm.pack(farm.harvest("100"), "40")
    with transaction():
        loose = packing.unpack(lot.public_id, Decimal(30), farm.actor, occurred_at=NOON, at=NOON)
    with transaction():
        recalls.recall([lot.id], reason="异物", actor=farm.actor, at=NOON)
    db.session.execute(text("SET CONSTRAINTS ALL DEFERRED"))

    for statement, constraint in (
        (f"""INSERT INTO batch_movements (public_id, batch_id, act_id, quantity_kg)
             SELECT gen_random_uuid(), {loose.id}, id, -1 FROM batch_acts WHERE kind = 'pack'""", "ck_batches_recalled"),
        (f"""INSERT INTO lot_movements (public_id, lot_id, kind, quantity, ref, note, at)
             VALUES (gen_random_uuid(), {lot.id}, 'unpacked', -1, 'x', '{{}}', now())""", "ck_lots_unpacked"),
    ):  # fmt: skip
        with pytest.raises(IntegrityError) as raised, db.session.begin_nested():
            db.session.execute(text(statement))
        assert getattr(raised.value.orig, "diag").constraint_name == constraint  # noqa: B009
    assert left(loose) == [15]


def refused(error, job):
    with pytest.raises(error) as raised:
        job()
    assert type(raised.value) is error


def undo(farm, act):
    with transaction():
        undoing.undo(db.session.get_one(BatchAct, act).public_id, farm.actor, at=NOON)


def unpack(farm, lot):
    with transaction():
        return packing.unpack(lot.public_id, Decimal(1), farm.actor, occurred_at=NOON, at=NOON)


def split(farm, batch, quantity):
    with transaction():
        return services.split(batch.public_id, [("", Decimal(quantity))], farm.actor, occurred_at=NOON, at=NOON)


def test_lifting_lets_be_used_again_what_no_other_recall_reaches(session):
    farm = make_farm()
    lot = farm.pack(farm.harvest("100"), "40", code="L1")
    with transaction():
        loose = packing.unpack(lot.public_id, Decimal(30), farm.actor, occurred_at=NOON, at=NOON)
    again = farm.pack(loose, "6", code="L2")
    operator, other = (make.make_member("operator", "operator_reviewer") for _ in range(2))
    with transaction():
        recalls.recall([again.id], reason="包装破损", actor=farm.actor, at=NOON)
        recalls.recall([lot.id], reason="异物", actor=operator, at=NOON)
    statuses = "SELECT status FROM lots UNION ALL SELECT status FROM batches"
    first, second = (
        recalls.find_recall(lot.id, operator.organisation_id),
        recalls.find_recall(again.id, farm.actor.organisation_id),
    )
    assert first is not None
    assert second is not None

    with transaction():
        assert lifting.lift(first, reason="检测合格", actor=other, at=NOON) == [lot.id]
    after = db.session.execute(text("SELECT code, status FROM lots ORDER BY code")).all()
    assert [tuple(row) for row in after] == [("L1", "open"), ("L2", "recalled")]
    with transaction():
        assert lifting.lift(second, reason="已换包装", actor=operator, at=NOON) == [again.id]

    assert set(db.session.scalars(text(statuses))) == {"open"}
    farm.pack(loose, "2", code="L3")
