"""What of the provider's lines does not fit, put into the operator's queue, and taken out when it fits after all."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select

from orders.payments import exceptions
from orders.payments.models import MoneyException
from orders.reconciliation.models import BalanceTransaction
from orders.reconciliation.movements import CNY
from orders.reconciliation.sources import Source
from shop.db import db
from shop.i18n import _
from shop.money import format_yuan

#: What the part that speaks with the provider calls a thing of it that we do not know: the same finding, told once.
_NAMES = {
    "charge": "charge", "payment": "charge", "refund": "refund", "payment_refund": "refund",
    "refund_failure": "refund", "payment_failure_refund": "refund", "transfer": "transfer",
    "transfer_cancel": "transfer", "transfer_failure": "transfer",
}  # fmt: skip


def unknown(lines: Sequence[BalanceTransaction], at: datetime) -> None:
    """Say that our books know nothing of what lines are about; what has come back in full moved nothing."""
    line = min(lines, key=lambda one: (one.occurred_at, one.transaction_ref))
    theirs = sum(one.amount for one in lines if one.currency == CNY)
    if not theirs and all(one.currency == CNY and one.source_ref for one in lines):
        _match(lines, at)
        return
    name = _NAMES.get(line.type, "")
    ref = line.source_ref or line.transaction_ref
    row = _told(ref, theirs) or _open(
        f"{name}:{ref}" if name and line.source_ref else f"balance_transaction:{line.transaction_ref}",
        f"unknown_{name}" if name else "unknown_source", ref,
        _("支付机构流水 %(ref)s（%(type)s）%(figure)s %(currency)s，账上没有对应的单据。", ref=line.transaction_ref,
          type=line.type, figure=format_yuan(line.amount), currency=line.currency.upper()),
        theirs, line, at,
    )  # fmt: skip
    _differ(lines, row, at)


def other_currency(line: BalanceTransaction, source: Source | None, at: datetime) -> None:
    """Say that a line is not in yuan, with both figures; what we booked for it lies on ``fx`` now."""
    _settle([line], at)
    booked = sum(source.full_fen.values()) if source else 0
    fen = booked if line.amount > 0 else -booked
    row = _open(
        f"balance_transaction:{line.transaction_ref}:currency", "other_currency",
        line.source_ref or line.transaction_ref,
        _("支付机构以 %(currency)s 结算 %(figure)s（手续费 %(fee)s，净额 %(net)s），账上为 %(booked)s 元。",
          currency=line.currency.upper(), figure=format_yuan(line.amount), fee=format_yuan(line.fee),
          net=format_yuan(line.net), booked=format_yuan(fen)),
        fen, line, at, source=source,
    )  # fmt: skip
    line.status, line.exception_id = "posted", row.id


def compare(lines: Sequence[BalanceTransaction], source: Source, at: datetime) -> None:
    """Hold the lines of one thing in yuan against what our books say of it; settle or open what differs."""
    theirs = sum(line.amount for line in lines)
    if theirs == source.booked_fen:
        _match(lines, at)
        return
    last = max(lines, key=lambda line: (line.occurred_at, line.transaction_ref))
    row = _told(source.ref, theirs - source.booked_fen) or _open(
        f"provider_source:{source.ref}:{theirs}:{source.booked_fen}", "amount_differs", source.ref,
        _("支付机构 %(theirs)s 元，账上 %(ours)s 元。", theirs=format_yuan(theirs), ours=format_yuan(source.booked_fen)),
        theirs - source.booked_fen, last, at, source=source,
    )  # fmt: skip
    _differ(lines, row, at)


def _match(lines: Sequence[BalanceTransaction], at: datetime) -> None:
    _settle(lines, at)
    for line in lines:
        line.status = "matched"


def _differ(lines: Sequence[BalanceTransaction], row: MoneyException, at: datetime) -> None:
    _settle(lines, at, but=row.id)
    for line in lines:
        line.status, line.exception_id = "exception", row.id


def _told(ref: str, fen: int) -> MoneyException | None:
    """Return what somebody else has put into the queue of the same thing and sum: it is one finding."""
    return db.session.scalars(
        select(MoneyException)
        .where(
            MoneyException.rail == "stripe", MoneyException.subject == ref, MoneyException.amount_fen == fen,
            MoneyException.resolution.is_distinct_from("settled"),
            MoneyException.key.not_like("provider_source:%"), MoneyException.key.not_like("reconciliation:%"),
        )
        .order_by(MoneyException.id)
        .limit(1)
    ).one_or_none()  # fmt: skip


def _open(
    key: str, kind: str, subject: str, detail: str, amount_fen: int, line: BalanceTransaction, at: datetime, *,
    source: Source | None = None,
) -> MoneyException:  # fmt: skip
    """Open an exception; one that was settled and is there once more, or is of another sum now, is opened anew."""
    times = 1
    while True:
        row = exceptions.open_exception(
            key if times == 1 else f"{key}:{times}", "stripe", kind, subject, detail, amount_fen, line.occurred_on, at,
            producer_id=source.producer_id if source else None, order_id=source.order_id if source else None,
        )  # fmt: skip
        if row.resolution != "settled" and (row.amount_fen == amount_fen or line.currency != CNY):
            return row
        exceptions.settle(row.key, at)
        times += 1


def _settle(lines: Sequence[BalanceTransaction], at: datetime, *, but: int | None = None) -> None:
    """Settle the exceptions of lines that wait: they fit now, or differ in another way."""
    ids = {line.exception_id for line in lines if line.exception_id is not None} - {but}
    if ids:
        waiting = select(MoneyException.key).where(MoneyException.id.in_(ids), MoneyException.status != "closed")
        for key in db.session.scalars(waiting.order_by(MoneyException.id)).all():
            exceptions.settle(key, at)
