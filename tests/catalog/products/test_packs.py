"""Packs entered wrongly are corrected or taken away while nobody has used them."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from catalog.products.models import Sku
from shop.db import db, transaction
from tests import factories as make
from tests.conftest import count

BODY = {"pack_spec": "1 kg/袋", "unit": "bag", "net_weight_g": 1000, "gtin": "6901234567892"}


@pytest.fixture
def scene(session, bearer):
    with transaction():
        producer = make.make_producer()
        used = make.make_listing(producer, stock="10").sku_id
        sku = make.make_sku(make.make_product(producer), producer)
    return producer, bearer(producer), sku, db.session.get_one(Sku, used)


def test_an_unused_pack_is_corrected_and_a_used_one_is_not(scene, client):
    _producer, header, sku, used = scene
    path, headers = f"/api/v1/skus/{sku.public_id}", {**header, "If-Match": '"1"'}

    assert client.put(path, json=BODY, headers=header).status_code == 428
    answer = client.put(path, json=BODY, headers=headers)
    assert (answer.status_code, answer.json["gtin"], answer.headers["ETag"]) == (200, "06901234567892", '"2"')
    assert client.put(path, json=BODY, headers=headers).status_code == 412
    before = (used.pack_spec, used.gtin)
    refused = client.put(f"/api/v1/skus/{used.public_id}", json=BODY, headers=headers)

    assert (refused.status_code, refused.json["type"].rsplit("/", 1)[1]) == (409, "sku-in-use")
    db.session.refresh(used)
    assert (used.pack_spec, used.gtin) == before
    kept = db.session.scalar(text("SELECT changes FROM audit_entries WHERE action = 'catalog.sku_edited'"))
    assert kept["pack_spec"][1] == "1 kg/袋"


def test_a_pack_without_offer_and_lot_is_taken_away(scene, client, bearer):
    producer, header, sku, used = scene
    with transaction():
        offered = make.make_listing(producer, stock="0").sku_id
        other = make.make_producer()
    offered_id = db.session.get_one(Sku, offered).public_id

    for kept in (used.public_id, offered_id):
        assert client.delete(f"/api/v1/skus/{kept}", headers=header).status_code == 409
    stranger = bearer(other)
    assert client.delete(f"/api/v1/skus/{sku.public_id}", headers=stranger).status_code == 404
    assert count("skus") == 3
    assert client.delete(f"/api/v1/skus/{sku.public_id}", headers=header).status_code == 204
    assert (count("skus"), count("sku_stock")) == (2, 2)
    assert client.delete(f"/api/v1/skus/{sku.public_id}", headers=header).status_code == 404


def test_the_page_corrects_a_pack_and_takes_it_away(scene, login):
    producer, _header, sku, used = scene
    product = db.session.scalar(text("SELECT public_id FROM products WHERE id = :id"), {"id": sku.product_id})
    client, path = login(producer), f"/producer/products/{product}/skus/{sku.public_id}"

    assert "更正规格" in client.get(path).text
    done = client.post(path, data={"pack_spec": "2 kg/箱", "unit": "box", "net_weight_g": "2000", "gtin": ""})
    assert done.status_code == 302
    assert db.session.get_one(Sku, sku.id, populate_existing=True).pack_spec == "2 kg/箱"
    client.post(f"{path.replace(str(sku.public_id), str(used.public_id))}/withdraw")
    assert count("skus") == 2
    client.post(f"{path}/withdraw")
    assert count("skus") == 1
