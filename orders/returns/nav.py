"""Where returns stand in the desks' navigation."""

from __future__ import annotations

from flask import Flask

from shop.i18n import lazy
from shop.layout import NavItem, add_nav


def init_app(app: Flask) -> None:
    """Add the links."""
    endpoint, word = "return_pages.list_returns", lazy("退货")
    add_nav(
        app,
        NavItem("desk", word, endpoint, "orders:read", 22, {"desk": "desk"}),
        NavItem("producer", word, endpoint, "orders:read", 12, {"desk": "producer"}),
    )
