"""An agent sells for a small producer: it lists, confirms, ships and invoices, and the county stays the producer's."""

from __future__ import annotations

from datetime import date
from uuid import uuid4

import pytest
from sqlalchemy import select

from catalog.producers import services as producers
from catalog.producers.models import AgentMandate
from catalog.products.models import Listing, Product, Sku
from orders.contracts.models import Contract
from orders.fulfilment.models import Shipment
from orders.invoices.models import Invoice
from orders.ledger.models import LedgerDimension
from shop.auth import Actor
from shop.db import db, transaction
from shop.identity import queries as identity
from shop.identity.models import Organisation
from tests import factories
from tests.conftest import count
from tests.factories import JINGYUAN, TODAY
from tests.purchase.world import World, make_world


@pytest.fixture
def world(session) -> World:
    """A buyer, and a producer that has nothing on sale and an agent to sell for it."""
    world = make_world()
    with transaction():
        world.producer = factories.make_producer()
    return world


def agent_of(world: World) -> Actor:
    agent = factories.make_member("agent")
    with transaction():
        producers.give_mandate(
            world.producer.organisation_id, agent.organisation_id, world.producer, valid_from=date(2026, 1, 1)
        )
    return identity.actor_of(agent.user_id, agent.organisation_id, TODAY)


def post(client, path, **fields):
    answer = client.post(path, data={"idempotency_key": uuid4().hex, **fields})
    assert answer.status_code == 302, (path, answer.status_code, answer.text)
    return answer.location


def put_on_sale(client, world: World) -> Listing:
    """Enter goods of the producer with a pack, a lot and an offer, and publish it."""
    producer = str(world.producer.organisation_public_id)
    assert world.producer.organisation_name in client.get("/producer/products/new").text
    goods = post(
        client, "/producer/products/new", producer=producer, name="靖远小口大枣", category_code="0604",
        county_code=JINGYUAN, kind="farm",
    )  # fmt: skip
    post(client, f"{goods}/skus", pack_spec="500 g/袋", unit="bag", net_weight_g="500")
    with transaction():  # the county certifies the goods
        factories.make_eligibility(db.session.scalars(select(Product).where(Product.name == "靖远小口大枣")).one())
    sku = db.session.scalars(select(Sku).order_by(Sku.id.desc()).limit(1)).one()
    lot = {"code": "ZD-1", "quantity": "50", "produced_on": "2026-07-01", "expires_on": "2027-07-01"}
    post(client, f"/producer/lots/new?sku={sku.public_id}", **lot)
    offer = post(
        client, f"/producer/listings/new?sku={sku.public_id}", title="靖远小口大枣 500 g/袋", tiers="1 30.00",
        step_quantity="1", lead_days="2", tax_rate="9",
    )  # fmt: skip
    post(client, f"{offer}/publish")
    return db.session.scalars(select(Listing).where(Listing.title == "靖远小口大枣 500 g/袋")).one()


def test_an_agent_sells_for_a_small_producer_from_the_offer_to_the_invoice(world, login):
    agent = agent_of(world)
    world.listings = [put_on_sale(login(agent), world)]
    order = world.order(world.place("10"))
    assert order.producer_id == world.producer.organisation_id

    client = login(agent)
    assert order.number in client.get("/producer").text
    base, line = f"/producer/orders/{order.public_id}", world.lines(order)[0]
    price = {f"price-{line.public_id}": "30.00"}
    confirmation = {"freight": "0", "promised_on": "2026-07-20", "payment_days": "30", "sign": "y"}
    post(client, f"{base}/confirm", **price, **confirmation)
    world.sign(order)
    post(client, f"{base}/ship", **{f"quantity-{line.public_id}": "10"}, carrier="中铁")
    world.accept(order, db.session.scalars(select(Shipment)).one(), "10")
    buyer = db.session.get_one(Organisation, order.buyer_id)
    assert order.number in client.get("/producer").text
    invoice = post(
        client, "/producer/invoices/new", kind="blue", number="2" * 20, issued_on="2026-07-15", buyer_header=buyer.name,
        buyer_tax_no=buyer.credit_code or "", amount="300.00", tax_rate="9", tax="24.77", orders=order.number,
    )  # fmt: skip

    assert client.get(invoice).status_code == 200
    recorded = db.session.scalars(select(Invoice)).one()
    assert (recorded.seller_id, recorded.recorded_by) == (world.producer.organisation_id, agent.user_id)
    contract = db.session.scalars(select(Contract)).one()
    assert contract.terms["producer"]["name"] == world.producer.organisation_name
    counted = db.session.scalars(select(LedgerDimension)).one()
    assert (counted.producer_id, counted.county_code) == (world.producer.organisation_id, JINGYUAN)
    assert "2" * 20 in login(world.producer).get("/producer/invoices").text


def test_an_agent_whose_mandate_has_ended_finds_nothing_of_it(world, login):
    agent = agent_of(world)
    world.listings = [put_on_sale(login(agent), world)]
    order = world.order(world.place("10"))
    with transaction():
        db.session.scalars(select(AgentMandate)).one().valid_to = date(2026, 7, 14)
    client = login(agent)
    offer = f"/producer/listings/{world.listings[0].public_id}"

    assert client.get(f"/producer/orders/{order.public_id}").status_code == 404
    assert (client.get(offer).status_code, client.post(f"{offer}/delist").status_code) == (404, 404)
    assert order.number not in client.get("/producer").text
    refused = client.post(f"/producer/orders/{order.public_id}/confirm", data={"freight": "0"})
    assert (refused.status_code, world.reload(order).status, count("contracts")) == (404, "awaiting_confirmation", 0)
