"""The exceptions that concern a producer's money or a buyer's payments, as their own people see them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ColumnElement, and_, or_, select, tuple_

from orders.payments.models import MoneyException
from orders.purchase.models import Order
from orders.purchase.parties import producers_of
from orders.reconciliation.own_labels import ENDS, FOR_BUYERS, meaning
from shop import clock
from shop.auth import Actor
from shop.db import db
from shop.errors import NotFound
from shop.i18n import _
from shop.paging import Page, decode_cursor, make_page


@dataclass(frozen=True)
class OwnException:
    """An exception in plain words: no reference of the provider's, and nothing of what the operator's people wrote."""

    key: int
    id: UUID
    what: str
    amount_fen: int
    occurred_on: date
    opened_at: datetime
    age_days: int
    status: str
    #: How it ended, in words; empty while it waits.
    end: str
    decided_at: datetime | None
    order: UUID | None
    number: str | None


def list_own(
    actor: Actor, today: date, *, limit: int, cursor: str | None = None, closed: bool = False
) -> Page[OwnException]:
    """Return a page of an organisation's own exceptions: those that wait, or (``closed``) those that ended, newest first.

    :raises NotFound: for the operator and officials, who have pages of their own.
    """
    sort_key = tuple_(MoneyException.opened_at, MoneyException.id)
    query = (
        select(MoneyException, Order.public_id, Order.number)
        .outerjoin(Order, Order.id == MoneyException.order_id)
        .where(_own(actor, today), (MoneyException.status == "closed") == closed)
        .order_by(MoneyException.opened_at.desc(), MoneyException.id.desc())
        .limit(limit + 1)
    )
    if key := decode_cursor(cursor, datetime.fromisoformat, int):
        query = query.where(sort_key < tuple_(*key))
    is_buyer = actor.organisation_kind == "institution"
    rows = [_row(*found, today=today, is_buyer=is_buyer) for found in db.session.execute(query)]
    return make_page(rows, limit, lambda row: (row.opened_at.isoformat(), row.key))


def _own(actor: Actor, today: date) -> ColumnElement[bool]:
    """Return the condition of what concerns an organisation: a producer's money, or what a buyer paid or gets back."""
    if actor.organisation_kind == "institution":
        return and_(Order.buyer_id == actor.organisation_id, MoneyException.kind.in_(FOR_BUYERS))
    if actor.organisation_kind not in ("producer", "agent"):
        raise NotFound(_("没有这个页面。"))
    producers = sorted(producers_of(actor, today))
    return or_(MoneyException.producer_id.in_(producers), Order.producer_id.in_(producers))


def _row(
    found: MoneyException, order: UUID | None, number: str | None, *, today: date, is_buyer: bool
) -> OwnException:  # fmt: skip
    return OwnException(
        found.id, found.public_id, meaning(found.kind, is_buyer=is_buyer), found.amount_fen, found.occurred_on,
        found.opened_at, (today - clock.business_day(found.opened_at)).days, found.status,
        str(ENDS.get(found.resolution or "", "")) if found.status == "closed" else "", found.decided_at, order, number,
    )  # fmt: skip
