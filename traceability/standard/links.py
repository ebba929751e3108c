"""GS1 Digital Links: read any of them, write the canonical one."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote, unquote

from traceability.standard.keys import GTIN_DIGITS, KEYS, QUALIFIER_LENGTH, SHORT_NAMES

CANONICAL = "https://id.gs1.org/"
#: What a value may hold unescaped, beside letters, digits and ``-._~``; the rest is percent-encoded.
_SAFE = "';="
_PLAIN = re.compile(r"[0-9A-Za-z._~';=-]*", re.ASCII)


@dataclass(frozen=True, slots=True)
class Link:
    """What a Digital Link identifies: a key, and at most one qualifier that narrows it."""

    ai: str
    value: str
    qualifier: str = ""
    qualified: str = ""

    @property
    def uri(self) -> str:
        """The canonical form, on id.gs1.org."""
        start = f"{CANONICAL}{self.ai}/{escape(self.value)}"
        return f"{start}/{self.qualifier}/{escape(self.qualified)}" if self.qualifier else start


def escape(value: str) -> str:
    """Percent-encode a value for a path."""
    # Nearly all values are plain, and asking that is several times quicker than quoting them.
    return value if _PLAIN.fullmatch(value) else quote(value, safe=_SAFE, errors="surrogateescape")


def unescape(value: str) -> str:
    """Undo percent-encoding; bytes that are no UTF-8 come out as they went in when they are encoded again."""
    return unquote(value, errors="surrogateescape") if "%" in value else value


@dataclass(frozen=True, slots=True)
class Reading:
    """All that a Digital Link says of a thing: its key and every qualifier."""

    ai: str
    value: str
    qualifiers: Mapping[str, str]

    @property
    def link(self) -> Link:
        """What it identifies: the qualifier that names the thing alone; extension 0 of a GLN means that there is none."""
        for name in KEYS[self.ai].narrows:
            if name in self.qualifiers and not (name == "254" and self.qualifiers[name] == "0"):
                return Link(self.ai, self.value, name, self.qualifiers[name])
        return Link(self.ai, self.value)


def link_of(uri: str) -> Link | None:
    """Return what a Digital Link on any domain identifies, or ``None`` if ``uri`` is none.

    Attributes in the query, the consumer product variant and qualifiers above the lowest are left out, and a GTIN is
    padded to 14 digits. Check digits are not looked at: a wrong one is still the same text in both forms.
    """
    found = read(uri)
    return found.link if found else None


def read(uri: str) -> Reading | None:
    """Return all that a Digital Link on any domain says of a thing, or ``None`` if ``uri`` is none."""
    scheme, found, rest = uri.partition("://")
    if not found or scheme not in ("https", "http"):
        return None
    segments = rest.partition("#")[0].partition("?")[0].split("/")[1:]
    if segments and not segments[-1]:
        segments.pop()
    readings = (_read(segments[start:]) for start in range(len(segments) - 1))
    return next((reading for reading in readings if reading is not None), None)


def read_label(uri: str) -> Reading | None:
    """Read a Digital Link as :func:`read` does, if all that it says could be printed on a label."""
    found = read(uri)
    return found if found and all(text.isprintable() for text in (found.value, *found.qualifiers.values())) else None


def _read(segments: list[str]) -> Reading | None:
    """Read key and qualifiers from the segments, all of which must fit."""
    if len(segments) % 2:
        return None
    names = [SHORT_NAMES.get(name, name) for name in segments[::2]]
    pairs = list(zip(names, (unescape(value) for value in segments[1::2]), strict=True))
    ai, value = pairs[0]
    key = KEYS.get(ai)
    if key is None or not key.value.fullmatch(value):
        return None
    given = dict(pairs[1:])
    order = [key.qualifiers.index(name) for name, _ in pairs[1:] if name in key.qualifiers]
    if len(given) < len(pairs) - 1 or len(order) < len(given) or order != sorted(order):
        return None
    if any(not 0 < len(text) <= QUALIFIER_LENGTH[name] for name, text in given.items()):
        return None
    return Reading(ai, value.zfill(GTIN_DIGITS) if ai == "01" else value, given)
