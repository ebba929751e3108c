"""Transfers of files that the bank was sent and of which no statement tells for days: payouts and refunds."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from sqlalchemy import select, text

from orders.payments import exceptions
from orders.payments.models import MoneyException
from orders.settlement.waiting_days import days_on
from shop.db import db
from shop.i18n import _

_PREFIX = "unexecuted:"
#: What lies with the bank since a day or longer, as key, number, amount, day and producer.
_LATE = text("""
    SELECT 'payout:' || p.id AS key, p.number, p.amount_fen, p.producer_id,
           (p.released_at AT TIME ZONE 'Asia/Shanghai')::date AS released_on
    FROM payouts p WHERE p.rail = 'bank' AND p.status IN ('sent', 'failing')
      AND (p.released_at AT TIME ZONE 'Asia/Shanghai')::date <= :until
    UNION ALL
    SELECT 'refund_transfer:' || t.id, t.number, t.amount_fen, t.producer_id,
           (t.released_at AT TIME ZONE 'Asia/Shanghai')::date
    FROM refund_transfers t WHERE t.status IN ('sent', 'failing')
      AND (t.released_at AT TIME ZONE 'Asia/Shanghai')::date <= :until
    ORDER BY 5, 1""")


def tell(today: date, at: datetime) -> int:
    """Open an exception for each transfer without a line since the days of the rule; settle those that ended.

    :return: how many wait.
    """
    days = days_on("unpaid", today)
    late = db.session.execute(_LATE, {"until": today - timedelta(days=days)}).all()
    still = {f"{_PREFIX}{row.key}" for row in late}
    told = select(MoneyException.key).where(
        MoneyException.key.startswith(_PREFIX, autoescape=True), MoneyException.status != "closed"
    )
    for key in db.session.scalars(told.order_by(MoneyException.id)).all():
        if key not in still:
            exceptions.settle(key, at)
    waiting = 0
    for row in late:
        detail = _(
            "%(day)s 已发送银行，%(days)s 天内没有这笔的流水。请向银行查询，未付成的由两人登记。",
            day=row.released_on.isoformat(), days=days,
        )  # fmt: skip
        made = exceptions.open_exception(
            f"{_PREFIX}{row.key}", "bank", "payout_not_executed", row.number, detail, -row.amount_fen,
            row.released_on, at, producer_id=row.producer_id,
        )  # fmt: skip
        waiting += made.status != "closed"
    return waiting
