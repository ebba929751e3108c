"""Splits and their runs as lists show them, and what waits to be split."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Select, and_, cast, func, select
from sqlalchemy.orm import aliased

from orders.banking.models import BankStatementLine, SupervisedAccount
from orders.settlement import split_money
from orders.settlement.split_models import Split, SplitRun
from shop.auth import Actor
from shop.db import db
from shop.errors import NotFound
from shop.files.models import StoredFile
from shop.i18n import _
from shop.identity.models import Organisation
from shop.paging import Page, decode_cursor, make_page


@dataclass(frozen=True)
class WaitingRow:
    """A producer's money on the main account that belongs on its sub-account."""

    producer_id: UUID
    producer: str
    payer_number: str
    account_number: str
    amount_fen: int
    receipts: int


@dataclass(frozen=True)
class SplitRow:
    """A split with its sub-account and the days on which statements told of it."""

    id: UUID
    number: str
    producer_id: UUID
    producer: str
    payer_number: str
    account_number: str
    amount_fen: int
    status: str
    prepared_by: int
    prepared_at: datetime
    released_at: datetime | None
    left_on: date | None
    arrived_on: date | None
    returned_on: date | None
    failure: str


@dataclass(frozen=True)
class SplitRunRow:
    """A run with its sums; what was given up or came back is in none of them."""

    key: int
    id: UUID
    on: date
    started_at: datetime
    splits: int
    amount_fen: int
    waiting: int
    waiting_fen: int
    released: int
    done: int
    file: UUID | None
    sha256: str | None
    items: Sequence[SplitRow] = field(default=())


def list_waiting(actor: Actor, on: date) -> list[WaitingRow]:
    """Return what lies on the main account for producers with a sub-account, the most first, for the operator.

    :raises NotFound: for anybody else.
    """
    require_operator(actor)
    found = split_money.on_main(on)
    names = {
        row.id: row
        for row in db.session.execute(
            select(Organisation.id, Organisation.public_id, Organisation.name).where(
                Organisation.id.in_([one.producer_id for one in found])
            )
        )
    }
    keys = {key for one in found for key in (one.main_id, one.sub_id)}
    accounts = db.session.execute(
        select(SupervisedAccount.id, SupervisedAccount.number).where(SupervisedAccount.id.in_(keys))
    )
    numbers = {row.id: row.number for row in accounts}
    rows = [
        WaitingRow(
            names[one.producer_id].public_id, names[one.producer_id].name, numbers[one.main_id], numbers[one.sub_id],
            one.amount_fen, len(one.parts),
        )
        for one in found
    ]  # fmt: skip
    return sorted(rows, key=lambda row: (-row.amount_fen, row.producer))


def list_runs(actor: Actor, *, limit: int, cursor: str | None = None) -> Page[SplitRunRow]:
    """Return a page of runs, newest first, for the operator.

    :raises NotFound: for anybody else.
    """
    require_operator(actor)
    query = _runs().order_by(SplitRun.id.desc()).limit(limit + 1)
    if key := decode_cursor(cursor, int):
        query = query.where(SplitRun.id < key[0])
    return make_page([SplitRunRow(*row) for row in db.session.execute(query)], limit, lambda row: (row.key,))


def get_run(public_id: UUID, actor: Actor) -> SplitRunRow:
    """Return a run with its splits.

    :raises NotFound: if there is none, or for anybody but the operator.
    """
    require_operator(actor)
    row = db.session.execute(_runs().where(SplitRun.public_id == public_id)).one_or_none()
    if row is None:
        raise NotFound(_("没有这一批划拨。"))
    found = SplitRunRow(*row)
    query = _splits().where(Split.run_id == found.key).order_by(Split.id)
    return replace(found, items=[SplitRow(*each) for each in db.session.execute(query)])


def run_of(split_id: UUID, actor: Actor) -> SplitRunRow:
    """Return the run of a split.

    :raises NotFound: if there is none, or for anybody but the operator.
    """
    query = select(SplitRun.public_id).join(Split, Split.run_id == SplitRun.id).where(Split.public_id == split_id)
    public_id = db.session.scalar(query)
    if public_id is None:
        raise NotFound(_("没有这笔划拨。"))
    return get_run(public_id, actor)


def require_operator(actor: Actor) -> None:
    """Ask for a person of the operator.

    :raises NotFound: for anybody else.
    """
    if actor.organisation_kind != "operator":
        raise NotFound(_("没有这个页面。"))


def _runs() -> Select[*tuple[Any, ...]]:
    live = Split.status.not_in(("cancelled", "failed"))

    def count(*conditions: Any) -> Any:
        return func.count(Split.id).filter(and_(*conditions))

    def fen(*conditions: Any) -> Any:
        return cast(func.coalesce(func.sum(Split.amount_fen).filter(and_(*conditions)), 0), BigInteger)

    return (
        select(
            SplitRun.id, SplitRun.public_id, SplitRun.on, SplitRun.started_at, count(live),
            fen(live), count(Split.status == "prepared"), fen(Split.status == "prepared"),
            count(Split.status == "released"), count(Split.status == "done"), StoredFile.public_id, StoredFile.sha256,
        )
        .join(Split, Split.run_id == SplitRun.id)
        .outerjoin(StoredFile, StoredFile.id == SplitRun.file_id)
        .group_by(SplitRun.id, StoredFile.id)
    )  # fmt: skip


def _splits() -> Select[*tuple[Any, ...]]:
    left, arrived, returned = (aliased(BankStatementLine) for _n in range(3))
    payer = aliased(SupervisedAccount)
    return (
        select(
            Split.public_id, Split.number, Organisation.public_id, Organisation.name, payer.number, SupervisedAccount.number,
            Split.amount_fen, Split.status, Split.prepared_by, Split.prepared_at, Split.released_at, left.value_on,
            arrived.value_on, returned.value_on, Split.failure,
        )
        .join(Organisation, Organisation.id == Split.producer_id)
        .join(payer, payer.id == Split.payer_id)
        .join(SupervisedAccount, SupervisedAccount.id == Split.payee_id)
        .outerjoin(left, left.id == Split.left_line_id)
        .outerjoin(arrived, arrived.id == Split.arrived_line_id)
        .outerjoin(returned, returned.id == Split.returned_line_id)
    )  # fmt: skip
