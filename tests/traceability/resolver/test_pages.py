"""Addresses of goods, and where they lead."""

import json
from urllib.parse import quote

import pytest
from sqlalchemy import select

from catalog.lots.batches.models import BatchAct
from catalog.lots.models import Lot
from catalog.lots.records import undoing
from catalog.products.models import Product, Sku
from catalog.products.numbers import own_number, trade_number
from shop.db import db, transaction
from shop.identity.models import Organisation
from tests import factories
from tests.catalog.batches.help import make_farm
from tests.conftest import NOON

LINKSET = "application/linkset+json"
BASE = "http://127.0.0.1:8000"


@pytest.fixture
def goods(session):
    """A listed pack with a lot called L-7, and its 14 digits."""
    with transaction():
        producer = factories.make_producer()
        product = factories.make_product(producer)
        sku = factories.make_sku(product, producer, gtin="06901234567892")
        factories.make_lot(sku, producer, lot_code="L-7")
        listing = factories.make_listing(producer, product=product, sku=sku, stock="0")
    return sku, listing, trade_number(sku.id, sku.gtin)


def test_a_label_leads_to_the_product_and_hands_on_what_the_query_says(client, goods):
    _sku, listing, number = goods

    answer = client.get(f"/01/{number}/10/L-7?17=270101&x=y&linkType=gs1:pip")

    assert answer.status_code == 307
    assert answer.location == f"/products/{listing.public_id}?17=270101&x=y"
    assert answer.headers["Link"] == (f'<{BASE}/01/{number}/10/L-7?linkType=linkset>; rel="linkset"; type="{LINKSET}"')
    assert answer.headers["Access-Control-Allow-Origin"] == "*"


@pytest.mark.parametrize("address", ["/01/{}", "/gtin/{}", "/01/{}/10/L-7", "/01/{}/lot/L-7", "/01/{}/22/A/10/L-7"])
def test_every_way_to_write_the_address_leads_there(client, goods, address):
    _sku, listing, number = goods

    for digits in (number, number.lstrip("0")):
        assert client.get(f"{address.format(digits)}?linkType=gs1:pip").location == f"/products/{listing.public_id}"


def test_all_links_are_answered_as_a_linkset(client, goods):
    _sku, listing, number = goods
    asked = [
        client.get(f"/01/{number}/10/L-7?linkType=linkset"),
        client.get(f"/01/{number}/10/L-7?linkType=all"),
        client.get(f"/01/{number}/10/L-7", headers={"Accept": LINKSET}),
        client.get(f"/01/{number}/10/L-7", headers={"Accept": "application/json"}),
    ]

    for answer in asked:
        assert (answer.status_code, answer.content_type) == (200, LINKSET)
        [links] = json.loads(answer.data)["linkset"]
        page = {
            "href": f"{BASE}/products/{listing.public_id}", "title": "靖远枸杞 500 g/袋", "type": "text/html",
            "hreflang": ["zh", "en"],
        }  # fmt: skip
        assert links["anchor"] == f"{BASE}/01/{number}/10/L-7"
        assert links["itemDescription"] == "靖远枸杞 500 g/袋"
        assert links["https://gs1.org/voc/pip"] == [page]
        assert links["https://gs1.org/voc/defaultLink"] == links["https://gs1.org/voc/traceability"][:1]


@pytest.mark.parametrize("asked", ["gs1:pip", "https://gs1.org/voc/pip", "http://www.gs1.org/voc/pip"])
def test_one_kind_of_link_can_be_asked_for(client, goods, asked):
    _sku, listing, number = goods

    assert client.get(f"/01/{number}?linkType={quote(asked)}").location == f"/products/{listing.public_id}"
    assert client.get(f"/01/{number}?linkType=gs1:recipeInfo").status_code == 404


def test_the_trace_of_a_lot_comes_first(client, goods):
    sku, listing, number = goods
    lot = db.session.scalars(select(Lot).where(Lot.sku_id == sku.id)).one()

    assert client.get(f"/01/{number}/10/L-7").location == f"/trace/lots/{lot.public_id}"
    assert client.get(f"/01/{number}/10/L-7?linkType=gs1:pip").location == f"/products/{listing.public_id}"
    assert client.get(f"/01/{number}").location == f"/products/{listing.public_id}"


