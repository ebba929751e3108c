"""Payouts, runs and what is due, as lists show them; each in a constant number of statements."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ColumnElement, Select, cast, func, select, text, true

from orders.purchase.models import Order
from orders.purchase.parties import producers_of
from orders.settlement.models import Payout, PayoutItem, PayoutReturn, PayoutRun
from orders.settlement.standing import OPEN_SQL
from shop.auth import Actor
from shop.db import db
from shop.errors import NotFound
from shop.files.models import StoredFile
from shop.i18n import _
from shop.identity.models import Organisation
from shop.paging import Page, decode_cursor, make_page


@dataclass(frozen=True)
class ItemRow:
    """An order's part of a payout."""

    order: UUID
    number: str
    amount_fen: int
    fee_fen: int


@dataclass(frozen=True)
class ReturnRow:
    """A payout's return that stands or waits."""

    id: UUID
    status: str
    returned_on: date
    bank_serial: str
    reason: str
    same_account: bool
    recorded_by: int
    recorded_at: datetime
    decided_at: datetime | None


@dataclass(frozen=True)
class PayoutRow:
    """A payout as lists show it."""

    key: int
    id: UUID
    number: str
    run: UUID
    producer: str
    producer_id: UUID
    rail: str
    amount_fen: int
    card_fen: int
    status: str
    account_holder: str
    account_bank: str
    account_number: str
    bank_serial: str | None
    value_on: date | None
    prepared_by: int | None
    prepared_at: datetime
    released_at: datetime | None
    failure: str
    doubted_by: int | None
    found_at: datetime | None
    items: Sequence[ItemRow] = field(default=())
    back: ReturnRow | None = None


@dataclass(frozen=True)
class RunRow:
    """A run with its sums; ``card_fen`` is card money that the bank pays, to be moved from the provider first."""

    key: int
    id: UUID
    rail: str
    on: date
    started_at: datetime
    finished_at: datetime | None
    producers: int
    done: int
    payouts: int
    amount_fen: int
    card_fen: int
    waiting: int
    waiting_fen: int
    unchecked: int
    released: int
    file: UUID | None
    sha256: str | None


@dataclass(frozen=True)
class DueDay:
    """What is due to producers on a day, in so many orders."""

    due_on: date
    amount_fen: int
    orders: int


@dataclass(frozen=True)
class Overview:
    """A producer's money on one panel: by day from today on (what is overdue counts as today), moving, held, last paid.

    What was paid last is the sum of all payouts of the last day on which there was one, and how many they were.
    """

    days: list[DueDay]
    moving_fen: int
    held_fen: int
    owed_fen: int
    last_paid_fen: int
    last_paid_on: date | None
    last_paid_count: int


def scope(actor: Actor, on: date) -> ColumnElement[bool]:
    """Return the condition on payouts of those that an actor may see."""
    return true() if actor.organisation_kind == "operator" else Payout.producer_id.in_(producers_of(actor, on))


def list_payouts(
    actor: Actor, on: date, *, limit: int, cursor: str | None = None, statuses: Sequence[str] = (),
    run: UUID | None = None, is_returning: bool = False,
) -> Page[PayoutRow]:  # fmt: skip
    """Return a page of the payouts that an actor may see, newest first; ``is_returning``: of which a return waits."""
    query = _payouts(scope(actor, on)).order_by(Payout.id.desc()).limit(limit + 1)
    if statuses:
        query = query.where(Payout.status.in_(statuses))
    if run is not None:
        query = query.where(PayoutRun.public_id == run)
    if is_returning:
        waits = select(PayoutReturn.payout_id).where(PayoutReturn.status == "recorded")
        query = query.where(Payout.id.in_(waits))
    if key := decode_cursor(cursor, int):
        query = query.where(Payout.id < key[0])
    return make_page([_row(row) for row in db.session.execute(query)], limit, lambda row: (row.key,))


def get_payout(public_id: UUID, actor: Actor, on: date) -> PayoutRow:
    """Return a payout with its orders' parts.

    :raises NotFound: if there is none, or it is another's.
    """
    row = db.session.execute(_payouts(scope(actor, on)).where(Payout.public_id == public_id)).one_or_none()
    if row is None:
        raise NotFound(_("没有这笔付款。"))
    items = db.session.execute(
        select(Order.public_id, Order.number, PayoutItem.amount_fen, PayoutItem.fee_card_fen + PayoutItem.fee_bank_fen)
        .join(Order, Order.id == PayoutItem.order_id)
        .where(PayoutItem.payout_id == row[0].id)
        .order_by(PayoutItem.order_id)
    )
    return replace(_row(row, [ItemRow(*item) for item in items]), back=_return_of(row[0].id))


def _return_of(payout_id: int) -> ReturnRow | None:
    one = PayoutReturn
    row = db.session.execute(
        select(
            one.public_id, one.status, one.returned_on, one.bank_serial, one.reason, one.same_account, one.recorded_by,
            one.recorded_at, one.decided_at,
        ).where(one.payout_id == payout_id, one.status != "refused")
    ).one_or_none()  # fmt: skip
    return ReturnRow(*row) if row else None


