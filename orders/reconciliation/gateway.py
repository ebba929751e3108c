"""Where the provider's lines come from: set by the part that speaks with it, nowhere if there is no payment by card."""

from __future__ import annotations

from orders.reconciliation.movements import Lister

_lister: list[Lister] = []


def listen_to(lister: Lister | None) -> None:
    """Take lines from here from now on; ``None``: from nowhere."""
    _lister[:] = [lister] if lister else []


def lister() -> Lister | None:
    """Return what lists the provider's lines, if there is anything."""
    return _lister[0] if _lister else None
