"""Keeping the two books in step with an order: after each fact, post what its targets differ by."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import bindparam, select

from orders.ledger import books
from orders.ledger.books import PLATFORM, Account, MoneyPosting, OrderEntry, StatsPosting, org_owner
from orders.ledger.models import LedgerDimension
from orders.purchase import counted_days, dues, targets
from orders.purchase.models import Order, OrderLine
from orders.purchase.targets import LineFacts, LineTargets, OrderFacts, OrderTargets
from shop.auth import Actor
from shop.db import db, rows_of

# Made once: building a statement costs more than running it, and every fact of an order runs these.
_LINES = (
    select(OrderLine, LedgerDimension.id, LedgerDimension.county_code, LedgerDimension.counts)
    .join(LedgerDimension, LedgerDimension.id == OrderLine.dimension_id)
    .where(OrderLine.order_id == bindparam("order"))
    .order_by(OrderLine.id)
    .execution_options(populate_existing=True)
)
_CONTRACTED = rows_of(
    """SELECT dimension_id, sum(amount_fen) FROM postings
       WHERE dimension_id = ANY(:dimensions) AND measure = 'contracted' GROUP BY dimension_id""",
    "dimension_id amount",
)
_MONEY = rows_of(
    """SELECT debit.kind, credit.kind, sum(p.amount_fen) FROM postings p
       JOIN ledger_accounts debit ON debit.id = p.debit_id JOIN ledger_accounts credit ON credit.id = p.credit_id
       WHERE p.order_id = :order AND p.book = 'money' GROUP BY debit.kind, credit.kind""",
    "debit credit amount",
)


def recount(order: Order, *, fact: str, key: str, at: datetime, on: date, actor: Actor | None = None) -> OrderTargets:
    """Bring the books, the lines' and the order's sums to what the facts say; the caller holds the order's lock.

    The caller has already changed what the fact changes: quantities of the lines, freight, or the order's received,
    refunded, refunding, held and direct sums. Posts the difference of every measure and account in one entry; when
    nothing differs there is no entry.

    :param fact: what happened, such as ``goods_accepted``.
    :param key: names the fact, unique: ``order:12:acceptance:7``.
    :param at: when it happened; ``on`` is its business day (a receipt's value day).
    """
    rows = _lines_with_dimensions(order.id)
    goal = targets.compute(order_facts(order), [_facts(line, dimension) for line, dimension in rows])
    stats = _move_lines(order, rows, goal.lines, on)
    order.due_fen, order.earned_fen, order.applied_fen, order.fee_fen = goal.due, goal.earned, goal.applied, goal.fee
    dues.follow_money(order, [line for line, _dimension in rows])
    money = _money_difference(order, goal, on)
    if stats or money:
        books.record_entry(key, fact, occurred_at=at, stats=stats, money=money, order_id=order.id, actor=actor)
    return goal


def order_facts(order: Order) -> OrderFacts:
    """Return the sums of an order that its targets depend on."""
    return OrderFacts(
        freight_fen=order.freight_fen,
        received_fen=order.received_fen,
        refunded_fen=order.refunded_fen,
        refunding_fen=order.refunding_fen,
        held_fen=order.held_fen,
        direct_fen=order.direct_fen,
        fee_bp=order.fee_bp,
    )


def current_targets(order: Order) -> OrderTargets:
    """Return the targets of an order as its facts stand, posting nothing."""
    rows = _lines_with_dimensions(order.id)
    return targets.compute(order_facts(order), [_facts(line, dimension) for line, dimension in rows])


@dataclass(frozen=True, slots=True)
class PlacedLine:
    """A line that was just placed: its dimension, county and amount."""

    dimension_id: int
    county_code: str
    amount_fen: int


@dataclass(frozen=True, slots=True)
class PlacedOrder:
    """An order that was just placed, with its lines in ascending id."""

    order_id: int
    buyer_id: int
    lines: Sequence[PlacedLine]


def post_placed(orders: Sequence[PlacedOrder], *, at: datetime, on: date, actor: Actor | None = None) -> None:
    """Post ``ordered`` for orders that were just placed; no row of theirs is read or written.

    The caller inserts each line with ``ordered_fen`` equal to its amount, and each order with ``due_fen`` equal to
    its total. The key is ``order:ID:placed``.
    """
    books.record_entries(
        "order_placed",
        [_placed_entry(order, on) for order in sorted(orders, key=lambda each: each.order_id)],
        occurred_at=at,
        actor=actor,
    )


def _placed_entry(order: PlacedOrder, on: date) -> OrderEntry:
    owner = org_owner(order.buyer_id)
    return OrderEntry(
        f"order:{order.order_id}:placed",
        order.order_id,
        [
            StatsPosting("ordered", line.dimension_id, line.county_code, owner, line.amount_fen, on)
            for line in order.lines
        ],
    )


def post_contracted(order: Order, *, fact: str, key: str, at: datetime, on: date, actor: Actor | None = None) -> None:
    """Bring ``contracted`` to what is ordered now, under the order's lock.

    Called when the contract is signed by both sides, and again when an order under a signed contract is cancelled
    or closed short, so that what was contracted and what is left of it can both be read from the postings.
    """
    rows = _lines_with_dimensions(order.id)
    posted = _posted_contracted([line.dimension_id for line, _dimension in rows])
    goal = targets.compute(order_facts(order), [_facts(line, dimension) for line, dimension in rows])
    stats = [
        _stats("contracted", order, dimension, amount=target.ordered - posted.get(dimension.id, 0), on=on)
        for (_line, dimension), target in zip(rows, goal.lines, strict=True)
        if target.ordered != posted.get(dimension.id, 0)
    ]
    if stats:
        books.record_entry(key, fact, occurred_at=at, stats=stats, order_id=order.id, actor=actor)


@dataclass(frozen=True, slots=True)
class _Dimension:
    """What of a line's dimension its postings need."""

    id: int
    county_code: str
    counts: bool


def _lines_with_dimensions(order_id: int) -> list[tuple[OrderLine, _Dimension]]:
    """Return the lines in ascending id as the database has them now, with what they carry."""
    found = db.session.execute(_LINES, {"order": order_id})
    return [(line, _Dimension(key, county_code, counts)) for line, key, county_code, counts in found]


def _facts(line: OrderLine, dimension: _Dimension) -> LineFacts:
    return LineFacts(
        line.unit_price_fen, line.quantity, line.accepted, line.rejected, line.cancelled, dimension.counts,
        line.allowed_fen,
    )  # fmt: skip


def _move_lines(
    order: Order, rows: Sequence[tuple[OrderLine, _Dimension]], goals: Sequence[LineTargets], on: date
) -> list[StatsPosting]:
    """Set the lines' sums to their targets and return the differences.

    What is ordered, accepted and paid moves on this fact's day; what counts, on the days that follow from those.
    """
    stats: list[StatsPosting] = []
    moving: list[tuple[_Dimension, dict[str, int]]] = []
    for (line, dimension), target in zip(rows, goals, strict=True):
        more = {
            "ordered": target.ordered - line.ordered_fen,
            "accepted": target.accepted - line.accepted_fen,
            "paid": target.paid - line.paid_fen,
        }
        stats += [_stats(name, order, dimension, amount=fen, on=on) for name, fen in more.items() if fen]
        _note_days(line, more, on)
        # Without goods taken or money there is nothing of which the smaller could be more than zero.
        if dimension.counts and (more["accepted"] or more["paid"]) and line.last_accepted_on and line.last_paid_on:
            moving.append((dimension, more))
        line.ordered_fen, line.accepted_fen = target.ordered, target.accepted
        line.paid_fen, line.counted_fen = target.paid, target.counted
    return stats + list(_counted(order, moving, on))


def _note_days(line: OrderLine, more: Mapping[str, int], on: date) -> None:
    """Keep the last days on which a line's goods were taken and on which money came."""
    if more["accepted"] > 0:
        line.last_accepted_on = max(line.last_accepted_on or on, on)
    if more["paid"] > 0:
        line.last_paid_on = max(line.last_paid_on or on, on)


def _counted(order: Order, moving: Sequence[tuple[_Dimension, Mapping[str, int]]], on: date) -> Iterator[StatsPosting]:
    """Yield what counts more or less on which day, once what this fact moves is added to what was posted."""
    posted = counted_days.posted([dimension.id for dimension, _more in moving])
    for dimension, more in moving:
        days = posted[dimension.id]
        accepted, paid = ({**days[side], on: days[side].get(on, 0) + more[side]} for side in ("accepted", "paid"))
        for day, fen in counted_days.differences(accepted, paid, days["counted"]).items():
            yield _stats("counted", order, dimension, amount=fen, on=day)


def _stats(measure: str, order: Order, dimension: _Dimension, *, amount: int, on: date) -> StatsPosting:
    return StatsPosting(measure, dimension.id, dimension.county_code, org_owner(order.buyer_id), amount, on)


def _posted_contracted(dimension_ids: list[int]) -> dict[int, int]:
    rows = db.session.execute(_CONTRACTED, {"dimensions": dimension_ids})
    return {row.dimension_id: int(row.amount) for row in rows}


def money_targets(order: Order, goal: OrderTargets) -> dict[tuple[Account, Account], int]:
    """Return what an order should have moved in the money book, by debit and credit account.

    What the buyer owes for accepted goods against what the producer is to get; the buyer's money applied to it, set
    aside for refunds or held; what of the producer's due it has received directly; and the platform's fee of it. See
    ``docs/books.md``.
    """
    buyer, producer = org_owner(order.buyer_id), org_owner(order.producer_id)
    receivable, credit = Account("buyer_receivable", buyer), Account("buyer_credit", buyer)
    payable = Account("producer_payable", producer)
    return {
        (receivable, payable): goal.earned,
        (credit, receivable): goal.applied,
        (payable, Account("paid_direct", producer)): goal.applied_direct,
        (credit, Account("refund_payable", buyer)): goal.refunds,
        (credit, Account("dispute_hold", buyer)): goal.held,
        (payable, Account("fees", PLATFORM)): goal.fee,
    }


def _money_difference(order: Order, goal: OrderTargets, on: date) -> list[MoneyPosting]:
    """Return the postings from what the order has moved so far to its targets, turned round when negative."""
    wanted = money_targets(order, goal)
    posted = _posted_money(order.id)
    found = []
    for (debit, credit), amount in wanted.items():
        more = amount - posted.get((debit.kind, credit.kind), 0) + posted.get((credit.kind, debit.kind), 0)
        if more > 0:
            found.append(MoneyPosting(debit, credit, more, on))
        elif more < 0:
            found.append(MoneyPosting(credit, debit, -more, on))
    return found


def _posted_money(order_id: int) -> dict[tuple[str, str], int]:
    rows = db.session.execute(_MONEY, {"order": order_id})
    return {(row.debit, row.credit): int(row.amount) for row in rows}
