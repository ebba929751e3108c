"""Where the pages of settlement stand in the desks' navigation."""

from __future__ import annotations

from flask import Flask

from shop.i18n import lazy
from shop.layout import NavItem, add_nav


def init_app(app: Flask) -> None:
    """Add the links."""
    producer, operator, group = {"desk": "producer"}, {"desk": "operator"}, lazy("结算")
    add_nav(
        app,
        NavItem("producer", lazy("货款结算"), "payout_pages.list_payouts", "payouts:read", 44, producer, group),
        NavItem("producer", lazy("对账单"), "producer_statement_pages.show", "payouts:read", 45, producer, group),
        NavItem("operator", lazy("付款批次"), "payout_pages.list_runs", "payouts:read", 30, {}, group),
        NavItem("operator", lazy("监管账户划拨"), "split_pages.list_runs", "payouts:read", 29, {}, group),
        NavItem("operator", lazy("供应商付款"), "payout_pages.list_payouts", "payouts:read", 31, operator, group),
        NavItem("operator", lazy("暂缓结算"), "fee_pages.list_holds", "payouts:read", 32, {}, group),
        NavItem("operator", lazy("供应商对账单"), "producer_statement_pages.show", "payouts:read", 33, operator, group),
        NavItem("operator", lazy("费率与账期"), "fee_pages.list_rules", "payouts:read", 50, {}, lazy("设置")),
        NavItem(
            "operator",
            lazy("涉税信息报送"),
            "producer_statement_pages.show_taxes",
            "taxes:read",
            41,
            {},
            lazy("对账与报表"),
        ),
    )
