"""Identity's links in the navigation, and the way to a second factor where one is required."""

from __future__ import annotations

from flask import Flask, redirect, request
from werkzeug.wrappers import Response

from shop.auth import find_actor, is_api_request
from shop.i18n import lazy
from shop.identity.loader import COOKIE, NEEDS_SECOND_FACTOR
from shop.layout import NavItem, add_nav

#: What may be reached without the second factor that the account must have.
_OPEN = ("/account", "/sign-in", "/sign-out", "/static/", "/healthz", "/readyz", "/metrics")


def ask_for_second_factor() -> Response | None:
    """Send members of authorities and the operator to set their second factor up before anything else."""
    if is_api_request() or COOKIE not in request.cookies or request.path.startswith(_OPEN):
        return None
    find_actor()
    return redirect("/account/second-factor") if request.environ.get(NEEDS_SECOND_FACTOR) else None


def init_app(app: Flask) -> None:
    """Add the links; require the second factor if the settings do."""
    add_nav(
        app,
        NavItem("account", lazy("我的账号"), "account_pages.profile", None, 10),
        NavItem("account", lazy("登录与安全"), "account_pages.security", None, 20),
        NavItem("account", lazy("访问令牌"), "account_pages.list_tokens", "tokens:manage", 30),
        NavItem("account", lazy("本单位"), "organisation_pages.profile", None, 40),
        NavItem("account", lazy("部门与预算单位"), "organisation_pages.list_units", "organisation:manage", 50),
        NavItem("account", lazy("成员与角色"), "member_pages.list_members", "members:manage", 60),
        NavItem("account", lazy("银行账户"), "organisation_pages.list_accounts", "organisation:manage", 70),
        NavItem(
            "operator",
            lazy("单位管理"),
            "identity_operator_pages.list_organisations",
            "organisations:verify",
            18,
            {},
            lazy("审核"),
        ),
        NavItem(
            "operator",
            lazy("收款账户变更"),
            "account_change_pages.list_changes",
            "organisations:verify",
            19,
            {},
            lazy("审核"),
        ),
        NavItem(
            "operator",
            lazy("角色权限"),
            "identity_operator_pages.list_permissions",
            "permissions:edit",
            60,
            {},
            lazy("设置"),
        ),
    )
    if app.config["REQUIRE_SECOND_FACTOR"]:
        app.before_request(ask_for_second_factor)
