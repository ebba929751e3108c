"""Where the pages of purchases stand in the desks' navigation."""

from __future__ import annotations

from flask import Flask

from shop.i18n import lazy
from shop.layout import NavItem, add_nav


def init_app(app: Flask) -> None:
    """Add the links."""
    add_nav(
        app,
        NavItem("desk", lazy("今日待办"), "desk_pages.show_desk", "orders:read", 5),
        NavItem("desk", lazy("采购清单"), "purchase_pages.show_basket", "basket:edit", 10),
        NavItem("desk", lazy("采购单"), "purchase_pages.list_procurements", "procurements:read", 15),
        NavItem("desk", lazy("审批层级"), "approval_pages.show_levels", "organisation:manage", 17),
        NavItem("desk", lazy("订单"), "desk_pages.list_desk_orders", "orders:read", 20),
        NavItem("desk", lazy("按资金来源"), "budget_pages.show_budget", "totals:read", 50),
        NavItem("producer", lazy("工作台"), "desk_pages.show_producer", "orders:read", 5),
        NavItem("producer", lazy("订单"), "desk_pages.list_producer_orders", "orders:read", 10),
        NavItem("producer", lazy("销售统计"), "sales_pages.show_sales", "totals:read", 60),
        NavItem(
            "official", lazy("订单"), "desk_pages.list_inspected_orders", "orders:inspect", 35, {"desk": "official"}
        ),
        NavItem(
            "operator", lazy("订单"), "desk_pages.list_inspected_orders", "orders:inspect", 15, {"desk": "operator"}
        ),
    )
