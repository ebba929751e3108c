"""The second person of an acceptance says by its own sign-in that it was there: being named by the first is not enough."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from orders.fulfilment.models import Acceptance
from orders.purchase.models import Order
from shop import audit
from shop.auth import Actor
from shop.db import db
from shop.errors import Conflict, Forbidden, NotFound
from shop.i18n import _


class NoSuchAcceptance(NotFound):
    """There is no acceptance with that identifier of the actor's organisation."""

    code = "no-such-acceptance"


class NotTheWitness(Forbidden):
    """Only the member who was named as the second person says that it was there."""

    code = "not-the-witness"


class AlreadyWitnessed(Conflict):
    """The second person has said so already."""

    code = "already-witnessed"


def witness(public_id: UUID, actor: Actor, at: datetime) -> Acceptance:
    """Note that the second person was there when goods were accepted, and that the quantities are right.

    :raises NoSuchAcceptance, NotTheWitness, AlreadyWitnessed: if it is not the actor's to say, or no more.
    """
    found = db.session.scalars(
        select(Acceptance)
        .join(Order, Order.id == Acceptance.order_id)
        .where(Acceptance.public_id == public_id, Order.buyer_id == actor.organisation_id)
        .with_for_update(of=Acceptance)
        .execution_options(populate_existing=True)
    ).one_or_none()
    if found is None:
        raise NoSuchAcceptance(_("没有这份验收单。"))
    if found.witness_id != actor.user_id:
        raise NotTheWitness(_("由验收单上的另一位验收人本人确认。"))
    if found.witnessed_at is not None:
        raise AlreadyWitnessed(_("您已确认过这份验收单。"))
    found.witnessed_at = at
    audit.record(actor, "fulfilment.acceptance_witnessed", "acceptance", found.id)
    return found
