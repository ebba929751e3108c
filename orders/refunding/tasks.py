"""What statements say of refunds that were sent to the bank."""

from __future__ import annotations

from typing import Any

from orders.refunding import lines
from shop import clock
from shop.outbox.services import subscribe


@subscribe("orders.statement_imported")
def on_statement_imported(**_: Any) -> None:
    """Take in what the bank says of refunds in files."""
    lines.match(clock.now())
