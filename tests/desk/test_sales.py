"""An agent hears of its producers' trade and reads their sales: as long as its mandate holds, and nobody else's."""

from __future__ import annotations

import csv
import io
from datetime import date
from typing import Any

import pytest
from sqlalchemy import text

from catalog.producers import services as producers
from orders.ledger import sealing
from shop.auth import Actor
from shop.clock import real_now
from shop.db import db, transaction
from shop.identity.models import Organisation
from shop.notices.models import Notice
from shop.webhooks import services as webhooks
from tests import factories
from tests.desk.test_budget import sheet
from tests.purchase.world import World, make_world


@pytest.fixture
def world(session) -> World:
    return make_world()


def agent_of(world: World, valid_to: date | None = None) -> Actor:
    agent = factories.make_member("agent")
    with transaction():
        producers.give_mandate(
            world.producer.organisation_id, agent.organisation_id, world.producer, valid_from=date(2026, 1, 1),
            valid_to=valid_to,
        )  # fmt: skip
        webhooks.create_endpoint("https://example.com/", ["*"], agent, known=(), at=real_now())
    return agent


def heard(agent: Actor) -> tuple[set[str], set[str]]:
    """Return the kinds of an agent's notices, and the topics that its endpoint is to be told."""
    told = {each.kind for each in db.session.query(Notice).filter(Notice.user_id == agent.user_id)}
    sent = db.session.scalars(
        text("""SELECT w.topic FROM webhook_deliveries w JOIN webhook_endpoints e ON e.id = w.endpoint_id
                WHERE e.organisation_id = :id"""),
        {"id": agent.organisation_id},
    )
    return told, set(sent)


def test_an_agent_hears_of_orders_money_and_shipments_while_its_mandate_holds(world, deliver):
    agent, former = agent_of(world), agent_of(world, date(2026, 7, 14))
    order = world.signed("10")
    world.accept(order, world.ship(order, "10"), "10", "0")

    deliver(times=2)

    told, sent = heard(agent)
    assert {"order_placed", "contract_signed", "goods_accepted_seller"} <= told
    assert {"orders.procurement_placed", "orders.order_shipped", "orders.goods_accepted"} <= sent
    assert not {topic for topic in sent if topic.startswith("identity.")}
    assert heard(former) == (set(), set())
    once = db.session.scalar(
        text("SELECT count(*) FROM notices WHERE user_id = :id AND kind = 'order_placed'"), {"id": agent.user_id}
    )
    assert once == 1


def test_an_agent_and_a_producer_read_totals_of_their_producers_alone(world, bearer, client):
    agent, other = agent_of(world), make_world()
    world.place("5")
    other.place("7")
    sold = db.session.scalar(
        text("SELECT sum(goods_fen) FROM orders WHERE producer_id = :id"), {"id": world.producer.organisation_id}
    )
    asked = "/api/v1/totals?measure=ordered&by=producer&from=2026-01-01&to=2026-12-31"

    for actor in (agent, world.producer):
        found = client.get(asked, headers=bearer(actor)).json
        assert [row["keys"]["producer"]["id"] for row in found["rows"]] == [str(world.producer.organisation_public_id)]
        assert found["total"]["amount"] == f"{sold / 100:.2f}"
    stranger = factories.make_member("agent")
    assert client.get(asked, headers=bearer(stranger)).json["rows"] == []


def test_the_page_its_lines_and_its_sheets_hold_the_same_figures(world, login):
    agent = agent_of(world)
    order = world.signed("10")
    world.accept(order, world.ship(order, "10"), "9", "1")
    desk: Any = login(agent)

    page = desk.get("/producer/sales").text
    seal, key = sealing.last_seq(), world.producer.organisation_public_id
    address = (
        f"/producer/sales/lines?year=2026&amp;by=producer&amp;measure=accepted&amp;as_of={seal}&amp;producer={key}"
    )
    assert f'<a href="{address}">180.00</a>' in page
    lines = desk.get(address.replace("&amp;", "&")).text
    assert ("180.00" in lines, "共 1 行" in lines) == (True, True)
    rows = sheet(desk.get(f"/producer/sales.xlsx?year=2026&by=institution&as_of={seal}").data)
    assert rows[-1] == ["合计", 200.0, 180.0, 0.0, 0.0]
    plain = desk.get("/producer/sales.csv?year=2026&by=category").data.decode("utf-8-sig")
    assert [float(each[1]) for each in list(csv.reader(io.StringIO(plain)))[1:]] == [200.0]
    assert sheet(desk.get("/producer/sales/lines.xlsx?year=2026&measure=ordered").data)[-1][0] == "合计"
    assert desk.get("/producer/sales?by=unit").status_code == 422
    assert "2025年还没有销售" in desk.get("/producer/sales?year=2025").text
    assert login(world.buyer).get("/producer/sales").status_code == 403
    clerk = factories.make_member(
        "agent", "agent_clerk", organisation=db.session.get_one(Organisation, agent.organisation_id)
    )
    assert login(clerk).get("/producer/sales").status_code == 403
