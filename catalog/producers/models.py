"""Producers in their counties, whom they help, and agents."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from shop.db import Base, Dated, PublicId, no_overlap
from shop.identity.models import one_of


class Producer(Base):
    """What the market knows of a producer beside its organisation."""

    __tablename__ = "producers"

    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"), primary_key=True)
    #: The assisted county where it produces; ``None`` for one that is not in any of the 832.
    county_code: Mapped[str | None] = mapped_column(ForeignKey("assisted_counties.code"), index=True)
    #: ``company``, ``cooperative``, ``family_farm`` or ``household``.
    form: Mapped[str]
    intro: Mapped[str] = mapped_column(server_default="")
    #: Food licence: SC and 14 digits.
    food_licence: Mapped[str | None]
    version: Mapped[int] = mapped_column(server_default="1", default=1)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012
    __table_args__ = (one_of("form", ("company", "cooperative", "family_farm", "household")),)


class BenefitLink(PublicId, Base):
    """How many households and persons a producer helps in a year, and how (联农带农).

    Distinct per county, year and way; never summed over orders.
    """

    __tablename__ = "benefit_links"

    producer_id: Mapped[int] = mapped_column(ForeignKey("producers.organisation_id"), index=True)
    county_code: Mapped[str] = mapped_column(ForeignKey("assisted_counties.code"))
    year: Mapped[int]
    #: ``work``, ``shares`` or ``orders``.
    way: Mapped[str]
    #: ``expected`` or ``actual``.
    basis: Mapped[str]
    households: Mapped[int]
    persons: Mapped[int]
    is_demo: Mapped[bool] = mapped_column(server_default="false")
    recorded_at: Mapped[datetime]

    __table_args__ = (
        one_of("way", ("work", "shares", "orders")),
        one_of("basis", ("expected", "actual")),
        CheckConstraint("households >= 0 AND persons >= 0", name="not_negative"),
        UniqueConstraint("producer_id", "county_code", "year", "way", "basis"),
        Index("ix_benefit_links_county", "county_code", "year"),
    )


class AgentMandate(PublicId, Dated, Base):
    """An agent may act for a producer, from a day to a day; county and benefit stay the producer's."""

    __tablename__ = "agent_mandates"

    agent_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"), index=True)
    producer_id: Mapped[int] = mapped_column(ForeignKey("producers.organisation_id"), index=True)
    evidence_file_id: Mapped[int | None] = mapped_column(ForeignKey("stored_files.id"))

    __table_args__ = (no_overlap("agent_mandates", "agent_id", "producer_id"),)
