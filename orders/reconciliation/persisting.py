"""What still differs between a rail and our books after some days becomes an exception, and stays one until it agrees."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta

from sqlalchemy import select, text

from orders.payments import exception_accounts, exceptions
from orders.payments.models import MoneyException
from orders.reconciliation import desk_labels, desk_sql
from orders.reconciliation.desk_queries import Thing, thing_of
from orders.reconciliation.fetching import hold_alone
from shop.db import db
from shop.i18n import _
from shop.money import format_yuan

#: Rails that are looked at, with the queue's name for them.
RAILS = {"stripe": "stripe", "supervised": "bank", "direct": "direct"}
#: Days back that are looked at each time, and before the day of what waits.
LOOKED_AT = timedelta(days=60)
_KINDS = {"missing_there": "not_at_provider", "missing_here": "not_in_books", "differs": "amount_differs"}

_TOLD = text("""
    SELECT transaction_ref FROM balance_transactions WHERE exception_id IS NOT NULL AND transaction_ref = ANY(:names)""")
#: Days of which no supervised account's statement tells say nothing of what it does not have.
_COVERED = text("""
    SELECT EXISTS (SELECT FROM bank_statements s JOIN statement_accounts a ON a.id = s.account_id
                   WHERE a.clearing = 'supervised' AND :on BETWEEN s.period_from AND s.period_to)""")
#: A producer's receipt is missed once statements of all accounts of which it has brought any tell of that day.
_COVERED_DIRECTLY = text("""
    SELECT coalesce(bool_and(EXISTS (SELECT FROM bank_statements s WHERE s.account_id = a.id
                                     AND :on BETWEEN s.period_from AND s.period_to)), false)
    FROM statement_accounts a WHERE a.clearing = 'direct' AND a.organisation_id = :producer""")
#: Whose own account a serial number stands on; nobody's if on several.
_PRODUCERS = text("""
    SELECT serial, min(producer_id) AS producer_id FROM (
        SELECT l.serial, a.organisation_id AS producer_id FROM bank_statement_lines l
        JOIN statement_accounts a ON a.id = l.account_id WHERE a.clearing = 'direct' AND l.serial = ANY(:names)
        UNION SELECT p.bank_serial, p.payee_id FROM payments p
        WHERE p.clearing = 'direct' AND p.status = 'confirmed' AND p.bank_serial = ANY(:names)
        UNION SELECT r.bank_serial, o.producer_id FROM refunds r JOIN orders o ON o.id = r.order_id
        WHERE r.clearing = 'direct' AND r.status = 'confirmed' AND r.bank_serial = ANY(:names)
        UNION SELECT c.bank_serial, p.payee_id FROM credit_refunds c JOIN payments p ON p.id = c.payment_id
        WHERE p.clearing = 'direct' AND c.status = 'confirmed' AND c.bank_serial = ANY(:names)
    ) found GROUP BY serial HAVING count(*) = 1""")


def tell(rail: str, today: date, after_days: int, at: datetime) -> int:
    """Open an exception for each thing of a rail that differs since so many days, and settle what agrees now.

    What waits and differs by another sum than before stays the same exception, as old as it is.

    :return: how many differ and wait.
    """
    hold_alone()
    waiting = _waiting(rail)
    # What waits is looked at whole, however long ago it began.
    first = min([today, *(row.occurred_on for row in waiting)]) - LOOKED_AT
    differing = _differing(rail, first, today)
    still = _restate(rail, waiting, differing, at)
    # A thing that began before the first day may have its other side there. When its fees are moved is the operator's.
    old = [
        thing
        for name, thing in differing.items()
        if name not in still
        and name != desk_sql.PLATFORM_FEES
        and thing.first_on >= first + timedelta(days=after_days)
        and thing.last_on <= today - timedelta(days=after_days)
    ]
    return len(still) + _open(rail, old, at)


def _waiting(rail: str) -> Sequence[MoneyException]:
    """Return the exceptions of a rail that wait, the oldest first."""
    query = select(MoneyException).where(
        MoneyException.key.startswith(_prefix(rail), autoescape=True), MoneyException.status != "closed"
    )
    return db.session.scalars(query.order_by(MoneyException.id)).all()


def _differing(rail: str, first: date, last: date) -> dict[str, Thing]:
    query = text(f"SELECT * FROM ({desk_sql.things(rail)}) t WHERE theirs_fen <> ours_fen ORDER BY thing")
    return {row.thing: thing_of(row) for row in db.session.execute(query, {"first": first, "last": last})}


def _restate(rail: str, waiting: Sequence[MoneyException], differing: dict[str, Thing], at: datetime) -> set[str]:
    """Say of what waits how it differs now, and settle what agrees or is told twice; return what still waits."""
    still: set[str] = set()
    for row in waiting:
        thing = differing.get(row.subject)
        if thing is None or row.subject in still:
            exceptions.settle(row.key, at)
        else:
            exceptions.restate(row.key, _KINDS[thing.state], _detail(rail, thing), thing.difference_fen, at)
            still.add(row.subject)
    return still


def _open(rail: str, things: Sequence[Thing], at: datetime) -> int:
    """Open exceptions of things that are in nobody's queue and that no two persons have explained as they are."""
    earlier = _earlier(rail, [thing.name for thing in things])
    producers = _producers(list(earlier)) if rail == "direct" else {}
    found = [thing for thing in things if not _is_explained(rail, thing, earlier[thing.name])]
    told = _not_told(rail, found, producers)
    for thing in told:
        exceptions.open_exception(
            f"{_prefix(rail)}{thing.name}#{len(earlier[thing.name]) + 1}", RAILS[rail], _KINDS[thing.state], thing.name,
            _detail(rail, thing), thing.difference_fen, thing.last_on, at, producer_id=producers.get(thing.name),
        )  # fmt: skip
    return len(told)


