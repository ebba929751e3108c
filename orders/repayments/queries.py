"""Repayments and debts as lists show them, to the operator and to each producer its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select, true

from orders.purchase.parties import producers_of
from orders.repayments import debts
from orders.repayments.debts import Debt
from orders.repayments.models import ProducerRepayment
from shop.auth import Actor
from shop.db import db
from shop.errors import NotFound
from shop.i18n import _
from shop.identity.models import Organisation
from shop.paging import Page, decode_cursor, make_page


@dataclass(frozen=True)
class RepaymentRow:
    """A repayment with whose it is."""

    key: int
    id: UUID
    producer: str
    producer_id: UUID
    amount_fen: int
    bank_serial: str
    payer_name: str
    value_on: date
    status: str
    #: Whether a statement's line stands behind it.
    has_line: bool
    recorded_by: int
    recorded_at: datetime
    decided_at: datetime | None
    refusal: str


def list_repayments(
    actor: Actor, on: date, *, limit: int, cursor: str | None = None, statuses: Sequence[str] = ()
) -> Page[RepaymentRow]:
    """Return a page of repayments that the actor may see, newest first."""
    query = _repayments(actor, on).order_by(ProducerRepayment.id.desc()).limit(limit + 1)
    if statuses:
        query = query.where(ProducerRepayment.status.in_(statuses))
    if key := decode_cursor(cursor, int):
        query = query.where(ProducerRepayment.id < key[0])
    return make_page([_row(*found) for found in db.session.execute(query)], limit, lambda row: (row.key,))


def get_repayment(public_id: UUID, actor: Actor, on: date) -> RepaymentRow:
    """Return a repayment.

    :raises NotFound: if there is none, or it is another's.
    """
    found = db.session.execute(
        _repayments(actor, on).where(ProducerRepayment.public_id == public_id)
    ).one_or_none()  # fmt: skip
    if found is None:
        raise NotFound(_("没有这笔还款。"))
    return _row(*found)


def list_debts(actor: Actor, on: date) -> list[Debt]:
    """Return what the actor's producers owe (the operator: all), the most first."""
    return debts.list_debts(on, None if actor.organisation_kind == "operator" else producers_of(actor, on))


def _repayments(actor: Actor, on: date) -> Select[*tuple[Any, ...]]:
    mine = (
        true() if actor.organisation_kind == "operator" else ProducerRepayment.producer_id.in_(producers_of(actor, on))
    )
    return (
        select(ProducerRepayment, Organisation.name, Organisation.public_id)
        .join(Organisation, Organisation.id == ProducerRepayment.producer_id)
        .where(mine)
    )


def _row(found: ProducerRepayment, producer: str, producer_id: UUID) -> RepaymentRow:
    return RepaymentRow(
        found.id, found.public_id, producer, producer_id, found.amount_fen, found.bank_serial, found.payer_name,
        found.value_on, found.status, found.line_id is not None, found.recorded_by, found.recorded_at,
        found.decided_at, found.refusal,
    )  # fmt: skip
