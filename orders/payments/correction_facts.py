"""What should have been recorded of a receipt, as a correction keeps it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from orders.payments.receipts import Share


@dataclass(frozen=True, kw_only=True)
class RightFacts:
    """What the bank's receipt really says, and its orders, of one buyer; without orders it stays the buyer's credit."""

    bank_serial: str
    payer_name: str
    amount_fen: int
    value_on: date
    payer_account: str = ""
    remark: str = ""
    allocations: Sequence[Share] = ()


def written(facts: RightFacts | None) -> dict[str, Any] | None:
    """Return facts as a correction keeps them."""
    if facts is None:
        return None
    return {
        "bank_serial": facts.bank_serial, "payer_name": facts.payer_name, "payer_account": facts.payer_account,
        "remark": facts.remark, "amount_fen": facts.amount_fen, "value_on": facts.value_on.isoformat(),
        "allocations": [{"order": str(one.order), "amount_fen": one.amount_fen} for one in facts.allocations],
    }  # fmt: skip


def read(kept: Mapping[str, Any] | None) -> RightFacts | None:
    """Return the facts that a correction keeps."""
    if kept is None:
        return None
    values = dict(kept)
    shares = tuple(Share(order=UUID(one["order"]), amount_fen=one["amount_fen"]) for one in values.pop("allocations"))
    return RightFacts(value_on=date.fromisoformat(values.pop("value_on")), allocations=shares, **values)
