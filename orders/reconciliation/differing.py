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


def unknown(line: BalanceTransaction, at: datetime) -> None:
    """Say that our books know nothing of what a line is about."""
    figure = format_yuan(line.amount)
    row = _open(
        f"balance_transaction:{line.transaction_ref}", "unknown_source", line.source_ref or line.transaction_ref,
        _("支付机构流水 %(ref)s(%(type)s)%(figure)s %(currency)s,账上没有对应的单据。", ref=line.transaction_ref,
          type=line.type, figure=figure, currency=line.currency.upper()),
        line.amount if line.currency == CNY else 0, line, at,
    )  # fmt: skip
    line.status, line.exception_id = "exception", row.id


def other_currency(line: BalanceTransaction, source: Source | None, at: datetime) -> None:
    """Say that a line is not in yuan, with both figures; what we booked for it lies on ``fx`` now."""
    _settle([line], at)
    booked = sum(source.full_fen.values()) if source else 0
    fen = booked if line.amount > 0 else -booked
    row = _open(
        f"balance_transaction:{line.transaction_ref}:currency", "other_currency",
        line.source_ref or line.transaction_ref,
        _("支付机构以 %(currency)s 结算 %(figure)s(手续费 %(fee)s,净额 %(net)s),账上为 %(booked)s 元。",
          currency=line.currency.upper(), figure=format_yuan(line.amount), fee=format_yuan(line.fee),
          net=format_yuan(line.net), booked=format_yuan(fen)),
        fen, line, at, source=source,
    )  # fmt: skip
    line.status, line.exception_id = "posted", row.id


def compare(lines: Sequence[BalanceTransaction], source: Source, at: datetime) -> None:
    """Hold the lines of one thing in yuan against what our books say of it; settle or open what differs."""
    theirs = sum(line.amount for line in lines)
    if theirs == source.booked_fen:
        _settle(lines, at)
        for line in lines:
            line.status = "matched"
        return
    last = max(lines, key=lambda line: (line.occurred_at, line.transaction_ref))
    row = _open(
        f"provider_source:{source.ref}:{theirs}:{source.booked_fen}", "amount_differs", source.ref,
        _("支付机构 %(theirs)s 元,账上 %(ours)s 元。", theirs=format_yuan(theirs), ours=format_yuan(source.booked_fen)),
        theirs - source.booked_fen, last, at, source=source,
    )  # fmt: skip
    _settle(lines, at, but=row.id)
    for line in lines:
        line.status, line.exception_id = "exception", row.id


def _open(
    key: str, kind: str, subject: str, detail: str, amount_fen: int, line: BalanceTransaction, at: datetime, *,
    source: Source | None = None,
) -> MoneyException:  # fmt: skip
    """Open an exception; one that was settled and is there once more is opened anew."""
    times = 1
    while True:
        row = exceptions.open_exception(
            key if times == 1 else f"{key}:{times}", "stripe", kind, subject, detail, amount_fen, line.occurred_on, at,
            producer_id=source.producer_id if source else None, order_id=source.order_id if source else None,
        )  # fmt: skip
        if row.resolution != "settled":
            return row
        times += 1


def _settle(lines: Sequence[BalanceTransaction], at: datetime, *, but: int | None = None) -> None:
    """Settle the exceptions of lines that wait: they fit now, or differ in another way."""
    ids = {line.exception_id for line in lines if line.exception_id is not None} - {but}
    if ids:
        waiting = select(MoneyException.key).where(MoneyException.id.in_(ids), MoneyException.status != "closed")
        for key in db.session.scalars(waiting.order_by(MoneyException.id)).all():
            exceptions.settle(key, at)
