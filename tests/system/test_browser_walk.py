"""People at their desks, in Chromium: the first screens of every role at both widths, and one whole purchase."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page
from werkzeug.serving import make_server

from admin.demo import loader, shelf
from shop import clock, reference
from shop.app import create_app
from shop.db import db, transaction
from tests.conftest import make_settings
from tests.system import browser as chrome

pytestmark = [pytest.mark.browser, pytest.mark.committed]

PASSWORD = "duikou-832"
#: Where pictures go when they are asked for; nothing is written otherwise.
PICTURES = os.environ.get("DUIKOU_PICTURES")
#: The first pages of each desk, by the account that opens them.
SCREENS = {
    "": ("/", "/products", "/counties", "/counties/620421", "/sign-in", "/verify-contract"),
    "19900000105": (
        "/desk", "/desk/basket", "/desk/procurements", "/desk/orders", "/desk/payments", "/desk/invoices",
        "/organisation", "/organisation/members", "/organisation/units", "/organisation/bank-accounts", "/account",
    ),
    "19900000203": (
        "/producer", "/producer/orders", "/producer/products", "/producer/listings", "/producer/lots",
        "/producer/papers", "/producer/profile", "/producer/payments", "/producer/payments/due", "/producer/invoices",
        "/producer/refunds", "/producer/filings", "/account/security", "/account/tokens", "/account/webhooks",
    ),
    "19900000302": (
        "/official?from=2020-01-01&to=2020-12-31", "/official/totals?by=county&from=2020-01-01&to=2020-12-31",
        "/official/lines?from=2020-01-01&to=2020-12-31", "/official/filings", "/official/orders",
        "/official/papers",
    ),
    "19900000301": ("/official/filings/new",),
    "19900000403": (
        "/operator", "/operator/payments", "/operator/refunds", "/operator/organisations", "/operator/permissions",
        "/operator/papers", "/operator/orders", "/account/notices",
    ),
    "19900000401": ("/operator", "/operator/outbox"),
    "19900000404": ("/operator/audit",),
}  # fmt: skip


class Visitor:
    """A person's own window: every page opened is looked at by axe, and what is wrong is kept."""

    def __init__(self, page: Page, base: str, size: str, wrong: list[str]) -> None:
        self.page, self.base, self.size, self.wrong = page, base, size, wrong
        page.set_default_timeout(30_000)
        page.on("pageerror", partial(_note, wrong))

    def sign_in(self, phone: str) -> None:
        chrome.sign_in(self.page, self.base, phone, PASSWORD)
        self.page.get_by_role("button", name="退出").wait_for()

    def visit(self, path: str, name: str = "") -> None:
        answer = self.page.goto(self.base + path)
        if answer is None or not answer.ok:
            self.wrong.append(f"{self.size} {path}: {answer and answer.status}")
        self.look(name)

    def look(self, name: str = "") -> None:
        """Note what axe finds on the page as it is now, and whether it is wider than its window."""
        path = self.page.url.removeprefix(self.base)
        if PICTURES:
            title = name.replace("/", "-") or path.split("?")[0].strip("/").replace("/", "-") or "home"
            chrome.picture(self.page, Path(PICTURES) / f"{title}-{self.size}.png")
        self.wrong += [f"{self.size} {path}: {found}" for found in chrome.violations(self.page)]
        if (wide := chrome.overflow_px(self.page)) > 0:
            self.wrong.append(f"{self.size} {path}: wider than the window by {wide} px")

    def press(self, name: str) -> None:
        """Press the button of that name, wait for the page that follows, and look at it."""
        with self.page.expect_navigation():
            self.page.get_by_role("main").get_by_role("button", name=name, exact=True).first.click()
        self.page.wait_for_load_state()
        self.look(f"after-{name}")

    def follow(self, name: str) -> None:
        """Follow the first link whose words contain the name."""
        with self.page.expect_navigation():
            self.page.get_by_role("main").get_by_role("link", name=name).first.click()
        self.page.wait_for_load_state()
        self.look(f"page-{name}")

    def fill(self, **fields: str) -> None:
        """Fill in fields by their names in the form."""
        for name, value in fields.items():
            self.page.locator(f"main form [name={name}]").first.fill(value)

    def text(self) -> str:
        return self.page.locator("main").inner_text()


def _note(wrong: list[str], error: object) -> None:
    wrong.append(f"script: {error}")


@pytest.fixture(scope="module")
def served(cluster, tmp_path_factory) -> Iterator[str]:
    """Serve Jingyuan's first half of 2020, published case and all, and yield its address."""
    with cluster.database() as url:
        app = create_app(make_settings(url, DATA_DIR=tmp_path_factory.mktemp("data")))
        with app.app_context():
            with transaction():
                reference.load_all()
            samples = [sample for sample in shelf.read_samples() if sample.row["county_code"] == "620421"]
            with clock.stopped_at(datetime(2020, 8, 1, tzinfo=UTC)):
                loader.tell_story(lambda _what: None, lambda *_progress: None, samples=samples, most=4)
            db.session.remove()
            server = make_server("127.0.0.1", 0, app, threaded=True)
            thread = threading.Thread(target=server.serve_forever, daemon=True)
            thread.start()
            yield f"http://127.0.0.1:{server.server_port}"
            server.shutdown()
            server.server_close()
            thread.join()
            db.engine.dispose()


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with chrome.chromium() as browser:
        yield browser


