"""Who sees which events: the writer, whoever was given the goods, officials of the county, the operator."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, exists, false, or_, select, true

from shop.auth import Actor
from shop.identity.queries import within
from traceability.repository.derived import TraceEventCounty, TraceGrant
from traceability.repository.models import TraceEvent, TraceEventEpc


@dataclass(frozen=True, slots=True)
class Part:
    """Some of the events that an actor may see, as a condition that one search can begin with."""

    clause: ColumnElement[bool]
    #: Its events are few and found by another table's index, in no order.
    is_start: bool = False


def visible_to(actor: Actor) -> ColumnElement[bool]:
    """Return which rows of :class:`TraceEvent` an actor may see, as a condition for ``WHERE``.

    What is not visible is not there: nothing tells another organisation's event from none.
    """
    if _is_by_organisation(actor):
        given = _names_what_was_given_to(actor.organisation_id)
        return or_(TraceEvent.organisation_id == actor.organisation_id, given)
    return or_(*(part.clause for part in parts_visible_to(actor)))


def parts_visible_to(actor: Actor) -> list[Part]:
    """Return the same in parts that have no event in common, for answers that are sorted and cut off.

    No index serves "our own or given to us" at once.
    """
    scope = actor.scope
    if scope.kind == "all":
        return [Part(true())]
    if scope.kind == "division":
        inside = within(TraceEvent.county_code, scope.divisions)
        also = select(TraceEventCounty.event_id).where(within(TraceEventCounty.county_code, scope.divisions))
        return [Part(inside), Part(and_(~inside, TraceEvent.id.in_(also)), is_start=True)]
    if scope.kind == "budget":
        return [Part(false())]
    own = TraceEvent.organisation_id == actor.organisation_id
    given = (
        select(TraceEventEpc.event_id)
        .join(TraceGrant, TraceGrant.epc_id == TraceEventEpc.epc_id)
        .where(TraceGrant.organisation_id == actor.organisation_id)
    )
    return [Part(own), Part(and_(~own, TraceEvent.id.in_(given)), is_start=True)]


def _is_by_organisation(actor: Actor) -> bool:
    return actor.scope.kind not in ("all", "division", "budget")


def _names_what_was_given_to(organisation_id: int) -> ColumnElement[bool]:
    return exists().where(
        TraceEventEpc.event_id == TraceEvent.id,
        TraceGrant.epc_id == TraceEventEpc.epc_id,
        TraceGrant.organisation_id == organisation_id,
    )
