"""Reads of filings: who sees which, one with its parts, lists."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ColumnElement, and_, cast, false, func, or_, select, text, true

from catalog.producers.models import Producer
from catalog.producers.queries import producers_of
from orders.ledger import questions
from orders.ledger.filings.models import Filing
from orders.ledger.filings.parts import DocumentView, LineView, list_documents, list_lines, numbers_of
from orders.ledger.models import LedgerDimension
from shop import clock
from shop.audit import AuditEntry
from shop.auth import Actor
from shop.db import db
from shop.errors import NotFound
from shop.filters import searched_fen
from shop.geo.models import AssistedCounty, Division
from shop.i18n import _
from shop.identity.models import Organisation, User
from shop.identity.queries import within
from shop.paging import Page, decode_cursor, make_page

#: Acts after which one is no second person.
_ENTERING = ("filings.filing_created", "filings.filing_edited", "filings.filing_submitted")


@dataclass(frozen=True)
class Event:
    """One act on a filing."""

    at: datetime
    what: str
    who: str


@dataclass(frozen=True)
class FilingView:
    """A filing as its readers see it."""

    filing: Filing
    producer_id: UUID | None
    county: str
    buyer_division: str
    entered_by: str
    recorder: str
    lines: list[LineView]
    keys: list[tuple[str, str]]
    documents: list[DocumentView]
    history: list[Event]
    #: It counts, or would once it is confirmed: its buyer, if registered here, is verified.
    counts: bool


def visible(actor: Actor, on: date) -> ColumnElement[bool]:
    """Return which filings an actor may see: of its county or its buyers, entered by it, about its own sales, or counted for it.

    An agent sees all of the producers whose mandate it holds on the day. What is in an actor's totals, as bought by it or by
    units under its budget, is the actor's to read, also when it was taken back later: both are lines of the totals.
    """
    if actor.scope.kind == "all":
        return true()
    own = [Filing.organisation_id == actor.organisation_id, Filing.producer_id.in_(producers_of(actor, on))]
    submitted = Filing.status.in_(("submitted", "confirmed", "refused", "withdrawn"))
    if actor.scope.kind == "division":
        inside = or_(
            within(Filing.county_code, actor.scope.divisions), within(Filing.buyer_division_code, actor.scope.divisions)
        )
        return or_(*own, inside & submitted)
    return or_(false(), *own, _in_totals_of(actor))


def _in_totals_of(actor: Actor) -> ColumnElement[bool]:
    values: dict[str, Any] = {}
    posted = text(f"""filings.id IN (SELECT d.filing_id FROM ledger_dimensions d JOIN postings p ON p.dimension_id = d.id
        WHERE d.filing_id IS NOT NULL AND {questions.seen_by(actor, values)})""")
    return and_(true(), posted.bindparams(**values))


def find_filing(public_id: UUID, actor: Actor, on: date, *, lock: bool = False) -> Filing:
    """Return a filing that the actor may see.

    :param lock: hold its row until the transaction ends.
    :raises NotFound: if there is none.
    """
    query = select(Filing).where(Filing.public_id == public_id, visible(actor, on))
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    filing = db.session.scalars(query).one_or_none()
    if filing is None:
        raise NotFound(_("没有这份申报。"))
    return filing


def covers(actor: Actor, county_code: str) -> bool:
    """Say whether a county lies within what an official decides about."""
    if actor.scope.kind == "all":
        return True
    if actor.scope.kind != "division":
        return False
    county = select(AssistedCounty.code).where(
        AssistedCounty.code == county_code, within(AssistedCounty.code, actor.scope.divisions)
    )
    return db.session.scalar(county) is not None


def buyer_counts(filing: Filing, at: datetime) -> bool:
    """Say whether a sale to the filing's buyer counts: one that is registered here is verified by then.

    Of a buyer that is not registered the county's second person vouches for who it is.
    """
    if filing.buyer_id is None:
        return True
    verified_at = db.session.scalar(select(Organisation.verified_at).where(Organisation.id == filing.buyer_id))
    return verified_at is not None and verified_at <= at


def does_count(filing: Filing, at: datetime) -> bool:
    """Say whether a filing counts, as decided when it was confirmed; before that, whether it would."""
    frozen = db.session.scalar(select(LedgerDimension.counts).where(LedgerDimension.filing_id == filing.id).limit(1))
    return buyer_counts(filing, at) if frozen is None else frozen


def deciders_of(county_code: str, on: date) -> list[int]:
    """Return the organisations whose people may decide about filings of a county: whose divisions cover it that day.

    The platform's operator decides about all; an authority that sees by budget decides about none.
    """
    return list(db.session.scalars(_DECIDERS, {"county": county_code, "on": on}))


_DECIDERS = text("""
    SELECT o.id FROM organisations o WHERE o.suspended_at IS NULL AND (o.kind = 'operator' OR o.kind = 'authority'
      AND EXISTS (SELECT FROM authority_scopes s JOIN assisted_counties c ON c.code = :county
            WHERE s.organisation_id = o.id AND s.kind = 'division' AND s.valid_from <= :on
              AND coalesce(s.valid_to, :on) >= :on
              AND s.division_code IN (c.code, c.division_code, c.prefecture_code, c.province_code))
      AND NOT EXISTS (SELECT FROM authority_scopes s WHERE s.organisation_id = o.id AND s.kind = 'budget'
            AND s.valid_from <= :on AND coalesce(s.valid_to, :on) >= :on))
    ORDER BY o.id""")


def counties_of(actor: Actor) -> Sequence[AssistedCounty]:
    """Return the counties that an actor files for or decides about, by code; a producer's: its own."""
    query = select(AssistedCounty).order_by(AssistedCounty.code)
    if actor.organisation_kind == "producer":
        query = query.join(Producer, Producer.county_code == AssistedCounty.code).where(
            Producer.organisation_id == actor.organisation_id
        )
    elif actor.scope.kind != "all":
        query = query.where(within(AssistedCounty.code, actor.scope.divisions))
    return db.session.scalars(query).all()


