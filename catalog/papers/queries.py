"""Reads of papers: what is in force, what a producer handed in, what waits for a decision."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, false, func, or_, select, true

from catalog.papers.models import Certificate, EligibilityBasis, PaperRevocation
from catalog.producers.models import Producer
from catalog.producers.queries import producers_of
from catalog.products.models import Product
from shop.auth import Actor
from shop.db import db
from shop.errors import NotFound
from shop.files.models import StoredFile
from shop.geo.models import AssistedCounty
from shop.i18n import _
from shop.identity.models import Organisation
from shop.identity.queries import within

Paper = EligibilityBasis | Certificate
Kind = Literal["eligibility", "certificate"]
TABLES: dict[str, type[Paper]] = {"eligibility": EligibilityBasis, "certificate": Certificate}


class NoSuchPaper(NotFound):
    """There is no such paper, or the actor may not see it."""

    code = "no-such-paper"


@dataclass(frozen=True)
class PaperRow:
    """A paper with the names around it."""

    kind: str
    paper: Any
    product_id: UUID | None
    product_name: str | None
    producer_key: int
    producer_id: UUID
    producer_name: str
    credit_code: str | None
    county_code: str | None
    county_name: str | None
    evidence_id: UUID | None
    #: A proposed revocation that nobody has decided.
    revocation: PaperRevocation | None

    @property
    def submitted_at(self) -> datetime | None:
        """When it was handed in."""
        at: datetime | None = self.paper.recorded_at
        return at


def is_in_force(paper: Paper, on: date) -> bool:
    """Say whether a paper holds on a day."""
    return (
        paper.status in ("in_force", "revoked")
        and paper.valid_from <= on
        and (paper.valid_to is None or paper.valid_to >= on)
    )


def state_on(paper: Paper, on: date) -> str:
    """Return a paper's state for people: its status, or ``not_yet`` or ``expired`` where only the day is against it."""
    if paper.status not in ("in_force", "revoked"):
        return paper.status
    if is_in_force(paper, on):
        return "in_force"
    if paper.valid_from > on:
        return "not_yet"
    return "revoked" if paper.status == "revoked" else "expired"


def _rows(kind: str) -> tuple[Select[Any], ColumnElement[Any]]:
    """Return the statement of a kind's rows, and the column of the county that decides who reviews."""
    table: Any = TABLES[kind]
    mine = PaperRevocation.eligibility_id if kind == "eligibility" else PaperRevocation.certificate_id
    producer_key = Product.producer_id if kind == "eligibility" else Certificate.producer_id
    county: ColumnElement[Any] = (
        EligibilityBasis.county_code.expression
        if kind == "eligibility"
        else func.coalesce(Product.county_code, Producer.county_code)
    )
    wanted = (
        select(
            table, Product.public_id, Product.name, Organisation.id, Organisation.public_id, Organisation.name,
            Organisation.credit_code, county, AssistedCounty.name, StoredFile.public_id, PaperRevocation,
        )
        .select_from(table)
        .outerjoin(Product, Product.id == table.product_id)
        .join(Organisation, Organisation.id == producer_key)
        .join(Producer, Producer.organisation_id == Organisation.id)
        .outerjoin(AssistedCounty, AssistedCounty.code == county)
        .outerjoin(StoredFile, StoredFile.id == table.evidence_file_id)
        .outerjoin(PaperRevocation, and_(mine == table.id, PaperRevocation.status == "proposed"))
    )  # fmt: skip
    return wanted, county


def visible(actor: Actor, county: ColumnElement[Any], on: date) -> ColumnElement[bool]:
    """Return which papers an actor sees: a producer's side its own, reviewers those of their counties."""
    if actor.organisation_kind in ("producer", "agent"):
        return Organisation.id.in_(producers_of(actor, on))
    if not (actor.may("papers:review") or actor.may("papers:decide")):
        return false()
    if actor.scope.kind == "all":
        return true()
    return within(county, actor.scope.divisions) if actor.scope.kind == "division" else false()


def list_papers(
    kind: str,
    actor: Actor,
    on: date,
    *,
    statuses: Sequence[str] = (),
    product: UUID | None = None,
    producer: UUID | None = None,
    after: int | None = None,
    limit: int = 100,
) -> list[PaperRow]:
    """Return papers that the actor sees, newest first, at most ``limit`` + 1.

    :param statuses: ``to_decide`` is pending, or with a revocation proposed; alone, the oldest first.
    """
    wanted, county = _rows(kind)
    table = TABLES[kind]
    wanted = wanted.where(visible(actor, county, on)).limit(limit + 1)
    is_queue = tuple(statuses) == ("to_decide",)
    wanted = wanted.order_by(table.id if is_queue else table.id.desc())
    if statuses:
        open_to_decide = or_(table.status == "pending", PaperRevocation.id.is_not(None))
        wanted = wanted.where(or_(table.status.in_(statuses), *([open_to_decide] if "to_decide" in statuses else [])))
    if product is not None:
        wanted = wanted.where(Product.public_id == product)
    if producer is not None:
        wanted = wanted.where(Organisation.public_id == producer)
    if after is not None:
        wanted = wanted.where(table.id > after if is_queue else table.id < after)
    return [PaperRow(kind, *row) for row in db.session.execute(wanted)]


def get_paper(kind: str, public_id: UUID, actor: Actor, on: date) -> PaperRow:
    """Return one paper that the actor sees.

    :raises NoSuchPaper: if there is none.
    """
    wanted, county = _rows(kind)
    row = db.session.execute(
        wanted.where(visible(actor, county, on), TABLES[kind].public_id == public_id)
    ).one_or_none()
    if row is None:
        raise NoSuchPaper(_("没有找到。"))
    return PaperRow(kind, *row)


def list_eligibility(product_id: int) -> Sequence[EligibilityBasis]:
    """Return a product's eligibility bases, newest first."""
    wanted = select(EligibilityBasis).where(EligibilityBasis.product_id == product_id)
    return db.session.scalars(wanted.order_by(EligibilityBasis.id.desc())).all()


def is_evidence_for(actor: Actor, file_id: int, on: date) -> bool:
    """Say whether a file is evidence of a paper that the actor sees."""
    for kind, table in TABLES.items():
        wanted, county = _rows(kind)
        wanted = wanted.where(visible(actor, county, on), table.evidence_file_id == file_id).limit(1)
        if db.session.execute(wanted).first() is not None:
            return True
    return False
