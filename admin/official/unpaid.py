"""What was accepted, or put off beyond its day, and is not paid within an official's scope: by county, and by order."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ColumnElement, and_, cast, func, or_, select
from sqlalchemy.orm import aliased

from admin.official.owed import owed
from orders.purchase.models import Order
from shop.auth import Actor
from shop.db import db
from shop.i18n import _
from shop.identity.models import Organisation
from shop.paging import Page, decode_cursor, make_page
from shop.sheets import Cell, Fen

#: Counties on the first screen; the rest are a link away.
SHOWN = 10
#: Rows of one workbook.
MOST_ROWS = 50_000
#: Stands for "no day yet" where rows are ordered.
_FAR = date(9999, 12, 31)


@dataclass(frozen=True)
class CountyUnpaid:
    """What a county's goods wait for: in all, and how much of it is overdue."""

    code: str
    name: str
    orders: int
    unpaid_fen: int
    overdue_fen: int


@dataclass(frozen=True)
class Unpaid:
    """What is accepted and not paid, freight not included; ``counties`` are the first, the largest sum first."""

    orders: int
    unpaid_fen: int
    overdue_fen: int
    counties: list[CountyUnpaid]
    county_count: int


@dataclass(frozen=True)
class UnpaidRow:
    """A county's goods in an order that are accepted and not paid; days late are negative while there is time."""

    key: int
    order: UUID
    number: str
    county_code: str
    county: str
    producer: str
    buyer: str
    unpaid_fen: int
    pay_due_on: date | None
    #: Goods of it left, and nobody had accepted or rejected them when they were due.
    is_undecided: bool
    days_late: int | None


def summary(actor: Actor, on: date) -> Unpaid:
    """Return the sums of an actor's scope; only what is in it adds to them."""
    each = owed(actor, on)
    rows = db.session.execute(
        select(
            each.c.county_code, each.c.name, _whole(func.count(each.c.order_id)), _whole(func.sum(each.c.left)),
            _whole(func.sum(each.c.overdue)),
        ).group_by(each.c.county_code, each.c.name)
    ).all()  # fmt: skip
    counties = sorted((CountyUnpaid(*row) for row in rows), key=lambda one: (-one.unpaid_fen, one.code))
    orders = db.session.scalar(select(func.count(each.c.order_id.distinct()))) or 0
    return Unpaid(
        orders=orders,
        unpaid_fen=sum(one.unpaid_fen for one in counties),
        overdue_fen=sum(one.overdue_fen for one in counties),
        counties=counties[:SHOWN],
        county_count=len(counties),
    )


@dataclass(frozen=True)
class UnpaidFilter:
    """Which rows are wanted: of these counties, overdue only."""

    counties: tuple[str, ...] = ()
    is_overdue: bool = False

    def narrow(self, actor: Actor, on: date) -> Any:
        """Return the wanted orders of an actor's scope as a subquery: of these counties, overdue sums only."""
        each = owed(actor, on)
        query = select(each, (each.c.overdue if self.is_overdue else each.c.left).label("fen"))
        if self.counties:
            query = query.where(each.c.county_code.in_(self.counties))
        if self.is_overdue:
            query = query.where(each.c.overdue > 0)
        return query.subquery()


def total(actor: Actor, wanted: UnpaidFilter, on: date) -> tuple[int, int]:
    """Return how many orders a list of the same filter has, and their sum in fen."""
    each = wanted.narrow(actor, on)
    orders, fen = db.session.execute(
        select(_whole(func.count(each.c.order_id.distinct())), _whole(func.sum(each.c.fen)))
    ).one()
    return orders, fen


def list_unpaid(
    actor: Actor, wanted: UnpaidFilter, on: date, *, limit: int, cursor: str | None = None
) -> Page[UnpaidRow]:
    """Return a page of an order's goods of a county each, the longest overdue first, those without a day last.

    :raises BadCursor: if the cursor was not made by this list.
    """
    each, day = wanted.narrow(actor, on), func.coalesce(Order.pay_due_on, _FAR)
    buyer, producer = aliased(Organisation), aliased(Organisation)
    query = (
        select(
            Order.id, Order.public_id, Order.number, each.c.county_code, each.c.name, producer.name, buyer.name,
            each.c.fen, Order.pay_due_on, each.c.is_undecided,
        )
        .join(Order, Order.id == each.c.order_id)
        .join(buyer, buyer.id == Order.buyer_id)
        .join(producer, producer.id == Order.producer_id)
        .order_by(day, Order.id, each.c.county_code)
        .limit(limit + 1)
    )  # fmt: skip
    if after := decode_cursor(cursor, date.fromisoformat, int, str):
        place = (day == after[0], Order.id == after[1], each.c.county_code > after[2])
        query = query.where(or_(day > after[0], and_(place[0], or_(Order.id > after[1], and_(place[1], place[2])))))
    rows = [
        UnpaidRow(*[*row, (on - row.pay_due_on).days if row.pay_due_on else None]) for row in db.session.execute(query)
    ]
    return make_page(rows, limit, lambda row: (row.pay_due_on or _FAR, row.key, row.county_code))


def unpaid_table(rows: list[UnpaidRow]) -> tuple[list[str], list[list[Cell]], list[Cell]]:
    """Return titles, rows and total for a workbook."""
    titles = [
        _("订单"), _("县代码"), _("县"), _("供应商"), _("采购单位"), _("付款期限"), _("逾期天数"), _("验收"), _("未付款（元）"),
    ]  # fmt: skip
    cells: list[list[Cell]] = [
        [row.number, row.county_code, row.county, row.producer, row.buyer, row.pay_due_on,
         max(row.days_late or 0, 0), _("逾期未验收") if row.is_undecided else _("已验收"), Fen(row.unpaid_fen)]
        for row in rows
    ]  # fmt: skip
    return titles, cells, [_("合计"), *[""] * 7, Fen(sum(row.unpaid_fen for row in rows))]


def _whole(what: ColumnElement[Any]) -> ColumnElement[int]:
    return cast(func.coalesce(what, 0), BigInteger)
