"""What every page shares: the frame, its navigation, static files and filters for figures."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import uuid4

from flask import Blueprint, Flask, Response, request, send_from_directory, url_for
from flask_babel import get_locale
from flask_bootstrap import Bootstrap5

from shop import money
from shop.auth import find_actor, public
from shop.clock import SHANGHAI

STATIC = Path(__file__).parent / "static"
bp = Blueprint("assets", __name__)


@dataclass(frozen=True)
class NavItem:
    """A link in a desk's navigation: shown to who holds ``permission`` (``None``: everybody)."""

    desk: str
    label: str
    endpoint: str
    permission: str | None = None
    order: int = 50


def add_nav(app: Flask, *items: NavItem) -> None:
    """Add links to the navigation; called from a feature's ``INIT``."""
    app.extensions.setdefault("nav", []).extend(items)


@bp.get("/static/<path:name>")
@public
def static_file(name: str) -> Response:
    """Serve a file of the pages; its address carries a hash, so it may be kept for a year."""
    return send_from_directory(STATIC, name, max_age=31536000 if "v" in request.args else 3600)


def _asset(name: str) -> str:
    digest = hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:12]
    return url_for("assets.static_file", name=name, v=digest)


def show_day(value: date | datetime | None) -> str:
    """Return a day for tables: ``2026-07-03``."""
    if value is None:
        return "—"
    return (value.astimezone(SHANGHAI) if isinstance(value, datetime) else value).strftime("%Y-%m-%d")


def show_instant(value: datetime | None) -> str:
    """Return an instant in Shanghai time: ``2026-07-03 14:05``."""
    return "—" if value is None else value.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M")


def show_long_day(value: date | datetime | None) -> str:
    """Return a day for text: ``2026年7月3日``, in English ``3 July 2026``."""
    if value is None:
        return "—"
    day = value.astimezone(SHANGHAI).date() if isinstance(value, datetime) else value
    if str(get_locale()) == "en":
        return f"{day.day} {day:%B %Y}"
    return f"{day.year}年{day.month}月{day.day}日"


def show_quantity(value: Decimal | None) -> str:
    """Return a quantity without trailing zeros."""
    if value is None:
        return "—"
    text = f"{value:,.3f}"
    return text.rstrip("0").rstrip(".")


def _context() -> dict[str, Any]:
    actor = find_actor()
    locale = str(get_locale())
    return {"actor": actor, "lang": "en" if locale == "en" else "zh-Hans", "new_key": lambda: uuid4().hex}


def _nav(app: Flask) -> Any:
    def for_desk(desk: str) -> list[NavItem]:
        actor = find_actor()
        items = [
            item
            for item in app.extensions.get("nav", [])
            if item.desk == desk and (item.permission is None or (actor is not None and actor.may(item.permission)))
        ]
        return sorted(items, key=lambda item: item.order)

    return for_desk


def init_app(app: Flask) -> None:
    """Add the filters, globals and static files."""
    app.config.setdefault("BOOTSTRAP_SERVE_LOCAL", True)
    Bootstrap5(app)
    app.register_blueprint(bp)
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.filters.update(
        yuan=money.show_yuan, wan=money.show_wan, day=show_day, instant=show_instant, long_day=show_long_day,
        quantity=show_quantity,
    )  # fmt: skip
    app.jinja_env.globals.update(asset=_asset, nav_for=_nav(app))
    app.context_processor(_context)


__all__ = ["NavItem", "add_nav", "init_app"]
