"""Chromium for tests and for looking: opens pages at both widths, takes pictures, asks axe.

By hand: ``python -m tests.system.browser http://127.0.0.1:8000 /products /sign-in`` writes pictures to ``data/pictures``.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Browser, BrowserContext, Error, Page, sync_playwright

FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--lang=zh-CN",
)
#: The official's screen and the clerk's phone.
SIZES = {"desktop": (1366, 768), "phone": (390, 844)}
#: Whatever a thumb must hit: buttons, fields, and links that stand alone. Links within text are as high as their line.
_TARGETS = """() => [...document.querySelectorAll(
    "button, select, summary, input:not([type=hidden], [type=checkbox], [type=radio]), a.btn, nav a, label:has(> input)")]
  .map((node) => [node, node.getBoundingClientRect()])
  .filter(([node, box]) => box.width > 1 && box.height > 1 && box.height < 43.5 && node.checkVisibility())
  .map(([node, box]) => `${Math.round(box.height)} px: ${node.outerHTML.slice(0, 120)}`)"""
#: What must hold: WCAG 2.1 AA and axe's best practices.
_RULES = '{"resultTypes":["violations"],"runOnly":["wcag2a","wcag2aa","wcag21a","wcag21aa","best-practice"]}'


def executable() -> str:
    """Return where Chromium is.

    :raises FileNotFoundError: naming what to install.
    """
    for name in ("chromium", "chromium-browser", "google-chrome"):
        found = shutil.which(name)
        if found:
            return found
    message = "Chromium is not installed: apt-get install chromium fonts-noto-cjk"
    raise FileNotFoundError(message)


@contextmanager
def chromium() -> Iterator[Browser]:
    """Run Chromium for the block."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable(), args=list(FLAGS))
        try:
            yield browser
        finally:
            browser.close()


def new_context(browser: Browser, size: str = "desktop", *, scripts: bool = True) -> BrowserContext:
    """Open a visitor's own window: no cookies, Chinese, our policy bypassed so that axe may be injected."""
    width, height = SIZES[size]
    return browser.new_context(
        viewport={"width": width, "height": height},
        locale="zh-CN",
        timezone_id="Asia/Shanghai",
        bypass_csp=True,
        java_script_enabled=scripts,
        has_touch=size == "phone",
    )


def violations(page: Page) -> list[str]:
    """Return what axe finds wrong, one line each with the elements."""
    page.evaluate(AXE_SCRIPT)
    found = page.evaluate(f"axe.run({_RULES})")["violations"]
    return [
        f"{item['id']} ({item['impact']}): {item['help']} — "
        + "; ".join(node["html"][:160] for node in item["nodes"][:3])
        for item in found
    ]


def overflow_px(page: Page) -> int:
    """Return by how much the page is wider than its window; 0 is right."""
    return int(page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))


def small_targets(page: Page) -> list[str]:
    """Return what a thumb would miss: targets lower than 44 px."""
    return list(page.evaluate(_TARGETS))


def picture(page: Page, path: Path, *, whole: bool = True) -> Path:
    """Write a picture of the page, all of it or what a person sees first."""
    path.parent.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=path, full_page=whole)
    return path


def sign_in(page: Page, base: str, login: str, password: str) -> None:
    """Sign in as a demo account."""
    page.goto(f"{base}/sign-in")
    page.get_by_label("手机号或邮箱").fill(login)
    page.get_by_label("密码").fill(password)
    page.locator("main button[type=submit], main form button").first.click()


def look(base: str, paths: list[str], folder: Path) -> int:
    """Open each path at both widths, write pictures, print what is wrong; return how much is."""
    wrong = 0
    with chromium() as browser:
        for size in SIZES:
            page = new_context(browser, size).new_page()
            errors: list[str] = []
            page.on("pageerror", partial(_note, errors))
            for path in paths:
                answer = page.goto(base + path)
                name = path.strip("/").replace("/", "-").replace("?", "_") or "home"
                picture(page, folder / f"{name}-{size}.png")
                found = [*violations(page), *errors]
                if overflow_px(page) > 0:
                    found.append(f"wider than the window by {overflow_px(page)} px")
                wrong += len(found)
                status = answer.status if answer else "?"
                sys.stdout.write("\n  ".join([f"{size} {path}: {status}", *found]) + "\n")
    return wrong


def _note(seen: list[str], error: Error) -> None:
    seen.append(str(error))


if __name__ == "__main__":
    sys.exit(min(look(sys.argv[1], sys.argv[2:], Path("data/pictures")), 1))
