"""Captured events, what they name, the jobs that captured them, and what is derived from them."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Index,
    Integer,
    Numeric,
    SmallInteger,
    Text,
    UniqueConstraint,
    func,
    literal_column,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from shop.db import Base, PublicId, Xid8
from shop.identity.models import one_of

BEHAVIOURS = ("rollback", "proceed")
KINDS = ("instance", "class", "lot", "place", "party", "document", "other")
#: A number as it was captured, with any number of digits.
Number = Numeric(asdecimal=True)


class TraceJob(PublicId, Base):
    """A document that was handed in, and what became of it; ``public_id`` is the standard's captureID."""

    __tablename__ = "trace_jobs"

    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"))
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    behaviour: Mapped[str]
    #: The document as it came; empty once the job has ended.
    payload: Mapped[bytes | None] = mapped_column(deferred=True)
    payload_sha256: Mapped[bytes]
    #: Events in the document.
    events: Mapped[int]
    #: Events looked at so far: a job that goes on after a kill begins there.
    done: Mapped[int] = mapped_column(server_default="0", default=0)
    stored: Mapped[int] = mapped_column(server_default="0", default=0)
    #: Events that were there before with the same content.
    known: Mapped[int] = mapped_column(server_default="0", default=0)
    failed: Mapped[int] = mapped_column(server_default="0", default=0)
    #: Problems as the standard writes them, one for each event that failed.
    errors: Mapped[list[Any]] = mapped_column(server_default=text("'[]'::jsonb"), default=list)
    created_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    #: A worker has it until then, in real time; a killed one's work goes on after.
    claimed_until: Mapped[datetime | None]
    #: How often a worker began it; one that kills every worker ends as failed.
    tries: Mapped[int] = mapped_column(Integer, server_default="0", default=0)

    __table_args__ = (
        one_of("behaviour", BEHAVIOURS),
        CheckConstraint("done BETWEEN 0 AND events AND stored + known + failed <= events", name="counts"),
        CheckConstraint("(finished_at IS NULL) = (payload IS NOT NULL)", name="payload"),
        CheckConstraint("behaviour = 'proceed' OR failed = 0 OR stored + known = 0", name="rollback"),
        Index("ix_trace_jobs_open", "id", postgresql_where=text("finished_at IS NULL")),
        Index("ix_trace_jobs_own", "organisation_id", "id"),
    )


class TraceContext(Base):
    """A list of JSON-LD contexts as documents carry them, once however many events came with it."""

    __tablename__ = "trace_contexts"

    id: Mapped[int] = mapped_column(primary_key=True)
    sha256: Mapped[bytes] = mapped_column(unique=True)
    #: Always a list: addresses of contexts and objects of prefixes.
    contexts: Mapped[list[Any]]


class TraceEvent(Base):
    """An event as it was captured, and the columns that it is found by; append-only."""

    __tablename__ = "trace_events"

    id: Mapped[int] = mapped_column(primary_key=True)
    event_id: Mapped[str]
    #: An error declaration repeats its event with the same identifier, and both are kept.
    is_declaration: Mapped[bool]
    #: One of the standard's five, or the full name of a type that others defined.
    type: Mapped[str]
    action: Mapped[str | None]
    #: Words of vocabularies and places stand here in their canonical form.
    biz_step: Mapped[str | None]
    disposition: Mapped[str | None]
    read_point: Mapped[str | None]
    biz_location: Mapped[str | None]
    transformation_id: Mapped[str | None]
    event_time: Mapped[datetime]
    record_time: Mapped[datetime]
    #: The event's eventTimeZoneOffset.
    tz_offset: Mapped[str]
    #: Of an error declaration.
    declared_at: Mapped[datetime | None]
    declared_reason: Mapped[str | None]
    has_sensors: Mapped[bool]
    #: Who captured it, and where they are: what officials of a county see.
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"))
    county_code: Mapped[str]
    #: Our own event hash, with the version of the vocabulary.
    hash_id: Mapped[str]
    #: Empty if it came alone.
    job_id: Mapped[int | None] = mapped_column(ForeignKey("trace_jobs.id"), index=True)
    #: The market wrote it of what it knows itself: nobody else takes it back.
    is_market: Mapped[bool] = mapped_column(server_default=text("false"), default=False)
    #: Contexts of its document; its own stand in ``document``.
    context_id: Mapped[int] = mapped_column(ForeignKey("trace_contexts.id"))
    #: The event as it came.
    document: Mapped[dict[str, Any]]
    #: SHA-256 of document and hash: what came again letter by letter. Other ways to write the same have the same hash.
    content_sha256: Mapped[bytes]
    #: The transaction that stored it; see :mod:`traceability.repository.bounds`.
    xid: Mapped[int] = mapped_column(Xid8, server_default=text("pg_current_xact_id()"))

    __table_args__ = (
        UniqueConstraint("event_id", "is_declaration"),
        CheckConstraint("is_declaration = (declared_at IS NOT NULL)", name="declared"),
        Index(
            "ix_trace_events_told", "id",
            postgresql_include=["event_id", "organisation_id", "is_market", "is_declaration", "biz_step"],
        ),
        Index("ix_trace_events_time", "event_time", "id"),
        Index("ix_trace_events_declared", "event_id", postgresql_where=text("is_declaration")),
        Index("ix_trace_events_xid", "xid", "id"),
        Index("ix_trace_events_record_time", "record_time", "id"),
        Index("ix_trace_events_own", "organisation_id", "event_time", "id"),
        Index("ix_trace_events_county", "county_code", "event_time", "id"),
        Index("ix_trace_events_biz_step", "biz_step", "event_time", "id"),
        Index("ix_trace_events_disposition", "disposition", "event_time", "id"),
        Index("ix_trace_events_read_point", "read_point", "event_time", "id"),
        Index("ix_trace_events_biz_location", "biz_location", "event_time", "id"),
        Index(
            "ix_trace_events_transformation", "transformation_id",
            postgresql_where=text("transformation_id IS NOT NULL"),
        ),
    )  # fmt: skip


