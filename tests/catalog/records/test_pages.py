"""The producer's phone pages: from the first screen to the certificate, without JavaScript."""

import io
import re

import pytest

from catalog.lots import recalls
from catalog.lots.batches.models import Batch, BatchAct, Place
from catalog.lots.models import Lot
from catalog.lots.records import commitments
from catalog.lots.records.models import Commitment, TemperatureRecord, TestReport
from shop.db import db, transaction
from tests import factories as make
from tests.catalog.batches.help import left, make_farm
from tests.conftest import NOON, count

PDF = b"%PDF-1.7\n%%EOF\n"


@pytest.fixture
def farm(session):
    return make_farm(category_code="0801", name="靖远羊羔肉")


@pytest.fixture
def desk(login, farm):
    return login(farm.actor)


def text_of(answer):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.get_data(as_text=True)))


def test_the_first_screen_says_what_to_record_and_how_to_begin(desk):
    page = desk.get("/producer/records")

    assert "今天要记的" in text_of(page)
    assert "还没有记录。从登记采收开始。" in text_of(page)
    for path in ("harvest", "process", "pack", "batches"):
        assert f'href="/producer/records/{path}"' in page.get_data(as_text=True)


def test_a_producer_without_places_is_led_to_add_one(login):
    with transaction():
        new = make.make_producer()
    desk = login(new)
    assert "先添加一个地块" in text_of(desk.get("/producer/records/harvest"))

    added = desk.post(
        "/producer/records/places", data={"kind": "collection_point", "tier": "village", "name": "大坝村集货点"}
    )
    refused = desk.post("/producer/records/places", data={"kind": "plot", "tier": "village", "name": "地"})

    assert (added.status_code, refused.status_code) == (302, 422)
    (place,) = db.session.query(Place).filter_by(producer_id=new.organisation_id)
    assert (place.name, place.tier) == ("大坝村集货点", "village")
    assert desk.post(f"/producer/records/places/{place.public_id}/end").status_code == 302
    assert "用到 2026-07-15" in text_of(desk.get("/producer/records/places"))


def test_from_slaughter_to_the_certificate(desk, farm):
    born = desk.post(
        "/producer/records/harvest",
        data={
            "kind": "slaughter", "product": str(farm.product.public_id), "quantity": "120.5", "heads": "6",
            "place": str(farm.plot.public_id), "done_on": "2026-07-14", "code": "S1",
        },
    )  # fmt: skip
    batch = db.session.query(Batch).one()
    assert (born.status_code, batch.code, db.session.get_one(BatchAct, batch.act_id).note) == (302, "S1", {"heads": 6})
    home = f"/producer/records/batches/{batch.public_id}"
    much = desk.post(
        f"{home}/pack", data={"sku": str(farm.sku.public_id), "quantity": "999", "code": "P1", "done_on": "2026-07-15"}
    )
    assert (much.status_code, "该批次只剩 120.5 公斤。" in text_of(much)) == (409, True)
    packed = desk.post(
        f"{home}/pack",
        data={"sku": str(farm.sku.public_id), "quantity": "100", "code": "P1", "loss": "0.5", "done_on": "2026-07-15"},
    )
    lot = db.session.query(Lot).one()
    assert (packed.status_code, left(batch)) == (302, [70])
    lot_page = f"/producer/lots/{lot.public_id}"
    assert "还缺：承诺达标合格证、动物检疫合格证明、肉品品质检验合格证。" in text_of(desk.get(lot_page))
    things = f"/producer/records/lot/{lot.public_id}"
    for kind in ("quarantine", "meat_inspection"):
        paper = {
            "kind": kind,
            "number": "62-1",
            "issuer": "监督所",
            "issued_on": "2026-07-14",
            "file": (io.BytesIO(PDF), "a.pdf"),
        }
        assert desk.post(f"{things}/meat", data=paper).status_code == 302
    report = {
        "kind": "official", "laboratory": "检测中心", "number": "J1", "tested_on": "2026-07-14",
        "items": "克伦特罗,不得检出,未检出,合格\n沙丁胺醇\t不得检出\t未检出\t合格", "file": (io.BytesIO(PDF), "b.pdf"),
    }  # fmt: skip
    assert desk.post(f"{things}/test", data=report).status_code == 302
    log = "时间,温度\n2026-07-14 08:00,3\n2026-07-14 09:00,6\n".encode("gbk")
    assert desk.post(f"{things}/temperature", data={"file": (io.BytesIO(log), "t.csv")}).status_code == 302
    issued = desk.post(f"{things}/certificate", data={"bases": ["commissioned_test"], "contact": "13800138000"})
    made = db.session.query(Commitment).one()
    assert (issued.status_code, issued.location) == (302, f"/commitments/{made.number}")

    shown = text_of(desk.get(lot_page))

    for words in (made.number, "监督抽检 J1", "克伦特罗 未检出", "高于上限", "来自产品批次 S1", "6 ℃"):
        assert words in shown
    assert "还缺" not in shown
    assert "来源未记录" not in shown


