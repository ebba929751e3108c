"""Where the pages of repayments stand in the desks' navigation."""

from __future__ import annotations

from flask import Flask

from shop.i18n import lazy
from shop.layout import NavItem, add_nav


def init_app(app: Flask) -> None:
    """Add the links."""
    page, name, group = "repayment_pages.list_repayments", lazy("多付款还款"), lazy("结算")
    add_nav(
        app,
        NavItem("producer", name, page, "payouts:read", 46, {"desk": "producer"}, group),
        NavItem("operator", name, page, "payouts:read", 34, {"desk": "operator"}, group),
    )
