"""Registering producers, whom they help, and agents' mandates."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from catalog.producers.models import AgentMandate, BenefitLink, Producer
from catalog.producers.queries import NoSuchProducer, get_producer, require_producer
from shop import audit
from shop.auth import Actor
from shop.clock import business_day
from shop.constraints import refusing
from shop.db import db
from shop.errors import Conflict, Invalid
from shop.geo.models import AssistedCounty
from shop.i18n import _
from shop.identity.models import Organisation

FORMS = ("company", "cooperative", "family_farm", "household")
WAYS = ("work", "shares", "orders")
BASES = ("expected", "actual")
_FOOD_LICENCE = re.compile(r"SC\d{14}", re.ASCII)
_MAX_INTRO = 2000
_FIRST_YEAR, _LAST_YEAR = 2016, 2100
_MOST_PEOPLE = 10**7


class BadProducer(Invalid):
    """Form, county, licence or numbers make no sense."""

    code = "bad-producer"


class ProducerExists(Conflict):
    """The organisation is registered as a producer already."""

    code = "producer-exists"


class BenefitRecorded(Conflict):
    """People helped are recorded for that county, year, way and basis: edit that row."""

    code = "benefit-recorded"


class MandateOverlaps(Conflict):
    """The agent has a mandate of that producer on some of those days."""

    code = "mandate-overlaps"


@dataclass(frozen=True)
class ProducerFacts:
    """What the market knows of a producer."""

    form: str
    county_code: str | None = None
    intro: str = ""
    food_licence: str | None = None


@dataclass(frozen=True)
class NewBenefit:
    """Whom a producer helps in a county and year, by one way."""

    county_code: str
    year: int
    way: str
    basis: str
    households: int
    persons: int


def register_producer(organisation_id: int, facts: ProducerFacts, actor: Actor | None) -> Producer:
    """Make an organisation of kind producer known to the market.

    :param actor: a member of the organisation, or ``None`` for a loader.
    :raises NoSuchProducer: if it is another's organisation.
    :raises BadProducer: if it is no producer, or the facts make no sense.
    :raises ProducerExists: if it is registered.
    """
    if actor is not None and actor.organisation_id != organisation_id:
        raise NoSuchProducer(_("没有找到。"))
    organisation = db.session.get_one(Organisation, organisation_id)
    if organisation.kind != "producer":
        raise _bad("form", _("只有供应商单位可以登记为供应商。"))
    producer = Producer(organisation_id=organisation_id)
    _fill(producer, facts)
    with refusing(pk_producers=ProducerExists(_("该单位已登记为供应商。"))):
        db.session.add(producer)
    audit.record(actor, "catalog.producer_registered", "producer", organisation_id)
    return producer


def edit_producer(producer: Producer, facts: ProducerFacts, actor: Actor) -> Producer:
    """Change what the market knows of a producer.

    :raises BadProducer: if the facts make no sense.
    """
    before = {"county_code": producer.county_code, "form": producer.form, "food_licence": producer.food_licence}
    _fill(producer, facts)
    changes = {name: [old, getattr(producer, name)] for name, old in before.items() if old != getattr(producer, name)}
    audit.record(actor, "catalog.producer_edited", "producer", producer.organisation_id, **changes)
    return producer


def record_benefit(
    producer_id: int, new: NewBenefit, actor: Actor | None, *, at: datetime, is_demo: bool = False
) -> BenefitLink:
    """Record how many a producer helps.

    :raises NoSuchProducer: if the actor may not act for it.
    :raises BadProducer: for an unknown county, way or basis, or numbers that cannot be.
    :raises BenefitRecorded: if there is a row for that county, year, way and basis.
    """
    if actor is not None:
        require_producer(actor, producer_id, business_day(at))
    get_producer(producer_id)
    _check_benefit(new)
    link = BenefitLink(producer_id=producer_id, recorded_at=at, is_demo=is_demo, **new.__dict__)
    taken = BenefitRecorded(_("该县该年度这一方式的带动人口已登记。"))
    with refusing(uq_benefit_links_producer_id_county_code_year_way_basis=taken):
        db.session.add(link)
    audit.record(actor, "catalog.benefit_recorded", "benefit_link", link.id)
    return link


def give_mandate(
    producer_id: int,
    agent_id: int,
    actor: Actor | None,
    *,
    valid_from: date,
    valid_to: date | None = None,
    evidence_file_id: int | None = None,
) -> AgentMandate:
    """Let an agent act for a producer from a day to a day; only the producer itself gives mandates.

    :raises NoSuchProducer: if the actor is not of the producer.
    :raises BadProducer: if the organisation is no agent, or the days are the wrong way round.
    :raises MandateOverlaps: if the agent has one on some of those days.
    """
    if actor is not None and (actor.organisation_kind != "producer" or actor.organisation_id != producer_id):
        raise NoSuchProducer(_("没有找到。"))
    agent = db.session.get(Organisation, agent_id)
    if agent is None or agent.kind != "agent":
        raise _bad("agent", _("没有这家代理机构。"))
    if valid_to is not None and valid_to < valid_from:
        raise _bad("valid_to", _("截止日不能早于起始日。"))
    mandate = AgentMandate(
        agent_id=agent_id, producer_id=producer_id, valid_from=valid_from, valid_to=valid_to,
        evidence_file_id=evidence_file_id,
    )  # fmt: skip
    with refusing(ex_agent_mandates_dates=MandateOverlaps(_("该代理机构在这些日子已有授权。"))):
        db.session.add(mandate)
    audit.record(actor, "catalog.mandate_given", "agent_mandate", mandate.id)
    return mandate


def end_mandate(mandate: AgentMandate, actor: Actor, *, last_on: date, at: datetime) -> AgentMandate:
    """Let a mandate end with a day, yesterday at the earliest; what the agent did stays.

    :raises BadProducer: if the day is further back, before its beginning or after its end.
    """
    earliest = max(mandate.valid_from, business_day(at) - timedelta(days=1))
    if last_on < earliest or (mandate.valid_to is not None and last_on > mandate.valid_to):
        raise _bad("valid_to", _("截止日须在授权期内。"))
    before, mandate.valid_to = mandate.valid_to, last_on
    changed = [before.isoformat() if before else None, last_on.isoformat()]
    audit.record(actor, "catalog.mandate_ended", "agent_mandate", mandate.id, valid_to=changed)
    return mandate


def licence_warnings(licence: str | None, county_code: str | None) -> list[str]:
    """Return what a reader should know of a food licence: a region other than the county's is possible, not wrong."""
    if not licence or not county_code or licence[5:11] == county_code:
        return []
    return [_("食品生产许可证的地区码 %(code)s 与所在县 %(county)s 不同。", code=licence[5:11], county=county_code)]


