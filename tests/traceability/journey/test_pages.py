"""The page that a label opens."""

from __future__ import annotations

import json
import re
from datetime import date
from uuid import uuid4

import pytest

from catalog.lots.models import Lot
from shop.db import db, transaction
from shop.translog.notes import VerifierKey
from shop.translog.receipts import open_receipt
from tests.conftest import count
from tests.purchase.world import World, make_world
from tests.traceability.logged import settled


@pytest.fixture
def world(committed_app) -> World:
    return make_world()


@pytest.fixture
def lot(world) -> Lot:
    return db.session.query(Lot).filter_by(sku_id=world.listings[0].sku_id).one()


def text_of(page: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))


@pytest.mark.committed
def test_anybody_reads_where_a_lot_comes_from_and_what_happened_to_it(committed_app, world, lot, deliver):
    order = world.signed("10")
    world.accept(order, world.ship(order, "10"), "7", "3")
    deliver()

    answer = committed_app.test_client().get(f"/trace/lots/{lot.public_id}")

    words = text_of(answer.text)
    assert answer.status_code == 200
    assert ("靖远县" in words, f"批号 {lot.code}" in words, "生产日期 2026-07-01" in words) == (True, True, True)
    assert sorted(re.findall(r"(发货|到货验收|验收不合格或收后退回|退回生产者) · ", words)) == sorted(
        ["发货", "到货验收", "验收不合格或收后退回", "退回生产者"]
    )
    assert world.buyer.organisation_name not in words
    assert len(re.findall(r"ni:///sha-256;[0-9a-f]{64}\?ver=CBV2\.0", answer.text)) == 5


@pytest.mark.committed
def test_a_lot_that_nothing_was_told_of_says_so(committed_app, lot):
    page = committed_app.test_client().get(f"/trace/lots/{lot.public_id}").text

    assert "生产者还没有记录这个批次的经过。" in page
    assert "这个批次还没有可以核对的记录" in page
    assert "存证日志" not in page


@pytest.mark.committed
@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"status": "recalled"}, "这个批次已被召回，请不要食用或使用。"),
        ({"expires_on": date(2026, 7, 2)}, "这个批次已过保质期。"),
    ],
)
def test_what_must_not_be_eaten_is_said_first(committed_app, lot, values, words):
    with transaction():
        for name, value in values.items():
            setattr(lot, name, value)

    page = committed_app.test_client().get(f"/trace/lots/{lot.public_id}").text

    assert page.index(words) < page.index("批号")


@pytest.mark.committed
def test_an_unknown_lot_is_not_there(committed_app):
    answer = committed_app.test_client().get(f"/trace/lots/{uuid4()}")

    assert (answer.status_code, "没有找到这个批次。请核对包装上的编号。" in answer.text) == (404, True)


@pytest.mark.committed
def test_anybody_downloads_the_proof_of_a_step_and_it_tells_no_more_than_is_public(committed_app, world, lot, deliver):
    order = world.signed("10")
    world.ship(order, "10")
    deliver()
    visitor = committed_app.test_client()
    page = f"/trace/lots/{lot.public_id}"
    steps = len(re.findall(r"ni:///sha-256;", visitor.get(page).text))
    settled(count("trace_events"))

    answer = visitor.get(f"{page}/receipts/{steps}")

    keys = [
        VerifierKey.parse(line) for line in visitor.get("/log/trace/key").text.splitlines() if not line.startswith("#")
    ]
    opened = open_receipt(answer.text, keys)
    assert (answer.status_code, opened.facts, opened.signed_by) == (200, None, tuple(keys))
    entry = json.loads(opened.entry)
    assert entry.keys() == {"v", "log", "event", "declaration", "hash", "recorded_at", "commitment"}  # and no party
    assert entry["hash"] in visitor.get(page).text
    assert str(order.public_id) not in answer.text
    assert f"第 {opened.index + 1} 条，下载凭证" in visitor.get(page).text
    assert [visitor.get(f"{page}/receipts/{n}").status_code for n in (0, steps + 1)] == [404, 404]