def _producers(serials: list[str]) -> dict[str, int]:
    return {row.serial: row.producer_id for row in db.session.execute(_PRODUCERS, {"names": serials})}


def _earlier(rail: str, names: list[str]) -> dict[str, list[MoneyException]]:
    """Return what was told of things before, the oldest first."""
    query = select(MoneyException).where(
        MoneyException.key.startswith(_prefix(rail), autoescape=True), MoneyException.subject.in_(names)
    )
    found: dict[str, list[MoneyException]] = {name: [] for name in names}
    for row in db.session.scalars(query.order_by(MoneyException.id)):
        found[row.subject].append(row)
    return found


def _is_explained(rail: str, thing: Thing, earlier: Sequence[MoneyException]) -> bool:
    """Say whether two persons have let the difference stand as it is: by a note, or a posting elsewhere."""
    last = earlier[-1] if earlier else None
    if last is None or last.resolution == "settled" or last.amount_fen != thing.difference_fen:
        return False
    moved = [exception_accounts.read(one).kind for one in (last.debit, last.credit) if one is not None]
    return desk_sql.KINDS[rail] not in moved


def _detail(rail: str, thing: Thing) -> str:
    return _(
        "%(name)s %(theirs)s 元，账上 %(ours)s 元。", name=desk_labels.THEIRS[rail], theirs=format_yuan(thing.theirs_fen),
        ours=format_yuan(thing.ours_fen),
    )  # fmt: skip


def _prefix(rail: str) -> str:
    return f"reconciliation:{rail}:"


def _not_told(rail: str, things: Iterable[Thing], producers: dict[str, int]) -> list[Thing]:
    """Leave out what is in the queue as the provider's line, and what the other side has not told of yet."""
    found = list(things)
    if rail == "stripe":
        names = [line.name for thing in found for line in thing.theirs]
        told = set(db.session.scalars(_TOLD, {"names": names}))
        return [thing for thing in found if not told & {line.name for line in thing.theirs}]
    return [thing for thing in found if thing.theirs or _is_covered(rail, thing, producers.get(thing.name))]


def _is_covered(rail: str, thing: Thing, producer_id: int | None) -> bool:
    values = {"on": thing.last_on, "producer": producer_id}
    query = _COVERED_DIRECTLY if rail == "direct" else _COVERED
    return bool(db.session.execute(query, values).scalar_one())
