"""A producer brings its goods to the shop over the API."""

import io
from decimal import Decimal

import pytest

from catalog.lots.models import Lot
from catalog.products.models import Product, Sku
from shop.db import db, transaction
from shop.files import services as files
from tests import factories as make
from tests.catalog.papers.test_services import PDF, authority
from tests.conftest import count

MONEY = {"currency": "CNY"}


@pytest.fixture
def producer(session):
    with transaction():
        return make.make_producer()


@pytest.fixture
def api(client, bearer):
    """Send a request as an actor; POSTs carry a key of their own."""
    sent = iter(range(1000))
    headers = {}

    def send(actor, method, path, body=None, **further):
        if actor is not None and actor.membership_id not in headers:
            headers[actor.membership_id] = bearer(actor)
        given = {"Idempotency-Key": f"key-{next(sent)}", **(headers[actor.membership_id] if actor else {}), **further}
        return client.open(f"/api/v1{path}", method=method, json=body, headers=given)

    return send


def upload(client, bearer, actor):
    file = {"file": (io.BytesIO(PDF), "basis.pdf")}
    answer = client.post("/api/v1/files", data=file, headers=bearer(actor), content_type="multipart/form-data")
    assert answer.status_code == 201, answer.json
    return answer.json["id"]


def quantity(value):
    return {"value": value, "unit": "bag"}


def price(amount):
    return {"amount": amount, "currency": "CNY"}


PRODUCT = {"category_code": "0605", "county_code": "620421", "name": "靖远枸杞", "name_en": "Jingyuan wolfberry"}
TERMS = {
    "title": "靖远枸杞 500 g",
    "tiers": [
        {"min_quantity": quantity("10"), "price": price("20.00")},
        {"min_quantity": quantity("100"), "price": price("18.50")},
    ],
    "step_quantity": quantity("5"),
    "tax_rate": "9",
}


def test_from_product_to_shop(api, client, bearer, producer):
    with transaction():
        official = authority()
    product = api(producer, "POST", "/products", PRODUCT).json
    sku = api(producer, "POST", f"/products/{product['id']}/skus", {"pack_spec": "500 g/袋", "unit": "bag"}).json
    lot = {"sku": sku["id"], "code": "A1", "quantity": quantity("120"), "produced_on": "2026-07-01"}
    assert api(producer, "POST", "/lots", lot).json["on_hand"] == {"value": "120.000", "unit": "bag"}
    listing = api(producer, "POST", "/listings", {"sku": sku["id"], **TERMS}).json
    refused = api(producer, "POST", f"/listings/{listing['id']}/publish")
    assert (refused.status_code, refused.json["type"]) == (409, "/problems/not-eligible")
    basis = api(
        producer, "POST", "/eligibility-bases",
        {
            "product": product["id"], "scheme": "county_recommendation", "county_code": "620421", "issuer": "靖远县",
            "number": "R1", "valid_from": "2026-01-01", "evidence": upload(client, bearer, producer),
        },
    ).json  # fmt: skip
    queue = api(official, "GET", "/eligibility-bases?status=to_decide").json["items"]
    assert [item["id"] for item in queue] == [basis["id"]]
    decided = api(official, "POST", f"/eligibility-bases/{basis['id']}/decide", {"is_approved": True})
    assert decided.json["status"] == "in_force"

    published = api(producer, "POST", f"/listings/{listing['id']}/publish")

    assert published.status_code == 200
    shown = api(None, "GET", f"/listings/{listing['id']}").json
    assert shown["tiers"] == [
        {"min_quantity": {"value": "10.000", "unit": "bag"}, "price": price("20.00")},
        {"min_quantity": {"value": "100.000", "unit": "bag"}, "price": price("18.50")},
    ]
    assert (shown["available"]["value"], shown["is_orderable"], shown["county_name"]) == ("120.000", True, "靖远县")
    assert shown["eligibility"]["number"] == "R1"
    assert [item["id"] for item in api(None, "GET", "/listings?q=gouqi").json["items"]] == [listing["id"]]
    assert api(None, "GET", "/listings?county=620422").json == {"items": [], "next": None}


def test_terms_are_edited_at_the_version_that_was_read(api, producer):
    with transaction():
        listing = make.make_listing(producer)
    path = f"/listings/{listing.public_id}"
    etag = api(producer, "GET", path).headers["ETag"]

    missing = api(producer, "PUT", path, TERMS)
    edited = api(producer, "PUT", path, TERMS, **{"If-Match": etag})
    late = api(producer, "PUT", path, TERMS, **{"If-Match": etag})

    assert (missing.status_code, edited.status_code, late.status_code) == (428, 200, 412)
    assert edited.json["tiers"][1]["price"]["amount"] == "18.50"
    assert api(None, "GET", path).headers["ETag"] == edited.headers["ETag"]


@pytest.mark.parametrize("amount", ["1.234", "1e3", "NaN", 20.0, "-1.00", "0.00", "", None])
def test_a_price_is_yuan_with_two_decimals(api, producer, amount):
    with transaction():
        sku = make.make_sku(make.make_product(producer), producer)
    tiers = [{"min_quantity": quantity("10"), "price": {"amount": amount, "currency": "CNY"}}]

    answer = api(producer, "POST", "/listings", {"sku": str(sku.public_id), **TERMS, "tiers": tiers})

    assert (answer.status_code, count("listings")) == (422, 0)


