"""Where the pages of statements stand in the desks' navigation, what their files may be read by, and closing days on others' pages."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Flask

from orders.banking import evidence, slip_pages, slips
from orders.banking.closing import services as closing
from orders.banking.closing.services import Closing
from orders.payments import announcements
from shop import clock
from shop.auth import find_actor
from shop.files import services as files
from shop.i18n import lazy
from shop.layout import NavItem, add_nav


def treasury_closings() -> Sequence[Closing]:
    """Return the closing days that concern whoever reads the page."""
    return closing.days_of(find_actor(), clock.today())


def debtors_closings() -> Sequence[Closing]:
    """Return the closing days that concern who is to pay the reader."""
    return closing.days_of_debtors(find_actor(), clock.today())


def init_app(app: Flask) -> None:
    """Add the links, open the files, and let pages of payments show closing days."""
    producer, operator, group = {"desk": "producer"}, {"desk": "operator"}, lazy("款项")
    add_nav(
        app,
        NavItem("desk", lazy("认领转账"), "claim_pages.list_claims", "payments:read", 41, {"desk": "desk"}),
        NavItem("producer", lazy("银行对账"), "statement_pages.list_statements", "payments:read", 41, producer, group),
        NavItem("operator", lazy("银行对账"), "statement_pages.list_statements", "payments:read", 21, operator, group),
        NavItem("producer", lazy("待处理流水"), "bank_line_pages.list_lines", "payments:read", 41, producer, group),
        NavItem("producer", lazy("认领转账"), "claim_pages.list_claims", "payments:read", 41, producer, group),
        NavItem("operator", lazy("待处理流水"), "bank_line_pages.list_lines", "payments:read", 21, operator, group),
        NavItem("operator", lazy("认领转账"), "claim_pages.list_claims", "payments:read", 21, operator, group),
        NavItem("producer", lazy("付款人名称"), "payer_alias_pages.list_aliases", "payments:read", 42, producer, group),
        NavItem("operator", lazy("付款人名称"), "payer_alias_pages.list_aliases", "payments:read", 22, operator, group),
        NavItem(
            "operator", lazy("监管账户"), "banking_operator_pages.list_accounts", "banking:manage", 51, {}, lazy("设置")
        ),
        NavItem(
            "operator",
            lazy("财政支付截止日"),
            "banking_operator_pages.list_days",
            "banking:manage",
            52,
            {},
            lazy("设置"),
        ),
    )
    app.jinja_env.globals["treasury_closings"] = treasury_closings
    app.jinja_env.globals["debtors_closings"] = debtors_closings
    announcements.warn_by(closing.warnings_of)
    app.jinja_env.globals["payment_slips"] = slip_pages.of_payment
    app.jinja_env.globals["new_slips_form"] = slip_pages.empty_form
    files.allow(slips.may_read)
    files.allow(evidence.may_read)
