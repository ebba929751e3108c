"""What every page shares: the frame, its navigation, and filters for figures."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import quote, urlencode
from uuid import uuid4

from flask import Flask, current_app, request, url_for
from flask_bootstrap import Bootstrap5
from markupsafe import Markup, escape
from werkzeug.datastructures import MultiDict

from shop import assets, clock, money
from shop.auth import find_actor
from shop.clock import SHANGHAI
from shop.i18n import _, language
from shop.logs import request_id
from shop.returning import list_before

#: First part of an address that is a desk with a navigation of its own.
DESKS = ("desk", "producer", "official", "operator", "account")


@dataclass(frozen=True)
class NavItem:
    """A link in a desk's navigation: shown to who holds ``permission`` (``None``: everybody)."""

    desk: str
    label: str
    endpoint: str
    permission: str | None = None
    order: int = 50
    #: What the endpoint's address holds, such as ``{"desk": "producer"}``.
    values: Mapping[str, Any] = field(default_factory=dict)
    #: The heading that it stands under; those without one come first.
    group: str = ""


def add_nav(app: Flask, *items: NavItem) -> None:
    """Add links to the navigation; called from a feature's ``INIT``."""
    app.extensions.setdefault("nav", []).extend(items)


def show_day(value: date | datetime | None) -> str:
    """Return a day for tables: ``2026-07-03``."""
    if value is None:
        return "—"
    return (value.astimezone(SHANGHAI) if isinstance(value, datetime) else value).isoformat()[:10]


def show_instant(value: datetime | None) -> str:
    """Return an instant in Shanghai time: ``2026-07-03 14:05``."""
    return "—" if value is None else value.astimezone(SHANGHAI).isoformat(" ", "minutes")[:16]


#: How :func:`show_instant` ends at noon.
_NOON = " 12:00"


def show_moment(value: datetime | None) -> str:
    """Return when something was done; the day alone at noon sharp, which is what forms keep of a day."""
    shown = show_instant(value)
    return shown.removesuffix(_NOON) if value is not None and not (value.second or value.microsecond) else shown


def show_long_day(value: date | datetime | None) -> str:
    """Return a day for text: ``2026年7月3日``, in English ``3 July 2026``."""
    if value is None:
        return "—"
    day = value.astimezone(SHANGHAI).date() if isinstance(value, datetime) else value
    if language() == "en":
        return f"{day.day} {day:%B %Y}"
    return f"{day.year}年{day.month}月{day.day}日"


def show_quantity(value: Decimal | str | None) -> str:
    """Return a quantity, also one written in a frozen document, without trailing zeros."""
    if value is None:
        return "—"
    text = f"{Decimal(value):,.3f}"
    return text.rstrip("0").rstrip(".")


def show_written_yuan(text: str) -> str:
    """Return an amount as a frozen document writes it, ``2320.00``, for people: ``2,320.00``."""
    return money.show_yuan(money.parse_yuan(text))


def plain_quantity(value: Decimal) -> str:
    """Return a quantity as a form's field takes it: no thousands' separators, no trailing zeros."""
    text = f"{value:.3f}"
    return text.rstrip("0").rstrip(".")


def show_name(label: Any) -> str:
    """Return what something with ``name`` and ``name_en`` is called in the page's language."""
    return str(label.name_en if language() == "en" else label.name)


#: A number such as DK20261122-7F3K9Q-1, which a line must not break at its hyphens.
_NUMBER = re.compile(r"[A-Z]{2}\d{8}-[0-9A-Z]+(?:-\d+)?")


def keep_numbers(text: str) -> Markup:
    """Return a heading whose people's numbers stay in one piece."""
    return Markup(_NUMBER.sub(r'<span class="whole">\g<0></span>', str(escape(text))))  # noqa: S704  escaped, or a block's


def current_desk() -> str:
    """Return the desk whose address the request has; ``""`` for the shop."""
    first = request.path.split("/", 2)[1]
    first = "account" if first == "organisation" else first
    return first if first in DESKS else ""


