"""A recall reaches who got the goods and who watches over them; they say what became of these; a mistake is lifted."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from python_calamine import CalamineWorkbook
from sqlalchemy import text

from catalog.lots import lifting, recalls
from catalog.lots.lifting import LiftedByAnother, RecallLifted
from catalog.lots.models import Lot
from catalog.products.models import Sku
from shop.db import db, transaction
from shop.identity.models import AuthorityScope, Organisation
from tests import factories as make
from tests.conftest import NOON, count
from tests.purchase.world import World, make_world, on_hand
from traceability.recalls import queries, replies
from traceability.recalls.replies import Account, BadRecallReply

TODAY = NOON.date()
#: Seven in the morning of 16 July in Shanghai, when it is still the 15th in UTC.
SEVEN = datetime(2026, 7, 15, 23, 0, tzinfo=UTC)


@pytest.fixture
def world(session) -> World:
    return make_world(stock="0")


def add_lot(world: World, code: str) -> Lot:
    with transaction():
        return make.make_lot(db.session.get_one(Sku, world.listings[0].sku_id), world.producer, "100", lot_code=code)


def official(division: str) -> Any:
    with transaction():
        authority = make.make_organisation("authority")
        scope = {"kind": "division", "division_code": division, "valid_from": make.LONG_AGO.date()}
        db.session.add(AuthorityScope(organisation_id=authority.id, **scope))
    return make.make_member("authority", "authority_viewer", organisation=authority)


def colleague(actor: Any, role: str) -> Any:
    organisation = db.session.get_one(Organisation, actor.organisation_id)
    return make.make_member(organisation.kind, role, organisation=organisation)


def notices(prefix: str) -> list[tuple[Any, ...]]:
    rows = db.session.execute(
        text("SELECT kind, organisation_id, user_id, link FROM notices WHERE kind LIKE :kind ORDER BY kind, user_id"),
        {"kind": f"{prefix}%"},
    )
    return [tuple(row) for row in rows]


def call_back(lot: Lot, actor: Any, reason: str = "农残超标") -> Any:
    with transaction():
        recalls.recall([lot.id], reason=reason, actor=actor, at=NOON)
    return db.session.execute(
        text("SELECT recall_id FROM lot_recalls WHERE lot_id = :lot ORDER BY id DESC LIMIT 1"), {"lot": lot.id}
    ).scalar_one()


def test_a_recall_tells_who_got_the_goods_and_who_watches_over_them_once_and_each_sees_its_part(world, deliver, login):
    lot, other = add_lot(world, "A"), add_lot(world, "B")
    first, second, third = world.signed("10"), world.signed("4"), world.signed("5")
    world.at = SEVEN
    world.accept(first, world.ship(first, "6", lot_ids=(lot.public_id,)), "5", "1")
    world.ship(third, "5", lot_ids=(other.public_id,))
    deliver()
    world.ship(second, "4", lot_ids=(lot.public_id,))  # told only after the recall
    west, east, far = official("620000"), official("120000"), official("510000")
    operator = make.make_member("operator", "operator_reviewer")
    manager = colleague(world.producer, "producer_clerk")

    recall_id = call_back(lot, world.producer)
    deliver(times=2)

    link = f"recalls/{recall_id}"
    reached = ("recall_reached", world.buyer.organisation_id, world.buyer.user_id, f"/desk/{link}")
    assert notices("recall_reached") == [reached, reached]
    assert {row for row in notices("recall_announced") if row[0] != "recall_announced_seller"} == {
        ("recall_announced_official", west.organisation_id, west.user_id, f"/official/{link}"),
        ("recall_announced_official", east.organisation_id, east.user_id, f"/official/{link}"),
        ("recall_announced_operator", operator.organisation_id, operator.user_id, f"/operator/{link}"),
    }
    assert [row[2] for row in notices("recall_announced_seller")] == [manager.user_id]
    head = queries.get_recall(recall_id, operator, TODAY)
    assert (head.sums, head.lots, head.code, head.reason) == (queries.Sums(1, 2, 1, 0), 1, "A", "农残超标")
    topics = text(
        "SELECT count(*) FROM outbox_events WHERE topic = 'traceability.recall_reached' AND organisation_ids @> CAST(:buyer AS jsonb)"
    )
    assert db.session.execute(topics, {"buyer": str(world.buyer.organisation_id)}).scalar_one() == 2

    for reader, desk in (
        (world.buyer, "desk"),
        (world.producer, "producer"),
        (west, "official"),
        (east, "official"),
        (operator, "operator"),
    ):
        visitor = login(reader)
        listed, page = visitor.get(f"/{desk}/recalls").text, visitor.get(f"/{desk}/recalls/{recall_id}").text
        assert ("农残超标" in listed, first.number in page, second.number in page, third.number in page) == (
            True,
            True,
            True,
            False,
        )
    for stranger, desk in ((far, "official"), (make_world().buyer, "desk"), (make_world().producer, "producer")):
        visitor = login(stranger)
        assert visitor.get(f"/{desk}/recalls/{recall_id}").status_code == 404
        assert "农残超标" not in visitor.get(f"/{desk}/recalls").text
    book = login(operator).get(f"/operator/recalls/{recall_id}.xlsx").data
    rows = CalamineWorkbook.from_filelike(io.BytesIO(book)).get_sheet_by_index(0).to_python()
    assert [(row[5], str(row[8])[:10], row[9], row[11]) for row in rows[1:-1]] == [
        (first.number, "2026-07-16", "6", "5"), (second.number, "2026-07-16", "4", "4")
    ]  # fmt: skip


def test_buyers_say_what_became_of_the_goods_and_never_more_than_they_got(world, deliver, login):
    lot = add_lot(world, "A")
    order = world.signed("10")
    world.accept(order, world.ship(order, "6"), "5", "1")
    deliver()
    recall_id = call_back(lot, world.producer)
    deliver()
    [row] = queries.list_reached(recall_id, world.buyer, TODAY)
    visitor, path = login(world.buyer), f"/desk/recalls/{recall_id}"

    def say(key: str, *quantities: str) -> Any:
        fields = {
            f"{name}-{row.id}": each for name, each in zip(("set_aside", "used", "returned"), quantities, strict=True)
        }
        return visitor.post(f"{path}/reply", data={**fields, "note": "已贴封条", "idempotency_key": key * 32})

    too_much, nothing, wrong = say("a", "4", "1", "0.5"), say("b", "", "", ""), say("c", "x", "", "")
    assert [each.status_code for each in (too_much, nothing, wrong)] == [422] * 3
    assert ("各项合计不能超过收到的 5。" in too_much.text, count("trace_recall_replies")) == (True, 0)
    with pytest.raises(BadRecallReply), transaction():
        replies.reply(
            recall_id, {world.buyer.organisation_public_id: Account(*[Decimal(1)] * 3)}, "", actor=world.buyer, at=NOON
        )

    assert say("d", "4", "1", "").status_code == 302
    [first] = queries.list_reached(recall_id, world.producer, TODAY)
    assert (first.set_aside, first.used, first.returned, first.open, first.note) == (
        Decimal(4), Decimal(1), Decimal(0), Decimal(0), "已贴封条"
    )  # fmt: skip
    assert say("e", "2", "1", "").status_code == 302
    deliver()
    [second] = queries.list_reached(recall_id, world.producer, TODAY)
    assert (second.open, queries.get_recall(recall_id, world.producer, TODAY).sums) == (
        Decimal(2), queries.Sums(1, 1, 1, 1)
    )  # fmt: skip
    assert {row[:3] for row in notices("recall_answered")} == {
        ("recall_answered", world.producer.organisation_id, world.producer.user_id)
    }
    assert "部分说明" in login(world.producer).get(f"/producer/recalls/{recall_id}").text


def test_a_recall_made_by_mistake_is_lifted_by_another_person_and_everybody_is_told(world, deliver, login):
    lot = add_lot(world, "A")
    order = world.signed("10")
    world.ship(order, "6")
    deliver()
    recall_id = call_back(lot, world.producer)
    deliver()
    operator = make.make_member("operator", "operator_reviewer")
    second = colleague(world.producer, "producer_clerk")

    def lift(actor: Any) -> list[int]:
        with transaction():
            return lifting.lift(recall_id, reason="批号看错", actor=actor, at=NOON)

    for refused in (world.producer, make_world().producer):
        with pytest.raises(LiftedByAnother):
            lift(refused)
    assert on_hand(world.listings[0]) == 0
    answer = login(second).post(
        f"/producer/recalls/{recall_id}/lift", data={"reason": "批号看错", "idempotency_key": "k" * 32}
    )
    deliver()

    db.session.refresh(lot)
    assert (answer.status_code, lot.status, on_hand(world.listings[0])) == (302, "open", 94)
    told = {(row[0], row[1]) for row in notices("recall_lifted")}
    assert told == {
        ("recall_lifted_buyer", world.buyer.organisation_id), ("recall_lifted_seller", world.producer.organisation_id),
        ("recall_lifted_operator", operator.organisation_id),
    }  # fmt: skip
    with pytest.raises(RecallLifted):
        lift(operator)
    visitor = login(world.buyer)
    assert "这次召回已撤回" in visitor.get(f"/desk/recalls/{recall_id}").text
    assert (
        "已被召回"
        not in visitor.get(f"/desk/orders/{order.public_id}").text + visitor.get(f"/trace/lots/{lot.public_id}").text
    )
    with pytest.raises(Exception, match="only lifted"):
        db.session.execute(text("UPDATE lot_recalls SET reason = 'x'"))
    db.session.rollback()

    again = call_back(lot, world.producer, "确有问题")
    deliver()
    assert (again != recall_id, queries.get_recall(again, world.buyer, TODAY).sums.told) == (True, 1)


def test_what_two_recalls_reach_stays_called_back_until_both_are_lifted(world, deliver):
    lot = add_lot(world, "A")
    order = world.signed("10")
    world.ship(order, "6")
    deliver()
    operator, auditor = (make.make_member("operator", "operator_reviewer") for _ in range(2))
    own, second = call_back(lot, world.producer), call_back(lot, operator)
    deliver()
    clerk = colleague(world.producer, "producer_clerk")

    with pytest.raises(LiftedByAnother), transaction():
        lifting.lift(second, reason="x", actor=clerk, at=NOON)
    with transaction():
        assert lifting.lift(own, reason="重复", actor=clerk, at=NOON) == []
    deliver()

    assert (db.session.get_one(Lot, lot.id, populate_existing=True).status, notices("recall_lifted")) == (
        "recalled",
        [],
    )
    assert queries.get_recall(second, world.buyer, TODAY).sums == queries.Sums(1, 1, 1, 0)
    with transaction():
        assert lifting.lift(second, reason="查清", actor=auditor, at=NOON) == [lot.id]
    assert db.session.get_one(Lot, lot.id, populate_existing=True).status == "open"
