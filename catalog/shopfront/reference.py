"""Names that filters offer: provinces, counties, categories. Read again every minute; they are not prices or stock."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from flask import Flask, current_app
from markupsafe import Markup

from shop import hotreads
from shop.i18n import language

_KEPT_S = 60.0
_OPTION = Markup('<option value="{}">{}</option>')
_NAMES = """
    SELECT 'province', code, name, '', pinyin FROM divisions
    WHERE code IN (SELECT province_code FROM assisted_counties)
    UNION ALL SELECT 'county', code, name, province_code, pinyin FROM assisted_counties
    UNION ALL SELECT 'category', code, name_zh, name_en, coalesce(parent_code, '') FROM categories
    UNION ALL SELECT 'division', code, name, level, pinyin FROM divisions d
    WHERE EXISTS (SELECT FROM pairings p WHERE p.east_code = d.code)
    ORDER BY 1, 2"""


@dataclass(frozen=True)
class Names:
    """Codes and names; counties by province, categories by group, eastern divisions that help."""

    provinces: Mapping[str, str]
    counties: Mapping[str, dict[str, str]]
    county_names: Mapping[str, str]
    #: code -> (Chinese, English).
    groups: Mapping[str, tuple[str, str]]
    leaves: Mapping[str, dict[str, tuple[str, str]]]
    partners: Mapping[str, str]
    read_at_s: float
    #: Options of selects as made once: (which, language) -> markup.
    _options: dict[tuple[str, str], str] = field(default_factory=dict)

    def options(self, which: str, pairs: Iterable[tuple[str, str]], chosen: str) -> Markup:
        """Return ``<option>``s; ``which`` names the list they are of, so that they are made once a language."""
        key = (which, language())
        made = self._options.get(key)
        if made is None:
            made = self._options[key] = Markup().join(_OPTION.format(code, name) for code, name in pairs)
        if "," in chosen:  # several come by the address only; the list says so and keeps them
            several = chosen.split(",")
            words = "、".join(name for code, name in pairs if code in several)
            return Markup(made) + Markup('<option value="{}" selected>{}</option>').format(chosen, words)  # noqa: S704
        return Markup(made.replace(f'value="{chosen}"', f'value="{chosen}" selected', 1) if chosen else made)  # noqa: S704

    def category(self, code: str, lang: str) -> str:
        """Return the name of a group or leaf category, or the code."""
        found = self.groups.get(code) or self.leaves.get(code[:2], {}).get(code)
        return found[lang == "en"] if found else code


def names() -> Names:
    """Return the names as they were at most a minute ago."""
    kept: Names | None = current_app.extensions.get("shop_names")
    if kept is None or time.monotonic() - kept.read_at_s > _KEPT_S:
        kept = current_app.extensions["shop_names"] = _read()
    return kept


def _read() -> Names:
    rows = hotreads.fetch(_NAMES)
    counties: dict[str, dict[str, str]] = {}
    leaves: dict[str, dict[str, tuple[str, str]]] = {}
    for kind, code, name, second, parent in rows:
        if kind == "county":
            counties.setdefault(second, {})[code] = name
        elif kind == "category" and parent:
            leaves.setdefault(parent, {})[code] = (name, second)
    return Names(
        provinces={code: name for kind, code, name, *_ in rows if kind == "province"},
        counties=counties,
        county_names={code: name for kind, code, name, *_ in rows if kind == "county"},
        groups={code: (zh, en) for kind, code, zh, en, parent in rows if kind == "category" and not parent},
        leaves=leaves,
        partners={code: name for kind, code, name, *_ in rows if kind == "division"},
        read_at_s=time.monotonic(),
    )


def init_app(app: Flask) -> None:
    """Forget what was read before."""
    app.extensions.pop("shop_names", None)