def address_with(**changes: object) -> str:
    """Return the request's address with parameters changed; ``None`` takes one away. A page's cursor goes too."""
    args: MultiDict[str, str] = MultiDict(request.args)
    for name, value in {"cursor": None, **changes}.items():
        args.poplist(name)
        if value is not None:
            args[name] = str(value)
    query = urlencode(list(args.items(multi=True)))
    path = quote(f"/{request.path.lstrip('/')}")  # two slashes at the front would name another site
    return f"{path}?{query}" if query else path


def other_language_url() -> str:
    """Return the address of the same page in the other language."""
    return address_with(lang="zh" if language() == "en" else "en")


def _context() -> dict[str, Any]:
    return {
        "actor": find_actor(),
        "lang": "en" if language() == "en" else "zh-Hans",
        "here": current_desk(),
    }


#: Whose desk it is; a permission of the same name elsewhere opens no link to it.
_DESK_KINDS = {
    "desk": ("institution",),
    "producer": ("producer", "agent"),
    "official": ("authority",),
    "operator": ("operator",),
}


def _nav(app: Flask) -> Callable[[str], list[NavItem]]:
    def for_desk(desk: str) -> list[NavItem]:
        actor = find_actor()
        if actor is not None and actor.organisation_kind not in _DESK_KINDS.get(desk, (actor.organisation_kind,)):
            return []
        items = [
            item
            for item in app.extensions.get("nav", [])
            if item.desk == desk and (item.permission is None or (actor is not None and actor.may(item.permission)))
        ]
        by_endpoint = {item.endpoint: item for item in items}  # a link that several permissions open is shown once
        return sorted(by_endpoint.values(), key=lambda item: item.order)

    return for_desk


@dataclass(frozen=True)
class NavLink:
    """A link as the page shows it; ``current`` is the value of ``aria-current``."""

    label: str
    address: str
    current: str


def _nav_groups(app: Flask) -> Callable[[str], list[tuple[str, list[NavLink]]]]:
    """Return a desk's links under their headings; the longest address that fits is the current one."""
    nav_for = _nav(app)

    def groups(desk: str) -> list[tuple[str, list[NavLink]]]:
        items = nav_for(desk)
        addresses = [url_for(item.endpoint, **item.values) for item in items]
        path = request.path.rstrip("/")
        here = max((address for address in addresses if _leads_to(address, path)), key=len, default=None)
        found: dict[str, list[NavLink]] = {"": []}
        for item, address in zip(items, addresses, strict=True):
            heading = _(item.group) if item.group else ""
            found.setdefault(heading, []).append(NavLink(_(item.label), address, _current(address, here, path)))
        return [(heading, links) for heading, links in found.items() if links]

    return groups


def _leads_to(address: str, path: str) -> bool:
    """Say whether a page is a link's own or below it; below a desk's first page is every page of the desk."""
    address = address.rstrip("/")
    return path == address or (address.count("/") > 1 and path.startswith(f"{address}/"))


def _current(address: str, here: str | None, path: str) -> str:
    if address != here:
        return ""
    return "page" if address.rstrip("/") == path else "true"


def public_address(endpoint: str, **values: Any) -> str:
    """Return a page's address as everybody reaches it, by ``BASE_URL``: for what is printed, sent or scanned."""
    return str(current_app.config["BASE_URL"]).rstrip("/") + url_for(endpoint, **values)


def init_app(app: Flask) -> None:
    """Add the filters, globals and static files."""
    app.config.setdefault("BOOTSTRAP_SERVE_LOCAL", True)
    Bootstrap5(app)
    app.register_blueprint(assets.bp)
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.filters.update(
        yuan=money.show_yuan, wan=money.show_wan, day=show_day, instant=show_instant, moment=show_moment, long_day=show_long_day,
        written_yuan=show_written_yuan, quantity=show_quantity, plain=plain_quantity, keep_numbers=keep_numbers,
        named=show_name,
    )  # fmt: skip
    app.jinja_env.globals.update(
        asset=assets.address, nav_for=_nav(app), nav_groups=_nav_groups(app), address_with=address_with,
        other_language_url=other_language_url, request_id=request_id.get, new_key=lambda: uuid4().hex,
        now_text=lambda: show_instant(clock.now()), list_before=list_before,
    )  # fmt: skip
    app.context_processor(_context)


__all__ = ["NavItem", "add_nav", "init_app"]
