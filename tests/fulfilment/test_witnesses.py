"""A canteen's goods are accepted by two members of the institution."""

from __future__ import annotations

from datetime import date
from uuid import UUID

import pytest
from sqlalchemy import select, text

from orders.fulfilment.accepting import WitnessMissing
from orders.fulfilment.answers import acceptances_of
from orders.fulfilment.models import Acceptance, ShipmentItem
from shop.auth import Actor
from shop.db import db, transaction
from shop.identity.models import Membership, Organisation, User
from tests import factories
from tests.conftest import count
from tests.purchase.world import World, make_world, posted


@pytest.fixture
def world(session) -> World:
    return make_world()


def member(world: World, name: str = "李四") -> Actor:
    with transaction():
        organisation = db.session.get_one(Organisation, world.buyer.organisation_id)
        user = factories.make_user(name=name)
        return factories.make_member("institution", "institution_receiver", organisation=organisation, user=user)


def id_of(actor: Actor) -> UUID:
    return db.session.get_one(Membership, actor.membership_id).public_id


def shipped(world: World, fund: str = "canteen"):
    order = world.signed("10", fund_source=fund)
    return order, world.ship(order, "10")


def test_another_member_is_the_second_person_under_the_name_of_that_day(world):
    order, shipment = shipped(world)
    second = member(world)

    made = world.accept(order, shipment, "10", witness_id=id_of(second), also_present="家长委员会 3 人")
    with transaction():
        db.session.get_one(User, second.user_id).name = "李四改名"

    assert (made.witness_id, posted("accepted")) == (second.user_id, 20_000)
    told = acceptances_of(order.id, world.buyer)[0]
    assert (told.witness_name, told.witness_is_member, told.also_present) == ("李四", True, "家长委员会 3 人")


def test_nobody_a_stranger_oneself_and_who_has_left_are_refused(world):
    order, shipment = shipped(world)
    gone = member(world)
    with transaction():
        db.session.get_one(Membership, gone.membership_id).valid_to = date(2026, 7, 14)
    stranger = make_world().buyer
    own = id_of(world.buyer)

    for draft in (
        {}, {"witness_name": "外人"}, {"witness_name": world.buyer.user_name}, {"witness_id": own},
        {"witness_id": id_of(stranger)}, {"witness_id": id_of(gone)}, {"also_present": "家长"},
    ):  # fmt: skip
        with pytest.raises(WitnessMissing) as refused:
            world.accept(order, shipment, "10", **draft)
        assert refused.value.members["errors"][0]["pointer"] == "#/witness_id"

    assert (count("acceptances"), posted("accepted")) == (0, 0)


def test_a_name_that_one_other_member_has_is_that_member(world):
    order, shipment = shipped(world)
    second = member(world)

    assert world.accept(order, shipment, "10", witness_name=" 李四 ").witness_id == second.user_id


def test_a_name_that_two_members_have_tells_nobody(world):
    order, shipment = shipped(world)
    member(world)
    member(world)

    with pytest.raises(WitnessMissing):
        world.accept(order, shipment, "10", witness_name="李四")

    assert count("acceptances") == 0


def test_where_no_second_person_is_needed_a_name_is_kept_as_it_is(world):
    order, shipment = shipped(world, "union")

    made = world.accept(order, shipment, "10", witness_name="王某")

    assert (made.witness_id, made.witness_name) == (None, "王某")


def test_the_database_refuses_one_person_as_both(world):
    order, shipment = shipped(world, "union")
    world.accept(order, shipment, "10")

    with pytest.raises(Exception, match="ck_acceptances_two_persons"), transaction():
        db.session.execute(text("UPDATE acceptances SET witness_id = accepted_by"))


def test_the_api_names_who_can_be_chosen(world, client, bearer):
    order, shipment = shipped(world)
    second = member(world)
    header, path = bearer(world.buyer), f"/api/v1/orders/{order.public_id}"

    told = client.get(f"{path}/witnesses", headers=header)
    assert told.json == {"items": [{"id": str(id_of(second)), "name": "李四"}]}
    assert client.get(f"{path}/witnesses", headers=bearer(world.producer)).status_code == 403
    assert client.get(f"{path}/witnesses", headers=bearer(make_world().buyer)).status_code == 404
    item = db.session.scalars(select(ShipmentItem.public_id).where(ShipmentItem.shipment_id == shipment.id)).one()
    body = {
        "witness_id": told.json["items"][0]["id"],
        "items": [{"shipment_item_id": str(item), "accepted": {"value": "10"}}],
    }
    done = client.post(f"{path}/acceptances", json=body, headers={**header, "Idempotency-Key": "a"})

    assert (done.status_code, done.json["witness_name"], done.json["witness_is_member"]) == (201, "李四", True)
    assert db.session.scalars(select(Acceptance.witness_id)).one() == second.user_id


def test_the_second_person_alone_confirms_once_by_its_own_sign_in(world, client, bearer, login):
    order, shipment = shipped(world)
    second, third = member(world), member(world, "王五")
    made = world.accept(order, shipment, "10", witness_id=id_of(second))
    path, page = f"/api/v1/acceptances/{made.public_id}/witness", f"/desk/orders/{order.public_id}"

    def said(actor: Actor, key: str) -> int:
        return int(client.post(path, headers={**bearer(actor), "Idempotency-Key": key}).status_code)

    others = (world.buyer, third, world.producer, make_world().buyer)
    assert [said(each, "a") for each in others] == [403, 403, 404, 404]
    assert db.session.scalars(select(Acceptance.witnessed_at)).all() == [None]
    assert acceptances_of(order.id, third)[0].is_mine_to_witness is False
    assert order.number in login(second).get("/desk").text
    assert "确认当时在场" in login(second).get(page).text
    assert "待本人确认" in login(world.buyer).get(page).text

    answer = login(second).post(f"{page}/acceptances/{made.public_id}/witness", data={"idempotency_key": "b"})

    assert (answer.status_code, said(second, "c")) == (302, 409)
    told = acceptances_of(order.id, second)[0]
    assert (told.witnessed_at, told.is_mine_to_witness) == (world.at, False)
    assert "待本人确认" not in login(world.buyer).get(page).text
