"""Anonymous pages kept as bytes, and checked at every request by one statement.

The statement reads the catalogue's version after the request began, so a page that passes the check shows nothing
older than the request. A newer version names the listings that changed: only pages that show one of them, or whose
order their new price enters, are made again. A gap in the names, or a change of everything, empties the store.
"""

from __future__ import annotations

import threading
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date

from shop import hotreads

_CHANGES = """
    SELECT c.version, c.listing_id, s.price_fen FROM catalogue_changes c
    LEFT JOIN shop_cards s ON s.listing_id = c.listing_id
    WHERE c.version > %s AND c.version <= %s"""
#: Bytes of pages kept; the page made first goes first.
KEPT_BYTES = 96 * 1024 * 1024


@dataclass(frozen=True)
class Built:
    """A page made for everybody, and what it depends on."""

    body: bytes
    content_type: str = "text/html; charset=utf-8"
    listings: Collection[int] = ()
    #: In a list by price: the lowest and highest price that would change it.
    prices: tuple[int, int] | None = None
    #: What the check must still say beside the version: the quantity that is free; ``None`` where the version alone decides.
    mark: str | None = None


@dataclass
class PageStore:
    """The pages of one process."""

    kept_bytes: int = KEPT_BYTES
    pages: dict[str, Built] = field(default_factory=dict)
    version: int = -1
    day: date | None = None
    size: int = 0
    _users: dict[int, set[str]] = field(default_factory=dict)
    _by_price: set[str] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def find(self, key: str, version: int, day: date, mark: str | None = None) -> Built | None:
        """Return the page if it is as new as ``version``, which was read after the request began."""
        if version > self.version or day != self.day:
            self._catch_up(version, day)
        page = self.pages.get(key)
        return page if page is not None and page.mark == mark else None

    def keep(self, key: str, version: int, page: Built) -> None:
        """Keep a page that was made after ``version`` was read; not if something has changed since."""
        with self._lock:
            if version != self.version:
                return
            self._drop(key)
            self.pages[key] = page
            self.size += len(page.body)
            for listing in page.listings:
                self._users.setdefault(listing, set()).add(key)
            if page.prices:
                self._by_price.add(key)
            while self.size > self.kept_bytes:
                self._drop(next(iter(self.pages)))

    def _catch_up(self, version: int, day: date) -> None:
        with self._lock:
            if day != self.day:
                self._clear()
                self.day = day
            if version <= self.version:
                return
            if self.pages:
                changes = hotreads.fetch(_CHANGES, (self.version, version))
                if len(changes) != version - self.version or any(listing is None for _, listing, _ in changes):
                    self._clear()
                else:
                    self._drop_users({listing: price for _, listing, price in changes})
            self.version = version

    def _drop_users(self, changed: dict[int, int | None]) -> None:
        stale = {key for listing in changed for key in self._users.get(listing, ())}
        for key in self._by_price:
            low, high = self.pages[key].prices or (0, 0)
            if any(price is not None and low <= price <= high for price in changed.values()):
                stale.add(key)
        for key in stale:
            self._drop(key)

    def _drop(self, key: str) -> None:
        page = self.pages.pop(key, None)
        if page is None:
            return
        self.size -= len(page.body)
        self._by_price.discard(key)
        for listing in page.listings:
            users = self._users.get(listing, set())
            users.discard(key)
            if not users:
                self._users.pop(listing, None)

    def _clear(self) -> None:
        self.pages.clear()
        self._users.clear()
        self._by_price.clear()
        self.size = 0
