"""How an entry point reads figures: seal what is committed, then read everything from one snapshot."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from orders.ledger import sealing
from shop import clock
from shop.db import snapshot, transaction


def seal_everything() -> int:
    """Seal all that is committed, in short transactions of their own; return how many entries."""
    total = 0
    while True:
        with transaction():
            sealed = sealing.seal(clock.now())
        total += sealed.count
        if not sealed.more:
            return total


@contextmanager
def sealed_snapshot() -> Iterator[None]:
    """Run reads in a snapshot that holds, sealed, everything committed before it was asked for."""
    if sealing.has_news():
        seal_everything()
    with snapshot():
        yield
