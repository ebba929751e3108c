"""What was accepted and is not paid within an official's scope: sums by county, and the orders behind them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ColumnElement, Date, Select, and_, cast, func, or_, select
from sqlalchemy.orm import aliased

from orders.ledger.models import LedgerDimension
from orders.purchase.models import UNPAID_LINE, Order, OrderLine
from shop.auth import Actor
from shop.db import db
from shop.geo.models import AssistedCounty
from shop.i18n import _
from shop.identity.models import Organisation
from shop.identity.queries import scope_condition
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
    days_late: int | None


def summary(actor: Actor, on: date) -> Unpaid:
    """Return the sums of an actor's scope; only what is in it adds to them."""
    rows = db.session.execute(
        _lines(actor)
        .with_only_columns(
            OrderLine.county_code, AssistedCounty.name, _whole(func.count(Order.id.distinct())), _whole(_left()),
            _whole(_left().filter(Order.pay_due_on < on)),
        )
        .group_by(OrderLine.county_code, AssistedCounty.name)
    ).all()  # fmt: skip
    counties = sorted((CountyUnpaid(*row) for row in rows), key=lambda one: (-one.unpaid_fen, one.code))
    orders = db.session.scalar(_lines(actor).with_only_columns(func.count(Order.id.distinct()))) or 0
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

    def conditions(self, on: date) -> list[ColumnElement[bool]]:
        """Return what they ask of a line and its order."""
        found: list[ColumnElement[bool]] = []
        if self.counties:
            found.append(OrderLine.county_code.in_(self.counties))
        if self.is_overdue:
            found.append(Order.pay_due_on < on)
        return found


def total(actor: Actor, wanted: UnpaidFilter, on: date) -> tuple[int, int]:
    """Return how many orders a list of the same filter has, and their sum in fen."""
    columns = (_whole(func.count(Order.id.distinct())), _whole(_left()))
    orders, fen = db.session.execute(_lines(actor).with_only_columns(*columns).where(*wanted.conditions(on))).one()
    return orders, fen


def list_unpaid(
    actor: Actor, wanted: UnpaidFilter, on: date, *, limit: int, cursor: str | None = None
) -> Page[UnpaidRow]:
    """Return a page of an order's goods of a county each, the longest overdue first, those without a day last.

    :raises BadCursor: if the cursor was not made by this list.
    """
    day = func.coalesce(Order.pay_due_on, _FAR)
    buyer, producer = aliased(Organisation), aliased(Organisation)
    query = (
        _lines(actor)
        .join(buyer, buyer.id == Order.buyer_id)
        .join(producer, producer.id == Order.producer_id)
        .with_only_columns(
            Order.id, Order.public_id, Order.number, OrderLine.county_code, AssistedCounty.name, producer.name,
            buyer.name, _whole(_left()), Order.pay_due_on,
        )
        .where(*wanted.conditions(on))
        .group_by(Order.id, OrderLine.county_code, AssistedCounty.name, producer.name, buyer.name)
        .order_by(day, Order.id, OrderLine.county_code)
        .limit(limit + 1)
    )  # fmt: skip
    if after := decode_cursor(cursor, date.fromisoformat, int, str):
        place = (day == after[0], Order.id == after[1], OrderLine.county_code > after[2])
        query = query.where(or_(day > after[0], and_(place[0], or_(Order.id > after[1], and_(place[1], place[2])))))
    rows = [
        UnpaidRow(*row, days_late=(on - row.pay_due_on).days if row.pay_due_on else None)
        for row in db.session.execute(query)
    ]
    return make_page(rows, limit, lambda row: (row.pay_due_on or _FAR, row.key, row.county_code))


def unpaid_table(rows: list[UnpaidRow]) -> tuple[list[str], list[list[Cell]], list[Cell]]:
    """Return titles, rows and total for a workbook."""
    titles = [
        _("订单"), _("县代码"), _("县"), _("供应商"), _("采购单位"), _("付款期限"), _("逾期天数"), _("已验收未付款(元)"),
    ]  # fmt: skip
    cells: list[list[Cell]] = [
        [row.number, row.county_code, row.county, row.producer, row.buyer, row.pay_due_on,
         max(row.days_late or 0, 0), Fen(row.unpaid_fen)]
        for row in rows
    ]  # fmt: skip
    return titles, cells, [_("合计"), *[""] * 6, Fen(sum(row.unpaid_fen for row in rows))]


def _left() -> Any:
    """Return the sum of what is accepted, not given back and not paid."""
    return func.sum(OrderLine.accepted_fen - OrderLine.allowed_fen - OrderLine.paid_fen)


def _whole(what: ColumnElement[Any]) -> ColumnElement[int]:
    return cast(func.coalesce(what, 0), BigInteger)


def _lines(actor: Actor) -> Select[Any]:
    """Return the unpaid lines that an actor may see: by county or buyer's division, or by budget on the placing day."""
    day = cast(func.timezone("Asia/Shanghai", Order.placed_at), Date)
    inside = scope_condition(
        actor,
        county=LedgerDimension.county_code,
        buyer_division=LedgerDimension.buyer_division_code,
        unit=LedgerDimension.unit_id,
        on=day,
    )
    return (
        select(OrderLine.id)
        .join(Order, Order.id == OrderLine.order_id)
        .join(LedgerDimension, LedgerDimension.id == OrderLine.dimension_id)
        .join(AssistedCounty, AssistedCounty.code == OrderLine.county_code)
        .where(UNPAID_LINE, inside)
    )
