"""The platform's fee: what has left the supervised accounts is never more than the books say."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from sqlalchemy import select, text

from orders.payments import exceptions
from orders.payments.models import MoneyException
from orders.reconciliation import desk_sql
from shop.db import db
from shop.i18n import _
from shop.money import format_yuan

_PREFIX = "reconciliation:fees:"
#: What lines of fees have moved by a day, and the last of them; what the books have moved between the two accounts.
_MOVED = text(f"""
    SELECT coalesce(sum(l.amount_fen), 0)::bigint AS fen, max(l.value_on) AS last_on
    FROM bank_statement_lines l JOIN statement_accounts a ON a.id = l.account_id
    WHERE a.clearing = 'supervised' AND {desk_sql.IS_FEE} AND l.value_on <= :until""")
_BOOKED = text("""
    SELECT coalesce(sum(CASE WHEN d.kind = 'operator_bank' THEN p.amount_fen ELSE -p.amount_fen END), 0)::bigint
    FROM postings p JOIN ledger_accounts d ON d.id = p.debit_id JOIN ledger_accounts c ON c.id = p.credit_id
    WHERE (d.kind, c.kind) IN (('operator_bank', 'bank_supervised'), ('bank_supervised', 'operator_bank'))
      AND p.origin_on <= :until""")


def tell(today: date, after_days: int, at: datetime) -> int:
    """Open an exception while more of the fee has left the supervised accounts than was earned and paid out with.

    What is not moved yet is the operator's to move and no exception. Another sum is another finding: the one before is
    settled; one that comes back is told again, unless two persons have closed it. Returns how many wait.
    """
    until = today - timedelta(days=after_days)
    moved = db.session.execute(_MOVED, {"until": until}).one()
    booked = int(db.session.execute(_BOOKED, {"until": until}).scalar_one())
    beyond = moved.fen - booked
    told = select(MoneyException).where(MoneyException.key.startswith(_PREFIX, autoescape=True))
    same = None
    for row in db.session.scalars(told.order_by(MoneyException.id)).all():
        if beyond > 0 and row.amount_fen == -beyond:
            same = row
        elif row.status != "closed":
            exceptions.settle(row.key, at)
    if beyond <= 0:
        return 0
    key = same.key if same else f"{_PREFIX}{beyond}"
    if same and same.status == "closed" and same.resolution == "settled":  # nobody explained it, and it is back
        key = f"{_PREFIX}{beyond}:{today.isoformat()}"
    detail = _(
        "平台服务费已从监管账户划出 %(theirs)s 元，账上只应划出 %(ours)s 元。", theirs=format_yuan(moved.fen),
        ours=format_yuan(booked),
    )  # fmt: skip
    made = exceptions.open_exception(
        key, "bank", "amount_differs", desk_sql.PLATFORM_FEES, detail, -beyond, moved.last_on, at
    )
    return int(made.status != "closed")
