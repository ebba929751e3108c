"""Complaints as lists, the page of one, and sheets show them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, func, or_, select, true

from catalog.lots.models import Lot
from catalog.producers.queries import producers_of
from catalog.products.models import Product, Sku
from shop.auth import Actor
from shop.db import db
from shop.errors import NotFound
from shop.geo.models import AssistedCounty
from shop.i18n import _
from shop.identity.models import Organisation, User
from shop.identity.queries import within
from shop.paging import Page, decode_cursor, make_page
from traceability.complaints.models import Complaint, ComplaintContact, ComplaintStep

WAITING = ("received", "investigating")


class NoSuchComplaint(NotFound):
    """There is no such complaint, or it is none of the actor's."""

    code = "no-such-complaint"


@dataclass(frozen=True)
class ComplaintFilter:
    """Which complaints; none given is all."""

    statuses: Sequence[str] = ()
    kinds: Sequence[str] = ()
    #: A complaint's number, or a lot's, or a serial number.
    number: str = ""

    @property
    def is_waiting(self) -> bool:
        """Whether only what waits is asked for: then the oldest comes first."""
        return bool(self.statuses) and set(self.statuses) <= set(WAITING)


@dataclass(frozen=True)
class ComplaintRow:
    """A complaint with the goods that it is about; without how to reach who complained."""

    complaint: Complaint
    lot: UUID | None
    product: str
    pack_spec: str
    producer: str
    county: str


@dataclass(frozen=True)
class Step:
    """What was done, by whom."""

    at: datetime
    event: str
    who: str | None
    organisation: str | None
    words: str


@dataclass(frozen=True)
class ComplaintDetail:
    """A complaint with what was done; ``contact`` is ``None`` if there is none or the reader is not in charge."""

    row: ComplaintRow
    steps: list[Step]
    contact: str | None


@dataclass(frozen=True)
class Queue:
    """How many complaints a filter finds, and since when the oldest waits."""

    count: int
    oldest_at: datetime | None


def is_in_charge(actor: Actor) -> bool:
    """Say whether the actor looks into complaints: officials and the operator, never the producer itself."""
    return actor.may("complaints:handle") and actor.scope.kind in ("division", "all")


def scope_of(actor: Actor, on: date) -> ColumnElement[bool]:
    """Return which complaints the actor sees: about the goods of its county, or of its producers; the operator all."""
    if actor.scope.kind == "division":
        return within(Complaint.county_code, actor.scope.divisions)
    if actor.scope.kind == "all":
        return true()
    return Complaint.producer_id.in_(producers_of(actor, on))


def list_complaints(
    actor: Actor, on: date, wanted: ComplaintFilter, *, limit: int, cursor: str | None = None
) -> Page[ComplaintRow]:
    """Return a page of complaints: of those that wait the oldest first, else the newest first."""
    key, query = decode_cursor(cursor, int), _rows(actor, on, wanted).limit(limit + 1)
    if wanted.is_waiting:
        query = query.order_by(Complaint.id)
        query = query.where(Complaint.id > key[0]) if key else query
    else:
        query = query.order_by(Complaint.id.desc())
        query = query.where(Complaint.id < key[0]) if key else query
    rows = [ComplaintRow(*found) for found in db.session.execute(query)]
    return make_page(rows, limit, lambda row: (row.complaint.id,))


def count_complaints(actor: Actor, on: date, wanted: ComplaintFilter) -> Queue:
    """Return how many a filter finds."""
    query = _rows(actor, on, wanted).with_only_columns(func.count(), func.min(Complaint.received_at))
    return Queue(*db.session.execute(query).one())


def get_complaint(complaint_id: UUID, actor: Actor, on: date) -> ComplaintDetail:
    """Return a complaint with what was done.

    :raises NoSuchComplaint: if there is none that the actor sees.
    """
    query = _rows(actor, on, ComplaintFilter()).where(Complaint.public_id == complaint_id)
    found = db.session.execute(query.execution_options(populate_existing=True)).one_or_none()
    if found is None:
        raise NoSuchComplaint(_("没有找到。"))
    row = ComplaintRow(*found)
    contact = db.session.get(ComplaintContact, row.complaint.id) if is_in_charge(actor) else None
    return ComplaintDetail(row, _steps(row.complaint.id), contact.contact if contact else None)


def get_by_number(number: str) -> ComplaintRow:
    """Return a complaint by the number that only who complained was told.

    :raises NoSuchComplaint: if there is none.
    """
    found = db.session.execute(_joined().where(Complaint.number == number)).one_or_none()
    if found is None:
        raise NoSuchComplaint(_("没有这个编号的投诉。请核对编号。"))
    return ComplaintRow(*found)


def has_contact(complaint_id: int) -> bool:
    """Say whether who complained can be reached."""
    return db.session.get(ComplaintContact, complaint_id) is not None


def _steps(complaint_id: int) -> list[Step]:
    query = (
        select(ComplaintStep.at, ComplaintStep.event, User.name, Organisation.name, ComplaintStep.words)
        .outerjoin(User, User.id == ComplaintStep.user_id)
        .outerjoin(Organisation, Organisation.id == ComplaintStep.organisation_id)
        .where(ComplaintStep.complaint_id == complaint_id)
        .order_by(ComplaintStep.id)
    )
    return [Step(*row) for row in db.session.execute(query)]


def _rows(actor: Actor, on: date, wanted: ComplaintFilter) -> Select[*tuple[Any, ...]]:
    query = _joined().where(scope_of(actor, on))
    for column, values in ((Complaint.status, wanted.statuses), (Complaint.kind, wanted.kinds)):
        query = query.where(column.in_(values)) if values else query
    if wanted.number:
        columns = (Complaint.number, Complaint.lot_number, Complaint.serial)
        query = query.where(or_(*(column == wanted.number for column in columns)))
    return query


def _joined() -> Select[*tuple[Any, ...]]:
    return (
        select(Complaint, Lot.public_id, Product.name, Sku.pack_spec, Organisation.name, AssistedCounty.name)
        .join(Sku, Sku.id == Complaint.sku_id)
        .join(Product, Product.id == Sku.product_id)
        .join(Organisation, Organisation.id == Complaint.producer_id)
        .join(AssistedCounty, AssistedCounty.code == Complaint.county_code)
        .outerjoin(Lot, Lot.id == Complaint.lot_id)
    )
