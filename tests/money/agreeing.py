"""What must be true of a story at its end: the application, the model, Stripe and the bank say the same, to the fen."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from sqlalchemy import text

from orders.ledger import verify
from shop.db import db, transaction
from tests.money.model import Order, left_over
from tests.money.outside import account_fen, gross_fen, of_kind, owners, rows
from tests.money.story import Story
from tests.stripe_double.world import Thing

_FIGURES = """
    SELECT o.id, o.received_fen AS received, o.refunded_fen AS refunded, o.refunding_fen AS refunding, o.held_fen AS held,
           o.due_fen AS due, o.applied_fen AS applied, o.fee_fen AS fee,
           coalesce(s.bank_settled_fen + s.stripe_settled_fen, 0) AS paid_out,
           o.applied_fen - least(o.applied_fen, o.direct_fen) - o.fee_fen
             - coalesce(s.bank_settled_fen + s.stripe_settled_fen, 0) AS still_to_pay
    FROM orders o LEFT JOIN order_settlements s ON s.order_id = o.id"""
#: Accounts whose balances follow from the model, by who owns them.
_CHECKED = (
    "buyer_receivable", "buyer_credit", "refund_payable", "dispute_hold", "producer_payable", "paid_direct", "fees",
)  # fmt: skip


def assert_agrees(story: Story) -> None:
    """Hold everything against everything."""
    with transaction():
        story.money.note_refunds()
        story.money.read()
        orders = story.money.orders
        _assert_same(
            _figures(), {(key, name): fen for key, one in orders.items() for name, fen in one.figures().items()}
        )
        _assert_same(owners(_CHECKED), {key: fen for key, fen in _balances(story).items() if fen})
        _assert_cash(story)
        _assert_nothing_waits()
    with transaction():
        differing = {name: result.named for name, result in verify.run() if result.differing}
        assert not differing, differing


#: What must have come about in a number of stories, or they prove nothing.
WANTED = frozenset(
    {
        "charge", "refund succeeded", "refund failed", "dispute won", "dispute lost", "transfer", "transfer_reversal",
        "bank payout", "bank payout failed", "stripe payout failed", "reversal failed", "allowance", "lost answer",
    }
)  # fmt: skip


def seen_in(story: Story) -> Counter[str]:
    """Count what has come about in a story."""
    found: Counter[str] = Counter()
    for kind in ("charge", "transfer", "transfer_reversal"):
        found[kind] = len(of_kind(story.double, kind))
    for kind in ("refund", "dispute"):
        found.update(f"{kind} {one['status']}" for one in of_kind(story.double, kind))
    with transaction():
        for rail, status in rows("SELECT rail, status FROM payouts"):
            found[f"{rail} payout" if status == "paid" else f"{rail} payout {status}"] += 1
        found["reversal failed"] = rows("SELECT count(*) FROM transfer_reversals WHERE status = 'failed'")[0][0]
        found["allowance"] = rows("SELECT count(*) FROM refund_lines")[0][0]
        found["lost answer"] = rows("SELECT count(*) FROM provider_calls WHERE tries > 1")[0][0]
    return +found


def _figures() -> dict[tuple[int, str], int]:
    db.session.flush()
    found = db.session.execute(text(_FIGURES)).mappings()
    return {(row["id"], name): fen for row in found for name, fen in row.items() if name != "id"}


def _assert_same(is_: Mapping[Any, int], should_be: Mapping[Any, int]) -> None:
    """Hold figures against figures, naming those that differ."""
    names = {*is_, *should_be}
    assert [(name, is_.get(name), should_be.get(name)) for name in names if is_.get(name) != should_be.get(name)] == []


def _balances(story: Story) -> dict[tuple[str, str], int]:
    """Return what the books must hold, debit less credit, by account and owner."""
    buyer = f"org:{story.buyer.actor.organisation_id}"
    found = dict.fromkeys((("fees", "platform"), *((kind, buyer) for kind in _CHECKED[:4])), 0)
    for order in story.money.orders.values():
        owner = f"org:{order.producer}"
        found["buyer_receivable", buyer] += order.earned - order.applied
        found["buyer_credit", buyer] -= order.credit
        found["refund_payable", buyer] -= order.refunding
        found["dispute_hold", buyer] -= order.held
        found["fees", "platform"] -= order.fee
        unpaid = order.earned - order.applied + order.still_to_pay
        found["producer_payable", owner] = found.get(("producer_payable", owner), 0) - unpaid
        direct = order.came["direct"] - _given_back(order, "direct") - order.kept_by_producer
        found["paid_direct", owner] = found.get(("paid_direct", owner), 0) + direct
    return found


def _given_back(order: Order, way: str) -> int:
    return sum(each.amount_fen for each in order.back.values() if each.gone and each.way == way)


def _assert_cash(story: Story) -> None:
    """Hold the books' cash against Stripe's balance, its connected accounts, and what the bank has left."""
    orders, double = list(story.money.orders.values()), story.double
    cash: dict[str, int] = {}
    for (kind, _owner), fen in owners(("stripe_cash", "stripe_disputed", "bank_supervised", "operator_bank")).items():
        cash[kind] = cash.get(kind, 0) + fen
    at_bank = sum(order.came["supervised"] - _given_back(order, "supervised") for order in orders)
    at_bank -= sum(story.money.bank.values())

    # What a dispute takes and no order has any more waits in the operator's queue, and is not in the books yet.
    not_held = story.money.not_held_fen
    queued = rows("SELECT coalesce(-sum(amount_fen), 0)::bigint FROM money_exceptions WHERE kind = 'dispute_not_held'")
    assert queued[0][0] == story.money.ever_not_held_fen
    assert cash.get("stripe_cash", 0) == gross_fen(double) + not_held
    assert cash.get("stripe_disputed", 0) == sum(order.disputed_fen for order in orders)
    assert cash.get("bank_supervised", 0) + cash.get("operator_bank", 0) == at_bank

    still_there = left_over(orders) - sum(
        o.came["direct"] - _given_back(o, "direct") - o.kept_by_producer for o in orders
    )
    fees = sum(order.fee for order in orders)
    there = gross_fen(double) + at_bank + not_held + sum(order.held for order in orders)
    assert still_there + fees == there

    accounts = dict(rows("SELECT account_ref, organisation_id FROM connected_accounts"))
    for account, producer in accounts.items():
        sent = sum(o.transferred_fen - o.reversed_fen for o in orders if o.producer == producer)
        drawn = sum(-one["amount"] for one in _movements(story, account) if one["type"] == "payout")
        assert account_fen(double, account) == sent - drawn
    assert sum(one["amount"] for one in of_kind(double, "transfer")) == sum(o.transferred_fen for o in orders)


def _movements(story: Story, account: str) -> list[Thing]:
    with story.double.world.lock:
        return list(story.double.world.each("balance_transaction", account=account))


def _assert_nothing_waits() -> None:
    assert rows("SELECT kind, tries, error FROM provider_calls WHERE status = 'pending'") == []
    assert rows("SELECT subscriber FROM outbox_deliveries WHERE done_at IS NULL") == []
