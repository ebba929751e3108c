"""People helped within an official's counties: what was reported, and between which numbers the people themselves lie.

Producers report households and persons by year and way, without a list of names, so one household may be in several
reports. How many there are, each counted once, is therefore known as a range: for a county and year no fewer than its
largest report, no more than all of them together. A filing's people are one more report where its seller made none for
that county and year; where it did, they are among those.

A western division sees the reports of its counties. Who looks after purchases, an eastern division or a budget, sees
those of the producers and filings that its buyers' own sales count for: in that county and that year, and for a division
those of its own partner counties. The sales are read as of the seal that is asked for.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Integer,
    Select,
    String,
    any_,
    cast,
    extract,
    func,
    literal,
    null,
    or_,
    select,
    union_all,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.sql.selectable import Subquery

from admin.official.asking import Asked
from catalog.producers.models import BenefitLink
from orders.ledger import questions, totals
from orders.ledger.filings.models import Filing
from orders.ledger.questions import Condition
from shop.auth import Actor
from shop.db import db
from shop.geo.models import AssistedCounty
from shop.i18n import _, lazy
from shop.identity.models import Organisation
from shop.identity.queries import within
from shop.paging import Page, decode_cursor, make_page
from shop.sheets import Cell

#: Filters of a question that people follow; the others are about money.
FOLLOWED = {
    "county": AssistedCounty.code, "prefecture": AssistedCounty.prefecture_code, "province": AssistedCounty.province_code,
    "producer": Organisation.public_id,
}  # fmt: skip
BASES = {"actual": lazy("实际"), "expected": lazy("预计")}
WAYS = {
    "work": lazy("务工就业"), "shares": lazy("入股分红"), "orders": lazy("订单收购"), "filing": lazy("线下申报"),
}  # fmt: skip
#: Rows of one workbook.
MOST_ROWS = 50_000


@dataclass(frozen=True)
class People:
    """Households and persons helped in a year, each counted once per county: at least, and at most."""

    year: int
    basis: str
    households_from: int
    households_to: int
    persons_from: int
    persons_to: int
    reports: int


@dataclass(frozen=True)
class Report:
    """What one producer, or one filing of a seller without a report of its own, says; a filing knows no households."""

    kind: str
    key: int
    year: int
    basis: str
    way: str
    households: int | None
    persons: int
    county_code: str
    county: str
    producer: str
    filing: UUID | None


def sees_by_purchases(actor: Actor) -> bool:
    """Say whether an actor sees reports because of what its buyers bought."""
    seen = questions.visible_to(actor) or ()
    return actor.scope.kind in ("division", "budget") and any(one.dimension != "west" for one in seen)


def summary(actor: Actor, asked: Asked, basis: str = "") -> list[People]:
    """Return the ranges by year and basis, the newest year first, summed over the counties; call inside a sealed snapshot."""
    reports = _reports(actor, asked, basis)
    by = (reports.c.year, reports.c.basis)
    county = (
        select(
            *by,
            func.coalesce(func.max(reports.c.households), 0).label("households_from"),
            func.coalesce(func.sum(reports.c.households), 0).label("households_to"),
            func.max(reports.c.persons).label("persons_from"),
            func.sum(reports.c.persons).label("persons_to"),
            func.count().label("reports"),
        )
        .group_by(*by, reports.c.county_code)
        .subquery()
    )
    sums = [cast(func.sum(column), BigInteger) for column in list(county.c)[2:]]
    whole = select(county.c.year, county.c.basis, *sums).group_by(county.c.year, county.c.basis)
    return [People(*row) for row in db.session.execute(whole.order_by(county.c.year.desc(), county.c.basis))]


def list_reports(actor: Actor, asked: Asked, basis: str = "", *, limit: int, cursor: str | None = None) -> Page[Report]:
    """Return a page of the reports, the newest year first, by county.

    :raises BadCursor: if the cursor was not made by this list.
    """
    reports = _reports(actor, asked, basis)
    place = (-reports.c.year, reports.c.county_code, reports.c.kind, reports.c.key)
    query = select(reports).order_by(*place).limit(limit + 1)
    if after := decode_cursor(cursor, int, str, str, int):
        query = query.where(func.row(*place) > func.row(*after))
    rows = [Report(**row) for row in db.session.execute(query).mappings()]
    return make_page(rows, limit, lambda row: (-row.year, row.county_code, row.kind, row.key))


def reports_table(rows: list[Report]) -> tuple[list[str], list[list[Cell]], list[Cell]]:
    """Return titles, rows and total of the reports for a workbook."""
    titles = [_("年度"), _("口径"), _("县代码"), _("县"), _("供应商"), _("方式"), _("户"), _("人")]
    cells: list[list[Cell]] = [
        [row.year, str(BASES[row.basis]), row.county_code, row.county, row.producer, str(WAYS[row.way]),
         row.households, row.persons]
        for row in rows
    ]  # fmt: skip
    whole: list[Cell] = [
        _("各笔合计（未去重）"), *[""] * 5, sum(row.households or 0 for row in rows), sum(row.persons for row in rows),
    ]  # fmt: skip
    return titles, cells, whole


def _reports(actor: Actor, asked: Asked, basis: str) -> Subquery:
    """Return all reports in scope in one shape."""
    years, seen = (asked.from_on.year, asked.to_on.year), _seen(actor, asked)
    parts = ((_links(), BenefitLink.year, seen.links), (_filings(), _sold_in(), seen.filings))
    found = [query.where(year.between(*years), which, *_followed(asked)) for query, year, which in parts]
    reports = union_all(*found).subquery()
    if not basis:
        return reports
    return select(reports).where(reports.c.basis == basis).subquery()


def _followed(asked: Asked) -> list[ColumnElement[bool]]:
    return [
        cast(FOLLOWED[name], AssistedCounty.code.type).in_(values.split(","))
        for name, values in asked.filters
        if name in FOLLOWED
    ]


@dataclass(frozen=True)
class _Seen:
    """Which reports an actor sees: of producers, and of filings."""

    links: ColumnElement[bool]
    filings: ColumnElement[bool]


def _seen(actor: Actor, asked: Asked) -> _Seen:
    conditions = questions.visible_to(actor)
    if conditions is None:
        return _Seen(literal(value=True), literal(value=True))
    if actor.scope.kind not in ("division", "budget"):
        return _Seen(null().is_not(None), null().is_not(None))
    west = [code for one in conditions if one.dimension == "west" for code in one.values]
    bought = tuple(one for one in conditions if one.dimension != "west")
    producers, filings = _bought(actor, asked, bought) if bought else ([], [])
    key = func.concat_ws("/", BenefitLink.producer_id, BenefitLink.county_code, BenefitLink.year)
    return _Seen(
        or_(_inside(BenefitLink.county_code, west), key == any_(cast(producers, ARRAY(String)))),
        or_(_inside(Filing.county_code, west), Filing.id == any_(cast(filings, ARRAY(BigInteger)))),
    )


def _inside(county: Any, divisions: list[str]) -> ColumnElement[bool]:
    return within(county, divisions) if divisions else null().is_not(None)


def _bought(actor: Actor, asked: Asked, visible: tuple[Condition, ...]) -> tuple[list[str], list[int]]:
    """Return whose goods the actor's buyers bought, as ``producer/county/year``, and the filings of their purchases."""
    first, last = date(asked.from_on.year, 1, 1), date(asked.to_on.year, 12, 31)
    counted = replace(asked, measure="counted", filters=(), from_on=first, to_on=last)
    question = counted.question(actor, ("producer", "county", "year"))
    partner = (Condition("partner", ("own",)),) if actor.scope.kind == "division" else ()
    question = replace(question, visible=visible, filters=partner)
    sold = [row.keys for row in totals.breakdown(question) if row.amount_fen > 0]
    filed = totals.breakdown(replace(question, by=("filing",)))
    return ["/".join(keys) for keys in sold if keys[0]], [int(row.keys[0]) for row in filed if row.keys[0]]


