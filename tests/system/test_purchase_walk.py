"""One whole purchase in Chromium at both widths, from the lot to the county's figure, by everyone who has a part in it."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import date, timedelta
from functools import partial

import pytest

from shop import clock
from tests.system import browser as chrome
from tests.system.visitor import Visitor, someone

pytestmark = [pytest.mark.browser, pytest.mark.committed]

#: Who takes part; the buyer and the seller are administrators of theirs, the money is recorded by another person.
BUYER, SELLER, CASHIER = "19900000105", "19900000203", "19900000202"
OPERATOR_FINANCE, OPERATOR_CONFIRMER, OFFICIAL = "19900000402", "19900000403", "19900000302"
PAYER = "国库集中支付中心"
Desk = Callable[..., AbstractContextManager[Visitor]]


@pytest.mark.parametrize("size", list(chrome.SIZES))
def test_a_purchase_goes_from_the_lot_to_the_countys_figure_on_the_pages(chromium, served, size):
    wrong: list[str] = []
    desk = partial(someone, chromium, served, size=size, wrong=wrong)

    with desk(phone=SELLER) as seller, desk(phone=BUYER) as buyer, desk(phone=OFFICIAL) as official:
        before_fen = _figure_fen(official)
        _put_in_stock(seller, f"WALK-{size}")
        number = _order(buyer)
        path = buyer.page.url.removeprefix(f"{served}/desk")
        _confirm_and_sign(seller, buyer, path)
        _deliver(seller, buyer, path)
        _invoice(seller, buyer, number, f"2511700000001234{len(size):04}")
        _announce(buyer, path)
        _receive(desk, seller, path, number, f"WALK-{size}")

        buyer.visit(f"/desk{path}", "order-at-the-end")
        assert "已办结" in buyer.text()
        assert _figure_fen(official) - before_fen == 220_400
        official.follow(re.compile(r"^[\d,.]+ *万元$"))
        assert number in official.text()
        official.visit(f"/official{path}", "order-as-the-official-sees-it")
        assert "计入帮扶额的依据" in official.text()
        assert official.page.get_by_role("main").get_by_role("button").count() == 1
        _give_back(desk, seller, buyer, path, f"WALK-{size}-R")

    assert wrong == []


def _today() -> date:
    """Return the day that the served pages live in: the tests' own clock stands still."""
    return clock.business_day(clock.real_now())


def _figure_fen(official: Visitor) -> int:
    """Return what the county's page shows as counted in this year."""
    official.visit("/official", "official-figure")
    words = official.page.locator(".figure .note").first.inner_text()
    return int(re.sub(r"[^\d]", "", words))


def _put_in_stock(seller: Visitor, code: str) -> None:
    """Put 200 bags on sale."""
    today = _today()
    seller.visit("/producer/lots/new")
    seller.follow("500 g/袋")
    made, good_until = today - timedelta(days=10), today + timedelta(days=300)
    seller.fill(code=code, quantity="200", produced_on=made.isoformat(), expires_on=good_until.isoformat())
    seller.press("入库")
    assert code in seller.text()


def _order(buyer: Visitor) -> str:
    """Order 40 bags as an institution does, end on the order's page, and return the order's number."""
    buyer.visit("/products?q=枸杞")
    buyer.follow("靖远枸杞")
    buyer.fill(quantity="40")
    buyer.press("加入采购清单")
    buyer.follow("去结算")
    page = buyer.page
    page.locator("[name=unit_id]").select_option(index=1)
    page.locator("[name=fund_source]").select_option(value="canteen")
    buyer.fill(consignee="陈静", consignee_phone="13800138000", delivery_address="天津市和平区大沽北路 1 号")
    buyer.press("确认下单")
    number = page.locator("main a[href^='/desk/orders/']").first.inner_text()
    buyer.follow(number)
    return number


def _confirm_and_sign(seller: Visitor, buyer: Visitor, path: str) -> None:
    """Confirm price, freight and date, which signs for the producer, and sign for the institution."""
    seller.visit(f"/producer{path}")
    seller.follow("确认订单")
    seller.fill(promised_on=(_today() + timedelta(days=5)).isoformat())
    seller.press("确认订单")
    buyer.visit(f"/desk{path}")
    buyer.follow("查看并签署合同")
    buyer.press("签署合同")