def test_another_producers_things_are_not_there(api, producer):
    with transaction():
        listing = make.make_listing(producer, status="draft")
        other = make.make_producer()
        buyer = make.make_member("institution")
    sku = db.session.get_one(Sku, listing.sku_id)
    product = db.session.get_one(Product, sku.product_id)
    lot = db.session.query(Lot).one()

    for method, path, body in [
        ("GET", f"/listings/{listing.public_id}", None),
        ("PUT", f"/listings/{listing.public_id}", TERMS),
        ("POST", f"/listings/{listing.public_id}/publish", None),
        ("POST", f"/listings/{listing.public_id}/delist", None),
        ("GET", f"/products/{product.public_id}", None),
        ("PUT", f"/products/{product.public_id}", PRODUCT),
        ("POST", f"/products/{product.public_id}/skus", {"pack_spec": "1", "unit": "bag"}),
        ("GET", f"/skus/{sku.public_id}", None),
        ("GET", f"/lots/{lot.public_id}", None),
        ("GET", f"/lots/{lot.public_id}/movements", None),
        ("POST", f"/lots/{lot.public_id}/write-off", {"reason": "x"}),
        ("POST", f"/lots/{lot.public_id}/adjust", {"direction": "up", "quantity": quantity("1"), "reason": "x"}),
    ]:
        answer = api(other, method, path, body, **{"If-Match": '"1"'})
        assert answer.status_code == 404, (method, path, answer.json)
    assert api(buyer, "GET", "/products").status_code == 403
    assert api(None, "GET", "/products").status_code == 401
    assert api(other, "GET", "/listings/own").json["items"] == []
    db.session.refresh(listing)
    assert (listing.status, lot.on_hand, count("lot_movements")) == ("draft", Decimal(100), 1)


def test_an_agent_acts_for_its_producer_while_the_mandate_lasts(api, producer):
    with transaction():
        agent = make.make_member("agent")
        listing = make.make_listing(producer, status="draft")
    path = f"/listings/{listing.public_id}/publish"
    assert api(agent, "POST", path).status_code == 404

    given = api(
        producer, "POST", "/mandates", {"agent": str(agent.organisation_public_id), "valid_from": "2026-07-15"}
    ).json
    published = api(agent, "POST", path)
    own = api(agent, "POST", "/products", PRODUCT)
    ended = api(producer, "POST", f"/mandates/{given['id']}/end", {"last_on": "2026-07-14"})
    later = api(producer, "POST", f"/mandates/{given['id']}/end", {"last_on": "2026-07-15"})

    assert (published.status_code, own.json["producer_id"]) == (200, str(producer.organisation_public_id))
    assert (ended.status_code, later.status_code) == (422, 200)


def test_the_market_knows_a_producer_and_whom_it_helps(api, producer):
    path = f"/producers/{producer.organisation_public_id}"
    etag = api(None, "GET", path).headers["ETag"]
    facts = {"form": "cooperative", "county_code": "620421", "food_licence": "SC10462042200017"}

    edited = api(producer, "PUT", path, facts, **{"If-Match": etag})
    wrong = api(producer, "PUT", path, {**facts, "food_licence": "SC123"}, **{"If-Match": edited.headers["ETag"]})
    benefit = {
        "county_code": "620421", "year": 2026, "way": "work", "basis": "actual", "households": 12, "persons": 40
    }  # fmt: skip
    first = api(producer, "POST", f"{path}/benefit-links", benefit)
    again = api(producer, "POST", f"{path}/benefit-links", benefit)

    assert edited.json["warnings"] == ["食品生产许可证的地区码 620422 与所在县 620421 不同。"]
    assert (wrong.status_code, first.status_code, again.status_code) == (422, 201, 409)
    assert [row["persons"] for row in api(None, "GET", f"{path}/benefit-links").json["items"]] == [40]


def test_lists_are_paged(api, producer):
    with transaction():
        for _ in range(3):
            make.make_listing(producer, stock="1")

    first = api(None, "GET", "/listings?limit=2").json
    second = api(None, "GET", f"/listings?limit=2&cursor={first['next']}").json

    assert (len(first["items"]), len(second["items"]), second["next"]) == (2, 1, None)
    assert api(None, "GET", "/categories?parent=06&limit=1").json["items"][0]["code"] == "0601"


def test_a_mandate_carries_a_file_of_the_producer_s_own(api, producer, client, bearer):
    with transaction():
        agent, other = make.make_member("agent"), make.make_producer()
        own, foreign = (files.store(b"%PDF-1.7\n%%EOF\n", "授权书.pdf", actor).public_id for actor in (producer, other))
    body = {"agent": str(agent.organisation_public_id), "valid_from": "2026-07-15"}

    refused = api(producer, "POST", "/mandates", {**body, "evidence": str(foreign)})
    given = api(producer, "POST", "/mandates", {**body, "evidence": str(own)})

    assert (refused.status_code, given.status_code, count("agent_mandates")) == (404, 201, 1)
    assert given.json["evidence_id"] == str(own)
    assert client.get(f"/api/v1/files/{own}", headers=bearer(agent)).status_code == 200
    assert client.get(f"/api/v1/files/{own}", headers=bearer(other)).status_code == 404
