"""Where the pages of refund files stand in the operator's navigation."""

from __future__ import annotations

from flask import Flask

from shop.i18n import lazy
from shop.layout import NavItem, add_nav


def init_app(app: Flask) -> None:
    """Add the link."""
    add_nav(
        app, NavItem("operator", lazy("退款批次"), "refund_file_pages.list_runs", "payments:read", 23, {}, lazy("款项"))
    )
