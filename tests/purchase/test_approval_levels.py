"""Levels of approval by amount: each that a sum asks for, in order, by different persons; any edit begins anew."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select

from orders.purchase import approval_levels, approval_steps, procurements
from orders.purchase.approval_levels import BadLevels, LevelDraft, LevelsBegunLater
from orders.purchase.approval_steps import NobodyForLevel, SumAboveLevel
from orders.purchase.machine import WrongState
from orders.purchase.models import Procurement
from shop.auth import Actor
from shop.db import db, transaction
from shop.identity.models import Membership, Organisation
from tests import factories
from tests.conftest import count
from tests.factories import TODAY
from tests.purchase.test_approved_sum import place, price
from tests.purchase.world import World, make_world, moves_of


@pytest.fixture
def world(session) -> World:
    return make_world()


def approver(world: World) -> Actor:
    organisation = db.session.get_one(Organisation, world.buyer.organisation_id)
    return factories.make_member("institution", "institution_approver", organisation=organisation)


def member(actor: Actor) -> UUID:
    return db.session.scalars(select(Membership.public_id).where(Membership.id == actor.membership_id)).one()


def set_levels(world: World, head: Actor, *finance: Actor, on=TODAY) -> None:
    levels = [LevelDraft("部门负责人", 0, (member(head),)), LevelDraft("财务", 100_00, tuple(map(member, finance)))]
    with transaction():
        approval_levels.set_levels(levels, world.buyer, valid_from=on, at=world.at)


def submitted(world: World, quantity: str = "10") -> Procurement:
    with transaction():
        made = procurements.create_procurement(world.head(), world.wanted(quantity), actor=world.buyer, at=world.at)
        procurements.submit_procurement(made.public_id, actor=world.buyer, at=world.at)
    return made


def decide(world: World, made: Procurement, actor: Actor, *, approved: bool = True) -> None:
    with transaction():
        procurements.decide_approval(made.public_id, approved=approved, actor=actor, at=world.at)


def states(made: Procurement) -> list[str]:
    db.session.expire_all()
    return [step.state for step in approval_steps.steps_of(made, 200_00, TODAY)]


def test_a_sum_goes_through_each_level_that_it_asks_for_by_different_persons(world):
    head, finance = approver(world), approver(world)
    set_levels(world, head, head, finance)
    small, large = submitted(world, "5"), submitted(world, "10")  # 100.00 is not above 100.00

    decide(world, small, head)
    with pytest.raises(WrongState, match="本级由"):
        decide(world, large, finance)
    assert states(large) == ["pending", "waiting"]
    decide(world, large, head)
    assert (states(large), large.approval, large.approved_fen) == (["passed", "pending"], "pending", None)
    with pytest.raises(WrongState, match="前一级"):
        decide(world, large, head)
    with pytest.raises(WrongState):
        place(world, large)
    decide(world, large, finance)

    db.session.expire_all()
    assert (small.approval, small.approved_fen) == ("approved", 100_00)
    assert (large.approval, large.approved_fen, states(large)) == ("approved", 200_00, [])
    assert [event for event, _to in moves_of("approval", large.id)] == ["request", "pass", "approve"]
    place(world, large)
    assert count("orders") == 1


def test_an_edit_and_a_refusal_begin_at_the_first_level_again(world):
    head, finance = approver(world), approver(world)
    set_levels(world, head, finance)
    made = submitted(world)
    decide(world, made, head)

    with transaction():
        procurements.edit_procurement(
            made.public_id, {"title": "食堂"}, None, version=made.version, actor=world.buyer, at=world.at
        )
    assert count("approval_steps") == 0
    with transaction():
        procurements.submit_procurement(made.public_id, actor=world.buyer, at=world.at)
    assert states(made) == ["pending", "waiting"]
    decide(world, made, head)
    decide(world, made, finance, approved=False)

    db.session.expire_all()
    assert (made.approval, made.approved_fen, count("approval_steps")) == ("rejected", None, 0)


def test_dearer_than_an_earlier_level_saw_is_not_passed_and_cheaper_is_the_ceiling(world):
    head, finance = approver(world), approver(world)
    set_levels(world, head, finance)
    made = submitted(world)
    decide(world, made, head)
    price(world, 2001)

    with pytest.raises(SumAboveLevel):
        decide(world, made, finance)
    assert states(made) == ["passed", "pending"]
    price(world, 1900)
    decide(world, made, finance)

    db.session.expire_all()
    assert (made.approval, made.approved_fen) == ("approved", 190_00)


def test_levels_without_enough_persons_are_refused_when_submitted_and_wrong_ones_when_set(world):
    only = approver(world)
    set_levels(world, only, only)
    with pytest.raises(NobodyForLevel) as refused:
        submitted(world)
    assert (refused.value.members["level"], count("approval_steps"), moves_of("approval", 1)) == (2, 0, [])

    stranger = factories.make_member("institution", "institution_approver")
    wrong = [LevelDraft("", 5), LevelDraft("财务", 3, (member(stranger), uuid4()))]
    with pytest.raises(BadLevels) as bad, transaction():
        approval_levels.set_levels(wrong, world.buyer, valid_from=TODAY, at=world.at)
    assert [each["pointer"] for each in bad.value.members["errors"]] == [
        "#/levels/0/name", "#/levels/0/above", "#/levels/1/above", "#/levels/1/people/0", "#/levels/1/people/1",
    ]  # fmt: skip
    assert len(approval_levels.list_levels(world.buyer, TODAY)) == 1


def test_new_levels_begin_on_their_day_and_what_was_submitted_keeps_its_own(world, client, bearer, login):
    head, finance = approver(world), approver(world)
    set_levels(world, head, finance)
    made = submitted(world)
    with pytest.raises(LevelsBegunLater):
        set_levels(world, finance, head)
    set_levels(world, finance, head, on=TODAY + timedelta(days=1))

    body = client.get("/api/v1/approval-levels", headers=bearer(head)).json
    assert [(one["from"], one["to"]) for one in body["items"]] == [("2026-07-16", None), ("2026-07-15", "2026-07-15")]
    told = client.get(f"/api/v1/procurements/{made.public_id}", headers=bearer(head)).json
    assert [(one["name"], one["state"], one["people"]) for one in told["approval_steps"]] == [
        ("部门负责人", "pending", [head.user_name]), ("财务", "waiting", [finance.user_name]),
    ]  # fmt: skip
    key = {"Idempotency-Key": uuid4().hex}
    refused = client.post(
        "/api/v1/approval-levels", json={"from": "2026-07-15", "levels": []}, headers=bearer(head) | key
    )
    assert refused.status_code == 403
    assert "同意后转第 2 级审批" in login(head).get(f"/desk/procurements/{made.public_id}").text
    assert "同意采购" not in login(finance).get(f"/desk/procurements/{made.public_id}").text
    listed = [made.number in login(one).get("/desk").text for one in (head, finance)]
    assert listed == [True, False]


def test_the_administrator_sets_levels_on_the_page(world, login):
    head = approver(world)
    desk = login(world.buyer)
    form = {
        "valid_from": "2026-07-15",
        "name-0": "部门负责人",
        "people-0": str(member(head)),
        "idempotency_key": uuid4().hex,
    }

    wrong = desk.post("/desk/approvals", data=form | {"name-1": "财务", "above-1": "五万"})
    assert (wrong.status_code, "金额须写作" in wrong.text, count("approval_rules")) == (422, True, 0)
    saved = desk.post(
        "/desk/approvals", data=form | {"name-1": "财务", "above-1": "50,000.00", "idempotency_key": uuid4().hex}
    )

    assert saved.status_code == 302
    page = desk.get("/desk/approvals").text
    assert ("50,000.00" in page, head.user_name in page, "现行" in page) == (True, True, True)
    assert login(head).post("/desk/approvals", data=form | {"idempotency_key": uuid4().hex}).status_code == 403
