"""What is derived from events, to whom their goods were given, and what is known of places and parties."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, Integer, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import TSTZRANGE, Range
from sqlalchemy.orm import Mapped, mapped_column

from shop.db import Base
from traceability.repository.models import Number


class TraceContainment(Base):
    """A child is in or on a parent for a while: rebuilt from the events of the pair whenever one of them comes."""

    __tablename__ = "trace_containments"

    id: Mapped[int] = mapped_column(primary_key=True)
    child_id: Mapped[int]
    parent_id: Mapped[int]
    #: From the event that opened it until the one that closed it; open above while nothing has.
    during: Mapped[Range[datetime]] = mapped_column(TSTZRANGE)
    opened_by: Mapped[int] = mapped_column(index=True)
    closed_by: Mapped[int | None] = mapped_column(index=True)

    __table_args__ = (
        Index("ix_trace_containments_child", "child_id", "during"),
        Index("ix_trace_containments_parent", "parent_id", "child_id"),
    )


class TraceTransform(Base):
    """An identifier goes into, or comes out of, a transformation."""

    __tablename__ = "trace_transforms"

    event_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    ordinal: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    transformation_id: Mapped[str | None]
    epc_id: Mapped[int]
    is_output: Mapped[bool]
    quantity: Mapped[Decimal | None] = mapped_column(Number)
    uom: Mapped[str | None]
    #: The error declaration that takes it back; such an edge is not followed.
    withdrawn_by: Mapped[int | None] = mapped_column(index=True)

    __table_args__ = (
        Index("ix_trace_transforms_epc", "epc_id", "is_output", "event_id"),
        Index(
            "ix_trace_transforms_transformation", "transformation_id", "is_output",
            postgresql_where=text("transformation_id IS NOT NULL"),
        ),
    )  # fmt: skip


class TraceEventLot(Base):
    """The packs that an event brings into being are of a lot: its ``ilmd`` says so. One row, however many packs it names."""

    __tablename__ = "trace_event_lots"

    event_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    #: The lot's key among the identifiers.
    lot_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)

    __table_args__ = (Index("ix_trace_event_lots_lot", "lot_id", "event_id"),)


class TraceGrant(Base):
    """Goods that an organisation handled or bought: it reads the events that name them."""

    __tablename__ = "trace_grants"

    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"), primary_key=True)
    epc_id: Mapped[int] = mapped_column(ForeignKey("trace_epcs.id"), primary_key=True, index=True)
    granted_at: Mapped[datetime]
    #: Whose right it came from: who owned or wrote it.
    granted_by: Mapped[int] = mapped_column(ForeignKey("organisations.id"))
    #: What gave it, opaque here: the order, the shipment.
    reason: Mapped[str]
    reason_ref: Mapped[UUID | None]


class TraceEventCounty(Base):
    """A further county whose goods an event is about: its officials see it too; append-only."""

    __tablename__ = "trace_event_counties"

    event_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    county_code: Mapped[str] = mapped_column(primary_key=True)

    __table_args__ = (Index("ix_trace_event_counties_county", "county_code", "event_id"),)


class TraceValue(Base):
    """A value that events of an organisation have in a county; triggers keep it as events come, and it is never deleted.

    ``kind`` is the column of :class:`~traceability.repository.models.TraceEvent` that holds it.
    """

    __tablename__ = "trace_values"

    kind: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[str] = mapped_column(Text(collation="C"), primary_key=True)
    organisation_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    county_code: Mapped[str] = mapped_column(primary_key=True)

    __table_args__ = (Index("ix_trace_values_own", "kind", "organisation_id", "value"),)


class TraceMasterData(Base):
    """What an organisation last said of a place, party or class in the header of a document."""

    __tablename__ = "trace_master_data"

    id: Mapped[int] = mapped_column(primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"))
    #: The vocabulary, ``urn:epcglobal:epcis:vtype:BusinessLocation``.
    type: Mapped[str]
    uri: Mapped[str] = mapped_column(Text(collation="C"))
    captured: Mapped[str]
    #: ``[{"id": full name, "attribute": value}, …]``.
    attributes: Mapped[list[Any]]
    #: Canonical forms of what is inside or below it.
    children: Mapped[list[str]]
    recorded_at: Mapped[datetime]

    __table_args__ = (
        UniqueConstraint("organisation_id", "type", "uri"),
        Index("ix_trace_master_data_uri", "uri"),
        Index("ix_trace_master_data_children", "children", postgresql_using="gin"),
    )