def _sold_in() -> ColumnElement[int]:
    return cast(extract("year", Filing.sold_to), Integer)


def _links() -> Select[*tuple[Any, ...]]:
    return (
        select(
            literal("benefit").label("kind"), BenefitLink.id.label("key"), BenefitLink.year.label("year"),
            BenefitLink.basis.label("basis"), BenefitLink.way.label("way"), BenefitLink.households.label("households"),
            BenefitLink.persons.label("persons"), BenefitLink.county_code.label("county_code"),
            AssistedCounty.name.label("county"), Organisation.name.label("producer"),
            cast(null(), Filing.public_id.type).label("filing"),
        )
        .join(AssistedCounty, AssistedCounty.code == BenefitLink.county_code)
        .join(Organisation, Organisation.id == BenefitLink.producer_id)
    )  # fmt: skip


def _filings() -> Select[*tuple[Any, ...]]:
    reported = select(BenefitLink.id).where(
        BenefitLink.producer_id == Filing.producer_id, BenefitLink.county_code == Filing.county_code,
        BenefitLink.year == _sold_in(), BenefitLink.basis == "actual",
    )  # fmt: skip
    return (
        select(
            literal("filing"), Filing.id, _sold_in(), literal("actual"), literal("filing"), cast(null(), Integer),
            Filing.people_helped, Filing.county_code, AssistedCounty.name, Filing.seller_name, Filing.public_id,
        )
        .join(AssistedCounty, AssistedCounty.code == Filing.county_code)
        .outerjoin(Organisation, Organisation.id == Filing.producer_id)
        .where(Filing.status == "confirmed", Filing.people_helped > 0, ~reported.exists())
    )  # fmt: skip