@dataclass(frozen=True)
class Seller:
    """A producer for which an agent files."""

    id: UUID
    name: str
    county_code: str


def sellers_of(actor: Actor, on: date) -> list[Seller]:
    """Return the producers that an agent has a mandate of on a day, by name."""
    rows = db.session.execute(
        select(Organisation.public_id, Organisation.name, Producer.county_code)
        .join(Producer, Producer.organisation_id == Organisation.id)
        .where(Organisation.id.in_(producers_of(actor, on)))
        .order_by(Organisation.name, Organisation.id)
    )
    return [Seller(key, name, county) for key, name, county in rows if county]


def count_waiting(actor: Actor, on: date) -> int:
    """Return how many submitted filings the actor may decide about: of its counties, and entered by somebody else."""
    where = (visible(actor, on), Filing.status == "submitted", _covered(actor), ~_entered_by(actor))
    return db.session.scalar(select(func.count()).select_from(Filing).where(*where)) or 0


def _covered(actor: Actor) -> ColumnElement[bool]:
    """Return which filings :func:`covers` the county of."""
    if actor.scope.kind == "all":
        return true()
    return within(Filing.county_code, actor.scope.divisions) if actor.scope.kind == "division" else false()


def _entered_by(actor: Actor) -> ColumnElement[bool]:
    """Return which filings the actor entered, changed or submitted, and so is not the second person of."""
    acts = select(AuditEntry.subject_id).where(
        AuditEntry.subject_type == "filing", AuditEntry.subject_id == Filing.id, AuditEntry.user_id == actor.user_id,
        AuditEntry.action.in_(_ENTERING),
    )  # fmt: skip
    return or_(Filing.recorded_by == actor.user_id, acts.exists())


def took_part(filing: Filing, actor: Actor) -> bool:
    """Say whether the actor entered, changed or submitted a filing, and so does not decide about it."""
    return db.session.scalar(select(Filing.id).where(Filing.id == filing.id, _entered_by(actor))) is not None


@dataclass(frozen=True)
class FilingFilter:
    """Which filings to list; ``is_asked_back``: only those that somebody has asked to take back."""

    statuses: Sequence[str] = ()
    counties: Sequence[str] = ()
    is_asked_back: bool = False
    #: Part of the number or of a party's name, or the exact sum.
    q: str = ""

    def conditions(self) -> list[ColumnElement[bool]]:
        """Return them as SQL."""
        found: list[ColumnElement[bool]] = []
        if self.statuses:
            found.append(Filing.status.in_(self.statuses))
        if self.counties:
            found.append(Filing.county_code.in_(self.counties))
        if self.is_asked_back:
            found.append((Filing.status == "confirmed") & Filing.withdrawal_by.is_not(None))
        if self.q:
            named = (Filing.number, Filing.seller_name, Filing.buyer_name)
            sums = (Filing.amount_fen == fen for fen in searched_fen(self.q))
            found.append(or_(*(each.contains(self.q, autoescape=True) for each in named), *sums))
        return found


def total_filings(actor: Actor, on: date, wanted: FilingFilter) -> tuple[int, int]:
    """Return how many filings a list of the same filter has, and their sum in fen."""
    whole = cast(func.coalesce(func.sum(Filing.amount_fen), 0), BigInteger)
    count, fen = db.session.execute(select(func.count(), whole).where(visible(actor, on), *wanted.conditions())).one()
    return count, fen


def list_filings(
    actor: Actor, on: date, wanted: FilingFilter, *, limit: int, cursor: str | None = None
) -> Page[Filing]:
    """Return a page of the filings an actor may see, newest first."""
    query = select(Filing).where(visible(actor, on), *wanted.conditions()).order_by(Filing.id.desc()).limit(limit + 1)
    if after := decode_cursor(cursor, int):
        query = query.where(Filing.id < after[0])
    return make_page(list(db.session.scalars(query)), limit, lambda filing: (filing.id,))


def show_filing(filing: Filing) -> FilingView:
    """Return a filing with its names, lines, numbers, papers and history."""
    county = db.session.get_one(AssistedCounty, filing.county_code)
    return FilingView(
        filing=filing,
        producer_id=db.session.scalar(select(Organisation.public_id).where(Organisation.id == filing.producer_id)),
        county=county.name,
        buyer_division=division_name(db.session.get_one(Division, filing.buyer_division_code)),
        entered_by=db.session.get_one(Organisation, filing.organisation_id).name,
        recorder=db.session.get_one(User, filing.recorded_by).name,
        lines=list_lines(filing),
        keys=numbers_of(filing),
        documents=list_documents(filing),
        history=_history(filing),
        counts=does_count(filing, clock.now()),
    )


def division_name(division: Division) -> str:
    """Return a division's name with those that govern it before it."""
    above = db.session.get(Division, division.parent_code) if division.parent_code else None
    return (division_name(above) if above else "") + division.name


def _history(filing: Filing) -> list[Event]:
    rows = db.session.execute(
        select(AuditEntry.at, AuditEntry.action, User.name)
        .join(User, User.id == AuditEntry.user_id)
        .where(AuditEntry.subject_type == "filing", AuditEntry.subject_id == filing.id)
        .order_by(AuditEntry.id)
    )
    return [Event(*row) for row in rows]
