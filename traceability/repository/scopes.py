"""Who sees which events: the writer, whoever was given the goods, officials of the county, the operator."""

from __future__ import annotations

from sqlalchemy import ColumnElement, exists, false, or_, true

from shop.auth import Actor
from shop.identity.queries import within
from traceability.repository.derived import TraceGrant
from traceability.repository.models import TraceEvent, TraceEventEpc


def visible_to(actor: Actor) -> ColumnElement[bool]:
    """Return which rows of :class:`TraceEvent` an actor may see, as a condition for ``WHERE``.

    What is not visible is not there: nothing tells another organisation's event from none.
    """
    scope = actor.scope
    if scope.kind == "all":
        return true()
    if scope.kind == "division":
        return within(TraceEvent.county_code, scope.divisions)
    if scope.kind == "budget":
        return false()
    return or_(TraceEvent.organisation_id == actor.organisation_id, _names_what_was_given_to(actor.organisation_id))


def _names_what_was_given_to(organisation_id: int) -> ColumnElement[bool]:
    return exists().where(
        TraceEventEpc.event_id == TraceEvent.id,
        TraceGrant.epc_id == TraceEventEpc.epc_id,
        TraceGrant.organisation_id == organisation_id,
    )
