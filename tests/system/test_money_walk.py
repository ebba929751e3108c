"""Money of one procurement in Chromium, by everyone whose it is: paid by bank and card, paid out, given back, reconciled."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from functools import partial

import pytest
from playwright.sync_api import Browser

from tests.system import browser as chrome
from tests.system import money_acts as acts
from tests.system import money_books as books
from tests.system.money_world import BUYER, OTHER_SELLER, SELLER, Bought, MoneyWorld, serving
from tests.system.visitor import Visitor, someone

pytestmark = [pytest.mark.browser, pytest.mark.committed]

OPERATOR_A, OPERATOR_B, OFFICIAL = "19900000402", "19900000403", "19900000302"
Desk = Callable[..., AbstractContextManager[Visitor]]


@pytest.fixture(scope="module")
def world(cluster, tmp_path_factory) -> Iterator[MoneyWorld]:
    with cluster.database() as url, serving(url, tmp_path_factory.mktemp("data")) as world:
        yield world


def test_every_page_says_the_same_of_a_procurements_money(chromium, world, tmp_path):
    """1,000.00 of one producer, 600.00 of another; half by bank, half by card; a fee of 0.6 %; 100.00 given back.

    Who buys, pays by bank and by card, and sells does so on a phone, all others at a desk; then everyone opens their pages at
    the other width.
    """
    wrong: list[str] = []
    since = books.last_entry(world)
    with ExitStack() as stack:
        desk = _desks(stack, chromium, world, wrong)
        buyer, seller, other = (desk(phone, "phone") for phone in (BUYER, SELLER, OTHER_SELLER))
        official, a, b = (desk(phone, "desktop") for phone in (OFFICIAL, OPERATOR_A, OPERATOR_B))
        before_fen = _counted_fen(official)

        acts.agree_on_rules(a, b)
        acts.open_account(seller, world)
        one, two, procurement = world.buy()
        acts.accept(buyer, world, one, "100")
        acts.accept(buyer, world, two, "60")
        acts.receive_by_bank(a, b, world, tmp_path, one, two)
        acts.pay_by_card(buyer, world, procurement)
        assert _counted_fen(official) - before_fen == 160_000
        _read_what_is_due(seller, one)
        run = acts.pay_out(a, b, world, tmp_path)
        acts.give_back(buyer, seller, world, one)
        world.fetch()

        assert _counted_fen(official) - before_fen == 150_000
        _read_statements(seller, other, one, two)
        _read_reconciliation(a)
        books.assert_books(world, [one.number, two.number], since)

        for size in ("phone", "desktop"):
            _look(buyer, size, _buyers_pages(one, procurement))
        _look(a, "phone", _operators_pages(run))
        _look(seller, "desktop", _PRODUCERS_PAGES)
        _look(official, "phone", ["/official"])

    assert wrong == []


def _desks(stack: ExitStack, chromium: Browser, world: MoneyWorld, wrong: list[str]) -> Callable[[str, str], Visitor]:
    """Return what opens a window for a person; all windows close with the stack."""
    opened = partial(someone, chromium, world.base, wrong=wrong)
    return lambda phone, size: stack.enter_context(opened(phone=phone, size=size))


def _counted_fen(official: Visitor) -> int:
    """Return what the county's page shows as counted in this year."""
    official.visit("/official", "official-figure")
    return _fen(official.page.locator(".figure .note").first.inner_text())


def _fen(words: str) -> int:
    return int(re.sub(r"[^\d-]", "", words))


def _figure(visitor: Visitor, name: str) -> str:
    return visitor.page.locator(".figure").filter(has_text=name).locator(".value").first.inner_text()


def _read_what_is_due(seller: Visitor, order: Bought) -> None:
    """The clerk asks when the money comes, and why it is this sum: 1,000.00 less 0.6 %."""
    seller.visit("/producer/payouts", "producer-payouts-due")
    seller.page.locator(".figure").filter(has_text="到期").get_by_role("link").first.click()
    seller.page.wait_for_url("**/payouts/orders?due=*")
    seller.look("producer-payout-orders")
    for words in (order.number, "1,000.00", "-6.00", "994.00", "已到期，随下一批付款"):
        assert words in seller.text(), words


def _read_statements(seller: Visitor, other: Visitor, one: Bought, two: Bought) -> None:
    """One was paid 994.00, and of the 100.00 given back 99.40 came back and 0.60 of the fee; the other was paid 596.40."""
    seller.visit("/producer/payouts", "producer-payouts")
    assert _fen(_figure(seller, "最近付款日合计")) == 99_400
    for who, order, figures in (
        (seller, one, ("1,000.00", "-100.00", "-6.00", "0.60", "-795.20", "-198.80", "99.40")),
        (other, two, ("600.00", "-3.60", "-596.40")),
    ):
        who.visit("/producer/account-statements", "producer-statement")
        assert order.number in who.text()
        assert [figure for figure in figures if figure not in who.text()] == []
        assert _fen(_figure(who, "期末应付货款")) == 0
        assert "货款已全部结清" in who.text()


def _read_reconciliation(a: Visitor) -> None:
    """No rail differs from the books by a fen: the provider's lines are fetched, both statements imported."""
    for rail in ("stripe", "supervised", "direct"):
        a.visit(f"/operator/reconciliation/{rail}", f"reconciliation-{rail}")
        if rail != "direct":
            total = a.page.get_by_role("row").filter(has_text="本月合计").first.inner_text()
            assert total.split()[3] == "0.00", (rail, total)
    for rail, things in (("stripe", 4), ("supervised", 5)):
        a.visit(f"/operator/reconciliation/{rail}/{acts.today()}", f"reconciliation-day-{rail}")
        assert (a.page.locator("main tbody tr:not(.total)").count(), a.text().count("相符")) == (things, things)
    a.visit("/operator/exceptions", "exceptions")
    assert "没有待处理的异常款" in a.text()


def _look(visitor: Visitor, size: str, pages: list[str]) -> None:
    """Open pages at the other width, and note what is wrong with them."""
    width, height = chrome.SIZES[size]
    visitor.page.set_viewport_size({"width": width, "height": height})
    visitor.size = size
    for path in pages:
        visitor.visit(path)


def _buyers_pages(order: Bought, procurement: str) -> list[str]:
    key = order.path.rpartition("/")[2]
    return [
        "/desk/payments", f"/desk/payments/{key}", f"{procurement}/pay", f"/desk/transfer-claims/new?order={key}",
        f"/desk/payments/{key}/certificate", f"/desk{order.path}/contract",
    ]  # fmt: skip


_PRODUCERS_PAGES = [
    "/producer", "/producer/refunds", "/producer/payouts", "/producer/payouts/orders", "/producer/account-statements",
    "/producer/card-account", "/producer/transfer-claims/new", "/organisation/bank-accounts",
]  # fmt: skip


def _operators_pages(run: str) -> list[str]:
    return [
        "/operator/payments", "/operator/statements", "/operator/bank-lines", "/operator/payouts", "/operator/payout-runs",
        run, "/operator/holds", "/operator/fees", "/operator/reconciliation/stripe",
        f"/operator/reconciliation/supervised/{acts.today()}", "/operator/exceptions", "/operator/stripe",
        "/operator/account-statements", "/operator/supervised-accounts",
    ]  # fmt: skip
