"""A person at a window of their own: opens pages, presses buttons, and notes what is wrong with every page seen."""

from __future__ import annotations

import itertools
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import ClassVar

from playwright.sync_api import Browser, Page

from tests.system import browser as chrome

PASSWORD = "duikou-832"
#: Where pictures go when they are asked for; nothing is written otherwise.
PICTURES = os.environ.get("DUIKOU_PICTURES")
#: No page is heavier than this.
MOST_BYTES = 60_000
_count = itertools.count(1)
#: What a page is made of: its kinds of elements, without their words and how many there are.
_MADE_OF = """() => [...new Set([...document.querySelectorAll("body *")].map((node) =>
    [node.tagName, node.className, node.type, node.getAttribute("role"), node.hasAttribute("aria-describedby")].join()))]
  .sort().join(" ")"""
_KEYS = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}|\?.*")


class Visitor:
    """A person's own window: every page opened is looked at by axe, and what is wrong is kept.

    A page that is made of what one at the same address and width was made of, but for its words, is not asked again.
    """

    _seen: ClassVar[set[tuple[str, str, str]]] = set()

    def __init__(self, page: Page, base: str, size: str, wrong: list[str]) -> None:
        self.page, self.base, self.size, self.wrong = page, base, size, wrong
        page.set_default_timeout(30_000)
        page.on("pageerror", partial(_note, wrong))

    def sign_in(self, phone: str) -> None:
        chrome.sign_in(self.page, self.base, phone, PASSWORD)
        self.page.get_by_role("button", name="退出").wait_for()

    def visit(self, path: str, name: str = "") -> None:
        """Open an address and look at its page."""
        answer = self.page.goto(self.base + path)
        if answer is None or not answer.ok:
            self.wrong.append(f"{self.size} {path}: {answer and answer.status}")
        elif len(answer.body()) > MOST_BYTES:
            self.wrong.append(f"{self.size} {path}: {len(answer.body())} bytes of HTML")
        self.look(name)

    def look(self, name: str = "") -> None:
        """Note what axe finds on the page as it is now, whether it is wider than its window, and what a thumb would miss."""
        path = self.page.url.removeprefix(self.base)
        if PICTURES:
            title = name.replace("/", "-") or path.split("?")[0].strip("/").replace("/", "-") or "home"
            chrome.picture(self.page, Path(PICTURES) / f"{next(_count):03} {title} {self.size}.png")
        found = chrome.violations(self.page) if self._is_new(path) else []
        if (wide := chrome.overflow_px(self.page)) > 0:
            found.append(f"wider than the window by {wide} px")
        if self.size == "phone":
            found += chrome.small_targets(self.page)
        self.wrong += [f"{self.size} {path}: {each}" for each in found]

    def _is_new(self, path: str) -> bool:
        made_of = self.size, _KEYS.sub("", path), str(self.page.evaluate(_MADE_OF))
        if made_of in self._seen:
            return False
        self._seen.add(made_of)
        return True

    def press(self, name: str) -> None:
        """Press the button of that name, wait for the page that follows, and look at it."""
        with self.page.expect_navigation():
            self.page.get_by_role("main").get_by_role("button", name=name, exact=True).first.click()
        self.page.wait_for_load_state()
        self.look(f"after-{name}")

    def ask(self, name: str) -> None:
        """Open what asks before a button acts, and press that."""
        self.page.locator("main details.ask > summary", has_text=f"{name}…").first.click()
        self.press(name)

    def follow(self, name: str | re.Pattern[str]) -> None:
        """Follow the first link whose words contain the name, or fit it."""
        with self.page.expect_navigation():
            self.page.get_by_role("main").get_by_role("link", name=name).first.click()
        self.page.wait_for_load_state()
        self.look(f"page-{name if isinstance(name, str) else 'of-the-link'}")

    def fill(self, **fields: str) -> None:
        """Fill in fields by their names in the form."""
        for name, value in fields.items():
            self.page.locator(f"main form [name={name}]").first.fill(value)

    def text(self) -> str:
        return self.page.locator("main").inner_text()


def _note(wrong: list[str], error: object) -> None:
    wrong.append(f"script: {error}")


@contextmanager
def someone(chromium: Browser, base: str, phone: str, size: str, wrong: list[str]) -> Iterator[Visitor]:
    context = chrome.new_context(chromium, size)
    visitor = Visitor(context.new_page(), base, size, wrong)
    if phone:
        visitor.sign_in(phone)
    yield visitor
    context.close()
