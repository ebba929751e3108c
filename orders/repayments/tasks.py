"""What statements say of producers that pay back."""

from __future__ import annotations

from typing import Any

from orders.repayments import lines
from shop import clock
from shop.outbox.services import subscribe


@subscribe("orders.statement_imported")
def on_statement_imported(**_: Any) -> None:
    """Take in what producers have paid back."""
    lines.match(clock.now())
