"""Why a producer gets what it gets, order by order: what was accepted, paid, kept as fee, paid out, and what is still to come."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import text

from orders.purchase.parties import producers_of
from orders.settlement.labels import ORDER_STATES
from orders.settlement.standing import OPEN_SQL
from shop.auth import Actor
from shop.db import db
from shop.i18n import _
from shop.paging import Page, decode_cursor, make_page
from shop.sheets import Cell, Fen

#: Rows of one sheet.
MOST_ROWS = 20_000
#: Sorts what has no due day yet behind all that has.
_NEVER = date(9999, 12, 31)


@dataclass(frozen=True)
class OrderMoney:
    """An order of which money is still to come or to go: ``applied − direct − fee − settled − settling = open``."""

    key: int
    order: UUID
    number: str
    producer: str
    buyer: str
    earned_fen: int
    applied_fen: int
    direct_fen: int
    fee_fen: int
    settled_fen: int
    settling_fen: int
    open_fen: int
    due_on: date
    why_held: str

    @property
    def unpaid_fen(self) -> int:
        """What of the accepted goods the buyer has not paid yet."""
        return self.earned_fen - self.applied_fen

    def state(self, today: date) -> str:
        """Return what happens next: a key of :data:`orders.settlement.labels.ORDER_STATES`."""
        if self.open_fen < 0:
            return "owed"
        if self.why_held:
            return "held"
        if self.open_fen > 0:
            return "due" if self.due_on <= today else "coming"
        return "moving" if self.settling_fen else "unpaid"


@dataclass(frozen=True)
class Sums:
    """The sums of all orders that a list is about."""

    count: int = 0
    earned_fen: int = 0
    applied_fen: int = 0
    direct_fen: int = 0
    fee_fen: int = 0
    settled_fen: int = 0
    settling_fen: int = 0
    open_fen: int = 0


_COLUMNS = f"""
    o.earned_fen, o.applied_fen, least(o.applied_fen, o.direct_fen) AS direct_fen, o.fee_fen,
    (coalesce(s.bank_settled_fen, 0) + coalesce(s.stripe_settled_fen, 0)) AS settled_fen,
    (coalesce(s.bank_settling_fen, 0) + coalesce(s.stripe_settling_fen, 0)) AS settling_fen,
    coalesce({OPEN_SQL}, o.applied_fen - least(o.applied_fen, o.direct_fen) - o.fee_fen) AS open_fen"""
#: Due days as the overview counts them: what is overdue is due today, what is held is due on no day.
_FROM = f"""
    FROM orders o LEFT JOIN order_settlements s ON s.order_id = o.id
    WHERE (:all OR o.producer_id = ANY(:producers)) AND o.earned_fen > 0
      AND (coalesce({OPEN_SQL}, 1) <> 0 OR s.bank_settling_fen + s.stripe_settling_fen <> 0 OR o.earned_fen > o.applied_fen)
      AND (cast(:due_on AS date) IS NULL
           OR (greatest(s.due_on, :today) = cast(:due_on AS date) AND s.held_at IS NULL AND {OPEN_SQL} > 0))"""
_ROWS = text(f"""
    SELECT x.id, x.public_id, x.number, g.name, b.name, x.earned_fen, x.applied_fen, x.direct_fen, x.fee_fen, x.settled_fen,
           x.settling_fen, x.open_fen, x.due_on, x.why
    FROM (SELECT o.id, o.public_id, o.number, o.producer_id, o.buyer_id, {_COLUMNS},
                 coalesce(s.due_on, :never) AS due_on, coalesce(s.held_why, '') AS why {_FROM}) x
    JOIN organisations g ON g.id = x.producer_id JOIN organisations b ON b.id = x.buyer_id
    WHERE (x.due_on, x.id) > (:after_on, :after_id) ORDER BY x.due_on, x.id LIMIT :limit""")
_SUMS = text(f"""
    SELECT count(*), coalesce(sum(earned_fen), 0)::bigint, coalesce(sum(applied_fen), 0)::bigint,
           coalesce(sum(direct_fen), 0)::bigint, coalesce(sum(fee_fen), 0)::bigint, coalesce(sum(settled_fen), 0)::bigint,
           coalesce(sum(settling_fen), 0)::bigint, coalesce(sum(open_fen), 0)::bigint
    FROM (SELECT {_COLUMNS} {_FROM}) x""")


def list_orders(
    actor: Actor, today: date, *, limit: int, cursor: str | None = None, due_on: date | None = None
) -> Page[OrderMoney]:
    """Return a page of orders of the actor's producers with money to come or to go, the first due first."""
    key = decode_cursor(cursor, date.fromisoformat, int) or [date.min, 0]
    values = {
        **_values(actor, today, due_on), "never": _NEVER, "limit": limit + 1, "after_on": key[0], "after_id": key[1],
    }  # fmt: skip
    rows = [OrderMoney(*row) for row in db.session.execute(_ROWS, values)]
    return make_page(rows, limit, lambda row: (row.due_on, row.key))


def sum_orders(actor: Actor, today: date, due_on: date | None = None) -> Sums:
    """Return the sums of all of :func:`list_orders`."""
    return Sums(*db.session.execute(_SUMS, _values(actor, today, due_on)).one())


def table(rows: Sequence[OrderMoney], today: date) -> tuple[list[str], list[list[Cell]]]:
    """Return titles and rows for a sheet."""
    titles = [
        _("订单"), _("供应商"), _("采购单位"), _("验收货款（元）"), _("采购单位已付（元）"), _("已直接收款（元）"), _("平台服务费（元）"),
        _("已结算（元）"), _("付款中（元）"), _("待结算（元）"), _("到期日"), _("下一步"),
    ]  # fmt: skip
    return titles, [
        [
            row.number, row.producer, row.buyer, Fen(row.earned_fen), Fen(row.applied_fen), Fen(row.direct_fen),
            Fen(row.fee_fen), Fen(row.settled_fen), Fen(row.settling_fen), Fen(row.open_fen),
            row.due_on if row.due_on < _NEVER else "", str(ORDER_STATES[row.state(today)][0]),
        ]
        for row in rows
    ]  # fmt: skip


def total_row(sums: Sums) -> list[Cell]:
    """Return the sums as a sheet's last row."""
    return [
        _("合计"), "", "", Fen(sums.earned_fen), Fen(sums.applied_fen), Fen(sums.direct_fen), Fen(sums.fee_fen),
        Fen(sums.settled_fen), Fen(sums.settling_fen), Fen(sums.open_fen), "", "",
    ]  # fmt: skip


def _values(actor: Actor, today: date, due_on: date | None) -> dict[str, Any]:
    return {
        "all": actor.organisation_kind == "operator", "producers": sorted(producers_of(actor, today)), "today": today,
        "due_on": due_on,
    }  # fmt: skip