class TraceEpc(Base):
    """An identifier that events name: an item, a class or a lot; each once, never deleted."""

    __tablename__ = "trace_epcs"

    id: Mapped[int] = mapped_column(primary_key=True)
    #: The canonical form; compared by bytes, so that the same index finds what begins alike.
    uri: Mapped[str] = mapped_column(Text(collation="C"), unique=True)
    #: As it was first captured, a URN if it ever came as one: what a URN is rendered from.
    captured: Mapped[str]
    kind: Mapped[str]
    #: The GS1 key with its application identifier, ``01/06901234567892``; empty for others.
    gs1_key: Mapped[str | None] = mapped_column(Text(collation="C"))

    __table_args__ = (
        one_of("kind", KINDS),
        Index("ix_trace_epcs_gs1_key", "gs1_key", postgresql_where=text("gs1_key IS NOT NULL")),
    )


class TraceEventEpc(Base):
    """An event names an identifier in a role; append-only. :class:`traceability.repository.fields.Role` has the roles.

    Without foreign keys, as all that hangs on events in numbers: what they name is never deleted, and each key would
    lock, and so write, the row of every identifier at every capture.
    """

    __tablename__ = "trace_event_epcs"

    event_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    ordinal: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    epc_id: Mapped[int]
    role: Mapped[int] = mapped_column(SmallInteger)
    event_time: Mapped[datetime]
    #: Of a quantity element; a class or lot without one says only that there was some.
    quantity: Mapped[Decimal | None] = mapped_column(Number)
    uom: Mapped[str | None]

    __table_args__ = (
        CheckConstraint("role BETWEEN 1 AND 9", name="role"),
        Index(
            "ix_trace_event_epcs_told",
            "epc_id",
            "event_time",
            "event_id",
            postgresql_include=["role", "quantity", "uom"],
        ),
        Index("ix_trace_event_epcs_quantity", "quantity", postgresql_where=text("quantity IS NOT NULL")),
    )


class TraceName(Base):
    """The full name of an attribute: an IRI, or the standard's own word for its own."""

    __tablename__ = "trace_names"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)


class TraceEventAttribute(Base):
    """Whatever else an event says: transactions, parties, sensors, ilmd, extensions; append-only.

    :class:`traceability.repository.fields.Field` has where it stood. A value is found by its first 200 characters.
    """

    __tablename__ = "trace_event_attributes"

    event_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    ordinal: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    field: Mapped[int] = mapped_column(SmallInteger)
    name_id: Mapped[int]
    #: Values of one sensor report, or of one transaction, have the same number.
    element: Mapped[int] = mapped_column(Integer)
    value: Mapped[str | None]
    #: A number in the base unit of what is measured, or as it came if it has no unit.
    num: Mapped[Decimal | None] = mapped_column(Number)
    time: Mapped[datetime | None]
    #: The unit that it came in.
    uom: Mapped[str | None]

    __table_args__ = (
        Index(
            "ix_trace_event_attributes_value", "name_id", "field", func.left(literal_column("value"), 200), "event_id"
        ),
        Index(
            "ix_trace_event_attributes_num", "name_id", "field", "num", "event_id",
            postgresql_where=text("num IS NOT NULL"),
        ),
        Index(
            "ix_trace_event_attributes_time", "name_id", "field", "time", "event_id",
            postgresql_where=text("time IS NOT NULL"),
        ),
    )  # fmt: skip
