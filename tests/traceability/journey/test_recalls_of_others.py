"""A recall stays with the lots of who calls back; of what others made of them, the operator decides."""

from __future__ import annotations

import io
from typing import Any

from python_calamine import CalamineWorkbook
from sqlalchemy import text

from catalog.lots.models import Lot
from catalog.products.models import Sku
from shop.db import db, transaction
from tests import factories as make
from tests.conftest import NOON
from tests.purchase.world import World, make_world
from tests.traceability.events import document
from tests.traceability.test_planted import made
from traceability.journey import writing
from traceability.journey.goods import lots_of


def lot_of(world: World, code: str) -> Lot:
    with transaction():
        return make.make_lot(db.session.get_one(Sku, world.listings[0].sku_id), world.producer, "100", lot_code=code)


def uri_of(lot: Lot) -> str:
    return lots_of([lot.id])[lot.id].uri


def recalled() -> list[int]:
    return list(
        db.session.scalars(text("SELECT DISTINCT lot_id FROM lot_recalls WHERE lifted_at IS NULL ORDER BY lot_id"))
    )


def notices() -> list[tuple[Any, ...]]:
    query = text("SELECT organisation_id, link, values ->> 'count' FROM notices WHERE kind = 'recall_reaches_others'")
    return [tuple(row) for row in db.session.execute(query)]


def test_a_producer_recalls_its_own_and_sees_its_own_orders_and_the_operator_covers_what_others_made_of_it(
    session, client, bearer, login, deliver
):
    first, second = make_world(stock="0"), make_world(stock="0")
    source, child = lot_of(first, "A"), lot_of(first, "A2")
    others = lot_of(second, "B")
    operator = make.make_member("operator", "operator_reviewer")
    orders = [world.signed("5") for world in (first, second)]
    first.ship(orders[0], "5", lot_ids=(source.public_id,))
    second.ship(orders[1], "5", lot_ids=(others.public_id,))
    deliver()
    with transaction():
        writing.grant(
            second.producer.organisation_id, [uri_of(source)], by=first.producer.organisation_id, reason="shipment",
            ref=None, at=NOON,
        )  # fmt: skip
    for who, event in (
        (first.producer, made(uri_of(source), uri_of(child))), (second.producer, made(uri_of(source), uri_of(others)))
    ):  # fmt: skip
        assert client.post("/epcis/capture", json=document(event), headers=bearer(who)).status_code == 202
    api = f"/api/v1/trace/lots/{source.public_id}/recipients"
    path = f"lots/{source.public_id}/recipients"

    def told(who: Any, desk: str) -> list[Any]:
        items = client.get(api, headers=bearer(who)).json["items"]
        book = client.get(f"{api}.xlsx", headers=bearer(who)).data
        rows = CalamineWorkbook.from_filelike(io.BytesIO(book)).get_sheet_by_index(0).to_python()
        page = login(who).get(f"/{desk}/{path}").text
        return [
            [each["order_number"] for each in items], [row[1] for row in rows[1:-1]],
            [order.number for order in orders if order.number in page],
        ]  # fmt: skip

    its, all_ = [[orders[0].number]] * 3, [[order.number for order in orders]] * 3
    assert (told(first.producer, "producer"), told(operator, "operator")) == (its, all_)
    answer = login(first.producer).post(
        f"/producer/lots/{source.public_id}/recall",
        data={"reason": "农残", "level": "two", "idempotency_key": "k" * 32},
    )
    deliver()
    assert (answer.status_code, recalled()) == (302, sorted([source.id, child.id]))
    link = f"/operator/{path}"
    assert notices() == [(operator.organisation_id, link, "1")]
    assert (
        "确认召回" in login(operator).get(link).text,
        "确认召回" in login(first.producer).get(f"/producer/{path}").text,
    ) == (True, False)

    answer = login(operator).post(
        f"/operator/lots/{source.public_id}/recall",
        data={"reason": "农残", "level": "two", "idempotency_key": "o" * 32},
    )
    deliver()
    assert (answer.status_code, recalled()) == (302, sorted([source.id, child.id, others.id]))
    assert len(notices()) == 1


def test_what_is_told_afterwards_to_have_been_made_of_a_recalled_lot_joins_the_recall(
    session, client, bearer, login, deliver
):
    first, second = make_world(stock="0"), make_world(stock="0")
    source, child, further, others, stranger = (
        lot_of(first, "A"), lot_of(first, "A2"), lot_of(first, "A3"), lot_of(second, "B"), lot_of(second, "C")
    )  # fmt: skip
    operator = make.make_member("operator", "operator_reviewer")
    order = first.signed("5")
    first.ship(order, "5", lot_ids=(further.public_id,))
    deliver()
    with transaction():
        writing.grant(
            second.producer.organisation_id, [uri_of(source)], by=first.producer.organisation_id, reason="shipment",
            ref=None, at=NOON,
        )  # fmt: skip
    login(first.producer).post(
        f"/producer/lots/{source.public_id}/recall",
        data={"reason": "农残", "level": "two", "idempotency_key": "k" * 32},
    )
    deliver()
    assert (recalled(), notices()) == ([source.id], [])

    def capture(who: Any, *pairs: tuple[Lot, Lot]) -> None:
        body = document(*(made(uri_of(one), uri_of(other)) for one, other in pairs))
        assert client.post("/epcis/capture", json=body, headers=bearer(who)).status_code == 202
        deliver(times=2)

    capture(second.producer, (source, others))
    capture(first.producer, (child, further))
    assert (recalled(), notices()) == (
        [source.id],
        [(operator.organisation_id, f"/operator/lots/{source.public_id}/recipients", "1")],
    )
    capture(first.producer, (source, child))

    assert recalled() == [source.id, child.id, further.id]
    query = text("SELECT DISTINCT recall_id, organisation_id, recalled_by, reason FROM lot_recalls")
    assert len(db.session.execute(query).all()) == 1
    assert db.session.scalars(text("SELECT status FROM lots WHERE id IN (:a, :b)"), {"a": child.id, "b": further.id}).all() == [
        "recalled", "recalled"
    ]  # fmt: skip
    assert "已被召回" in login(first.buyer).get(f"/desk/orders/{order.public_id}").text
    assert len(notices()) == 1
    capture(second.producer, (source, stranger))
    assert [row[2] for row in notices()] == ["1", "2"]
