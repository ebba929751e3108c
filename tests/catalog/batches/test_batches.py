"""Batches are born at a place, and whatever is done with them their mass adds up."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, IntegrityError

from catalog.lots import services as lots
from catalog.lots.batches import balance, packing, places, services
from catalog.lots.batches.balance import Balance
from catalog.lots.batches.models import BatchAct
from catalog.lots.records import undoing
from catalog.products.models import Sku
from shop.db import db, transaction
from tests import factories as make
from tests.catalog.batches.help import events, left, make_farm
from tests.conftest import NOON, count


@pytest.fixture
def farm(session):
    return make_farm()


def act_of(batch):
    return db.session.get_one(BatchAct, batch.act_id)


def undo(farm, act):
    with transaction():
        return undoing.undo(act.public_id, farm.actor, at=NOON)


def test_a_harvest_is_a_batch_at_its_place(farm):
    batch = farm.harvest("1250.5", code="2026-A", variety="宁杞7号", note="头茬")

    assert (batch.code, batch.on_hand_kg, batch.variety, batch.status) == (
        "2026-A",
        Decimal("1250.500"),
        "宁杞7号",
        "open",
    )
    assert balance.of_batch(batch.id) == Balance(came_in=Decimal("1250.500"), in_batches=Decimal("1250.500"))
    (told,) = events("catalog.batch_recorded")
    assert told == {
        "act_id": str(act_of(batch).public_id), "kind": "harvest", "undoes": None,
        "producer_id": str(farm.actor.organisation_public_id),
        "occurred_at": NOON.isoformat(), "recorded_at": NOON.isoformat(),
        "place": {
            "id": str(farm.plot.public_id), "kind": "plot", "tier": None, "name": "三号地块", "county": "620421",
            "township": "东湾镇", "village": "大坝村", "gln": None, "latitude": None, "longitude": None,
        },
        "inputs": [],
        "outputs": [{
            "batch_id": str(batch.public_id), "code": "2026-A", "product_id": str(farm.product.public_id),
            "product_name": "靖远枸杞", "category": "0605", "variety": "宁杞7号", "quantity_kg": "1250.500", "is_input": False,
        }],
        "lots": [], "yield_bound": None, "note": {"words": "头茬"}, "born_kg": "1250.500", "added_kg": "0.000",
        "packed_kg": "0.000", "loss_kg": "0.000",
    }  # fmt: skip


def test_a_batch_without_a_code_gets_one_of_its_day(farm):
    assert farm.harvest().code[:9] == "20260715-"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"quantity_kg": Decimal(0)}, "quantity"),
        ({"quantity_kg": Decimal("1.0005")}, "quantity"),
        ({"kind": "found"}, "kind"),
        ({"heads": 3}, "heads"),
        ({"kind": "slaughter", "heads": 0}, "heads"),
        ({"occurred_at": NOON + timedelta(minutes=1)}, "occurred_at"),
        ({"occurred_at": NOON - timedelta(days=3000)}, "occurred_at"),
        ({"code": "x" * 41}, "code"),
        ({"note": "x" * 201}, "note"),
    ],
)
def test_a_harvest_that_makes_no_sense_is_refused(farm, changes, field):
    with pytest.raises(services.BadBatch) as refusal:
        farm.harvest(**changes)

    assert refusal.value.members["errors"][0]["pointer"] == f"#/{field}"
    assert (count("batches"), count("batch_acts"), count("batch_movements")) == (0, 0, 0)


def test_a_code_is_used_once_for_a_product_until_it_is_undone(farm):
    first = farm.harvest(code="A")
    with pytest.raises(services.BatchCodeTaken):
        farm.harvest(code="A")

    undo(farm, act_of(first))

    assert farm.harvest("7", code="A").on_hand_kg == 7
    assert left(first) == [0]


def test_anothers_product_place_or_batch_is_not_there(farm):
    other = make_farm()
    batch = farm.harvest()

    with pytest.raises(places.NoSuchPlace):
        farm.harvest(place=other.plot.public_id)
    with pytest.raises(packing.NoSuchProduct):
        farm.harvest(product=other.product.public_id)
    with pytest.raises(services.NoSuchBatch):
        other.pack(batch)
    with pytest.raises(services.NoSuchBatch):
        other.process({batch: "1"}, "1")
    with pytest.raises(services.NoSuchBatch), transaction():
        services.discard(batch.public_id, Decimal(1), "x", other.actor, occurred_at=NOON, at=NOON)

    assert left(batch) == [100]


def test_a_shared_collection_point_is_for_every_producer_of_its_county(farm):
    with transaction():
        new = places.NewPlace("collection_point", "东湾镇集货点", tier="township", is_shared=True)
        shared = places.add_place(farm.actor.organisation_id, new, farm.actor, at=make.LONG_AGO)
    neighbour = make_farm()
    with transaction():
        stranger = make.make_producer("522323")

    assert neighbour.harvest(place=shared.public_id).on_hand_kg == 100
    assert [place.id for place in places.list_places(stranger, make.TODAY)] == []


def test_an_ended_place_is_offered_until_its_last_day_only(farm):
    with transaction():
        places.end_place(farm.plot.public_id, farm.actor, at=datetime(2026, 7, 10, 4, tzinfo=UTC))

    assert farm.harvest(occurred_at=datetime(2026, 7, 10, 4, tzinfo=UTC)).on_hand_kg == 100
    with pytest.raises(places.NoSuchPlace):
        farm.harvest()


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"kind": "moon"}, "kind"),
        ({"kind": "collection_point"}, "tier"),
        ({"tier": "village"}, "tier"),
        ({"name": " "}, "name"),
        ({"county_code": "110101"}, "county_code"),
        ({"latitude": Decimal(36)}, "latitude"),
        ({"latitude": Decimal(91), "longitude": Decimal(104)}, "latitude"),
        ({"latitude": Decimal(36), "longitude": Decimal(181)}, "longitude"),
        ({"gln": "6901234567890"}, "gln"),
        ({"gln": "96385074"}, "gln"),
    ],
)
def test_a_place_that_makes_no_sense_is_refused(farm, changes, field):
    new = places.NewPlace(**({"kind": "plot", "name": "地"} | changes))

    with pytest.raises(places.BadPlace) as refusal, transaction():
        places.add_place(farm.actor.organisation_id, new, farm.actor, at=NOON)

    assert refusal.value.members["errors"][0]["pointer"] == f"#/{field}"
    assert count("places") == 1


def test_drying_loses_what_does_not_come_out(farm):
    fresh, salt = farm.harvest("500"), Decimal(5)

    dry = farm.process({fresh: "400"}, "100", "0.25", added_kg=salt, added="食盐", method="烘干")

    act = act_of(dry)
    assert left(fresh, dry) == [100, 100]
    assert (act.in_kg, act.added_kg, act.out_kg, act.loss_kg, act.yield_bound) == (400, 5, 100, 305, Decimal("0.2500"))
    assert balance.over_all([farm.actor.organisation_id]) == Balance(
        came_in=Decimal(500), added=Decimal(5), in_batches=Decimal(200), lost=Decimal(305)
    )
    assert balance.over_all([farm.actor.organisation_id]).difference == 0


def test_more_than_the_declared_yield_does_not_come_out(farm):
    fresh = farm.harvest("500")

    with pytest.raises(services.BadBatch) as refusal:
        farm.process({fresh: "400"}, "100.001", "0.25")
    with pytest.raises(services.BatchTooSmall):
        farm.process({fresh: "500.001"}, "1", "0.25")
    with pytest.raises(services.BadBatch):
        farm.process({fresh: "1"}, "1", "1.1")

    assert refusal.value.members["errors"][0] == {
        "pointer": "#/quantity", "detail": "投料 400 公斤，按申报的出成率最多产出 100 公斤。",
    }  # fmt: skip
    assert left(fresh) == [500]


def test_splitting_and_mixing_neither_add_nor_lose(farm):
    first, second = farm.harvest("60"), farm.harvest("40")
    with transaction():
        parts = services.split(
            first.public_id, [("S1", Decimal(10)), ("", Decimal("20.5"))], farm.actor, occurred_at=NOON, at=NOON
        )
        mixed = services.mix(
            {parts[0].public_id: Decimal(10), second.public_id: Decimal(15)}, farm.actor, occurred_at=NOON, at=NOON
        )

    assert left(first, second, *parts, mixed) == [Decimal("29.5"), 25, 0, Decimal("20.5"), 25]
    assert balance.over_all([farm.actor.organisation_id]).difference == 0
    assert [told["kind"] for told in events("catalog.batch_transformed")] == ["split", "mix"]


def test_one_batch_or_two_products_are_no_mixture(farm):
    first = farm.harvest()
    with transaction():
        apples = make.make_product(farm.actor, category_code="0501", name="静宁苹果")
    other = farm.harvest(product=apples.public_id)

    for inputs in ({first.public_id: Decimal(1)}, {first.public_id: Decimal(1), other.public_id: Decimal(1)}):
        with pytest.raises(services.BadBatch), transaction():
            services.mix(inputs, farm.actor, occurred_at=NOON, at=NOON)

    assert left(first, other) == [100, 100]


def test_packing_takes_packs_times_net_weight_and_the_loss(farm):
    batch = farm.harvest("100")

    lot = farm.pack(batch, "150", loss_kg=Decimal("2.5"))

    assert left(batch) == [Decimal("22.5")]
    assert (lot.on_hand, lot.unit_mass_g, lot.batch_id) == (150, 500, batch.id)
    assert balance.of_lot(lot.id) == Balance(came_in=Decimal(75), in_lots=Decimal(75))
    (told,) = events("catalog.lot_packed")
    assert (told["packed_kg"], told["loss_kg"]) == ("75.000", "2.500")
    assert told["lots"] == [{
        "lot_id": str(lot.public_id), "code": "A1", "sku_id": str(farm.sku.public_id), "gtin": None, "pack_spec": "500 g/袋",
        "unit": "bag", "quantity": "150.000", "mass_kg": "75.000", "produced_on": "2026-07-15", "expires_on": None,
    }]  # fmt: skip


def test_never_more_is_packed_than_came_in(farm):
    batch = farm.harvest("100")

    for quantity, loss in (("201", "0"), ("200", "0.001")):
        with pytest.raises(services.BatchTooSmall) as refusal:
            farm.pack(batch, quantity, loss_kg=Decimal(loss))
        assert refusal.value.members["available_kg"] == "100.000"
    with pytest.raises(services.BadBatch):
        farm.pack(batch, "1.5")

    assert (left(batch), count("lots"), count("lot_movements")) == ([100], 0, 0)


def test_a_pack_without_net_weight_is_weighed_once(farm):
    with transaction():
        farm.sku = make.make_sku(farm.product, farm.actor, pack_spec="礼盒", unit="box", net_weight_g=None)
    batch = farm.harvest("100")

    with pytest.raises(packing.NetWeightMissing):
        farm.pack(batch)
    farm.pack(batch, "10", net_weight_g=2000)
    with pytest.raises(services.BadBatch):
        farm.pack(batch, "1", code="A2", net_weight_g=2500)

    assert left(batch) == [80]
    assert db.session.get_one(Sku, farm.sku.id).net_weight_g == 2000


def test_what_is_sold_by_the_kilogram_is_packed_by_it(farm):
    with transaction():
        farm.sku = make.make_sku(farm.product, farm.actor, pack_spec="散装", unit="kg", net_weight_g=None)
    batch = farm.harvest("100")

    farm.pack(batch, "12.345")

    assert left(batch) == [Decimal("87.655")]


def test_a_count_finds_no_more_than_was_packed(farm):
    batch = farm.harvest("100")
    lot = farm.pack(batch, "10")

    with pytest.raises(lots.MoreThanPacked), transaction():
        lots.adjust_lot(lot, Decimal(1), reason="盘点", actor=farm.actor, at=NOON)
    with transaction():
        lots.adjust_lot(lot, Decimal(-3), reason="盘点", actor=farm.actor, at=NOON)
    with transaction():
        lots.adjust_lot(lot, Decimal(2), reason="复盘", actor=farm.actor, at=NOON)

    assert lot.on_hand == 9
    assert balance.of_lot(lot.id) == Balance(came_in=Decimal(5), in_lots=Decimal("4.5"), lost=Decimal("0.5"))
    assert [told["kind"] for told in events("catalog.lot_moved")] == ["adjusted_down", "adjusted_up"]


def test_opened_packs_are_a_batch_again(farm):
    batch = farm.harvest("100")
    lot = farm.pack(batch, "100")

    with transaction():
        loose = packing.unpack(lot.public_id, Decimal(40), farm.actor, loss_kg=Decimal(1), occurred_at=NOON, at=NOON)
    farm.pack(loose, "38", code="B1")

    assert (lot.on_hand, left(batch, loose)) == (60, [50, 0])
    assert balance.over_all([farm.actor.organisation_id]) == Balance(
        came_in=Decimal(100), in_batches=Decimal(50), in_lots=Decimal(49), lost=Decimal(1)
    )


def test_a_lot_of_before_stays_valid_and_is_not_opened(farm):
    with transaction():
        lot = make.make_lot(farm.sku, farm.actor, "10")
    with transaction():
        lots.adjust_lot(lot, Decimal(5), reason="盘点", actor=farm.actor, at=NOON)

    with pytest.raises(services.BadBatch), transaction():
        packing.unpack(lot.public_id, Decimal(1), farm.actor, occurred_at=NOON, at=NOON)

    assert lot.on_hand == 15
    assert (lot.batch_id, count("batches")) == (None, 0)


def test_a_packing_is_undone_while_its_packs_are_there(farm):
    batch = farm.harvest("100")
    lot = farm.pack(batch, "100", loss_kg=Decimal(1))

    undo(farm, db.session.get_one(BatchAct, lot.act_id))

    db.session.refresh(lot)
    assert (lot.status, lot.on_hand, left(batch)) == ("undone", 0, [100])
    assert balance.over_all([farm.actor.organisation_id]) == Balance(came_in=Decimal(100), in_batches=Decimal(100))
    assert farm.pack(batch, "90").code == "A1"
    assert events("catalog.act_undone")[0]["lots"][0]["quantity"] == "-100.000"


def test_what_is_used_sold_or_reserved_is_not_undone(farm):
    batch = farm.harvest("100")
    lot = farm.pack(batch, "100")
    packed = db.session.get_one(BatchAct, lot.act_id)
    with transaction():
        lots.reserve({farm.sku.id: Decimal(1)})

    with pytest.raises(undoing.StockReserved):
        undo(farm, packed)
    with transaction():
        lots.ship(farm.sku.id, Decimal(1), ref="s", at=NOON, user_id=None)
    with pytest.raises(undoing.CannotUndo):
        undo(farm, packed)
    with pytest.raises(undoing.CannotUndo):
        undo(farm, act_of(batch))

    assert (lot.on_hand, left(batch)) == (99, [50])


def test_what_was_shipped_and_came_back_or_was_counted_is_not_undone_and_keeps_its_code(farm):
    def whole_again(lot):
        if lot.code == "A1":
            lots.reserve({farm.sku.id: Decimal(10)})
            lots.ship(farm.sku.id, Decimal(10), ref="s", at=NOON, user_id=None, lot_ids=[lot.id])
            lots.take_back(lot.id, Decimal(10), ref="b", at=NOON, user_id=None, destroyed=False)
        else:
            lots.adjust_lot(lot, Decimal(-1), reason="x", actor=farm.actor, at=NOON)
            lots.adjust_lot(lot, Decimal(1), reason="x", actor=farm.actor, at=NOON)

    batch = farm.harvest("100")
    for code in ("A1", "A2"):
        lot = farm.pack(batch, "10", code=code)
        with transaction():
            whole_again(lot)
        db.session.refresh(lot)
        before = [count(table) for table in ("batch_acts", "batch_movements", "lot_movements", "outbox_events")]

        with pytest.raises(undoing.CannotUndo) as refused:
            undo(farm, db.session.get_one(BatchAct, lot.act_id))
        with pytest.raises(lots.LotCodeTaken):
            farm.pack(batch, "10", code=code)
        with pytest.raises(IntegrityError) as raised, db.session.begin_nested():
            db.session.execute(text("UPDATE lots SET status = 'undone' WHERE id = :lot"), {"lot": lot.id})

        db.session.refresh(lot)
        assert type(refused.value) is undoing.CannotUndo
        assert getattr(raised.value.orig, "diag").constraint_name == "ck_lots_untouched"  # noqa: B009
        assert (lot.on_hand, lot.status) == (10, "open")
        assert [count(table) for table in ("batch_acts", "batch_movements", "lot_movements", "outbox_events")] == before
    assert left(batch) == [90]


def test_an_undo_is_done_once_and_is_no_act_to_undo(farm):
    batch = farm.harvest("100")
    done = undo(farm, act_of(batch))

    with pytest.raises(undoing.CannotUndo):
        undo(farm, act_of(batch))
    with pytest.raises(undoing.CannotUndo):
        undo(farm, done)
    with pytest.raises(undoing.CannotUndo):
        undo(farm, done)

    assert left(batch) == [0]
    assert balance.over_all([farm.actor.organisation_id]) == Balance()


def test_processing_unpacking_and_discarding_are_undone_too(farm):
    fresh = farm.harvest("100")
    dry = farm.process({fresh: "80"}, "20", "0.25", added_kg=Decimal(1), added="水")
    lot = farm.pack(dry, "20")
    with transaction():
        loose = packing.unpack(lot.public_id, Decimal(5), farm.actor, occurred_at=NOON, at=NOON)
    with transaction():
        services.discard(fresh.public_id, Decimal(3), "霉变", farm.actor, occurred_at=NOON, at=NOON)
    thrown = db.session.query(BatchAct).filter_by(kind="discard").one()

    for act in (thrown, act_of(loose), db.session.get_one(BatchAct, lot.act_id), act_of(dry)):
        undo(farm, act)

    assert left(fresh, dry, loose) == [100, 0, 0]
    assert balance.over_all([farm.actor.organisation_id]) == Balance(came_in=Decimal(100), in_batches=Decimal(100))


def test_a_recalled_batch_is_not_used_but_can_be_thrown_away(farm):
    batch = farm.harvest("100")
    with transaction():
        batch.status = "recalled"

    with pytest.raises(services.BatchNotOpen):
        farm.pack(batch)
    with pytest.raises(services.BatchNotOpen):
        farm.process({batch: "1"}, "1")
    with transaction():
        services.discard(batch.public_id, Decimal(100), "召回销毁", farm.actor, occurred_at=NOON, at=NOON)

    assert left(batch) == [0]


def test_acts_and_movements_are_never_rewritten(farm):
    farm.harvest()

    for statement in ("UPDATE batch_acts SET born_kg = 1", "DELETE FROM batch_movements", "TRUNCATE batch_movements"):
        with pytest.raises(DBAPIError, match="append-only"), transaction():
            db.session.execute(text(statement))

    assert count("batch_movements") == 1


@pytest.mark.parametrize(
    "statement",
    [
        # Mass from nothing into a batch, out of it, and more than the act says into a lot.
        "INSERT INTO batch_movements (public_id, batch_id, act_id, quantity_kg) SELECT gen_random_uuid(), b.id, l.act_id, 1 FROM batches b, lots l WHERE b.id <> l.batch_id",
        "INSERT INTO batch_acts (public_id, producer_id, kind, occurred_at, recorded_at, born_kg, out_kg, note) SELECT gen_random_uuid(), producer_id, 'harvest', now(), now(), 5, 5, '{}' FROM batches LIMIT 1",
        "INSERT INTO lot_movements (public_id, lot_id, kind, quantity, ref, note, at, act_id) SELECT gen_random_uuid(), id, 'adjusted_up', 1, 'x', '{}', now(), act_id FROM lots",
        "INSERT INTO lot_movements (public_id, lot_id, kind, quantity, ref, note, at) SELECT gen_random_uuid(), id, 'adjusted_up', 1, 'x', '{}', now() FROM lots",
        "INSERT INTO lot_movements (public_id, lot_id, kind, quantity, ref, note, at) SELECT gen_random_uuid(), id, 'returned', 1, 'x', '{}', now() FROM lots",
        "INSERT INTO lot_movements (public_id, lot_id, kind, quantity, ref, note, at) SELECT gen_random_uuid(), id, 'born', 1, 'x', '{}', now() FROM lots",
        "UPDATE lots SET unit_mass_g = 1",
    ],
)  # fmt: skip
def test_the_database_itself_refuses_mass_from_nothing(farm, statement):
    farm.harvest("50")
    batch = farm.harvest("100")
    lot = farm.pack(batch, "100")

    with pytest.raises(IntegrityError), transaction():
        db.session.execute(text(statement))

    db.session.refresh(lot)
    assert (lot.on_hand, lot.unit_mass_g, left(batch)) == (100, 500, [50])


def test_verification_finds_a_batch_that_was_tampered_with(farm):
    batch = farm.harvest("100")
    names = list(balance.DIFFERENCES)
    assert [db.session.execute(text(balance.DIFFERENCES[name])).all() for name in names] == [[], [], []]

    with transaction():
        db.session.execute(text("UPDATE batches SET on_hand_kg = 90"))

    found = [db.session.execute(text(balance.DIFFERENCES[name])).scalars().all() for name in names]
    assert found == [
        [f"batch {batch.public_id} holds 90.000 kg, its movements say 100.000"],
        [],
        [f"producer {farm.actor.organisation_public_id}: 100.000 kg came in, 90.000 kg are accounted for"],
    ]


def test_nothing_is_made_of_goods_before_they_came_into_being(farm):
    born = NOON - timedelta(hours=2)
    batch, early = farm.harvest("100", code="H", occurred_at=born), born - timedelta(minutes=1)
    lot = farm.pack(batch, "20", occurred_at=NOON - timedelta(hours=1))
    acts = count("batch_acts")

    def refused(act) -> list[str]:
        with pytest.raises(services.BadBatch) as refusal, transaction():
            act()
        return [each["pointer"] for each in refusal.value.members["errors"]] + [str(refusal.value)]

    def packed(when: datetime) -> packing.Packing:
        return packing.Packing(batch.public_id, farm.sku.public_id, "A2", Decimal(1), when)

    def dried(when: datetime) -> services.Processing:
        inputs = {batch.public_id: Decimal(1)}
        return services.Processing(inputs, farm.product.public_id, Decimal(1), Decimal(1), when)

    said = ["#/occurred_at", "批次“H”到 2026-07-15 10:00 才有，时间不能早于它。"]
    part = [("", Decimal(1))]
    assert refused(lambda: packing.pack(packed(early), farm.actor, at=NOON)) == said
    assert refused(lambda: services.process(dried(early), farm.actor, at=NOON)) == said
    assert refused(lambda: services.split(batch.public_id, part, farm.actor, occurred_at=early, at=NOON)) == said
    assert (
        refused(lambda: services.discard(batch.public_id, Decimal(1), "x", farm.actor, occurred_at=early, at=NOON))
        == said
    )
    assert refused(lambda: packing.unpack(lot.public_id, Decimal(1), farm.actor, occurred_at=born, at=NOON)) == [
        "#/occurred_at",
        "批次“A1”到 2026-07-15 11:00 才有，时间不能早于它。",
    ]
    assert (left(batch), count("batch_acts")) == ([90], acts)
    assert farm.pack(batch, "1", "A3", occurred_at=born).on_hand == 1


def test_the_database_refuses_a_use_before_the_birth_whoever_writes(farm):
    batch = farm.harvest("100", occurred_at=NOON - timedelta(hours=2))
    act = text("""
        WITH act AS (
            INSERT INTO batch_acts (public_id, producer_id, kind, occurred_at, recorded_at, in_kg, loss_kg, note)
            SELECT gen_random_uuid(), producer_id, 'discard', occurred_at - interval '1 minute', recorded_at, 5, 5, '{}'
            FROM batch_acts RETURNING id)
        INSERT INTO batch_movements (public_id, batch_id, act_id, quantity_kg)
        SELECT gen_random_uuid(), b.id, act.id, -5 FROM act, batches b""")

    with pytest.raises(IntegrityError, match="a batch is not used before it came into being"), transaction():
        db.session.execute(act)

    assert (left(batch), count("batch_acts")) == ([100], 1)
