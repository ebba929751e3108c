"""The phone pages that split and mix batches and open packs, and the page of a pack's storage temperatures."""

import io
import re
from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import text

from catalog.lots.batches.models import Batch, BatchAct
from catalog.lots.models import Lot
from catalog.lots.records.models import SkuTemperature, TemperatureRecord
from shop.db import db
from tests.catalog.batches.help import left, make_farm
from tests.conftest import NOON, count

DAY = "2026-07-15"


@pytest.fixture
def farm(session):
    return make_farm(category_code="0801", name="靖远羊羔肉")


@pytest.fixture
def desk(login, farm):
    return login(farm.actor)


def text_of(answer):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.get_data(as_text=True)))


def newest() -> Batch:
    return db.session.query(Batch).order_by(Batch.id.desc()).limit(1).one()


def links(answer) -> list[str]:
    """Return what the list at the top leads to."""
    (listed,) = re.findall(r'id="errors">(.*?)</div>', answer.get_data(as_text=True), re.DOTALL)
    return re.findall(r'href="#([^"]+)"', listed)


def test_a_batch_is_split_on_its_page_and_the_split_undone(desk, farm):
    batch = farm.harvest("100", code="S")
    home = f"/producer/records/batches/{batch.public_id}"
    assert f'href="{home}/split"' in desk.get(home).get_data(as_text=True)

    page = desk.get(f"{home}/split")
    done = desk.post(
        f"{home}/split",
        data={"quantity_0": "30", "code_0": "S-1", "quantity_1": " ", "quantity_4": "20.5", "done_on": DAY},
    )

    parts = db.session.query(Batch).filter(Batch.id != batch.id).order_by(Batch.id).all()
    assert (page.status_code, "余 100 公斤" in text_of(page)) == (200, True)
    assert (done.status_code, done.location, left(batch, *parts)) == (302, home, [49.5, 30, 20.5])
    shown = text_of(desk.get(home))
    assert f"已分出批次 S-1、{parts[1].code}。" in shown
    act = db.session.get_one(BatchAct, parts[0].act_id)
    assert desk.post(f"/producer/records/acts/{act.public_id}/undo").status_code == 302
    assert left(batch, *parts) == [100, 0, 0]


def test_what_is_wrong_with_a_split_is_said_at_its_field_and_changes_nothing(desk, farm):
    batch = farm.harvest("100", code="S")
    where = f"/producer/records/batches/{batch.public_id}/split"

    answers = [
        desk.post(where, data={"done_on": DAY} | values)
        for values in (
            {},
            {"code_2": "S-1"},
            {"quantity_1": "viel"},
            {"quantity_1": "0"},
            {"quantity_1": "60", "quantity_3": "50"},
            {"quantity_1": "10", "code_1": "A", "quantity_3": "5", "code_3": "A"},
            {"quantity_1": "10", "done_on": "2026-07-16"},
        )
    ]

    assert [(answer.status_code, links(answer)) for answer in answers] == [
        (422, ["quantity_0"]), (422, ["quantity_2"]), (422, ["quantity_1"]), (422, ["quantity_1"]),
        (409, ["quantity_1"]), (409, ["code_3"]), (422, ["done_on"]),
    ]  # fmt: skip
    assert "<details open><summary>还要分出更多批" in answers[5].get_data(as_text=True)
    assert (left(batch), count("batch_acts")) == ([100], 1)


def test_batches_of_one_product_are_mixed(desk, farm):
    first, second, other = farm.harvest("100", code="M1"), farm.harvest("50", code="M2"), farm.harvest("9", code="M3")
    where = f"/producer/records/batches/{first.public_id}/mix"
    assert f'href="{where}"' in desk.get(where.removesuffix("/mix")).get_data(as_text=True)
    page = text_of(desk.get(where))
    taken = {f"taken-{first.public_id}": "80", f"taken-{second.public_id}": "50", "done_on": DAY, "code": "MX"}

    alone = desk.post(where, data={f"taken-{first.public_id}": "80", "done_on": DAY})
    much = desk.post(where, data=taken | {f"taken-{second.public_id}": "51"})
    done = desk.post(where, data=taken)

    mixed = newest()
    assert [words in page for words in ("M1", "余 100 公斤", "M2", "余 50 公斤")] == [True] * 4
    assert (alone.status_code, "两个或更多批次" in text_of(alone)) == (422, True)
    assert (much.status_code, links(much)) == (409, [f"taken-{second.public_id}"])
    assert (done.status_code, done.location) == (302, f"/producer/records/batches/{mixed.public_id}")
    assert (mixed.code, left(first, second, other, mixed)) == ("MX", [20, 0, 9, 130])
    used = desk.post(where, data=taken | {"code": "MY"})
    assert (used.status_code, links(used)) == (409, [f"taken-{first.public_id}"])


