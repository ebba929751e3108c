"""Reading the audit trail: public identifiers in, public identifiers out."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Table, select

from shop.audit import AuditEntry
from shop.db import Base, db
from shop.identity.models import Organisation, User
from shop.paging import Page, decode_cursor, make_page


@dataclass(frozen=True)
class TrailFilter:
    """Which entries to list; ``None`` does not filter."""

    #: The whole action, or its first part up to a dot: ``payments``.
    action: str | None = None
    subject_type: str | None = None
    #: The subject's public identifier; needs ``subject_type``.
    subject: UUID | None = None
    organisation: UUID | None = None
    user: UUID | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True)
class TrailEntry:
    """One act, with names as they are now."""

    id: int
    at: datetime
    action: str
    user_id: UUID | None
    user_name: str | None
    organisation_id: UUID | None
    organisation_name: str | None
    subject_type: str
    subject_id: UUID | None
    request_id: str
    changes: dict[str, Any] = field(default_factory=dict)


def subject_tables() -> dict[str, Table]:
    """Return the tables whose rows have public identifiers, by the name the trail gives their things."""
    found = {}
    for mapper in Base.registry.mappers:
        table = mapper.local_table
        if isinstance(table, Table) and {"id", "public_id"} <= set(table.c.keys()):
            found[re.sub(r"(?<!^)(?=[A-Z])", "_", mapper.class_.__name__).lower()] = table
    return found


def list_entries(wanted: TrailFilter, limit: int, cursor: str | None) -> Page[TrailEntry]:
    """Return entries, the latest first.

    :raises BadCursor: if ``cursor`` is not one of this list.
    """
    query: Any = _filtered(select(AuditEntry, User, Organisation), wanted)
    query = query.outerjoin(User, User.id == AuditEntry.user_id)
    query = query.outerjoin(Organisation, Organisation.id == AuditEntry.organisation_id)
    before = decode_cursor(cursor, int)
    if before:
        query = query.where(AuditEntry.id < before[0])
    rows = db.session.execute(query.order_by(AuditEntry.id.desc()).limit(limit + 1)).all()
    names = _public_ids((entry.subject_type, entry.subject_id) for entry, _, _ in rows)
    entries = [_show(entry, user, organisation, names) for entry, user, organisation in rows]
    return make_page(entries, limit, lambda entry: (entry.id,))


def _filtered(query: Any, wanted: TrailFilter) -> Any:
    query = query.select_from(AuditEntry)
    if wanted.action:
        whole = wanted.action if "." in wanted.action else f"{wanted.action}."
        query = query.where(AuditEntry.action.startswith(whole, autoescape=True))
    if wanted.subject_type:
        query = query.where(AuditEntry.subject_type == wanted.subject_type)
    if wanted.subject is not None:
        query = query.where(AuditEntry.subject_id == _key_of(wanted.subject_type or "", wanted.subject))
    if wanted.organisation is not None:
        query = query.where(Organisation.public_id == wanted.organisation)
    if wanted.user is not None:
        query = query.where(User.public_id == wanted.user)
    if wanted.since is not None:
        query = query.where(AuditEntry.at >= wanted.since)
    if wanted.until is not None:
        query = query.where(AuditEntry.at < wanted.until)
    return query


def _key_of(subject_type: str, public_id: UUID) -> int:
    table = subject_tables().get(subject_type)
    key = None if table is None else db.session.scalar(select(table.c.id).where(table.c.public_id == public_id))
    return -1 if key is None else int(key)


def _public_ids(subjects: Iterable[tuple[str, int | None]]) -> dict[tuple[str, int], UUID]:
    """Look the subjects up, one statement for each type of thing on the page."""
    wanted: dict[str, set[int]] = defaultdict(set)
    for kind, key in subjects:
        if key is not None:
            wanted[kind].add(key)
    found: dict[tuple[str, int], UUID] = {}
    tables = subject_tables()
    for kind in wanted.keys() & tables.keys():
        table = tables[kind]
        rows = db.session.execute(select(table.c.id, table.c.public_id).where(table.c.id.in_(wanted[kind])))
        found.update({(kind, row.id): row.public_id for row in rows})
    return found


def _show(
    entry: AuditEntry, user: User | None, organisation: Organisation | None, names: dict[tuple[str, int], UUID]
) -> TrailEntry:
    return TrailEntry(
        id=entry.id,
        at=entry.at,
        action=entry.action,
        user_id=user.public_id if user else None,
        user_name=user.name if user else None,
        organisation_id=organisation.public_id if organisation else None,
        organisation_name=organisation.name if organisation else None,
        subject_type=entry.subject_type,
        subject_id=None if entry.subject_id is None else names.get((entry.subject_type, entry.subject_id)),
        request_id=entry.request_id,
        changes=entry.changes,
    )
