"""Eligibility bases and quality certificates that end soon, of producers in the counties that an official looks after."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import CompoundSelect, Select, func, literal, null, select, union_all

from catalog.papers.models import Certificate, EligibilityBasis
from catalog.producers.models import Producer
from catalog.products.models import Product
from shop.auth import Actor
from shop.db import db
from shop.geo.models import AssistedCounty
from shop.i18n import _, lazy
from shop.identity.models import Organisation
from shop.identity.queries import within
from shop.paging import Page, decode_cursor, make_page
from shop.sheets import Cell

#: Within how many days an end is soon, and very soon.
WITHIN = (30, 60)
KINDS = {"eligibility": lazy("认定依据"), "certificate": lazy("认证")}
#: Rows of one workbook.
MOST_ROWS = 50_000


@dataclass(frozen=True)
class Expiring:
    """How many papers end within so many days."""

    days: int
    eligibility: int
    certificates: int


@dataclass(frozen=True)
class ExpiringRow:
    """A paper in force that ends soon; ``kind`` is ``eligibility`` or ``certificate``."""

    kind: str
    key: int
    id: UUID
    scheme: str
    number: str
    valid_to: date
    producer: str
    product: str
    county_code: str
    county: str
    days_left: int


def sees_papers(actor: Actor) -> bool:
    """Say whether papers are an actor's business: who sees by budget looks after purchases, not after producers."""
    return actor.scope.kind in ("all", "division")


def summary(actor: Actor, on: date) -> list[Expiring]:
    """Return how many papers in scope end within 30 and within 60 days."""
    papers = _papers(actor, on, max(WITHIN)).subquery()
    counts = [
        func.count().filter(papers.c.kind == kind, papers.c.valid_to <= on + timedelta(days=days))
        for days in WITHIN
        for kind in ("eligibility", "certificate")
    ]
    found = db.session.execute(select(*counts).select_from(papers)).one()
    return [Expiring(days, found[2 * n], found[2 * n + 1]) for n, days in enumerate(WITHIN)]


def list_expiring(
    actor: Actor, on: date, *, days: int, kind: str = "", limit: int, cursor: str | None = None
) -> Page[ExpiringRow]:
    """Return a page of the papers in scope that end within ``days``, the first to end first.

    :param kind: ``eligibility`` or ``certificate`` alone; both if empty.
    :raises BadCursor: if the cursor was not made by this list.
    """
    papers = _papers(actor, on, days).subquery()
    place = (papers.c.valid_to, papers.c.kind, papers.c.key)
    query = select(papers).order_by(*place).limit(limit + 1)
    if kind:
        query = query.where(papers.c.kind == kind)
    if after := decode_cursor(cursor, date.fromisoformat, str, int):
        query = query.where(func.row(*place) > func.row(*after))
    rows = [ExpiringRow(**row, days_left=(row["valid_to"] - on).days) for row in db.session.execute(query).mappings()]
    return make_page(rows, limit, lambda row: (row.valid_to, row.kind, row.key))


def expiring_table(rows: list[ExpiringRow], schemes: dict[str, Any]) -> tuple[list[str], list[list[Cell]]]:
    """Return titles and rows for a workbook."""
    titles = [_("到期日"), _("剩余天数"), _("种类"), _("名称"), _("编号"), _("商品"), _("供应商"), _("县代码"), _("县")]
    return titles, [
        [row.valid_to, row.days_left, str(KINDS[row.kind]), str(schemes.get(row.scheme, row.scheme)), row.number,
         row.product, row.producer, row.county_code, row.county]
        for row in rows
    ]  # fmt: skip


def _papers(actor: Actor, on: date, days: int) -> CompoundSelect[Any]:
    """Return the papers in force of an actor's counties that end within so many days, both kinds in one shape.

    A basis belongs to the county that recommends it, a certificate to its product's or its producer's.
    """
    last = on + timedelta(days=days)
    bases = _shape("eligibility", EligibilityBasis, EligibilityBasis.county_code, Product.name).join(
        Product, Product.id == EligibilityBasis.product_id
    )
    bases = bases.join(Organisation, Organisation.id == Product.producer_id)
    county = func.coalesce(Product.county_code, Producer.county_code)
    certificates = _shape("certificate", Certificate, county, func.coalesce(Product.name, "")).outerjoin(
        Product, Product.id == Certificate.product_id
    )
    certificates = certificates.join(Organisation, Organisation.id == Certificate.producer_id).join(
        Producer, Producer.organisation_id == Organisation.id
    )
    found = []
    for query, table, code in (
        (bases, EligibilityBasis, EligibilityBasis.county_code),
        (certificates, Certificate, county),
    ):
        chosen = query.join(AssistedCounty, AssistedCounty.code == code).where(
            table.status == "in_force", table.valid_from <= on, table.valid_to.between(on, last)
        )
        if actor.scope.kind == "division":
            chosen = chosen.where(within(code, actor.scope.divisions))
        elif actor.scope.kind != "all":
            chosen = chosen.where(null().is_not(None))
        found.append(chosen)
    return union_all(*found)


def _shape(kind: str, table: Any, county: Any, product: Any) -> Select[Any]:
    return select(
        literal(kind).label("kind"), table.id.label("key"), table.public_id.label("id"), table.scheme, table.number, table.valid_to,
        Organisation.name.label("producer"), product.label("product"), county.label("county_code"),
        AssistedCounty.name.label("county"),
    ).select_from(table)  # fmt: skip
