"""What people do with the money of a procurement, each on the pages of their own desk."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

from shop import clock
from tests.banking.sheets import plain
from tests.system.money_world import Bought, MoneyWorld
from tests.system.visitor import Visitor

#: The treasury that pays for the institution, and the account that the operator keeps for goods money.
PAYER, ACCOUNT = "天津市和平区财政局", "110000001"
Row = tuple[str, ...]


def today() -> date:
    """Return the day that the served pages live in: the tests' own clock stands still."""
    return clock.business_day(clock.real_now())


def agree_on_rules(a: Visitor, b: Visitor) -> None:
    """Let one person of the operator enter the fee, the days and the supervised account, and another agree."""
    a.visit("/operator/fees", "fees")
    for kind, value in (("fee", "60"), ("days", "0")):
        a.page.locator("main [name=kind]").select_option(value=kind)
        a.fill(value=value, valid_from=today().isoformat())
        a.press("录入规则")
    b.visit("/operator/fees")
    for _n in range(2):
        b.ask("复核生效")
    assert "复核生效" not in b.text()
    assert "0.60 %" in b.text()

    a.visit("/operator/supervised-accounts")
    a.fill(number=ACCOUNT, holder="对口平台监管户", bank="某银行天津分行", valid_from="2020-01-01")
    a.press("登记账户")
    b.visit("/operator/supervised-accounts", "supervised-accounts")
    b.press("确认账户")


def open_account(seller: Visitor, world: MoneyWorld) -> None:
    """Let the producer open its account at Stripe, and hand in there what is asked for."""
    seller.visit("/producer/card-account", "card-account")
    seller.fill(country="HK", email="jiahao@example.org")
    seller.press("开通在线收款")
    seller.page.get_by_role("link", name="到支付机构补充资料").click()
    with seller.page.expect_navigation(url=f"{world.base}/**"):
        seller.page.get_by_role("button", name="提交资料并通过审核").click()
    world.work()
    seller.visit("/producer/card-account", "card-account-active")
    assert "在线支付的货款可以划转到您的账户" in seller.text()


def accept(buyer: Visitor, world: MoneyWorld, order: Bought, quantity: str) -> None:
    """Accept everything that was delivered."""
    buyer.visit(f"/desk{order.path}")
    buyer.follow("验收货物")
    buyer.page.locator("[name^=accepted-]").fill(quantity)
    buyer.press("确认验收")
    world.work()


def import_statement(a: Visitor, folder: Path, *rows: Row) -> str:
    """Import a file of rows (in, out, serial, name, account, remark) as the bank gives it; return the statement's address."""
    day = today().isoformat()
    file = folder / f"流水-{rows[0][2]}.csv"
    file.write_bytes(plain(*((day, come, went, "", *rest) for come, went, *rest in rows)))
    a.visit("/operator/statements/new", "statement-upload")
    a.page.locator("main [name=statement]").set_input_files(file)
    a.press("下一步：核对各列")
    a.press(f"导入 {len(rows)} 笔")
    return a.page.url.removeprefix(a.base)


def receive_by_bank(a: Visitor, b: Visitor, world: MoneyWorld, folder: Path, one: Bought, two: Bought) -> None:
    """Import the statement on which 200.00 came for one order and 600.00 for the other; a colleague confirms both."""
    incoming = [("200.00", one), ("600.00", two)]
    rows = [(yuan, "", f"IN-{n}", PAYER, "1200161", f"货款{order.code}") for n, (yuan, order) in enumerate(incoming)]
    path = import_statement(a, folder, *rows)
    assert "待确认到账\n2 笔" in a.text()
    b.visit(path)
    b.press("全部确认")
    world.work()
    b.visit(path, "statement-confirmed")
    assert "共 2 笔，已确认 2 笔，未能确认 0 笔" in b.text()


def pay_by_card(buyer: Visitor, world: MoneyWorld, procurement: str) -> None:
    """Pay the half that is left by card, in the page's own element."""
    buyer.visit(procurement, "procurement-to-pay")
    buyer.follow("在线支付")
    assert re.search(r"合计\s+1,000\.00\s+200\.00\s+800\.00", buyer.text())
    page = buyer.page
    page.locator("main [name=mode]").select_option(value="element")
    buyer.press("去付款")
    page.locator("#card-element iframe").wait_for()
    page.frame_locator("#card-element iframe").get_by_label(re.compile("银行卡|card", re.IGNORECASE)).first.check()
    buyer.look("card-element")
    with page.expect_navigation(url=f"{world.base}/desk/**"):
        page.get_by_role("button", name="确认支付 800.00 元").click()
    page.wait_for_load_state()
    buyer.look("paid-by-card")
    assert "已收到 800.00 元" in buyer.text()
    world.work()


def pay_out(a: Visitor, b: Visitor, world: MoneyWorld, folder: Path) -> str:
    """Run over what is due: 795.20 by transfer, 198.80 and 596.40 by a file that another person releases and the bank pays.

    Return the address of the run by bank.
    """
    a.visit("/operator/payout-runs", "payout-runs-none")
    a.press("生成到期付款")
    world.work()
    a.visit("/operator/payout-runs", "payout-runs")
    a.page.get_by_role("row").filter(has_text="银行转账").first.get_by_role("link").first.click()
    a.page.wait_for_url("**/payout-runs/*-*")
    a.look("payout-run-prepared")
    path = a.page.url.removeprefix(world.base)
    assert "复核放款" not in [each.inner_text() for each in a.page.get_by_role("main").get_by_role("button").all()]
    b.visit(path, "payout-run-to-release")
    assert "共 795.20 元可发送银行付款" in b.text()
    b.press("复核放款")
    a.visit(path)
    a.press("生成银行文件")

    paid = re.findall(r"(FK[\w-]+)\s+\S+\s+银行转账\s+([\d.]+)", a.text())
    assert sorted(yuan for _number, yuan in paid) == ["198.80", "596.40"]
    rows = [("", yuan, f"OUT-{n}", "", "", f"货款 {number}") for n, (number, yuan) in enumerate(paid)]
    import_statement(a, folder, *rows, ("", "4.80", "OUT-FEE", "", "", "平台服务费划转"))
    world.work()
    b.visit(path, "payout-run-paid")
    assert b.text().count("已付") == len(paid)
    assert "付款中" not in b.text()
    return path


def give_back(buyer: Visitor, seller: Visitor, world: MoneyWorld, order: Bought) -> None:
    """Ask for 100.00 of a line's accepted goods after the payout; the producer sends it back by card."""
    buyer.visit(f"/desk/payments{order.path.removeprefix('/orders')}", "money-of-the-order")
    buyer.follow("申请退款")
    buyer.fill(line_0="100.00", reason="短斤少两")
    buyer.press("提出退款申请")
    seller.visit("/producer/refunds?status=requested", "refunds")
    seller.page.locator("main table a").first.click()
    seller.page.wait_for_url("**/producer/refunds/*-*")
    seller.look("refund")
    seller.press("原路退回")
    world.work()
