"""People at their desks, in Chromium: the first screens of every role at both widths, and the published case."""

from __future__ import annotations

import pytest

from tests.system import browser as chrome
from tests.system.visitor import someone

pytestmark = [pytest.mark.browser, pytest.mark.committed]

#: The first pages of each desk, by the account that opens them.
SCREENS = {
    "": ("/", "/products", "/counties", "/counties/620421", "/sign-in", "/verify-contract"),
    "19900000105": (
        "/desk", "/desk/basket", "/desk/procurements", "/desk/orders", "/desk/payments", "/desk/invoices",
        "/desk/budget", "/desk/budget/lines?measure=ordered", "/desk/filings", "/organisation", "/organisation/members", "/organisation/units", "/organisation/bank-accounts", "/account",
    ),
    "19900000203": (
        "/producer", "/producer/orders", "/producer/products", "/producer/listings", "/producer/lots",
        "/producer/papers", "/producer/profile", "/producer/payments", "/producer/payments/due", "/producer/invoices",
        "/producer/refunds", "/producer/filings", "/account/security", "/account/tokens", "/account/webhooks",
    ),
    "19900000302": (
        "/official?from=2020-01-01&to=2020-12-31", "/official/totals?by=county&from=2020-01-01&to=2020-12-31",
        "/official/lines?from=2020-01-01&to=2020-12-31", "/official/filings", "/official/orders",
        "/official/papers", "/official/unpaid", "/official/expiring", "/official/people?from=2020-01-01&to=2020-12-31",
    ),
    "19900000301": ("/official/filings/new",),
    "19900000403": (
        "/operator", "/operator/payments", "/operator/refunds", "/operator/organisations", "/operator/permissions",
        "/operator/papers", "/operator/orders", "/account/notices",
    ),
    "19900000401": ("/operator", "/operator/outbox"),
    "19900000404": ("/operator/audit",),
}  # fmt: skip


@pytest.mark.parametrize("size", list(chrome.SIZES))
def test_the_first_screens_of_every_desk_are_sound(chromium, served, size):
    wrong: list[str] = []

    for phone, paths in SCREENS.items():
        with someone(chromium, served, phone, size, wrong) as visitor:
            for path in paths:
                visitor.visit(path)

    assert wrong == []


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