@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        ("/01/06901234567891", 400, "校验位"),
        ("/01/6901234567891/10/L-7", 400, "校验位"),
        ("/01/06901234567892/99/L-7", 400, "校验位"),
        ("/01/06901234567892/21/5/10/L-7", 400, "校验位"),
        ("/01/06901234567892/10/" + "x" * 21, 400, "校验位"),
        ("/01/abc", 400, "校验位"),
        ("/01/06901234567892/10/%FF", 400, "校验位"),
        ("/01/06901234567892/10/%C2%85", 400, "校验位"),
        ("/complaints/new?number=06901234567892&lot=%C2%85", 400, "校验位"),
        ("/01/04012345111118", 404, "没有这个编号的商品"),
    ],
)
def test_what_is_no_address_or_of_no_goods_says_so(client, goods, path, status, words):
    answer = client.get(path)

    assert answer.status_code == status
    assert words in answer.text


def test_goods_that_are_not_on_sale_are_told_on_a_page_of_their_own(client, session):
    with transaction():
        producer = factories.make_producer()
        sku = factories.make_sku(factories.make_product(producer), producer)
        lot = factories.make_lot(sku, producer, lot_code="批次/7")

    known = client.get(f"/01/{own_number(sku.id)}/10/DK_{lot.id}")
    unknown = client.get(f"/01/{own_number(sku.id)}/10/L-8")

    assert (known.status_code, known.location) == (307, f"/trace/lots/{lot.public_id}")
    assert unknown.status_code == 200
    assert "靖远枸杞 500 g/袋" in unknown.text
    assert "我们没有这个批号的记录" in unknown.text
    assert "2026-07-01" not in unknown.text


def test_a_label_from_before_the_goods_had_a_gtin_stays_good(client, goods):
    sku, listing, _number = goods

    assert sku.gtin == "06901234567892"
    assert client.get(f"/01/{own_number(sku.id)}/10/L-7?linkType=gs1:pip").location == f"/products/{listing.public_id}"


def test_the_resolver_describes_itself(client, session):
    told = client.get("/.well-known/gs1resolver")

    assert told.status_code == 200
    assert told.json["resolverRoot"] == BASE
    assert told.json["supportedPrimaryKeys"] == ["01"]
    assert "gs1:traceability" in told.json["supportedLinkTypes"][0]["linkTypes"]


def test_the_link_to_the_events_leads_to_those_of_the_lot(client, goods, bearer, deliver):
    sku, _listing, number = goods
    lot = db.session.scalars(select(Lot).where(Lot.sku_id == sku.id)).one()
    with transaction():
        owner = factories.make_member("producer", organisation=db.session.get_one(Organisation, lot_owner(lot)))
    deliver()
    uri = f"https://id.gs1.org/01/{number}/10/L-7"

    led = client.get(f"/01/{number}/10/L-7?linkType=gs1:epcis&17=270101")
    found = client.get(led.location, headers=bearer(owner))

    assert (led.status_code, led.location) == (307, f"/epcis/events?MATCH_anyEPCClass={quote(uri, safe='')}")
    [event] = found.json["epcisBody"]["queryResults"]["resultsBody"]["eventList"]
    assert event["quantityList"][0]["epcClass"] == uri
    piece = json.loads(client.get(f"/01/{number}/10/L-7", headers={"Accept": LINKSET}).data)["linkset"][0]
    assert [each["href"] for each in piece["https://gs1.org/voc/epcis"]] == [BASE + led.location]


def lot_owner(lot: Lot) -> int:
    return db.session.scalars(
        select(Product.producer_id).join(Sku, Sku.product_id == Product.id).where(Sku.id == lot.sku_id)
    ).one()


def test_a_lot_that_nobody_knows_is_warned_of_though_the_goods_are_on_sale(client, session):
    with transaction():
        producer = factories.make_producer()
        listing = factories.make_listing(producer)
        number = own_number(listing.sku_id)

    made_up = client.get(f"/01/{number}/10/FAKE")
    plain = client.get(f"/01/{number}")

    assert (plain.status_code, plain.location) == (307, f"/products/{listing.public_id}")
    assert made_up.status_code == 200
    assert "我们没有这个批号的记录，标签可能是伪造的。" in made_up.text
    assert ('class="notice notice-danger"' in made_up.text, 'href="tel:12315"' in made_up.text) == (True, True)


def test_the_label_of_a_lot_that_was_undone_leads_to_its_page_until_another_has_its_code(client, session):
    farm = make_farm()
    batch = farm.harvest("100")
    first = farm.pack(batch, "10", code="U1")
    address = f"/01/{own_number(farm.sku.id)}/10/U1"
    with transaction():
        undoing.undo(db.session.get_one(BatchAct, first.act_id).public_id, farm.actor, at=NOON)

    before = client.get(address).location
    again = farm.pack(batch, "10", code="U1")

    assert before == f"/trace/lots/{first.public_id}"
    assert "撤销" in client.get(before).text
    assert client.get(address).location == f"/trace/lots/{again.public_id}"
