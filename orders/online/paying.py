"""What a buyer waits for: the calls of its payments, made at once after the commit that asked for them."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select

from orders.online import calls, configuration, intent_calls, intents, performing
from orders.online.errors import NoCardPayment
from orders.online.models import PaymentIntent
from shop.auth import Actor
from shop.db import db, transaction
from shop.i18n import _

#: Giving the old one up, asking for the new one, and one to spare.
ROUNDS = 3


def require_on() -> None:
    """Refuse where there is no payment by card.

    :raises NoCardPayment: then.
    """
    if not configuration.is_on():
        raise NoCardPayment(_("本平台未开通在线支付，请使用对公转账。"))


def finish(procurement_id: int) -> None:
    """Make the calls that a procurement's payments wait for; what cannot be made now is made by the job."""
    for _round in range(ROUNDS):
        with transaction():
            waiting = intent_calls.under_way(procurement_id)
        if not [call for call in waiting if performing.perform(call) in ("done", "failed")]:
            return


def refresh(intent_id: UUID, actor: Actor) -> None:
    """Look at a payment of the actor's at the provider and take it in: the payer has come back from there.

    :raises NoSuchIntent: if it is not the actor's.
    """
    with transaction():
        key = intents.get_intent(intent_id, actor).id
        call = intent_calls.look_at(key)
    if call is None:
        return
    performing.perform(call)
    # A visit to the provider's page, or its invoice, leads to the payment itself.
    with transaction():
        more = [each.id for each in calls.open_calls("fetch_intent", key) if each.id != call]
    for each in more:
        performing.perform(each)


def newest(procurement_id: int) -> UUID | None:
    """Return the payment of a procurement that was asked for last."""
    return db.session.scalar(
        select(PaymentIntent.public_id)
        .where(PaymentIntent.procurement_id == procurement_id)
        .order_by(PaymentIntent.id.desc())
        .limit(1)
    )
