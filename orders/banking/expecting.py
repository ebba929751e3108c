"""Orders whose money seems to be there: claimed by somebody, or on a line that nobody has dealt with yet."""

from __future__ import annotations

from datetime import datetime

from flask import Flask
from sqlalchemy import ColumnElement, cast, exists, func, or_
from sqlalchemy.dialects.postgresql import JSONPATH

from orders.banking.models import OPEN_STATES, BankStatementLine, TransferClaim, TransferClaimOrder
from orders.payments import reminders
from orders.purchase.models import Order


def init_app(_app: Flask) -> None:
    """Let no such order end unpaid."""
    reminders.expect(seems_paid)


def seems_paid(_at: datetime) -> ColumnElement[bool]:
    """Return the condition of orders that a waiting claim names, or that an open incoming line may be for."""
    claimed = exists().where(
        TransferClaimOrder.order_id == Order.id, TransferClaim.id == TransferClaimOrder.claim_id,
        TransferClaim.status == "claimed",
    )  # fmt: skip
    named = exists().where(
        BankStatementLine.state.in_(OPEN_STATES), BankStatementLine.direction == "in",
        func.jsonb_path_exists(
            BankStatementLine.candidates, cast("$.orders[*] ? (@[0] == $order)", JSONPATH),
            func.jsonb_build_object("order", Order.id),
        ),
    )  # fmt: skip
    return or_(claimed, named)
