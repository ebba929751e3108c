"""Where reconciliation stands in the desks' navigation."""

from __future__ import annotations

from flask import Flask

from shop.i18n import lazy
from shop.layout import NavItem, add_nav


def init_app(app: Flask) -> None:
    """Add the links."""
    add_nav(
        app,
        NavItem(
            "operator",
            lazy("分渠道对账"),
            "reconciliation_pages.show_desk",
            "exceptions:read",
            40,
            {},
            lazy("对账与报表"),
        ),
        NavItem("operator", lazy("异常款"), "exception_pages.list_exceptions", "exceptions:read", 26, {}, lazy("款项")),
        NavItem(
            "producer",
            lazy("核对中的款项"),
            "own_exception_pages.list_own",
            "payments:read",
            46,
            {"desk": "producer"},
            lazy("结算"),
        ),
        NavItem("desk", lazy("核对中的款项"), "own_exception_pages.list_own", "payments:read", 43, {"desk": "desk"}),
    )
