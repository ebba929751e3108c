"""Producers and mandates with the names that a page or an answer shows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.orm import aliased

from catalog.producers.models import AgentMandate, Producer
from catalog.producers.queries import NoSuchProducer
from catalog.producers.services import licence_warnings
from shop.auth import Actor
from shop.db import db
from shop.files.models import StoredFile
from shop.geo.models import AssistedCounty
from shop.i18n import _
from shop.identity.models import Organisation


@dataclass(frozen=True)
class ProducerView:
    """A producer with its names."""

    key: int
    id: UUID
    name: str
    form: str
    county_code: str | None
    county_name: str | None
    intro: str
    food_licence: str | None
    is_demo: bool
    version: int

    @property
    def warnings(self) -> list[str]:
        """What a reader should look at."""
        return licence_warnings(self.food_licence, self.county_code)


@dataclass(frozen=True)
class MandateView:
    """A mandate with both names."""

    mandate: AgentMandate
    agent_id: UUID
    agent_name: str
    producer_id: UUID
    producer_name: str
    evidence_id: UUID | None


def _producers() -> Any:
    return (
        select(
            Producer.organisation_id, Organisation.public_id, Organisation.name, Producer.form, Producer.county_code,
            AssistedCounty.name, Producer.intro, Producer.food_licence, Organisation.is_demo, Producer.version,
        )
        .join(Organisation, Organisation.id == Producer.organisation_id)
        .outerjoin(AssistedCounty, AssistedCounty.code == Producer.county_code)
    )  # fmt: skip


def list_producers(
    *, counties: Sequence[str] = (), query: str | None = None, after: int | None = None, limit: int = 100
) -> list[ProducerView]:
    """Return producers by key, at most ``limit`` + 1; suspended ones are left out."""
    wanted = _producers().where(Organisation.suspended_at.is_(None)).order_by(Producer.organisation_id)
    if counties:
        wanted = wanted.where(Producer.county_code.in_(counties))
    if query:
        wanted = wanted.where(Organisation.name.contains(query, autoescape=True))
    if after is not None:
        wanted = wanted.where(Producer.organisation_id > after)
    return [ProducerView(*row) for row in db.session.execute(wanted.limit(limit + 1))]


def get_producer_view(public_id: UUID) -> ProducerView:
    """Return a producer.

    :raises NoSuchProducer: if there is none.
    """
    row = db.session.execute(_producers().where(Organisation.public_id == public_id)).one_or_none()
    if row is None:
        raise NoSuchProducer(_("没有找到。"))
    return ProducerView(*row)


def list_agents() -> list[tuple[str, str]]:
    """Return public id and name of the verified agents that are not suspended."""
    rows = db.session.execute(
        select(Organisation.public_id, Organisation.name)
        .where(Organisation.kind == "agent", Organisation.verified_at.is_not(None), Organisation.suspended_at.is_(None))
        .order_by(Organisation.name)
    )
    return [(str(row[0]), row[1]) for row in rows]


def list_mandates(actor: Actor) -> list[MandateView]:
    """Return the mandates that the actor's organisation has given or holds, newest first."""
    return _mandates(
        or_(AgentMandate.agent_id == actor.organisation_id, AgentMandate.producer_id == actor.organisation_id)
    )


def get_mandate(public_id: UUID, actor: Actor) -> MandateView:
    """Return a mandate that the actor's organisation has given.

    :raises NoSuchProducer: if there is none.
    """
    found = _mandates(AgentMandate.public_id == public_id)
    if not found or found[0].mandate.producer_id != actor.organisation_id:
        raise NoSuchProducer(_("没有找到。"))
    return found[0]


def _mandates(condition: Any) -> list[MandateView]:
    agent, producer = aliased(Organisation), aliased(Organisation)
    rows = db.session.execute(
        select(AgentMandate, agent.public_id, agent.name, producer.public_id, producer.name, StoredFile.public_id)
        .join(agent, agent.id == AgentMandate.agent_id)
        .join(producer, producer.id == AgentMandate.producer_id)
        .outerjoin(StoredFile, StoredFile.id == AgentMandate.evidence_file_id)
        .where(condition)
        .order_by(AgentMandate.id.desc())
    )
    return [MandateView(*row) for row in rows]