def _deliver(seller: Visitor, buyer: Visitor, path: str) -> None:
    """Ship 40 bags; accept 38 before a witness, and reject two."""
    seller.visit(f"/producer{path}")
    seller.follow("发货")
    seller.press("确认发货")
    buyer.visit(f"/desk{path}")
    buyer.follow("验收货物")
    page = buyer.page
    first = page.locator(
        "[name^=accepted-]"
    ).first  # other lots of the goods, if any, stand below and are accepted whole
    first.fill(str(int(first.input_value()) - 2))
    page.locator("[name^=rejected-]").first.fill("2")
    page.locator("[name^=reason-]").first.fill("包装破损")
    page.locator("[name=witness_id]").select_option(index=1)
    buyer.press("确认验收")
    assert "拒收" in buyer.text()


def _invoice(seller: Visitor, buyer: Visitor, number: str, invoice: str) -> None:
    """Record the invoice of what was accepted, and check it."""
    seller.visit("/producer/invoices/new")
    seller.fill(
        number=invoice, issued_on=_today().isoformat(), buyer_header=_organisation(buyer), amount="2204.00",
        orders=number,
    )  # fmt: skip
    seller.press("登记发票")
    buyer.visit("/desk/invoices")
    buyer.follow(invoice)
    if buyer.page.locator("main [name=despite_flags]").count():
        buyer.page.locator("main [name=despite_flags]").check()
    buyer.press("核验通过")
    assert "已核验" in buyer.text()


def _announce(buyer: Visitor, path: str) -> None:
    """Announce the transfer, which is then no longer the thing to do."""
    buyer.visit(f"/desk{path}")
    buyer.follow("办理付款")
    buyer.follow("预告付款")
    buyer.fill(payer_name=PAYER)
    buyer.press("预告付款")
    assert PAYER in buyer.text()


def _receive(desk: Desk, seller: Visitor, path: str, number: str, serial: str) -> None:
    """Record the money in two parts, the producer's own and the operator's, each confirmed by a second person."""
    with desk(phone=CASHIER) as cashier:
        cashier.visit(f"/producer{path}")
        cashier.follow("登记到账")
        cashier.fill(bank_serial=f"{serial}-1", payer_name=PAYER, amount="1000.00", allocations=f"{number} 1000.00")
        cashier.press("登记到账")
    seller.visit("/producer/payments?status=recorded")
    seller.follow(f"{serial}-1")
    seller.press("确认到账")

    with desk(phone=OPERATOR_FINANCE) as finance:
        finance.visit("/operator/payments/new")
        today = _today().isoformat()
        finance.fill(bank_serial=f"{serial}-2", payer_name=PAYER, amount="1204.00", value_on=today, allocations=number)
        finance.page.locator("[name=clearing]").select_option(value="supervised")
        finance.press("登记到账")
    with desk(phone=OPERATOR_CONFIRMER) as confirmer:
        confirmer.visit("/operator")
        confirmer.visit("/operator/payments?status=recorded")
        confirmer.follow(f"{serial}-2")
        confirmer.press("确认到账")


def _give_back(desk: Desk, seller: Visitor, buyer: Visitor, path: str, serial: str) -> None:
    """Ask for ten yuan back: from the last receipt, which came to the supervised account, so the operator's two people do it."""
    buyer.visit(f"/desk/payments{path.removeprefix('/orders')}", "money-of-the-order")
    buyer.follow("申请退款")
    buyer.fill(amount="10.00", reason="分量不足，协商退款")
    buyer.press("提出退款申请")
    with desk(phone=OPERATOR_FINANCE) as finance:
        finance.visit("/operator/refunds?status=requested", "refunds-to-record")
        finance.page.locator("main a[href*='/operator/refunds/']").first.click()
        finance.page.wait_for_url("**/operator/refunds/*-*")
        finance.look("refund-to-record")
        assert PAYER in finance.text()
        finance.fill(bank_serial=serial)
        finance.press("登记退款")
        refund = finance.page.url.removeprefix(finance.base)
    seller.visit(refund.replace("/operator/", "/producer/"), "refund-of-the-operator")
    assert "由平台退回、登记和确认" in seller.text()
    with desk(phone=OPERATOR_CONFIRMER) as confirmer:
        confirmer.visit(refund, "refund-to-confirm")
        confirmer.press("确认退款")
    buyer.visit(f"/desk{path}", "order-with-a-refund")
    assert "10.00" in buyer.text()


def _organisation(visitor: Visitor) -> str:
    """Return the name of the visitor's organisation as the page's head says it."""
    words = visitor.page.locator("header .push").text_content() or ""
    return words.split(" · ", 1)[1].strip()
