"""Totals: cells and postings give the same answer, and the same as plain SQL over dimensions."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orders.ledger import questions, sealing, totals
from orders.ledger.grains import plan
from orders.ledger.questions import Condition, Question
from shop.auth import Scope
from shop.db import db
from shop.identity.models import Unit, UnitPlacement
from tests.conftest import NOON
from tests.factories import make_member, make_organisation
from tests.ledger.story import KEYS, plain, tell
from tests.ledger.world import ANDING, HEPING, JINGYUAN, dimension, make_world, post

YEAR = (date(2026, 1, 1), date(2026, 12, 31))


@pytest.fixture
def world(session):
    make_world()
    db.session.commit()


def ask(by: tuple[str, ...] = (), *, days: tuple[date, date] = YEAR, **changes: Any) -> list[tuple[Any, ...]]:
    question = Question("counted", *days, by, as_of=changes.pop("as_of", sealing.last_seq()), **changes)
    return [(*row.keys, row.amount_fen) for row in totals.breakdown(question)]


def test_a_year_by_county_prefecture_province_and_month(world):
    post(100, on=date(2026, 3, 31))
    post(50, on=date(2026, 4, 1))
    post(7, on=date(2026, 4, 1), facts=dimension(county_code=ANDING))
    post(1, on=date(2025, 12, 31))
    sealing.seal(NOON)
    assert ask(("county",)) == [(JINGYUAN, 150), (ANDING, 7)]
    assert ask(("prefecture",)) == [("620400", 150), ("621100", 7)]
    assert ask(("province", "month")) == [("620000", "2026-03", 100), ("620000", "2026-04", 57)]
    assert ask(("quarter",)) == [("2026Q1", 100), ("2026Q2", 57)]
    assert ask(("year",), days=(date(2020, 1, 1), date(2026, 12, 31))) == [("2025", 1), ("2026", 157)]
    assert ask() == [(157,)]
    assert ask(days=(date(2026, 3, 31), date(2026, 4, 1))) == [(157,)]
    assert ask(("day", "partner"), days=(date(2026, 3, 2), date(2026, 3, 31))) == [("2026-03-31", "own", 100)]


def test_what_is_not_sealed_is_not_in_a_total_and_old_answers_stay(world):
    post(100)
    first = sealing.seal(NOON).seq
    post(11)
    assert ask() == [(100,)]
    sealing.seal(NOON + timedelta(seconds=1))
    assert (ask(), ask(as_of=first), ask(as_of=0)) == ([(111,)], [(100,)], [])
    assert [questions.resolve_as_of(asked) for asked in (None, 1, NOON, NOON - timedelta(seconds=1))] == [2, 1, 1, 0]
    with pytest.raises(questions.AsOfUnknown):
        questions.resolve_as_of(3)


def test_a_group_category_holds_its_leaves_and_unknown_keys_are_empty(world):
    post(1, facts=dimension(category_code="dates", unit_id=None))
    post(2, facts=dimension(category_code="wolfberry"))
    post(4, facts=dimension(category_code="lamb"))
    sealing.seal(NOON)
    assert ask(filters=(Condition("category", ("fruit",)),)) == [(3,)]
    assert ask(("unit",)) == [("", 1), ("41", 6)]
    assert ask(filters=(Condition("unit", ("",)),)) == [(1,)]


@given(st.dates(date(2019, 1, 1), date(2027, 12, 31)), st.integers(0, 1500), st.sampled_from(["year", "month", "day"]))
def test_pieces_cover_every_day_once_by_whole_buckets(start, length, finest):
    end = start + timedelta(days=length)
    pieces = sorted(plan(start, end, dimensions={"county"}, finest=finest), key=lambda piece: piece.from_on)
    assert (pieces[0].from_on, pieces[-1].to_on) == (start, end)
    for one, two in pairwise(pieces):
        assert two.from_on == one.to_on + timedelta(days=1)
    for piece in pieces:
        assert piece.grain is not None
        if piece.grain.bucket != "day":
            assert piece.from_on.day == 1
            assert (piece.to_on + timedelta(days=1)).day == 1
        if piece.grain.bucket == "year":
            assert finest == "year"
            assert (piece.from_on.month, piece.to_on.month) == (1, 12)


def test_random_questions_equal_plain_sql_as_of_any_seal(world):
    chance = random.Random(2)  # noqa: S311  repeatable
    last = tell(chance, lines=120, postings=700, seals=6)
    for _ in range(200):
        by = tuple(chance.sample([*questions.DIMENSIONS, *questions.TIMES], chance.randint(0, 3)))
        filters = tuple(
            Condition(name, tuple(chance.sample(KEYS[name], chance.randint(1, len(KEYS[name])))))
            for name in chance.sample(sorted(KEYS), chance.randint(0, 2))
        )
        start = date(2025, 1, 1) + timedelta(days=chance.choice([0, 0, chance.randint(0, 500)]))
        end = start + timedelta(days=chance.choice([364, 729, chance.randint(0, 400)]))
        as_of = chance.choice([last, last, chance.randint(0, last)])
        visible = chance.choice(
            [None, (Condition("west", ("620000",)),), (Condition("east", (chance.choice(["120000", "330200"]),)),)]
        )
        question = Question(chance.choice(["counted", "paid"]), start, end, by, filters, visible, as_of)
        got = sorted((*row.keys, row.amount_fen) for row in totals.breakdown(question))
        assert got == plain(question), question


def test_officials_by_budget_see_the_units_placed_under_them_on_the_day(world):
    first, second = make_organisation("authority"), make_organisation("authority")
    unit = Unit(organisation_id=make_organisation().id, name="后勤处")
    db.session.add(unit)
    db.session.flush()
    for superior, start, end in ((first, date(2026, 1, 1), date(2026, 6, 30)), (second, date(2026, 7, 1), None)):
        db.session.add(
            UnitPlacement(
                unit_id=unit.id, division_code=HEPING, finance_division_code="120000", budget_level="city",
                superior_id=superior.id, valid_from=start, valid_to=end,
            )
        )  # fmt: skip
    db.session.flush()
    post(1, on=date(2026, 6, 30), facts=dimension(unit_id=unit.id))
    post(2, on=date(2026, 7, 1), facts=dimension(unit_id=unit.id))
    post(4, on=date(2026, 7, 1))
    sealing.seal(NOON)

    def seen(**budget: Any) -> list[tuple[Any, ...]]:
        whole = {"superior": None, "level": None, "divisions": [], "everywhere": True, **budget}
        return ask(visible=(Condition("budget", budget=whole),))

    assert (seen(superior=first.id), seen(superior=second.id), seen(superior=0)) == ([(1,)], [(2,)], [])
    assert seen(level="city", divisions=["120000"], everywhere=False) == [(3,)]
    assert seen(level="county", divisions=["120000"], everywhere=False) == []
    assert ask(visible=()) == []


def test_what_an_actor_sees_follows_from_its_organisation(world):
    def see(kind: str, scope: Scope) -> Any:
        return questions.visible_to(replace(make_member(kind), scope=scope))

    assert see("operator", Scope("all")) is None
    assert see("authority", Scope("division", ("620000", "120101"))) == (
        Condition("west", ("620000",)),
        Condition("east", ("120101",)),
    )
    assert see("authority", Scope("division", ())) == ()
    buyer = make_member("institution")
    assert questions.visible_to(buyer) == (Condition("institution", (str(buyer.organisation_id),)),)
    seller = make_member("producer")
    assert questions.visible_to(seller) == (Condition("producer", (str(seller.organisation_id),)),)