def test_a_certificate_is_shown_to_everybody_and_says_that_it_was_replaced(desk, client, farm):
    batch = farm.harvest("100")
    where = f"/producer/records/batch/{batch.public_id}/certificate"
    asked = {"bases": ["own_promise", "quality_control"], "contact": "0943-6123456"}
    desk.post(where, data=asked)
    first = db.session.query(Commitment).one().number
    assert f"已有合格证 {first}" in text_of(desk.get(where))
    desk.post(where, data=asked)
    client.delete_cookie("session")

    page = text_of(client.get(f"/commitments/{first}"))

    for words in (
        "承诺达标合格证",
        "不使用禁用农药、兽药及其他化合物",
        "内部质量控制、自我承诺",
        "100 公斤",
        "0943-6123456",
        "替换",
        "靖远县",
    ):
        assert words in page
    assert client.get("/commitments/HGZ1").status_code == 404


def test_a_basis_without_a_report_is_refused_in_the_form(desk, farm):
    batch = farm.harvest("100")

    refused = desk.post(
        f"/producer/records/batch/{batch.public_id}/certificate", data={"bases": ["own_test"], "contact": "13800138000"}
    )

    assert (refused.status_code, "还没有合格的检测报告" in text_of(refused), count("commitments")) == (409, True, 0)


def test_processing_keeps_the_loss_and_refuses_more_than_the_yield(desk, farm):
    batch = farm.harvest("100")
    values = {
        "batch": str(batch.public_id), "taken": "80", "product": str(farm.product.public_id), "quantity": "41",
        "yield_percent": "50", "done_on": "2026-07-15", "method": "分割",
    }  # fmt: skip

    refused = desk.post("/producer/records/process", data=values)
    done = desk.post("/producer/records/process", data=values | {"quantity": "40"})

    assert (refused.status_code, "最多产出 40 公斤" in text_of(refused)) == (422, True)
    assert (done.status_code, left(batch)) == (302, [20])


def test_what_was_recorded_by_mistake_is_undone_from_the_first_screen(desk, farm):
    batch = farm.harvest("100")
    act = db.session.get_one(BatchAct, batch.act_id)
    assert "撤销" in text_of(desk.get("/producer/records"))

    undone = desk.post(f"/producer/records/acts/{act.public_id}/undo", follow_redirects=True)
    again = desk.post(f"/producer/records/acts/{act.public_id}/undo", follow_redirects=True)

    assert "记录已撤销。" in text_of(undone)
    assert "已经用过，不能撤销" in text_of(again) or "已经撤销过" in text_of(again)
    assert left(batch) == [0]
    assert "已撤销" in text_of(desk.get(f"/producer/records/batches/{batch.public_id}"))


def test_a_loss_is_recorded_on_the_batchs_page(desk, farm):
    batch = farm.harvest("100")
    where = f"/producer/records/batches/{batch.public_id}/discard"

    refused = desk.post(where, data={"quantity": "101", "reason": "霉变"})
    done = desk.post(where, data={"quantity": "1.5", "reason": "霉变"})

    assert (refused.status_code, done.status_code, left(batch)) == (409, 302, [98.5])


def test_a_broken_temperature_file_names_its_rows(desk, farm):
    batch = farm.harvest("100")
    log = "时间,温度\n2026-07-14 08:00,3\n坏,6\n".encode()

    refused = desk.post(
        f"/producer/records/batch/{batch.public_id}/temperature", data={"file": (io.BytesIO(log), "t.csv")}
    )

    assert (refused.status_code, "第 3 行读不出来" in text_of(refused)) == (422, True)
    assert db.session.query(TemperatureRecord).count() == 0


def test_a_report_that_cannot_be_read_keeps_its_file_and_says_which_line(desk, farm):
    batch = farm.harvest("100")
    report = {
        "kind": "own", "laboratory": "室", "number": "1", "tested_on": "2026-07-14", "items": "毒死蜱,0.02,未检出,合格\n乱写",
        "file": (io.BytesIO(PDF), "b.pdf"),
    }  # fmt: skip

    refused = desk.post(f"/producer/records/batch/{batch.public_id}/test", data=report)

    assert refused.status_code == 422
    assert "第 2 行须是：项目、限量、结果、合格或不合格。" in text_of(refused)
    assert "文件已收到，不必重新上传。" in text_of(refused)
    assert db.session.query(TestReport).count() == 0


def test_anothers_pages_are_not_there(login, farm):
    batch = farm.harvest("100")
    lot = farm.pack(batch, "10")
    stranger = login(make_farm().actor)

    for path in ("test", "meat", "temperature", "certificate"):
        assert stranger.get(f"/producer/records/batch/{batch.public_id}/{path}").status_code == 404
        assert stranger.post(f"/producer/records/lot/{lot.public_id}/{path}", data={}).status_code == 404
    assert stranger.get(f"/producer/records/batches/{batch.public_id}").status_code == 404


