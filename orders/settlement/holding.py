"""Holds: an order's payout waits, for a reason, until it is let go."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from orders.purchase import party
from orders.settlement.models import OrderSettlement
from orders.settlement.standing import lock_standings
from shop import audit, clock
from shop.auth import Actor
from shop.errors import Conflict, NotFound
from shop.i18n import _


class NotDueYet(Conflict):
    """Nothing of the order has been accepted, so there is nothing to hold."""

    code = "not-accepted-yet"


class HeldAlready(Conflict):
    """The order's payout is held, or (to let it go) is not."""

    code = "held-already"


def hold(order_id: UUID, reason: str, actor: Actor, at: datetime) -> OrderSettlement:
    """Hold an order's payout; what was prepared before goes on.

    :raises NotFound: if there is no such order, or the actor is not the operator.
    :raises NotDueYet: if nothing was accepted of it.
    :raises HeldAlready: if it is held.
    """
    row = _lock(order_id, actor, at)
    if row.held_at is not None:
        raise HeldAlready(_("该订单的结算已经暂缓。"), reason=row.held_why)
    row.held_at, row.held_by, row.held_why = at, actor.user_id, reason
    audit.record(actor, "settlement.order_held", "order", row.order_id, held_why=["", reason])
    return row


def let_go(order_id: UUID, actor: Actor, at: datetime) -> OrderSettlement:
    """Let an order's payout go again.

    :raises NotFound: if there is no such order, or the actor is not the operator.
    :raises HeldAlready: if it is not held.
    """
    row = _lock(order_id, actor, at)
    if row.held_at is None:
        raise HeldAlready(_("该订单的结算没有暂缓。"), reason="")
    was = row.held_why
    row.held_at, row.held_by, row.held_why = None, None, ""
    audit.record(actor, "settlement.order_let_go", "order", row.order_id, held_why=[was, ""])
    return row


def _lock(order_id: UUID, actor: Actor, at: datetime) -> OrderSettlement:
    if actor.organisation_kind != "operator":
        raise NotFound(_("没有这个订单。"))
    key = party.get_order(order_id, actor, clock.business_day(at)).id
    standings = lock_standings([key])
    if key not in standings:
        raise NotDueYet(_("该订单还没有验收，没有可暂缓的结算。"))
    return standings[key].settlement
