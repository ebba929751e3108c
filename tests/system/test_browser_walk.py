"""People at their desks, in Chromium: the first screens of every role at both widths, and one whole purchase."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
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
            title = name or path.split("?")[0].strip("/").replace("/", "-") or "home"
            chrome.picture(self.page, Path(PICTURES) / f"{title}-{self.size}.png")
        self.wrong += [f"{self.size} {path}: {found}" for found in chrome.violations(self.page)]
        if (wide := chrome.overflow_px(self.page)) > 0:
            self.wrong.append(f"{self.size} {path}: wider than the window by {wide} px")


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