def _payouts(condition: ColumnElement[bool]) -> Select[*tuple[Any, ...]]:
    card = select(func.coalesce(func.sum(PayoutItem.card_fen), 0)).where(PayoutItem.payout_id == Payout.id)
    return (
        select(Payout, Organisation.name, Organisation.public_id, PayoutRun.public_id, card.scalar_subquery())
        .join(Organisation, Organisation.id == Payout.producer_id)
        .join(PayoutRun, PayoutRun.id == Payout.run_id)
        .where(condition)
    )


def _row(row: Any, items: Sequence[ItemRow] = ()) -> PayoutRow:
    payout, name, public_id, run, card = row
    return PayoutRow(
        key=payout.id, id=payout.public_id, number=payout.number, run=run, producer=name, producer_id=public_id,
        rail=payout.rail, amount_fen=payout.amount_fen, card_fen=int(card), status=payout.status,
        account_holder=payout.account_holder, account_bank=payout.account_bank, account_number=payout.account_number,
        bank_serial=payout.bank_serial, value_on=payout.value_on, prepared_by=payout.prepared_by,
        prepared_at=payout.prepared_at, released_at=payout.released_at, failure=payout.failure, doubted_by=payout.doubted_by,
        found_at=payout.found_at, items=items,
    )  # fmt: skip


def list_runs(actor: Actor, *, limit: int, cursor: str | None = None) -> Page[RunRow]:
    """Return a page of runs, newest first, for the operator."""
    query = _runs(actor).order_by(PayoutRun.id.desc()).limit(limit + 1)
    if key := decode_cursor(cursor, int):
        query = query.where(PayoutRun.id < key[0])
    return make_page([RunRow(*row) for row in db.session.execute(query)], limit, lambda row: (row.key,))


def get_run(public_id: UUID, actor: Actor) -> RunRow:
    """Return a run with its sums.

    :raises NotFound: if there is none, or for anybody but the operator.
    """
    row = db.session.execute(_runs(actor).where(PayoutRun.public_id == public_id)).one_or_none()
    if row is None:
        raise NotFound(_("没有这一批付款。"))
    return RunRow(*row)


def _runs(actor: Actor) -> Select[*tuple[Any, ...]]:
    if actor.organisation_kind != "operator":
        raise NotFound(_("没有这一批付款。"))
    live = Payout.status.not_in(("failed", "cancelled"))
    mine = Payout.run_id == PayoutRun.id
    card = select(func.sum(PayoutItem.card_fen)).join(Payout, Payout.id == PayoutItem.payout_id).where(mine, live)

    def count(*conditions: ColumnElement[bool]) -> Any:
        return select(func.count()).select_from(Payout).where(mine, *conditions).scalar_subquery()

    return select(
        PayoutRun.id, PayoutRun.public_id, PayoutRun.rail, PayoutRun.on, PayoutRun.started_at, PayoutRun.finished_at,
        PayoutRun.producers, PayoutRun.done, count(live),
        _fen(select(func.sum(Payout.amount_fen)).where(mine, live)), _fen(card), count(Payout.status == "prepared"),
        _fen(select(func.sum(Payout.amount_fen)).where(mine, Payout.status == "prepared")),
        count(Payout.status == "prepared", Payout.prepared_by.is_(None)), count(Payout.status == "released"),
        StoredFile.public_id, StoredFile.sha256,
    ).outerjoin(StoredFile, StoredFile.id == PayoutRun.file_id)  # fmt: skip


def _fen(query: Select[*tuple[Any, ...]]) -> ColumnElement[int]:
    """Return a sum, zero of nothing: the database adds integers to a decimal."""
    return cast(func.coalesce(query.scalar_subquery(), 0), BigInteger)


_DUE = text(f"""
    SELECT greatest(s.due_on, :on) AS due_on, sum({OPEN_SQL})::bigint, count(*)
    FROM order_settlements s JOIN orders o ON o.id = s.order_id
    WHERE (:all OR o.producer_id = ANY(:producers)) AND s.held_at IS NULL AND {OPEN_SQL} > 0
    GROUP BY 1 ORDER BY 1 LIMIT 31""")
_STANDS = text(f"""
    SELECT coalesce(sum(greatest(s.bank_settling_fen, 0) + greatest(s.stripe_settling_fen, 0)), 0)::bigint,
           coalesce(sum({OPEN_SQL}) FILTER (WHERE s.held_at IS NOT NULL AND {OPEN_SQL} > 0), 0)::bigint,
           coalesce(-sum({OPEN_SQL}) FILTER (WHERE {OPEN_SQL} < 0), 0)::bigint
    FROM order_settlements s JOIN orders o ON o.id = s.order_id WHERE (:all OR o.producer_id = ANY(:producers))""")


def overview(actor: Actor, on: date) -> Overview:
    """Return what is due to an actor's producers (the operator: to all), what is on its way, and what came last."""
    values = {
        "on": on, "all": actor.organisation_kind == "operator", "producers": sorted(producers_of(actor, on)),
    }  # fmt: skip
    last = db.session.execute(
        select(cast(func.sum(Payout.amount_fen), BigInteger), Payout.value_on, func.count())
        .where(Payout.status == "paid", scope(actor, on))
        .group_by(Payout.value_on)
        .order_by(Payout.value_on.desc())
        .limit(1)
    ).one_or_none()
    moving, held, owed = db.session.execute(_STANDS, values).one()
    return Overview(
        [DueDay(*row) for row in db.session.execute(_DUE, values)], moving, held, owed,
        *(last or (0, None, 0)),
    )  # fmt: skip
