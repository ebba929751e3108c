"""Where the pages of money stand in the desks' navigation."""

from __future__ import annotations

from flask import Flask

from shop.i18n import lazy
from shop.layout import NavItem, add_nav


def init_app(app: Flask) -> None:
    """Add the links."""
    producer, operator, group = {"desk": "producer"}, {"desk": "operator"}, lazy("款项")
    add_nav(
        app,
        NavItem("desk", lazy("付款"), "buyer_payment_pages.list_due", "payments:read", 40),
        NavItem("desk", lazy("退款"), "buyer_payment_pages.list_refunds", "payments:read", 42),
        NavItem("desk", lazy("验票"), "invoice_pages.list_received", "invoices:check", 45),
        NavItem("producer", lazy("到账"), "payment_pages.list_payments", "payments:read", 40, producer, group),
        NavItem("producer", lazy("退款"), "refund_pages.list_refunds", "payments:read", 42, producer, group),
        NavItem("producer", lazy("退回余额"), "credit_refund_pages.list_refunds", "payments:read", 42, producer, group),
        NavItem("operator", lazy("退回余额"), "credit_refund_pages.list_refunds", "payments:read", 22, operator, group),
        NavItem("producer", lazy("发票"), "invoice_pages.list_issued", "invoices:record", 43, {}, group),
        NavItem("operator", lazy("到账"), "payment_pages.list_payments", "payments:read", 20, operator, group),
        NavItem("operator", lazy("退款"), "refund_pages.list_refunds", "payments:read", 22, operator, group),
    )
