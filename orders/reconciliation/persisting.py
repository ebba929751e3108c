"""What still differs between a rail and our books after some days becomes an exception by itself."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta

from sqlalchemy import select, text

from orders.payments import exceptions
from orders.payments.models import MoneyException
from orders.reconciliation import desk_labels, desk_sql
from orders.reconciliation.desk_queries import Thing, thing_of
from orders.reconciliation.fetching import hold_alone
from shop.db import db
from shop.i18n import _
from shop.money import format_yuan

#: Rails that are looked at, with the queue's name for them; a producer's own account is its own affair.
RAILS = {"stripe": "stripe", "supervised": "bank"}
#: Days back that are looked at each time.
LOOKED_AT = 60
_KINDS = {"missing_there": "not_at_provider", "missing_here": "not_in_books", "differs": "amount_differs"}

_TOLD = text("""
    SELECT transaction_ref FROM balance_transactions WHERE exception_id IS NOT NULL AND transaction_ref = ANY(:names)""")
#: Days of which no supervised account's statement tells say nothing of what it does not have.
_COVERED = text("""
    SELECT EXISTS (SELECT FROM bank_statements s JOIN statement_accounts a ON a.id = s.account_id
                   WHERE a.clearing = 'supervised' AND :on BETWEEN s.period_from AND s.period_to)""")


def tell(rail: str, today: date, after_days: int, at: datetime) -> int:
    """Open an exception for each thing of a rail that differs since so many days, and settle what agrees now.

    :return: how many differ and wait.
    """
    hold_alone()
    first = today - timedelta(days=LOOKED_AT)
    query = text(f"SELECT * FROM ({desk_sql.things(rail)}) t WHERE theirs_fen <> ours_fen ORDER BY thing")
    differing = [thing_of(row) for row in db.session.execute(query, {"first": first, "last": today})]
    _settle(rail, {_key(rail, thing) for thing in differing}, first, at)
    # A thing that began before the first day may have its other side there. When its fees are moved is the operator's.
    old = [
        thing
        for thing in differing
        if thing.name != desk_sql.PLATFORM_FEES
        and thing.first_on >= first + timedelta(days=after_days)
        and thing.last_on <= today - timedelta(days=after_days)
    ]
    open_now = 0
    for thing in _not_told(rail, old):
        row = exceptions.open_exception(
            _key(rail, thing), RAILS[rail], _KINDS[thing.state], thing.name,
            _("%(name)s %(theirs)s 元,账上 %(ours)s 元。", name=desk_labels.THEIRS[rail],
              theirs=format_yuan(thing.theirs_fen), ours=format_yuan(thing.ours_fen)),
            thing.difference_fen, thing.last_on, at,
        )  # fmt: skip
        open_now += row.status != "closed"
    return open_now


def _key(rail: str, thing: Thing) -> str:
    return f"reconciliation:{rail}:{thing.name}:{thing.theirs_fen}:{thing.ours_fen}"


def _not_told(rail: str, things: Iterable[Thing]) -> list[Thing]:
    """Leave out what is in the queue as the provider's line, and what the other side has not told of yet."""
    found = list(things)
    if rail == "stripe":
        names = [line.name for thing in found for line in thing.theirs]
        told = set(db.session.scalars(_TOLD, {"names": names}))
        return [thing for thing in found if not told & {line.name for line in thing.theirs}]
    return [
        thing for thing in found if thing.theirs or db.session.execute(_COVERED, {"on": thing.last_on}).scalar_one()
    ]


def _settle(rail: str, differing: set[str], first: date, at: datetime) -> None:
    waiting = select(MoneyException.key).where(
        MoneyException.key.startswith(f"reconciliation:{rail}:", autoescape=True), MoneyException.status != "closed",
        MoneyException.occurred_on >= first,
    )  # fmt: skip
    for key in db.session.scalars(waiting.order_by(MoneyException.id)).all():
        if key not in differing:
            exceptions.settle(key, at)