def test_packs_are_opened_on_the_lots_page(desk, farm):
    lot = farm.pack(farm.harvest("100"), "40", code="L1")
    where = f"/producer/records/lot/{lot.public_id}/unpack"
    assert f'href="{where}"' in desk.get(f"/producer/lots/{lot.public_id}").get_data(as_text=True)

    wrong = [
        desk.post(where, data={"done_on": DAY} | values)
        for values in ({"quantity": "0.5"}, {"quantity": "10", "loss": "5"}, {"quantity": "41"})
    ]
    done = desk.post(where, data={"quantity": "10", "loss": "0.2", "code": "U1", "done_on": DAY})

    loose = newest()
    assert [answer.status_code for answer in wrong] == [422, 422, 409]
    assert [links(answer) for answer in wrong] == [["quantity"], ["loss"], []]
    assert (done.status_code, done.location) == (302, f"/producer/records/batches/{loose.public_id}")
    assert (loose.code, left(loose)) == ("U1", [Decimal("4.8")])
    db.session.expire_all()
    assert db.session.get_one(Lot, lot.id).on_hand == 30


def test_a_packs_own_temperatures_judge_what_a_logger_saw(desk, farm):
    where = f"/producer/records/skus/{farm.sku.public_id}/temperature"
    product = f"/producer/products/{farm.product.public_id}"
    assert f'href="{where}"' in desk.get(product).get_data(as_text=True)
    assert "这个品类规定 0 至 4 ℃" in text_of(desk.get(where))

    refused = [
        desk.post(where, data={"low_c": low, "high_c": high})
        for low, high in (("-18", ""), ("-18", "-20"), ("冷", "4"), ("", "200"))
    ]
    saved = desk.post(where, data={"low_c": "−25", "high_c": "-18"})

    assert [links(answer) for answer in refused] == [["high_c"], ["low_c"], ["low_c"], ["low_c"]]
    own = db.session.query(SkuTemperature).one()
    assert (saved.location, own.sku_id) == (product, farm.sku.id)
    assert (own.low_c, own.high_c) == (Decimal(-25), Decimal(-18))
    lot = farm.pack(farm.harvest("100"), "40", code="L1")
    log = "时间,温度\n2026-07-14 08:00,-19\n2026-07-14 09:00,-10\n".encode()
    upload = {"file": (io.BytesIO(log), "t.csv")}
    assert desk.post(f"/producer/records/lot/{lot.public_id}/temperature", data=upload).status_code == 302
    assert db.session.query(TemperatureRecord).one().range_from == "sku"
    assert 'value="-25"' in desk.get(where).get_data(as_text=True)
    assert desk.post(where, data={"low_c": "", "high_c": ""}).status_code == 302
    assert count("sku_temperatures") == 0


def test_anothers_batches_lots_and_packs_are_not_there(login, farm):
    batch = farm.harvest("100")
    lot, home = farm.pack(batch, "10"), "/producer/records"
    mine = make_farm()
    stranger = login(mine.actor)
    own = mine.harvest("10")

    for path in (
        f"batches/{batch.public_id}/split", f"batches/{batch.public_id}/mix", f"lot/{lot.public_id}/unpack",
        f"skus/{farm.sku.public_id}/temperature",
    ):  # fmt: skip
        assert stranger.get(f"{home}/{path}").status_code == 404
        assert (
            stranger.post(f"{home}/{path}", data={"done_on": DAY, "quantity_0": "1", "quantity": "1"}).status_code
            == 404
        )
    mixing = {f"taken-{own.public_id}": "1", f"taken-{batch.public_id}": "1", "done_on": DAY}
    assert stranger.post(f"{home}/batches/{own.public_id}/mix", data=mixing).status_code == 404
    assert left(batch) == [95]


def test_what_was_done_on_the_day_of_the_harvest_was_done_after_it(desk, farm):
    afternoon = NOON - timedelta(days=1) + timedelta(hours=3)
    batch = farm.harvest("100", code="H", occurred_at=afternoon)
    day = f"{afternoon:%Y-%m-%d}"

    parted = desk.post(
        f"/producer/records/batches/{batch.public_id}/split", data={"done_on": day, "quantity_0": "40", "code_0": "P"}
    )
    before = desk.post(
        f"/producer/records/batches/{batch.public_id}/split",
        data={"done_on": f"{afternoon - timedelta(days=1):%Y-%m-%d}", "quantity_0": "1"},
    )

    assert (parted.status_code, before.status_code, links(before)) == (302, 422, ["done_on"])
    assert newest().code == "P"
    acts = db.session.execute(text("SELECT kind, occurred_at FROM batch_acts ORDER BY id")).all()
    assert [tuple(row) for row in acts] == [("harvest", afternoon), ("split", afternoon)]
