"""Reads of producers: who may act for whom, whom they help."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from sqlalchemy import or_, select

from catalog.producers.models import AgentMandate, BenefitLink, Producer
from shop.auth import Actor
from shop.db import db
from shop.errors import NotFound
from shop.i18n import _


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
