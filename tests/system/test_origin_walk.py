"""From the harvest to the recall on a phone: records, labels, a scan of what was printed, where the lot went, in Chromium."""

from __future__ import annotations

import base64
import re
from datetime import date, timedelta
from pathlib import Path
from uuid import UUID

import pytest
import zxingcpp

from shop import clock
from tests.system.origin_world import CLERK, OFFICIAL, OriginWorld, serving
from tests.system.visitor import PICTURES, Visitor, someone

pytestmark = [pytest.mark.browser, pytest.mark.committed]
PDF = b"%PDF-1.7\n%%EOF\n"
#: On what labels are printed, as the buttons say it, and on how many sheets six of them are.
_SHEETS = {"生成 A4 标签（每张 24 枚，70×37 毫米）": 1, "生成卷纸标签（60×40 毫米）": 6}
#: A picture of the page, as bright or dark dots: what a scanner's camera sees.
_DOTS = """async (picture) => {
  const bitmap = await createImageBitmap(await (await fetch("data:image/png;base64," + picture)).blob());
  const canvas = new OffscreenCanvas(bitmap.width, bitmap.height).getContext("2d");
  canvas.drawImage(bitmap, 0, 0);
  const dots = canvas.getImageData(0, 0, bitmap.width, bitmap.height).data;
  let text = "";
  for (let at = 0; at < dots.length; at += 4) text += String.fromCharCode(dots[at]);
  return [bitmap.width, bitmap.height, btoa(text)];
}"""


@pytest.fixture
def world(cluster, tmp_path):
    with cluster.database() as url, serving(url, tmp_path / "data") as served:
        yield served


def test_from_the_harvest_to_the_recall(chromium, world, tmp_path):
    wrong: list[str] = []

    with someone(chromium, world.base, CLERK, "phone", wrong) as clerk:
        _record(clerk, tmp_path)
        lot = world.lot("HW-0712")
        _split_and_mix(clerk)
        _set_range(clerk)
        world.work()
        addresses = {_print_labels(clerk, lot, button, pages) for button, pages in _SHEETS.items()}
        numbers = _sell(world, clerk, lot)
        with someone(chromium, world.base, "", "phone", wrong) as anybody:
            _scan(anybody, addresses, f"{world.base}/trace/lots/{lot}")
            _recall(clerk, lot, numbers)
            world.work()
            _scan_again(anybody, addresses)
        with someone(chromium, world.base, OFFICIAL, "phone", wrong) as official:
            _watch(official, lot, numbers)

    assert wrong == []


def _today() -> date:
    return clock.business_day(clock.real_now())


def _record(clerk: Visitor, folder: Path) -> None:
    """Record the harvest, a test of it, 100 boxes, their temperatures, and issue the certificate."""
    day = (_today() - timedelta(days=2)).isoformat()
    clerk.visit("/producer/records/harvest", "harvest")
    clerk.page.locator("[name=place]").select_option(index=1)
    clerk.fill(quantity="1200", code="C-0711", variety="红富士", done_on=day)
    clerk.press("登记批次")
    clerk.follow("登记检测报告")
    clerk.fill(
        laboratory="平凉市农产品质量安全检验检测中心", number="PL-2026-0711", tested_on=day,
        expires_on=(_today() + timedelta(days=180)).isoformat(),
        items="毒死蜱,≤0.02 mg/kg,未检出,合格\n氯氟氰菊酯,≤0.2 mg/kg,0.013 mg/kg,合格",
    )  # fmt: skip
    _upload(clerk, "检测报告.pdf", PDF, folder)
    clerk.press("登记检测报告")
    clerk.follow("包装入库")
    clerk.fill(quantity="100", code="HW-0712", expires_on=(_today() + timedelta(days=150)).isoformat(), loss="2")
    clerk.press("包装入库")
    clerk.follow("上传温度记录")
    night = _today() - timedelta(days=1)
    rows = "".join(f"{night} {8 + n:02}:00,{degrees}\n" for n, degrees in enumerate((3.5, 4, 12.5, 4)))
    _upload(clerk, "温度.csv", f"设备编号:RC-5-0042\n时间,温度(℃)\n{rows}".encode("gbk"), folder)
    clerk.press("上传温度记录")
    clerk.follow("开具合格证")
    clerk.page.get_by_label("委托检测").check()
    clerk.fill(contact="0933-2521234")
    clerk.press("承诺并开具")
    _print(clerk, "certificate")
    assert "我承诺对生产销售的农产品" in clerk.text()


def _upload(clerk: Visitor, name: str, data: bytes, folder: Path) -> None:
    (folder / name).write_bytes(data)
    clerk.page.locator("main input[type=file]").set_input_files(folder / name)


def _set_range(clerk: Visitor) -> None:
    """Say in which temperatures the boxes are kept from now on."""
    clerk.visit("/producer/products")
    clerk.follow("静宁红富士苹果")
    clerk.follow("储存温度")
    clerk.fill(low_c="-1", high_c="4")
    clerk.press("保存储存温度")


def _split_and_mix(clerk: Visitor) -> None:
    """Part 100 kilograms off the batch, see that more than there is cannot be mixed, and undo the split."""
    clerk.visit("/producer/records/batches")
    clerk.follow("C-0711")
    batch = clerk.page.url.removeprefix(clerk.base)
    clerk.follow("分批")
    clerk.fill(quantity_0="100", code_0="C-0711-1")
    clerk.press("登记分批")
    clerk.follow("混批")
    taken = clerk.page.locator("[name^=taken-]")
    taken.nth(0).fill("99999")
    taken.nth(1).fill("0.5")
    clerk.press("登记混批")
    assert clerk.page.locator("#errors a[href^='#taken-']").count() == 1
    clerk.visit(batch)
    clerk.ask("撤销记录")
    assert "记录已撤销。" in clerk.text()


