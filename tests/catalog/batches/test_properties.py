"""Whatever is harvested, split, mixed, processed, packed, shipped, returned or destroyed: mass is conserved, as a naive model says."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, text

from catalog.lots import lineage, recalls
from catalog.lots import services as lots
from catalog.lots.batches import balance, packing, services
from catalog.lots.batches.balance import DIFFERENCES
from catalog.lots.batches.models import Batch, BatchAct
from catalog.lots.models import Lot
from catalog.lots.records import undoing
from shop.db import db, transaction
from shop.errors import DomainError
from tests.catalog.batches.help import Farm, make_farm
from tests.conftest import NOON, examples, undone

KG = st.decimals(min_value="0.001", max_value=60, places=3)
PICK = st.integers(0, 7)
STEPS = st.lists(
    st.tuples(
        st.sampled_from([
            "harvest", "harvest", "split", "mix", "process", "pack", "pack", "unpack", "discard", "ship", "back", "spoilt",
            "count", "write_off", "undo", "recall",
        ]),
        KG, KG, PICK, PICK,
    ),
    max_size=22,
)  # fmt: skip
PACK_KG = Decimal("0.5")
_BATCHES = text("SELECT id, on_hand_kg FROM batches WHERE producer_id = :producer")
_LOTS = text("SELECT l.id, l.on_hand FROM lots l JOIN batches b ON b.id = l.batch_id WHERE b.producer_id = :producer")


@dataclass
class Model:
    """Kilograms and packs in plain dictionaries: it knows no database, and refuses what does not fit."""

    born: Decimal = Decimal(0)
    lost: Decimal = Decimal(0)
    batches: dict[int, Decimal] = field(default_factory=dict)
    packs: dict[int, Decimal] = field(default_factory=dict)
    shipped: dict[int, Decimal] = field(default_factory=dict)
    closed: set[int] = field(default_factory=set)
    counted: dict[int, Decimal] = field(default_factory=dict)
    #: Of each act that could be undone: what it did, in order.
    acts: list[tuple[int, dict[int, Decimal], dict[int, Decimal], Decimal, Decimal]] = field(default_factory=list)

    def total(self) -> Decimal:
        packs = sum(self.packs.values(), Decimal(0)) + sum(self.shipped.values(), Decimal(0))
        return sum(self.batches.values(), Decimal(0)) + packs * PACK_KG + self.lost

    def apply(
        self, key: int, batches: dict[int, Decimal], packs: dict[int, Decimal], born: Decimal, lost: Decimal
    ) -> None:
        for batch, kg in batches.items():
            self.batches[batch] = self.batches.get(batch, Decimal(0)) + kg
            assert self.batches[batch] >= 0
        for lot, quantity in packs.items():
            self.packs[lot] = self.packs.get(lot, Decimal(0)) + quantity
            assert self.packs[lot] >= 0
        self.born += born
        self.lost += lost
        self.acts.append((key, batches, packs, born, lost))


class World:
    """The farm beside its model."""

    def __init__(self, farm: Farm) -> None:
        self.farm, self.model = farm, Model()
        self.batches: list[Batch] = []
        self.lots: list[Lot] = []
        self.codes = 0
        self.recalled: set[int] = set()

    def step(self, kind: str, one: Decimal, other: Decimal, i: int, k: int) -> None:
        if kind == "harvest":
            batch = self.farm.harvest(str(one))
            self._made(batch, {}, born=one)
        elif kind in ("ship", "back", "spoilt", "count", "write_off", "unpack", "recall"):
            if self.lots:
                self._of_lot(kind, self.lots[i % len(self.lots)], one)
        elif kind == "undo":
            if self.model.acts:
                self._undo(i % len(self.model.acts))
        elif self.batches:
            self._of_batch(kind, self.batches[i % len(self.batches)], self.batches[k % len(self.batches)], one, other)

    def _made(
        self, batch: Batch, taken: dict[int, Decimal], *, born: Decimal = Decimal(0), lost: Decimal = Decimal(0)
    ) -> None:
        self.batches.append(batch)
        self.model.apply(batch.act_id, {**taken, batch.id: batch.on_hand_kg}, {}, born, lost)

    def _of_batch(self, kind: str, batch: Batch, second: Batch, one: Decimal, other: Decimal) -> None:
        actor = self.farm.actor
        if kind == "split":
            with transaction():
                made = services.split(batch.public_id, [("", one), ("", other)], actor, occurred_at=NOON, at=NOON)
            self.batches += made
            given = {made[0].id: one, made[1].id: other, batch.id: -one - other}
            self.model.apply(made[0].act_id, given, {}, Decimal(0), Decimal(0))
        elif kind == "mix" and batch is not second:
            with transaction():
                mixed = services.mix({batch.public_id: one, second.public_id: other}, actor, occurred_at=NOON, at=NOON)
            self._made(mixed, {batch.id: -one, second.id: -other})
        elif kind == "process":
            made_one = self.farm.process({batch: str(one)}, str(min(one, other)), "1")
            self._made(made_one, {batch.id: -one}, lost=one - min(one, other))
        elif kind == "discard":
            with transaction():
                services.discard(batch.public_id, one, "x", actor, occurred_at=NOON, at=NOON)
            self.model.apply(self._last_act(), {batch.id: -one}, {}, Decimal(0), one)
        elif kind == "pack":
            self.codes += 1
            packs, loss = one.to_integral_value(), min(other, Decimal("0.7"))
            lot = self.farm.pack(batch, str(packs), code=f"C{self.codes}", loss_kg=loss)
            self.lots.append(lot)
            self.model.apply(lot.act_id or 0, {batch.id: -packs * PACK_KG - loss}, {lot.id: packs}, Decimal(0), loss)

    def _of_lot(self, kind: str, lot: Lot, one: Decimal) -> None:
        actor, packs, ref = (
            self.farm.actor,
            max(one.to_integral_value(), Decimal(1)),
            f"f:{self.codes}:{one}:{len(self.model.acts)}:{kind}",
        )
        with transaction():
            if kind == "ship":
                lots.reserve({self.farm.sku.id: packs})
                lots.ship(self.farm.sku.id, packs, ref=ref, at=NOON, user_id=None, lot_ids=[lot.id])
            elif kind in ("back", "spoilt"):
                lots.take_back(lot.id, packs, ref=ref, at=NOON, user_id=None, destroyed=kind == "spoilt")
            elif kind == "count":
                lots.adjust_lot(lot, -packs, reason="x", actor=actor, at=NOON)
            elif kind == "recall":
                self.recalled |= set(recalls.recall([lot.id], reason="x", actor=actor, at=NOON))
            elif kind == "write_off":
                lots.write_off_lot(lot, reason="x", actor=actor, at=NOON)
            else:
                loose = packing.unpack(lot.public_id, packs, actor, occurred_at=NOON, at=NOON)
        if kind == "unpack":
            self.batches.append(loose)
            self.model.apply(loose.act_id, {loose.id: packs * PACK_KG}, {lot.id: -packs}, Decimal(0), Decimal(0))
            return
        if kind != "recall":
            self._moved(kind, lot.id, packs)

    def _moved(self, kind: str, lot: int, packs: Decimal) -> None:
        model, held = self.model, self.model.packs[lot]
        if kind in ("ship", "back", "spoilt"):
            sign = 1 if kind == "ship" else -1
            model.shipped[lot] = model.shipped.get(lot, Decimal(0)) + sign * packs
            assert model.shipped[lot] >= 0
            model.packs[lot] = held - packs if kind == "ship" else held + packs if kind == "back" else held
            model.lost += packs * PACK_KG if kind == "spoilt" else 0
        else:
            gone = packs if kind == "count" else held
            model.packs[lot], model.lost = held - gone, model.lost + gone * PACK_KG
        assert model.packs[lot] >= 0

    def _undo(self, place: int) -> None:
        key, batches, packs, born, lost = self.model.acts[place]
        with transaction():
            act = undoing.undo(db.session.get_one(BatchAct, key).public_id, self.farm.actor, at=NOON)
        self.model.apply(
            act.id, {b: -kg for b, kg in batches.items()}, {lot: -q for lot, q in packs.items()}, -born, -lost
        )
        made = {batch.id for batch in self.batches if batch.act_id == key}
        self.batches = [batch for batch in self.batches if batch.id not in made]
        self.lots = [lot for lot in self.lots if lot.act_id != key]

    def _last_act(self) -> int:
        return int(db.session.execute(text("SELECT max(id) FROM batch_acts")).scalar_one())

    def check(self) -> None:
        model = self.model
        mine = {"producer": self.farm.actor.organisation_id}
        held = {row.id: row.on_hand_kg for row in db.session.execute(_BATCHES, mine)}
        packs = {row.id: row.on_hand for row in db.session.execute(_LOTS, mine)}
        assert (held, packs) == (model.batches, model.packs)
        whole = balance.over_all([self.farm.actor.organisation_id])
        assert (whole.came_in, whole.lost, whole.difference) == (model.born, model.lost, Decimal(0))
        assert whole.in_lots == sum(model.packs.values(), Decimal(0)) * PACK_KG
        assert whole.shipped == sum(model.shipped.values(), Decimal(0)) * PACK_KG
        assert model.total() == model.born
        for key in held:
            assert balance.of_batch(key).difference == 0
        for key in packs:
            assert balance.of_lot(key).difference == 0
        made, loose = lineage.made_of(self.recalled)
        assert set(made) == self.recalled
        assert {batch.status for batch in db.session.scalars(select(Batch).where(Batch.id.in_(loose)))} <= {"recalled"}
        assert [db.session.execute(text(sql)).all() for sql in DIFFERENCES.values()] == [[], [], []]


def check_history(steps: list[tuple[str, Decimal, Decimal, int, int]]) -> None:
    """Do one thing after the other and compare everything with the model after each."""
    with undone():
        world = World(make_farm())
        for kind, one, other, i, k in steps:
            try:
                world.step(kind, one, other, i, k)
            except DomainError:
                db.session.expire_all()
            world.check()


@settings(max_examples=examples(25), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_mass_is_conserved_whatever_is_done(session, steps):
    check_history(steps)


@pytest.mark.soak
@settings(max_examples=examples(400), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_mass_is_conserved_over_four_hundred_histories(session, steps):
    check_history(steps)
