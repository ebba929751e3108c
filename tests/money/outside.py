"""What Stripe and the bank have done, told to the model: amounts from them, from our rows only which order it was for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import text

from shop.db import db
from tests.money.model import Back, Order
from tests.stripe_double import ledger
from tests.stripe_double.double import Double
from tests.stripe_double.world import Thing

_CHARGES = """SELECT i.charge_ref, s.order_id, s.amount_fen FROM payment_intents i JOIN intent_shares s ON s.intent_id = i.id
              WHERE i.charge_ref IS NOT NULL ORDER BY s.order_id"""
_REFUNDS = """SELECT r.public_id, r.order_id, r.amount_fen, r.clearing, r.cause, l.line_id
              FROM refunds r LEFT JOIN refund_lines l ON l.refund_id = r.id WHERE r.cause <> 'dispute' ORDER BY r.id"""
_HOLDS = (
    """SELECT d.dispute_ref, h.order_id, h.amount_fen FROM dispute_holds h JOIN disputes d ON d.id = h.dispute_id"""
)
_ITEMS = """SELECT p.number, i.order_id, i.amount_fen FROM payout_items i JOIN payouts p ON p.id = i.payout_id
            WHERE p.rail = 'bank' AND p.status = 'paid'"""

#: What each order got by a payout through Stripe, and what of it its own transfers brought.
_NETTED = """SELECT p.id, p.producer_id, i.order_id, i.amount_fen - coalesce(sum(t.amount_fen), 0)::bigint
             FROM payout_items i JOIN payouts p ON p.id = i.payout_id
             LEFT JOIN transfers t ON t.payout_id = p.id AND t.order_id = i.order_id AND t.status = 'done'
             WHERE p.rail = 'stripe' AND p.status = 'paid' GROUP BY p.id, p.producer_id, i.order_id, i.amount_fen"""


def rows(sql: str) -> list[Any]:
    db.session.flush()
    return list(db.session.execute(text(sql)))


def of_kind(double: Double, kind: str) -> list[Thing]:
    """Return the double's own objects of a kind, the platform's."""
    with double.world.lock:
        return list(double.world.each(kind))


def gross_fen(double: Double) -> int:
    """Return what has moved on the platform's balance at Stripe, its fees left out."""
    return sum(one["amount"] for one in of_kind(double, "balance_transaction"))


def account_fen(double: Double, account: str) -> int:
    """Return what lies at a producer's account there."""
    with double.world.lock:
        return ledger.total(double.world, "cny", account=account)


