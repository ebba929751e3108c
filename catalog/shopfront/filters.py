"""What a visitor asks the list for, as it stands in the address."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import datetime
from urllib.parse import urlencode

from werkzeug.datastructures import MultiDict

from catalog.papers.models import CERTIFICATE_SCHEMES, ELIGIBILITY_SCHEMES
from shop.errors import Invalid
from shop.filters import several
from shop.i18n import _
from shop.paging import decode_cursor

SORTS = ("new", "price", "name")
#: Listings on a page.
PAGE_SIZE = 24
#: Counted exactly up to here; beyond it the page says "more than".
COUNTED_TO = 200
MAX_QUERY = 80
#: Form of each filter's value.
_ALLOWED: dict[str, tuple[str, ...]] = {
    "scheme": ELIGIBILITY_SCHEMES,
    "certificate": CERTIFICATE_SCHEMES,
    "sort": SORTS,
    "key": ("1",),
}
_CODES = {"county": 6, "province": 6, "partner": 6}
#: Filters that take several values.
SEVERAL = ("category", "province", "county", "scheme", "certificate", "partner")


class BadFilter(Invalid):
    """A filter of the list has a value that cannot be."""

    code = "bad-filter"


@dataclass(frozen=True)
class Filters:
    """The list's filters, sort and place; empty means not asked for. Codes are GB/T 2260.

    Several values of one filter stand with commas: any of them will do.
    """

    q: str = ""
    category: str = ""
    province: str = ""
    county: str = ""
    #: Eligibility scheme.
    scheme: str = ""
    #: Scheme of a quality certificate.
    certificate: str = ""
    #: ``1``: key counties only.
    key: str = ""
    #: An eastern division whose partner counties are meant.
    partner: str = ""
    sort: str = "new"
    cursor: str = ""

    def several(self, name: str) -> list[str]:
        """Return the values of a filter; none if it is not asked for."""
        value: str = getattr(self, name)
        return value.split(",") if value else []

    def without(self, name: str, value: str) -> str:
        """Return the query string of the first page without one of a filter's values."""
        rest = [one for one in self.several(name) if one != value] if name in SEVERAL else []
        return self.query(cursor="", **{name: ",".join(rest)})

    def query(self, **changes: str) -> str:
        """Return the query string, in one order, without what is not asked for."""
        values = {field.name: getattr(self, field.name) for field in fields(self)} | changes
        return urlencode({k: v for k, v in values.items() if v and (k, v) != ("sort", "new")})

    @property
    def is_narrowed(self) -> bool:
        """Say whether anything but the sort is asked for."""
        return any(getattr(self, field.name) for field in fields(self) if field.name not in ("sort", "cursor"))

    def place(self) -> list[object] | None:
        """Return the sort key after which the page begins.

        :raises BadCursor: if the cursor is of another sort.
        """
        kinds = {"new": (_instant, _key), "price": (_key, _key), "name": (_word, _key)}[self.sort]
        return decode_cursor(self.cursor, *kinds)


def parse(args: MultiDict[str, str]) -> Filters:
    """Read the filters of an address; what is unknown is left out.

    :raises BadFilter: naming the filter.
    :raises TooManyValues: if one has too many.
    """
    values = {field.name: (args.get(field.name) or "").strip() for field in fields(Filters)}
    values |= {name: ",".join(several(args.getlist(name))) for name in SEVERAL}
    values["sort"] = values["sort"] or "new"
    values["q"] = "".join(char for char in values["q"] if char.isprintable())[:MAX_QUERY]
    found = Filters(**values)
    for name, allowed in _ALLOWED.items():
        if not set(found.several(name)) <= set(allowed):
            raise BadFilter(_("筛选条件“%(name)s”没有这个值。", name=name), filter=name)
    for name, length in _CODES.items():
        if not all(_is_code(code, length) for code in found.several(name)):
            raise BadFilter(_("筛选条件“%(name)s”应为 6 位区划代码。", name=name), filter=name)
    if not all(_is_code(code, 2, 4) for code in found.several("category")):
        raise BadFilter(_("筛选条件“%(name)s”没有这个值。", name="category"), filter="category")
    return found


def _is_code(text: str, *lengths: int) -> bool:
    return text.isascii() and text.isdigit() and len(text) in lengths


def _key(text: str) -> int:
    number = int(text)
    if not 0 <= number < 1 << 62:
        raise ValueError
    return number


def _word(text: str) -> str:
    if not text.isprintable():
        raise ValueError
    return text


def _instant(text: str) -> datetime:
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError
    return at
