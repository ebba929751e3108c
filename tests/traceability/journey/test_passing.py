"""A collection point records what passes there of others: found by its label, told as its own event, shown on the journey."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import text

from catalog.lots.batches import places
from catalog.products.numbers import own_number
from shop.db import db, transaction
from shop.identity.models import Organisation
from tests import factories as make
from tests.catalog.batches.help import Farm, make_farm
from tests.conftest import NOON, count
from traceability.journey.events import CONTEXTS
from traceability.standard.validation import problems_of_event


@pytest.fixture
def farm(session) -> Farm:
    return make_farm()


def producer() -> Any:
    with transaction():
        return make.make_producer()


def station(keeper: Any, *, is_shared: bool = True) -> Any:
    with transaction():
        new = places.NewPlace(
            "collection_point", "糜滩镇集货站", tier="township", township="糜滩镇", is_shared=is_shared
        )
        return places.add_place(keeper.organisation_id, new, keeper, at=make.LONG_AGO).public_id


def body(place: Any, lot: Any, **more: Any) -> dict[str, Any]:
    return {"kind": "arrived", "place": str(place), "lot": str(lot.public_id), "quantity": {"value": "4"}, **more}


def test_others_goods_are_found_by_label_or_code_and_recorded_with_their_temperature(farm, deliver, login, client):
    keeper = producer()
    lot, place = farm.pack(farm.harvest("100"), "10", code="L-7"), station(keeper)
    deliver()
    visitor = login(keeper)
    label = f"https://shop.example.org/01/{own_number(lot.sku_id)}/10/L-7"

    by_label, by_code = (visitor.get("/producer/passing", query_string={"code": code}) for code in (label, "L-7"))
    unknown = visitor.get("/producer/passing", query_string={"code": "L-8"})
    path = by_label.location
    fields = {
        "kind": "arrived",
        "place": str(place),
        "quantity": "4",
        "done_on": str(NOON.date()),
        "idempotency_key": "k" * 32,
    }
    wrong = visitor.post(path, data=fields | {"celsius": "120"})
    done = visitor.post(path, data=fields | {"celsius": "-3.5", "idempotency_key": "m" * 32})
    deliver(times=2)

    assert (by_label.status_code, path, by_code.location) == (302, f"/producer/passing/{lot.public_id}", path)
    assert "没有找到本县供应商的这个批次" in unknown.text
    assert (wrong.status_code, done.status_code, count("passages")) == (422, 302, 1)
    [row] = db.session.execute(
        text("""
        SELECT e.organisation_id, e.document, p.keeper_id, p.celsius FROM trace_events e
        JOIN passages p ON e.event_id = 'urn:uuid:' || p.public_id""")
    ).all()
    assert (row.organisation_id, row.keeper_id, row.celsius) == (
        keeper.organisation_id,
        keeper.organisation_id,
        Decimal("-3.50"),
    )
    assert row.document["sensorElementList"] == [
        {"sensorReport": [{"type": "Temperature", "value": -3.5, "uom": "CEL"}]}
    ]
    assert problems_of_event({**row.document, "@context": list(CONTEXTS)}) == []
    assert "糜滩镇集货站" in client.get(f"/trace/lots/{lot.public_id}").text
    assert "-3.5 ℃" in visitor.get("/producer/passing").text


def test_only_places_of_ones_own_that_the_county_shares_record_goods_of_others(farm, client, bearer):
    lot, keeper, stranger = farm.pack(farm.harvest("100"), "10"), producer(), producer()
    shared, private = station(keeper), station(keeper, is_shared=False)
    clerk = make.make_member(
        "producer", "producer_finance", organisation=db.session.get_one(Organisation, keeper.organisation_id)
    )

    def record(actor: Any, key: str, **values: Any) -> Any:
        return client.post("/api/v1/passages", json=values, headers=bearer(actor) | {"Idempotency-Key": key * 8})

    answers = [
        record(stranger, "a", **body(shared, lot)), record(keeper, "b", **body(private, lot)),
        record(clerk, "c", **body(shared, lot)), record(keeper, "d", **body(shared, lot, celsius=99)),
        record(keeper, "e", **body(shared, lot, quantity={"value": "11"})),
    ]  # fmt: skip
    made = record(keeper, "f", **body(shared, lot, celsius=4))
    taken_back = client.post(
        f"/api/v1/passages/{made.json['id']}/withdraw",
        json={"reason": "看错"},
        headers=bearer(keeper) | {"Idempotency-Key": "w" * 8},
    )

    assert [answer.status_code for answer in answers] == [404, 404, 403, 422, 422]
    assert (made.status_code, made.json["celsius"], taken_back.status_code, count("passages")) == (201, "4.00", 200, 1)
