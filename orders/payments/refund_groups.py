"""Refunds of one request that goes back several ways: to several payers, or through charges and the bank."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ColumnElement, cast, func, select
from sqlalchemy.orm import aliased

from orders.payments.models import Refund
from orders.payments.refund_models import RefundGroup
from shop.db import db


@dataclass(frozen=True)
class Together:
    """A refund of the same request."""

    id: UUID
    amount_fen: int
    status: str
    clearing: str | None


def tie(made: Sequence[Refund]) -> Refund:
    """Keep that refunds were asked for at once; return the first."""
    if len(made) > 1:
        db.session.add_all(RefundGroup(refund_id=each.id, first_id=made[0].id) for each in made)
    return made[0]


def columns() -> tuple[ColumnElement[Any], ColumnElement[Any], ColumnElement[Any]]:
    """Return, for a query of refunds, the public id of each one's group (the first refund's), how many and how much.

    One that was asked for alone has no group, and counts as one of its own amount.
    """
    mine, other, first, refund = (aliased(RefundGroup), aliased(RefundGroup), aliased(Refund), aliased(Refund))
    group = (
        select(first.public_id)
        .join(mine, mine.first_id == first.id)
        .where(mine.refund_id == Refund.id)
        .correlate(Refund)
        .scalar_subquery()
    )

    def of_all(value: ColumnElement[int]) -> ColumnElement[int]:
        return (
            select(value)
            .select_from(mine)
            .join(other, other.first_id == mine.first_id)
            .join(refund, refund.id == other.refund_id)
            .where(mine.refund_id == Refund.id)
            .correlate(Refund)
            .scalar_subquery()
        )

    count = func.greatest(of_all(func.count()), 1)
    total = cast(func.coalesce(of_all(func.sum(refund.amount_fen)), Refund.amount_fen), BigInteger)
    return group, count, total


def in_group(group_id: UUID) -> ColumnElement[bool]:
    """Return the condition on refunds of one request, by the public id of its first."""
    first, row = aliased(Refund), aliased(RefundGroup)
    return Refund.id.in_(
        select(row.refund_id).join(first, first.id == row.first_id).where(first.public_id == group_id)
    )  # fmt: skip


def together(refund_key: int) -> list[Together]:
    """Return all refunds of a refund's request, itself too; none if it was asked for alone."""
    mine, other = aliased(RefundGroup), aliased(RefundGroup)
    rows = db.session.execute(
        select(Refund.public_id, Refund.amount_fen, Refund.status, Refund.clearing)
        .join(other, other.refund_id == Refund.id)
        .join(mine, mine.first_id == other.first_id)
        .where(mine.refund_id == refund_key)
        .order_by(Refund.id)
    )
    return [Together(*row) for row in rows]