def _print_labels(clerk: Visitor, lot: UUID, button: str, pages: int) -> str:
    """Make six labels, and return what a scanner reads off the last one of them as it is printed."""
    clerk.visit(f"/producer/labels?lot={lot}", "labels")
    clerk.page.locator(f"[name='n-{lot}']").fill("6")
    clerk.press(button)
    clerk.page.emulate_media(media="print")
    labels = clerk.page.locator("main li")
    assert labels.count() == 6
    read = _read(clerk, labels.last.screenshot(scale="device"))
    _print(clerk, f"labels {button[2:4].strip()}", pages)
    return read


def _print(visitor: Visitor, name: str, pages: int = 1) -> None:
    """Print what is on the page; the paper is kept where pictures are asked for, and each label of a roll has its own."""
    visitor.page.emulate_media(media="print")
    printed = visitor.page.pdf(prefer_css_page_size=True)
    visitor.page.emulate_media(media="screen")
    assert printed.count(b"/Type /Page\n") == pages
    if PICTURES:
        (Path(PICTURES) / f"{name}.pdf").write_bytes(printed)


def _read(visitor: Visitor, picture: bytes) -> str:
    """Return the text of the only code in a picture."""
    width, height, dots = visitor.page.evaluate(_DOTS, base64.b64encode(picture).decode())
    seen = memoryview(base64.b64decode(dots)).cast("B", (height, width))
    (code,) = zxingcpp.read_barcodes(seen)
    return code.text


def _sell(world: OriginWorld, clerk: Visitor, lot: UUID) -> set[str]:
    """Sell to three institutions, two of them out of the lot, and return the numbers of these two orders."""
    first, page = world.order(0, 30)
    clerk.visit(page, "order-to-ship")
    clerk.follow(re.compile("^发货$"))
    clerk.page.locator("[name^=lot-]").select_option(value=str(lot))
    clerk.press("确认发货")
    world.work()
    world.accept(0, first, 28, 2)
    world.pack_another("HW-0713")
    (second, _page), (third, _page) = world.order(1, 40), world.order(2, 5)
    world.ship(second, world.lot("HW-0712"))
    world.ship(third, world.lot("HW-0713"))
    return {first, second}


def _scan(anybody: Visitor, addresses: set[str], page: str) -> None:
    """Open what the labels lead to, and read the whole of it."""
    (address,) = addresses
    anybody.visit(address.removeprefix(anybody.base), "trace")
    assert anybody.page.url.split("?")[0] == page
    assert anybody.page.locator(".timeline .what").all_inner_texts() == [
        "采收", "温度记录", "检验检测", "包装", "登记合格证或检疫证明", "发货", "到货验收", "验收不合格或收后退回",
        "退回生产者", "发货",
    ]  # fmt: skip
    for folded in anybody.page.locator("main details").all():
        folded.evaluate("node => { node.open = true }")
    anybody.look("trace-with-everything-open")
    for words in (
        "静宁县余湾乡红六福苹果专业合作社",
        "HW-0712",
        "PL-2026-0711",
        "偏高，最高 12.5 ℃",
        "ni:///sha-256;",
    ):
        assert words in anybody.text()


def _recall(clerk: Visitor, lot: UUID, numbers: set[str]) -> None:
    """Call the lot back; the list is of exactly the orders that got it."""
    clerk.visit(f"/producer/lots/{lot}", "lot-page")
    clerk.follow("拆包")
    clerk.visit(f"/producer/lots/{lot}")
    clerk.follow("去向和召回")
    assert _orders(clerk) == sorted(numbers)
    clerk.page.locator("main [name=level]").select_option(value="one")
    clerk.fill(reason="抽检发现毒死蜱超标")
    clerk.press("确认召回")
    assert "这些批次已被召回，请停止使用、单独存放。" in clerk.text()
    assert _orders(clerk) == sorted(numbers)
    clerk.visit(f"/producer/lots/{lot}/recipients")
    assert "批次 HW-0712 已召回" in clerk.text()
    clerk.visit(f"/producer/lots/{lot}/genealogy", "genealogy")
    assert "C-0711" in clerk.text()


def _watch(official: Visitor, lot: UUID, numbers: set[str]) -> None:
    """Read as an official of the county where the lot went, and open the report of its test."""
    official.visit(f"/official/lots/{lot}/recipients", "recall-as-the-official-sees-it")
    assert _orders(official) == sorted(numbers)
    official.follow("检测和证明")
    report = official.page.get_by_role("link", name="PL-2026-0711").get_attribute("href")
    assert official.page.request.get(official.base + str(report)).body() == PDF


def _orders(visitor: Visitor) -> list[str]:
    cells = visitor.page.locator("tbody tr:not(.total) td[data-label=订单]").all_inner_texts()
    return sorted(text.strip() for text in cells)


def _scan_again(anybody: Visitor, addresses: set[str]) -> None:
    (address,) = addresses
    anybody.visit(address.removeprefix(anybody.base), "trace-recalled")
    alert = anybody.page.get_by_role("alert")
    assert "这个批次已被召回，请不要食用或使用。" in alert.inner_text()
    assert "抽检发现毒死蜱超标" in alert.inner_text()
    assert alert.evaluate("node => getComputedStyle(node).borderLeftColor") == "rgb(155, 28, 28)"