def _fill(producer: Producer, facts: ProducerFacts) -> None:
    if facts.form not in FORMS:
        raise _bad("form", _("经营主体类型不正确。"))
    if facts.county_code is not None and db.session.get(AssistedCounty, facts.county_code) is None:
        raise _bad("county_code", _("须是832个脱贫县之一，或留空。"))
    licence = re.sub(r"\s", "", facts.food_licence or "").upper() or None
    if licence is not None and not _FOOD_LICENCE.fullmatch(licence):
        raise _bad("food_licence", _("食品生产许可证编号为 SC 加14位数字。"))
    if len(facts.intro) > _MAX_INTRO:
        raise _bad("intro", _("简介最多2000个字。"))
    producer.form, producer.county_code = facts.form, facts.county_code
    producer.intro, producer.food_licence = facts.intro.strip(), licence


def _check_benefit(new: NewBenefit) -> None:
    if new.way not in WAYS or new.basis not in BASES:
        raise _bad("way", _("带动方式不正确。"))
    if not _FIRST_YEAR <= new.year <= _LAST_YEAR:
        raise _bad("year", _("年度不正确。"))
    if not (0 <= new.households <= _MOST_PEOPLE and 0 <= new.persons <= _MOST_PEOPLE):
        raise _bad("households", _("人数不正确。"))
    if db.session.get(AssistedCounty, new.county_code) is None:
        raise _bad("county_code", _("须是832个脱贫县之一。"))


def _bad(field: str, detail: str) -> BadProducer:
    return BadProducer(detail, errors=[{"pointer": f"#/{field}", "detail": detail}])
