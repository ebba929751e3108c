"""Languages: Simplified Chinese by default (it is the message id), English by switch."""

from __future__ import annotations

import os
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from flask import Flask, Response, has_request_context, request
from flask_babel import Babel
from flask_babel import gettext as _gettext
from flask_babel import lazy_gettext as lazy

LOCALES = ("zh_Hans", "en")
COOKIE = "lang"
_ASKED = ("en", "zh_Hans", "zh-Hans", "zh")


def _(message: str, **values: object) -> str:
    """Translate ``message`` and fill its ``%(name)s``; outside a request the Chinese itself."""
    if not has_request_context():
        return message % values if values else message
    return str(_gettext(message, **values))


def select_locale() -> str:
    """Return the language: ``?lang=``, then the cookie, then ``Accept-Language``; Chinese if in doubt."""
    asked = request.args.get("lang") or request.cookies.get(COOKIE, "")
    if asked in _ASKED:
        return "en" if asked == "en" else "zh_Hans"
    if request.path.startswith("/api/"):
        best = request.accept_languages.best_match(["zh", "zh-Hans", "zh-CN", "en"], default="zh")
        return "en" if best == "en" else "zh_Hans"
    return "zh_Hans"


def compile_catalogues(folder: Path) -> None:
    """Write each ``.mo`` that is missing or older than its ``.po``; safe when several processes start at once."""
    for source in folder.glob("*/LC_MESSAGES/*.po"):
        target = source.with_suffix(".mo")
        if target.exists() and target.stat().st_mtime >= source.stat().st_mtime:
            continue
        draft = target.with_suffix(f".{os.getpid()}")
        with source.open("rb") as po, draft.open("wb") as mo:
            write_mo(mo, read_po(po))
        draft.replace(target)


def remember(response: Response, locale: str) -> None:
    """Keep the chosen language in the browser for a year."""
    response.set_cookie(
        COOKIE, "en" if locale == "en" else "zh_Hans", max_age=31_536_000, samesite="Lax", httponly=True
    )


def _remember(response: Response) -> Response:
    """Keep the language that was switched to on a page."""
    if request.args.get("lang") in _ASKED and not request.path.startswith("/api/"):
        remember(response, select_locale())
    return response


def init_app(app: Flask) -> None:
    """Start Babel on the catalogues in ``shop/translations``."""
    compile_catalogues(Path(app.root_path) / "translations")
    app.config.setdefault("BABEL_DEFAULT_LOCALE", "zh_Hans")
    app.config.setdefault("BABEL_DEFAULT_TIMEZONE", "Asia/Shanghai")
    app.config.setdefault("BABEL_TRANSLATION_DIRECTORIES", f"{app.root_path}/translations")
    Babel(app, locale_selector=select_locale)
    app.after_request(_remember)


__all__ = ["COOKIE", "LOCALES", "_", "init_app", "lazy", "remember", "select_locale"]
