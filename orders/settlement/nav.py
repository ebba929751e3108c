"""Where the pages of settlement stand in the desks' navigation."""

from __future__ import annotations

from flask import Flask

from shop.i18n import lazy
from shop.layout import NavItem, add_nav


def init_app(app: Flask) -> None:
    """Add the links."""
    producer, operator = {"desk": "producer"}, {"desk": "operator"}
    add_nav(
        app,
        NavItem("producer", lazy("结算"), "payout_pages.list_payouts", "payouts:read", 43, producer),
        NavItem("producer", lazy("对账单"), "producer_statement_pages.show", "payouts:read", 44, producer),
        NavItem("operator", lazy("付款批次"), "payout_pages.list_runs", "payouts:read", 24),
        NavItem("operator", lazy("供应商付款"), "payout_pages.list_payouts", "payouts:read", 25, operator),
        NavItem("operator", lazy("暂缓结算"), "fee_pages.list_holds", "payouts:read", 26),
        NavItem("operator", lazy("对账单"), "producer_statement_pages.show", "payouts:read", 27, operator),
        NavItem("operator", lazy("费率与账期"), "fee_pages.list_rules", "payouts:read", 28),
        NavItem("operator", lazy("涉税信息报送"), "producer_statement_pages.show_taxes", "taxes:read", 29),
    )