class Outside:
    """Brings a model up to what Stripe's double and the bank have done."""

    def __init__(self, double: Double, orders: Mapping[int, Order], lines: Mapping[int, int]) -> None:
        #: The model's orders by our key, and each line's place in its order by its key.
        self.double, self.orders, self.lines = double, orders, lines
        #: What the bank has paid, by the number on its file.
        self.bank: dict[str, int] = {}
        #: What disputes have taken that was no order's any more: now, and of all that ever were.
        self.not_held_fen = self.ever_not_held_fen = 0

    def note_refunds(self) -> None:
        """Learn of refunds that were asked for: which order and line each is for, and by which way it goes."""
        for public_id, order_id, fen, clearing, cause, line_id in rows(_REFUNDS):
            order = self.orders[order_id]
            way = "card" if clearing == "stripe" else clearing or "bank"
            found = order.back.setdefault(str(public_id), Back(fen, way))
            assert found.amount_fen == fen
            found.line = None if line_id is None else self.lines[line_id]
            if cause in ("rejected", "cancelled"):
                order.by_itself.add(str(public_id))

    def read(self) -> None:
        """Set all that Stripe and the bank decide."""
        for order in self.orders.values():
            order.came["card"] = order.disputed_fen = order.lost_fen = 0
            order.transferred_fen = order.reversed_fen = order.by_bank_fen = order.netted_fen = 0
        self._read_charges()
        self._read_refunds()
        self._read_disputes()
        self._read_transfers()
        self._read_bank()

    def _read_charges(self) -> None:
        shares: dict[str, dict[int, int]] = {}
        for ref, order_id, fen in rows(_CHARGES):
            shares.setdefault(ref, {})[order_id] = fen
        taken = {one["id"]: one["amount"] for one in of_kind(self.double, "charge") if one["status"] == "succeeded"}
        assert taken == {ref: sum(parts.values()) for ref, parts in shares.items()}
        for parts in shares.values():
            for order_id, fen in parts.items():
                self.orders[order_id].came["card"] += fen

    def _read_refunds(self) -> None:
        """A refund has gone when Stripe says so; one of ours that it has not or that failed has not gone."""
        there: dict[str, list[Thing]] = {}
        for one in reversed(of_kind(self.double, "refund")):
            there.setdefault(one["metadata"]["duikou_subject"], []).append(one)
        backs = {key: back for order in self.orders.values() for key, back in order.back.items() if back.way == "card"}
        assert there.keys() <= backs.keys()
        for key, back in backs.items():
            live = [one for one in there.get(key, ()) if one["status"] in ("pending", "succeeded")]
            assert len(live) <= 1, f"{key} was sent back {len(live)} times"
            assert all(one["amount"] == back.amount_fen for one in live)
            back.gone = any(one["status"] == "succeeded" for one in live)
        for order in self.orders.values():
            for n, line in enumerate(order.lines):
                line.given_fen = sum(b.amount_fen for b in order.back.values() if b.gone and b.line == n)

    def _read_disputes(self) -> None:
        of: dict[str, list[tuple[int, int]]] = {}
        for ref, order_id, fen in rows(_HOLDS):
            of.setdefault(ref, []).append((order_id, fen))
        self.not_held_fen = self.ever_not_held_fen = 0
        for one in of_kind(self.double, "dispute"):
            parts = of.get(one["id"], [])
            beyond = one["amount"] - sum(fen for _order, fen in parts)
            assert beyond >= 0
            self.ever_not_held_fen += beyond
            self.not_held_fen += beyond if one["status"] != "won" else 0
            for order_id, fen in parts if one["status"] != "won" else ():
                if one["status"] == "lost":
                    self.orders[order_id].lost_fen += fen
                else:
                    self.orders[order_id].disputed_fen += fen

    def _read_transfers(self) -> None:
        moved = {one["id"]: one for one in of_kind(self.double, "transfer")}
        known = dict(rows("SELECT transfer_ref, order_id FROM transfers WHERE status = 'done'"))
        assert moved.keys() == known.keys()
        for ref, order_id in known.items():
            self.orders[order_id].transferred_fen += moved[ref]["amount"]
            self.orders[order_id].reversed_fen += moved[ref]["amount_reversed"]
        self._read_netted()

    def _read_netted(self) -> None:
        """What one order of a producer owes is kept back from another's transfer: together that is nothing."""
        together: dict[int, int] = {}
        for payout, producer, order_id, fen in rows(_NETTED):
            assert self.orders[order_id].producer == producer
            self.orders[order_id].netted_fen += fen
            together[payout] = together.get(payout, 0) + fen
        assert not any(together.values())

    def _read_bank(self) -> None:
        paid: dict[str, int] = {}
        for number, order_id, fen in rows(_ITEMS):
            paid[number] = paid.get(number, 0) + fen
            self.orders[order_id].by_bank_fen += fen
        assert paid == self.bank


def owners(kinds: Iterable[str]) -> dict[tuple[str, str], int]:
    """Return debit less credit of each account of these kinds, by kind and owner."""
    found = rows("""
        SELECT a.kind, a.owner, sum(x.fen)::bigint FROM ledger_accounts a JOIN (
            SELECT debit_id AS account, amount_fen AS fen FROM postings WHERE book = 'money' UNION ALL
            SELECT credit_id, -amount_fen FROM postings WHERE book = 'money') x ON x.account = a.id
        GROUP BY 1, 2""")
    wanted = set(kinds)
    return {(kind, owner): fen for kind, owner, fen in found if kind in wanted and fen}