@contextmanager
def someone(chromium: Browser, base: str, phone: str, size: str, wrong: list[str]) -> Iterator[Visitor]:
    context = chrome.new_context(chromium, size)
    visitor = Visitor(context.new_page(), base, size, wrong)
    if phone:
        visitor.sign_in(phone)
    yield visitor
    context.close()


@pytest.mark.parametrize("size", list(chrome.SIZES))
def test_the_first_screens_of_every_desk_are_sound(chromium, served, size):
    wrong: list[str] = []

    for phone, paths in SCREENS.items():
        with someone(chromium, served, phone, size, wrong) as visitor:
            for path in paths:
                visitor.visit(path)

    assert wrong == []


def test_a_purchase_goes_from_the_lot_to_the_confirmed_receipt_on_the_pages(chromium, served):
    wrong: list[str] = []
    desk = partial(someone, chromium, served, size="desktop", wrong=wrong)
    today = clock.business_day(clock.real_now())

    with desk(phone="19900000203") as producer, desk(phone="19900000105") as buyer:
        producer.visit("/producer/lots/new")
        producer.follow("500 g/袋")
        made, good_until = today - timedelta(days=10), today + timedelta(days=300)
        producer.fill(code="WALK-1", quantity="200", produced_on=made.isoformat(), expires_on=good_until.isoformat())
        producer.press("入库")
        assert "WALK-1" in producer.text()

        number = _order(buyer)
        path = buyer.page.url.removeprefix(served).removeprefix("/desk")

        producer.visit(f"/producer{path}")
        producer.follow("确认订单")
        producer.fill(promised_on=(today + timedelta(days=5)).isoformat())
        producer.press("确认订单")
        buyer.visit(f"/desk{path}")
        buyer.follow("查看并签署合同")
        buyer.press("签署合同")
        producer.visit(f"/producer{path}")
        producer.follow("发货")
        producer.press("确认发货")
        buyer.visit(f"/desk{path}")
        _accept(buyer)
        assert "拒收" in buyer.text()

        producer.visit("/producer/invoices/new")
        producer.fill(
            number="25117000000012345678", issued_on=today.isoformat(), buyer_header=_buyer_name(buyer),
            amount="2204.00", orders=number,
        )  # fmt: skip
        producer.press("登记发票")
        buyer.visit("/desk/invoices")
        buyer.follow("25117000000012345678")
        if buyer.page.locator("main [name=despite_flags]").count():
            buyer.page.locator("main [name=despite_flags]").check()
        buyer.press("核验通过")
        assert "已核验" in buyer.text()
        buyer.visit(f"/desk/payments{path.removeprefix('/orders')}/announce")
        buyer.fill(payer_name="国库集中支付中心", planned_on=today.isoformat())
        buyer.press("预告付款")

        with desk(phone="19900000202") as cashier:
            cashier.visit(f"/producer{path}")
            cashier.follow("登记到账")
            cashier.fill(bank_serial="WALK-0001", payer_name="国库集中支付中心", value_on=today.isoformat())
            cashier.press("登记到账")
        producer.visit("/producer/payments?status=recorded")
        producer.follow("WALK-0001")
        producer.press("确认到账")

        buyer.visit(f"/desk{path}", "order-paid")
        assert "2,204.00" in buyer.text()
        assert "2,204.00" in producer.text()

    assert wrong == []


def _order(buyer: Visitor) -> str:
    """Order 40 bags as an institution does, end on the order's page, and return the order's number."""
    buyer.visit("/products?q=枸杞")
    buyer.follow("靖远枸杞")
    buyer.fill(quantity="40")
    buyer.press("加入采购清单")
    if "/desk/basket" not in buyer.page.url:
        buyer.visit("/desk/basket")
    buyer.follow("去结算")
    page = buyer.page
    page.locator("[name=unit_id]").select_option(index=1)
    page.locator("[name=fund_source]").select_option(value="canteen")
    buyer.fill(consignee="陈静", consignee_phone="13800138000", delivery_address="天津市和平区大沽北路 1 号")
    buyer.press("确认下单")
    number = page.locator("main a[href^='/desk/orders/']").first
    words = number.inner_text()
    buyer.follow(words)
    return words


def _accept(buyer: Visitor) -> None:
    """Accept 38 of 40 bags before a witness, and reject two."""
    buyer.follow("验收货物")
    page = buyer.page
    page.locator("[name^=accepted-]").fill("38")
    page.locator("[name^=rejected-]").fill("2")
    page.locator("[name^=reason-]").fill("包装破损")
    buyer.fill(witness_name="张秀英")
    buyer.press("确认验收")


def _buyer_name(buyer: Visitor) -> str:
    """Return the name of the buyer's organisation as the page's head says it."""
    return buyer.page.locator("header .push").inner_text().split(" · ", 1)[1].strip()


def test_an_official_finds_the_published_case_and_its_filings(chromium, served):
    wrong: list[str] = []

    with someone(chromium, served, "19900000302", "desktop", wrong) as official:
        official.visit("/official?from=2020-01-01&to=2020-12-31&channel=filing", "official-filings-only")
        assert "26,240,000.00" in official.text()
        official.page.locator(".figure-link").first.click()
        official.page.wait_for_url("**/official/lines*")
        official.look("official-lines-of-the-case")
        assert "26,240,000.00" in official.text()
        official.page.locator("main tbody a").first.click()
        official.page.wait_for_url("**/official/filings/*")
        official.look("official-filing")
        assert "靖远" in official.text()

    assert wrong == []
