"""A purchase that is approved first, in Chromium at both widths; an agent confirms and ships for the producer."""

from __future__ import annotations

import re
from datetime import timedelta
from functools import partial

import pytest

from shop import clock
from tests.system import browser as chrome
from tests.system.conftest import AGENT
from tests.system.visitor import Visitor, someone

pytestmark = [pytest.mark.browser, pytest.mark.committed]

REQUESTER, APPROVER = "19900000101", "19900000102"


@pytest.mark.parametrize("size", list(chrome.SIZES))
def test_a_purchase_is_sent_back_approved_and_delivered_through_an_agent(chromium, served, size):
    wrong: list[str] = []
    desk = partial(someone, chromium, served, size=size, wrong=wrong)

    with desk(phone=REQUESTER) as requester, desk(phone=APPROVER) as approver, desk(phone=AGENT) as agent:
        _stock(agent, f"AGENT-{size}")
        path = _submit(requester)
        _send_back(approver, path)
        _submit_again(requester, path)
        _approve(approver, path)
        order = _place(requester, path)
        _deliver(agent, approver, order)
        requester.visit(order, "order-the-agent-shipped")
        assert "待采购单位验收" in requester.text()

    assert wrong == []


def _stock(agent: Visitor, code: str) -> None:
    """Open the agent's screens, and put 100 bags of its producer in stock."""
    for path in ("/producer", "/producer/products", "/producer/listings", "/producer/filings"):
        agent.visit(path, f"agent-{path}")
    today = clock.business_day(clock.real_now())
    agent.visit("/producer/lots/new")
    agent.follow("500 g/袋")
    made, good_until = today - timedelta(days=9), today + timedelta(days=300)
    agent.fill(code=code, quantity="100", produced_on=made.isoformat(), expires_on=good_until.isoformat())
    agent.press("入库")


def _submit(requester: Visitor) -> str:
    """Submit 40 bags without the fund, see what is missing, submit again; return where the procurement is."""
    requester.visit("/products?q=枸杞")
    requester.follow("靖远枸杞")
    requester.fill(quantity="40")
    requester.press("加入采购清单")
    requester.follow("去结算")
    requester.page.locator("[name=unit_id]").select_option(index=1)
    requester.page.locator("[name=fund_source]").select_option(value="")  # it starts with the last purchase's
    requester.fill(title="七月食堂食材")
    requester.press("提交审批")
    assert requester.page.locator("#errors a[href='#fund_source']").count() == 1
    requester.page.locator("[name=fund_source]").select_option(value="canteen")
    requester.press("提交审批")
    return requester.page.url.removeprefix(requester.base)


def _send_back(approver: Visitor, path: str) -> None:
    approver.visit("/desk", "desk-of-the-approver")
    assert "待我审批" in approver.text()
    approver.visit(path, "procurement-to-approve")
    approver.fill(why="数量过多，请减半")
    approver.press("退回采购单")


def _submit_again(requester: Visitor, path: str) -> None:
    """Read why it was sent back, halve it, submit it again."""
    requester.visit("/desk", "desk-with-what-was-sent-back")
    requester.visit(path, "procurement-sent-back")
    assert "数量过多，请减半" in requester.text()
    requester.follow("修改")
    requester.page.locator("[name^=quantity-]").first.fill("20")
    requester.press("保存采购单")
    requester.press("提交审批")


def _approve(approver: Visitor, path: str) -> None:
    approver.visit("/desk/procurements", "procurements-with-sums")
    approver.visit(path, "procurement-halved")
    approver.press("同意采购")
    assert "审批通过" in approver.text()


def _place(requester: Visitor, path: str) -> str:
    requester.visit(path, "procurement-approved")
    requester.press("确认下单")
    requester.page.locator("main a[href^='/desk/orders/']").first.click()
    requester.page.wait_for_url("**/desk/orders/*")
    return requester.page.url.removeprefix(requester.base)


def _deliver(agent: Visitor, signer: Visitor, order: str) -> None:
    """Confirm for the producer, have it signed by the approver, and ship."""
    mine = order.replace("/desk", "/producer", 1)
    agent.visit(mine, "order-at-the-agent-s")
    agent.follow("确认订单")
    agent.fill(promised_on=(clock.business_day(clock.real_now()) + timedelta(days=5)).isoformat())
    agent.press("确认订单")
    signer.visit(order, "order-to-sign")
    signer.follow("查看并签署合同")
    signer.press("签署合同")
    agent.visit(mine, "order-to-ship")
    agent.follow(re.compile("^发货$"))
    agent.press("确认发货")
