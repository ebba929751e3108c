"""Where the pages of payment by card stand, and where their buttons are shown: nowhere without a key."""

from __future__ import annotations

from flask import Flask

from orders.online import configuration
from shop.i18n import lazy
from shop.layout import NavItem, add_nav


def init_app(app: Flask) -> None:
    """Add the links, and let templates ask whether there is payment by card."""
    app.jinja_env.globals["card_serves"] = configuration.serves
    if app.config["STRIPE_SECRET_KEY"]:
        add_nav(
            app,
            NavItem("producer", lazy("在线收款"), "card_account_pages.show", "accounts:connect", 46, {}, lazy("结算")),
            NavItem("operator", lazy("在线支付"), "card_operator_pages.show", "provider:manage", 23, {}, lazy("款项")),
            NavItem(
                "operator",
                lazy("付款争议"),
                "card_operator_pages.list_disputes",
                "provider:manage",
                24,
                {},
                lazy("款项"),
            ),
        )
