"""Reads of producers: who may act for whom, whom they help."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from sqlalchemy import or_, select

from catalog.producers.models import AgentMandate, BenefitLink, Producer
from shop.auth import Actor
from shop.db import db
from shop.errors import NotFound
from shop.i18n import _
from shop.identity.models import Organisation


class NoSuchProducer(NotFound):
    """There is no such producer, or the actor may not act for it."""

    code = "no-such-producer"


def producers_of(actor: Actor, on: date) -> frozenset[int]:
    """Return the keys of the producers for which the actor may act on a day.

    A producer's member: the own organisation, once it is registered as one. An agent's: those with a mandate
    in force. Anybody else: none.
    """
    if actor.organisation_kind == "producer":
        return frozenset({actor.organisation_id})
    if actor.organisation_kind != "agent":
        return frozenset()
    mandates = select(AgentMandate.producer_id).where(
        AgentMandate.agent_id == actor.organisation_id,
        AgentMandate.valid_from <= on,
        or_(AgentMandate.valid_to.is_(None), AgentMandate.valid_to >= on),
    )
    return frozenset(db.session.scalars(mandates))


def require_producer(actor: Actor, producer_id: int, on: date) -> None:
    """Refuse unless the actor may act for the producer on the day.

    :raises NoSuchProducer: if not: another's things are not there.
    """
    if producer_id not in producers_of(actor, on):
        raise NoSuchProducer(_("没有找到。"))


def resolve_producer(public_id: UUID | None, actor: Actor, on: date) -> int:
    """Return the key of the producer that a request names; unnamed, the only one for whom the actor may act.

    :raises NoSuchProducer: if the actor may not act for it, or none is named and there are several or none.
    """
    mine = producers_of(actor, on)
    if public_id is None:
        if len(mine) != 1:
            raise NoSuchProducer(_("请指明供应商。"))
        return next(iter(mine))
    found = db.session.scalars(select(Organisation.id).where(Organisation.public_id == public_id)).one_or_none()
    if found is None or found not in mine:
        raise NoSuchProducer(_("没有找到。"))
    return found


def find_agent(public_id: UUID) -> int:
    """Return the key of an agent; 0, which no organisation has, if there is none."""
    wanted = select(Organisation.id).where(Organisation.public_id == public_id, Organisation.kind == "agent")
    return db.session.scalars(wanted).one_or_none() or 0


def find_producer(organisation_id: int) -> Producer | None:
    """Return what the market knows of an organisation; ``None`` if it is not registered as a producer."""
    return db.session.get(Producer, organisation_id)


def get_producer(producer_id: int) -> Producer:
    """Return what the market knows of a producer.

    :raises NoSuchProducer: if the organisation is not registered as one.
    """
    found = db.session.get(Producer, producer_id)
    if found is None:
        raise NoSuchProducer(_("没有找到。"))
    return found


def list_benefit_links(*, producer_id: int | None = None, county_code: str | None = None) -> Sequence[BenefitLink]:
    """Return whom producers help, newest year first; never to be summed over ways or orders."""
    wanted = select(BenefitLink).order_by(BenefitLink.year.desc(), BenefitLink.id)
    if producer_id is not None:
        wanted = wanted.where(BenefitLink.producer_id == producer_id)
    if county_code is not None:
        wanted = wanted.where(BenefitLink.county_code == county_code)
    return db.session.scalars(wanted).all()