def test_lists_are_paged_and_a_lot_of_before_says_that_its_origin_is_not_recorded(desk, farm):
    for n in range(21):
        farm.harvest(code=f"N{n}")
    with transaction():
        lot = make.make_lot(farm.sku, farm.actor)

    first = desk.get("/producer/records/batches")
    (following,) = re.findall(r'rel="next" href="([^"]+)"', first.get_data(as_text=True))
    second = desk.get(following.replace("&amp;", "&"))

    assert (text_of(first).count(" N"), "N0" in text_of(second)) == (20, True)
    assert "来源未记录" in text_of(desk.get(f"/producer/lots/{lot.public_id}"))
    assert "更多" in text_of(desk.get("/producer/records"))


def test_the_shops_page_shows_the_papers_of_the_lots(client, farm):
    with transaction():
        listing = make.make_listing(farm.actor, product=farm.product, sku=farm.sku, stock="0")
    lot = farm.pack(farm.harvest("100"), "10", code="SHOP-1")
    with transaction():
        new = commitments.NewCommitment(["own_promise"], "13800138000", lot=lot.public_id)
        made = commitments.issue(new, farm.actor, at=NOON)

    page = client.get(f"/products/{listing.public_id}").get_data(as_text=True)

    assert f'href="/commitments/{made.number}"' in page


def test_a_record_is_taken_back_with_the_reason_that_the_clerk_gives(farm, desk):
    batch = farm.harvest()
    page = f"/producer/records/batches/{batch.public_id}"
    log = "时间,温度\n2026-07-14 08:00,3\n".encode()
    desk.post(f"/producer/records/batch/{batch.public_id}/temperature", data={"file": (io.BytesIO(log), "a.csv")})
    address = f"/producer/records/temperatures/{db.session.query(TemperatureRecord).one().public_id}/withdraw"
    shown = desk.get(page).get_data(as_text=True)

    refused = desk.post(address, data={"reason": ""}, follow_redirects=True)
    done = desk.post(address, data={"reason": "传错了批次"})

    assert (f'action="{address}"' in shown, "撤回原因" in shown, "登记有误" in shown) == (True, True, False)
    assert "必填" in text_of(refused)
    assert (done.status_code, done.location) == (302, page)
    assert "已撤回 传错了批次" in text_of(desk.get(page))


def test_several_batches_go_into_one_processing(desk, farm):
    first, second, third = (farm.harvest(kg, code=code) for kg, code in (("100", "A"), ("50", "B"), ("20", "C")))
    values = {
        "batch": str(first.public_id), "taken": "40", "product": str(farm.product.public_id), "quantity": "60",
        "yield_percent": "100", "done_on": "2026-07-15", f"taken-{second.public_id}": "15",
        f"taken-{third.public_id}": "5",
    }  # fmt: skip
    page = desk.get("/producer/records/process").get_data(as_text=True)

    twice = desk.post("/producer/records/process", data={**values, f"taken-{first.public_id}": "1"})
    too_much = desk.post("/producer/records/process", data={**values, f"taken-{third.public_id}": "20.5"})
    done = desk.post("/producer/records/process", data=values)

    assert ("还有其他投料批次" in page, f'name="taken-{second.public_id}"' in page) == (True, True)
    assert (twice.status_code, "同一批次填写了两次。" in text_of(twice)) == (422, True)
    assert (too_much.status_code, "该批次只剩 20 公斤。" in text_of(too_much)) == (409, True)
    assert (done.status_code, left(first, second, third)) == (302, [60, 35, 15])


@pytest.mark.parametrize("of", ["lot", "batch"])
def test_a_certificate_of_goods_that_are_called_back_says_so_in_red(desk, client, farm, of):
    batch = farm.harvest("100")
    lot = farm.pack(batch, "10", code="R1")
    thing = lot if of == "lot" else batch
    asked = {"bases": ["own_promise"], "contact": "0943-6123456"}
    desk.post(f"/producer/records/{of}/{thing.public_id}/certificate", data=asked)
    number = db.session.query(Commitment).one().number
    before = client.get(f"/commitments/{number}").text
    with transaction():
        recalls.recall([lot.id], reason="农残", actor=farm.actor, at=NOON)

    after = client.get(f"/commitments/{number}").text

    assert "已被召回" not in before
    assert "这张合格证的货物已被召回，请不要食用或使用。" in after
    assert f'href="/trace/lots/{lot.public_id}"' in after


def test_yesterdays_harvest_is_recorded_at_a_place_that_is_added_today(desk, farm):
    desk.post("/producer/records/places", data={"kind": "barn", "name": "新羊舍"})
    desk.post("/producer/records/places", data={"kind": "barn", "name": "今天起", "used_since": "2026-07-15"})
    ahead = desk.post("/producer/records/places", data={"kind": "barn", "name": "明天起", "used_since": "2026-07-16"})
    new, late = (db.session.query(Place).filter_by(name=name).one() for name in ("新羊舍", "今天起"))

    def record(place: Place) -> int:
        form = {
            "kind": "slaughter", "product": str(farm.product.public_id), "quantity": "50", "done_on": "2026-07-14",
            "place": str(place.public_id), "heads": "2",
        }  # fmt: skip
        return int(desk.post("/producer/records/harvest", data=form).status_code)

    assert (ahead.status_code, "不能晚于今天" in text_of(ahead)) == (422, True)
    assert (record(new), record(late), count("batches")) == (302, 404, 1)
