"""A producer's clerk records a harvest, a processing, a packing, a test, temperatures and a certificate, in Chromium at both widths."""

from __future__ import annotations

import threading
from datetime import timedelta
from pathlib import Path

import pytest
from werkzeug.serving import make_server

from shop import clock
from shop.db import db, transaction
from shop.identity import services as identity
from tests import factories as make
from tests.catalog.batches.help import make_farm
from tests.system import browser as chrome
from tests.system.visitor import PASSWORD, someone

pytestmark = [pytest.mark.browser, pytest.mark.committed]
PDF = b"%PDF-1.7\n%%EOF\n"
#: The served application reads the real clock: its requests run in threads of their own.
TODAY = clock.business_day(clock.real_now())
LOG = "设备编号:RC-5-0042\n时间,温度(℃)\n2026-07-14 08:00,3.5\n2026-07-14 09:00,12\n2026-07-14 10:00,4\n"


@pytest.fixture
def market(committed_app):
    """A producer of apples with a clerk, served."""
    phones: dict[str, str] = {}
    for size in chrome.SIZES:
        farm = make_farm(category_code="0501", name="静宁苹果")
        with transaction():
            phones[size] = f"1990000070{len(phones)}"
            clerk = make.make_user(name="马晓燕", phone=f"+86{phones[size]}", password=PASSWORD)
            identity.add_member(
                clerk.id, farm.actor.organisation_id, since=make.LONG_AGO.date(), roles=("producer_clerk",)
            )
    db.session.remove()
    server = make_server("127.0.0.1", 0, committed_app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", phones
    server.shutdown()


def upload(clerk, name, data, suffix, folder: Path):
    path = folder / f"{name}{suffix}"
    path.write_bytes(data)
    clerk.page.locator("main input[type=file]").set_input_files(path)


@pytest.mark.parametrize("size", list(chrome.SIZES))
def test_a_clerk_records_the_day(chromium, market, size, tmp_path):
    base, phones = market
    wrong: list[str] = []

    with someone(chromium, base, phones[size], size, wrong) as clerk:
        clerk.visit("/producer/records", "records-empty")
        clerk.visit("/producer/records/places", "records-places")
        clerk.visit("/producer/records/harvest", "records-harvest")
        clerk.page.locator("[name=place]").select_option(index=1)
        clerk.fill(quantity="1200", code=f"H-{size}", variety="红富士")
        clerk.press("登记批次")
        clerk.visit("/producer/records/process", "records-process")
        clerk.page.locator("[name=batch]").select_option(index=1)
        clerk.fill(taken="1000", quantity="950", yield_percent="98", method="分级", code=f"P-{size}")
        clerk.press("登记加工")
        assert f"P-{size}" in clerk.text()
        clerk.follow("登记检测报告")
        clerk.fill(
            laboratory="白银市检验检测中心",
            number="BY-1",
            tested_on=TODAY.isoformat(),
            items="毒死蜱,≤0.02,未检出,合格",
        )
        upload(clerk, "报告", PDF, ".pdf", tmp_path)
        clerk.press("登记检测报告")
        clerk.follow("包装入库")
        clerk.fill(quantity="100", code=f"L-{size}", expires_on=(TODAY + timedelta(days=180)).isoformat())
        clerk.press("包装入库")
        assert "还缺：承诺达标合格证" in clerk.text()
        clerk.follow("上传温度记录")
        upload(clerk, "温度", LOG.encode("gbk"), ".csv", tmp_path)
        clerk.press("上传温度记录")
        assert "高于上限" in clerk.text()
        clerk.follow("开具合格证")
        clerk.page.get_by_label("委托检测").check()
        clerk.fill(contact="13800138000")
        clerk.press("承诺并开具")
        assert "我承诺对生产销售的农产品" in clerk.text()
        clerk.visit("/producer/records", "records-full")
        clerk.visit("/producer/records/batches", "records-batches")

    assert wrong == []
