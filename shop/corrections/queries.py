"""Corrections as people and programs see them, and what an organisation was called on a day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, func, select, true
from sqlalchemy.orm import aliased

from shop.auth import Actor
from shop.corrections.models import OrganisationCorrection
from shop.corrections.services import NoSuchCorrection
from shop.db import db
from shop.files.models import StoredFile
from shop.i18n import _
from shop.identity.models import Organisation, User
from shop.paging import Page, decode_cursor, make_page


@dataclass(frozen=True)
class CorrectionRow:
    """A correction with the names of those who took part."""

    key: int
    public_id: UUID
    organisation_id: UUID
    organisation: str
    changes: list[Change]
    reason: str
    file_id: UUID
    file_name: str
    status: str
    proposer_key: int
    proposed_by: str
    proposed_at: datetime
    decided_by: str | None
    decided_at: datetime | None
    since: date | None
    decision_reason: str


@dataclass(frozen=True)
class Change:
    """One field, before and after."""

    field: str
    before: str | None
    after: str | None


@dataclass(frozen=True)
class Named:
    """What an organisation was called, from a day to a day; open where it is not known or goes on."""

    name: str
    valid_from: date | None
    valid_to: date | None


def visible(actor: Actor) -> ColumnElement[bool]:
    """Return which corrections an actor may see: of its organisation what was agreed to, all for the operator."""
    if actor.organisation_kind == "operator" and actor.may("organisations:verify"):
        return true()
    return (OrganisationCorrection.organisation_id == actor.organisation_id) & (
        OrganisationCorrection.status == "confirmed"
    )


def list_corrections(
    actor: Actor, *, limit: int, cursor: str | None = None, status: str | None = None, organisation: UUID | None = None
) -> Page[CorrectionRow]:
    """Return a page of the corrections that an actor may see, the newest first."""
    query = _rows(actor)
    if organisation is not None:
        query = query.where(Organisation.public_id == organisation)
    if status:
        query = query.where(OrganisationCorrection.status == status)
    if key := decode_cursor(cursor, int):
        query = query.where(OrganisationCorrection.id < key[0])
    found = db.session.execute(query.order_by(OrganisationCorrection.id.desc()).limit(limit + 1))
    return make_page([_row(row) for row in found], limit, lambda row: (row.key,))


def get_correction(public_id: UUID, actor: Actor) -> CorrectionRow:
    """Return a correction that the actor may see.

    :raises NoSuchCorrection: if there is none.
    """
    found = db.session.execute(_rows(actor).where(OrganisationCorrection.public_id == public_id)).one_or_none()
    if found is None:
        raise NoSuchCorrection(_("没有这项更正。"))
    return _row(found)


def count_proposed() -> int:
    """Return how many corrections wait for a second person."""
    query = select(func.count()).select_from(OrganisationCorrection).where(OrganisationCorrection.status == "proposed")
    return db.session.scalar(query) or 0


def names_of(organisation: Organisation) -> list[Named]:
    """Return what an organisation was called, the oldest first: its past names end where a correction of it begins."""
    rows = db.session.execute(
        select(OrganisationCorrection.since, OrganisationCorrection.changes["name"])
        .where(
            OrganisationCorrection.organisation_id == organisation.id, OrganisationCorrection.status == "confirmed",
            OrganisationCorrection.changes.has_key("name"),
        )
        .order_by(OrganisationCorrection.decided_at, OrganisationCorrection.id)
    ).all()  # fmt: skip
    found, begins = [], None
    for since, (before, _after) in rows:
        # Of two corrections on one day the name between them held for no day.
        if since != begins:
            found.append(Named(before, begins, since - timedelta(days=1)))
        begins = since
    return [*found, Named(organisation.name, begins, None)]


def _rows(actor: Actor) -> Select[*tuple[Any, ...]]:
    proposer, decider = aliased(User), aliased(User)
    return (
        select(OrganisationCorrection, Organisation, StoredFile.public_id, StoredFile.name, proposer.name, decider.name)
        .join(Organisation, Organisation.id == OrganisationCorrection.organisation_id)
        .join(StoredFile, StoredFile.id == OrganisationCorrection.file_id)
        .join(proposer, proposer.id == OrganisationCorrection.proposed_by)
        .outerjoin(decider, decider.id == OrganisationCorrection.decided_by)
        .where(visible(actor))
    )


def _row(found: Any) -> CorrectionRow:
    made, organisation, file_id, file_name, proposer, decider = found
    return CorrectionRow(
        key=made.id, public_id=made.public_id, organisation_id=organisation.public_id, organisation=organisation.name,
        changes=[Change(name, before, after) for name, (before, after) in sorted(made.changes.items())],
        reason=made.reason, file_id=file_id, file_name=file_name, status=made.status, proposer_key=made.proposed_by,
        proposed_by=proposer, proposed_at=made.proposed_at, decided_by=decider, decided_at=made.decided_at,
        since=made.since, decision_reason=made.decision_reason,
    )  # fmt: skip
