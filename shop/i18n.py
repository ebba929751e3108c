"""Languages: Simplified Chinese by default (it is the message id), English by switch."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import Translations
from flask import Flask, Response, current_app, has_request_context, request
from flask_babel import Babel
from flask_babel.speaklater import LazyString
from markupsafe import Markup

LOCALES = ("zh_Hans", "en")
COOKIE = "lang"
#: Where the request keeps its language and its catalogue.
_LANGUAGE = "duikou.language"
_CATALOGUE = "duikou.catalogue"
_ASKED = ("en", "zh_Hans", "zh-Hans", "zh")


def _(message: str, **values: object) -> str:
    """Translate ``message`` and fill its ``%(name)s``; outside a request the Chinese itself."""
    found = _find(message) if has_request_context() else message
    return found % values if values else found


def lazy(message: str, **values: object) -> Any:
    """Return what translates ``message`` when it is used."""
    return LazyString(_, message, **values)


def _find(message: str) -> str:
    """Look ``message`` up in the request's catalogue, which is chosen once a request."""
    environ = request.environ
    try:
        catalogue = environ[_CATALOGUE]
    except KeyError:
        catalogue = environ[_CATALOGUE] = current_app.extensions["catalogues"][language()]
    return str(catalogue.gettext(message))


def _in_template(message: str, **values: object) -> Markup:
    """Translate within a page: the message is markup, what is filled in is escaped; ``%%`` is a percent sign."""
    found = _find(message)
    if values:
        return Markup(found) % values  # noqa: S704  messages are ours
    return Markup(found.replace("%%", "%") if "%" in found else found)  # noqa: S704


def select_locale() -> str:
    """Return the language: ``?lang=``, then the cookie, then ``Accept-Language``; Chinese if in doubt."""
    asked = request.args.get("lang") or request.cookies.get(COOKIE, "")
    if asked in _ASKED:
        return "en" if asked == "en" else "zh_Hans"
    if request.path.startswith("/api/"):
        best = request.accept_languages.best_match(["zh", "zh-Hans", "zh-CN", "en"], default="zh")
        return "en" if best == "en" else "zh_Hans"
    return "zh_Hans"


def language() -> str:
    """Return the request's language, chosen once; Chinese outside a request."""
    if not has_request_context():
        return "zh_Hans"
    found: str = request.environ.get(_LANGUAGE) or select_locale()
    request.environ[_LANGUAGE] = found
    return found


#: Punctuation between two values, where no sentence has it: as the page's language writes it.
_MARKS = {":": ("：", ": "), ";": ("；", "; "), ",": ("，", ", "), "(": ("（", " ("), ")": ("）", ")")}


def mark(sign: str) -> str:
    """Return a sign that stands between two values as the page's language writes it: ``：`` or ``: ``."""
    chinese, english = _MARKS[sign]
    return english if language() == "en" else chinese


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
    if (
        "lang=" in request.environ["QUERY_STRING"]
        and request.args.get("lang") in _ASKED
        and not request.path.startswith("/api/")
    ):
        remember(response, select_locale())
    return response


def init_app(app: Flask) -> None:
    """Start Babel on the catalogues in ``shop/translations``."""
    compile_catalogues(Path(app.root_path) / "translations")
    app.config.setdefault("BABEL_DEFAULT_LOCALE", "zh_Hans")
    app.config.setdefault("BABEL_DEFAULT_TIMEZONE", "Asia/Shanghai")
    app.config.setdefault("BABEL_TRANSLATION_DIRECTORIES", f"{app.root_path}/translations")
    Babel(app, locale_selector=select_locale)
    folder = app.config["BABEL_TRANSLATION_DIRECTORIES"]
    app.extensions["catalogues"] = {locale: Translations.load(folder, [locale]) for locale in LOCALES}
    app.jinja_env.globals.update(_=_in_template, mark=mark)
    app.after_request(_remember)


__all__ = ["COOKIE", "LOCALES", "_", "init_app", "language", "lazy", "mark", "remember", "select_locale"]
