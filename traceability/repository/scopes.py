"""Who sees which events: the writer, whoever was given the goods, officials of the county, the operator."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import ColumnElement, Text, and_, cast, exists, false, literal, or_, select, true

from shop.auth import Actor
from shop.identity.models import Organisation
from shop.identity.queries import within
from traceability.repository.derived import TraceEventCounty, TraceGrant
from traceability.repository.fields import Field
from traceability.repository.models import TraceEvent, TraceEventAttribute, TraceEventEpc
from traceability.standard.identifiers import vocabulary

#: Steps in which the market names who hands goods to whom.
_HANDOVERS = tuple(vocabulary(word) for word in ("shipping", "receiving", "accepting"))


@dataclass(frozen=True, slots=True)
class Part:
    """Some of the events that an actor may see, as a condition that one search can begin with."""

    clause: ColumnElement[bool]
    #: Its events are few and found by another table's index, in no order.
    is_start: bool = False


def visible_to(actor: Actor) -> ColumnElement[bool]:
    """Return which rows of :class:`TraceEvent` an actor may see, as a condition for ``WHERE``.

    What is not visible is not there: nothing tells another organisation's event from none. Who was given goods reads of
    the market's shipments, receipts and returns of them only those to which it is a party: the others tell who else
    bought of the same lot, and how much.
    """
    if _is_by_organisation(actor):
        given = _names_what_was_given_to(actor.organisation_id)
        return or_(
            TraceEvent.organisation_id == actor.organisation_id,
            and_(_is_not_between_others(actor.organisation_id), given),
        )
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
    others = and_(~own, TraceEvent.id.in_(given), _is_not_between_others(actor.organisation_id))
    return [Part(own), Part(others, is_start=True)]


def _is_by_organisation(actor: Actor) -> bool:
    return actor.scope.kind not in ("all", "division", "budget")


def _names_what_was_given_to(organisation_id: int) -> ColumnElement[bool]:
    return exists().where(
        TraceEventEpc.event_id == TraceEvent.id,
        TraceGrant.epc_id == TraceEventEpc.epc_id,
        TraceGrant.organisation_id == organisation_id,
    )


def _is_not_between_others(organisation_id: int) -> ColumnElement[bool]:
    """Return that an event is not the market's of goods going from hand to hand, or names the organisation as a party.

    What brings goods into being is none, though a purchase is called receiving: whoever was given the goods reads it.
    """
    name = select(literal("urn:uuid:").concat(cast(Organisation.public_id, Text))).where(
        Organisation.id == organisation_id
    )
    # A value, not EXISTS: the planner may answer that by reading all attributes of all events once.
    is_party = (
        select(true())
        .where(
            TraceEventAttribute.event_id == TraceEvent.id,
            TraceEventAttribute.field.in_((int(Field.SOURCE), int(Field.DESTINATION))),
            TraceEventAttribute.value == name.scalar_subquery(),
        )
        .limit(1)
        .scalar_subquery()
        .is_(true())
    )
    return or_(
        ~TraceEvent.is_market,
        TraceEvent.biz_step.is_(None),
        TraceEvent.biz_step.not_in(_HANDOVERS),
        TraceEvent.action == "ADD",
        is_party,
    )
