"""What stands behind a counted line: its order or filing with papers, told by the packages that own them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Document:
    """A paper: ``kind`` such as ``invoice``, its number or name, and the address where it is read (or ``None``)."""

    kind: str
    title: str
    address: str | None = None


@dataclass(frozen=True)
class Source:
    """Where a line comes from: ``kind`` is ``order`` or ``filing``."""

    kind: str
    id: str
    number: str
    address: str
    documents: tuple[Document, ...] = ()


#: Returns the sources with these keys, in a constant number of statements.
Resolver = Callable[[list[int]], Mapping[int, Source]]
_resolvers: dict[str, Resolver] = {}


def register(kind: str, resolver: Resolver) -> None:
    """Let ``resolver`` tell of the sources of ``kind``; called when the owner's module is imported."""
    _resolvers[kind] = resolver


def sources_of(kind: str, keys: Iterable[int | None]) -> Mapping[int, Source]:
    """Return what is known of the orders or filings with these keys."""
    wanted = sorted({key for key in keys if key is not None})
    resolver = _resolvers.get(kind)
    return resolver(wanted) if resolver and wanted else {}
