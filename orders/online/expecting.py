"""Orders that are being paid through the card provider."""

from __future__ import annotations

from datetime import datetime, timedelta

from flask import Flask
from sqlalchemy import ColumnElement, and_, exists, or_

from orders.online.models import OPEN_STATES, IntentShare, PaymentIntent
from orders.payments import reminders
from orders.purchase.models import Order

#: How long a payment that was begun and not finished keeps its orders; the provider's invoice keeps them until it ends.
BEGUN_WITHIN = timedelta(days=1)


def init_app(_app: Flask) -> None:
    """Let no such order end unpaid."""
    reminders.expect(is_being_paid)


def is_being_paid(at: datetime) -> ColumnElement[bool]:
    """Return the condition of orders whose payment is taken, is invoiced with net terms, or was begun a day ago at most."""
    lives = or_(
        PaymentIntent.status == "processing", PaymentIntent.mode == "invoice",
        PaymentIntent.created_at > at - BEGUN_WITHIN,
    )  # fmt: skip
    return exists().where(
        IntentShare.order_id == Order.id, PaymentIntent.id == IntentShare.intent_id,
        and_(PaymentIntent.status.in_(OPEN_STATES), lives),
    )  # fmt: skip
