"""Which orders a movement is for: pure functions over a prepared index."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import timedelta

from orders.banking.facts import Announced, Index, Movement, OpenOrder, OpenRefund, Outcome, Receipt, is_payers
from orders.purchase.numbers import find_references
from shop.typed import fold

#: Days around the planned one in which an announced transfer is expected.
ANNOUNCED_BEFORE, ANNOUNCED_AFTER = timedelta(days=5), timedelta(days=15)
#: Candidates that a person is shown.
MOST_CANDIDATES = 10
_TREASURY = re.compile(r"国库|财政(?:局|厅|部|所|零余额)|集中支付|支付中心|支付核算|会计核算中心")
_INVOICE = re.compile(r"(?<![0-9])([0-9]{20}|[0-9]{8})(?![0-9])")


def invoices_in(remark: str) -> list[str]:
    """Return what may be invoice numbers in a remark: 20 or 8 digits by themselves."""
    return list(dict.fromkeys(_INVOICE.findall(fold(remark))))


def is_treasury(name: str) -> bool:
    """Say whether a payer's name is a treasury's, which pays for many."""
    return _TREASURY.search(name) is not None


def match_all(movements: Iterable[Movement], index: Index) -> list[tuple[Movement, Outcome]]:
    """Return what the rules say of each movement, in the order of days; what one takes the next finds taken."""
    run = Run(index)
    ordered = sorted(movements, key=lambda each: (each.value_on, each.serial))
    return [(movement, run.match(movement)) for movement in ordered]


class Run:
    """One pass over movements, with what each has taken."""

    def __init__(self, index: Index) -> None:
        self._index = index
        self._open = {order.id: order.open_fen for order in index.orders.values()}
        self._by_buyer: dict[int, list[int]] = {}
        self._by_amount: dict[tuple[int | None, int], list[int]] = {}
        self._announced: dict[int, list[Announced]] = {}
        for order in index.orders.values():
            if order.is_payable:
                self._by_buyer.setdefault(order.buyer_id, []).append(order.id)
                for payee in (order.producer_id, None):
                    self._by_amount.setdefault((payee, order.open_fen), []).append(order.id)
        for one in index.announced:
            self._announced.setdefault(one.amount_fen, []).append(one)
        self._used_refunds: set[tuple[bool, int]] = set()

    def match(self, line: Movement) -> Outcome:
        """Return the outcome of the first rule that says something."""
        if line.direction == "out":
            return self._match_outgoing(line)
        if line.amount_fen < 0:
            return Outcome(state="unmatched", reason="below_zero")
        if line.is_returned:
            return Outcome(state="unmatched", reason="transfer_returned")
        found = self._by_serial(line) or self._by_code(line) or self._by_announcement(line) or self._by_payer(line)
        if found.state == "unmatched" or found.rule == "amount":
            found = self._by_invoices(line) or found
        for receipt in found.receipts:
            for order_id, fen in receipt.shares:
                self._open[order_id] -= fen
        return found

    def _by_serial(self, line: Movement) -> Outcome | None:
        """Find a receipt that a person typed in with this serial."""
        there = [
            one
            for one in self._index.typed.get(line.serial, ())
            if line.payee_id is None or one.payee_id == line.payee_id
        ]
        if not there:
            return None
        if any(one.is_linked for one in there) or sum(one.amount_fen for one in there) != line.amount_fen:
            return Outcome(state="unmatched", reason="duplicate")
        return Outcome(state="matched", rule="serial", payments=tuple(one.payment_id for one in there))

    def _by_code(self, line: Movement) -> Outcome | None:
        """Rule 1: reference codes in the remark."""
        codes = find_references(line.remark)
        named = [self._index.orders[key] for code in codes if (key := self._index.by_code.get(code)) is not None]
        if not named:
            return None
        return self._for(line, named, rule="code")

    def _for(self, line: Movement, named: Sequence[OpenOrder], *, rule: str) -> Outcome:
        """Give a movement to orders that it names, if they can be paid and it is clear how much each gets."""
        mine = [order for order in named if line.payee_id in (None, order.producer_id)]
        reason, state = self._objection(line, named, mine)
        if reason:
            return self._suggest(mine or named, line, rule=rule, reason=reason, state=state)
        return self._matched(line, named, rule=rule)

    def _objection(self, line: Movement, named: Sequence[OpenOrder], mine: Sequence[OpenOrder]) -> tuple[str, str]:
        """Return why named orders do not get a movement by themselves, and its state then; nothing if they do."""
        wanted = sum(self._open[order.id] for order in named)
        several_payees = len({order.producer_id for order in named}) > 1
        objections = (
            (not mine, "wrong_payee", "unmatched"),
            (len(mine) < len(named), "several_payees", "suggested"),
            (len({order.buyer_id for order in named}) > 1, "several_buyers", "suggested"),
            (not all(order.is_payable for order in named), "order_not_payable", "unmatched"),
            (wanted == 0, "paid_already", "suggested"),
            (several_payees and line.amount_fen != wanted, "unclear_split", "suggested"),
        )
        return next(((reason, state) for holds, reason, state in objections if holds), ("", ""))

    def _matched(self, line: Movement, orders: Sequence[OpenOrder], *, rule: str) -> Outcome:
        """Share a movement over orders of one buyer, in their order; what is left is its credit at the last payee.

        An order that takes nothing any more gets no part, so that no payee gets a receipt of nothing.
        """
        left, shares = line.amount_fen, []
        orders = [order for order in orders if self._open[order.id]]
        for order in orders:
            part = min(self._open[order.id], left)
            left -= part
            shares.append((order, part))
        receipts = []
        payees = list(dict.fromkeys(order.producer_id for order in orders))
        for payee in payees:
            own = tuple((order.id, fen) for order, fen in shares if order.producer_id == payee and fen)
            rest = left if payee == payees[-1] else 0
            receipts.append(Receipt(payee, orders[0].buyer_id, sum(fen for _, fen in own) + rest, own))
        return Outcome(state="matched", rule=rule, receipts=tuple(receipts))

    def _by_announcement(self, line: Movement) -> Outcome | None:
        """Rule 2: a transfer that was announced by this payer, of this amount, around this day."""
        expected = [
            self._index.orders[one.order_id]
            for one in self._announced.get(line.amount_fen, ())
            if one.order_id in self._index.orders
            and (one.name == line.name or (one.account != "" and one.account == line.account))
            and one.planned_on - ANNOUNCED_BEFORE <= line.value_on <= one.planned_on + ANNOUNCED_AFTER
        ]
        fitting = [
            order
            for order in {each.id: each for each in expected}.values()
            if order.is_payable and self._open[order.id] > 0 and line.payee_id in (None, order.producer_id)
        ]
        if not fitting:
            return None
        if len(fitting) > 1:
            return self._suggest(fitting, line, rule="announcement", reason="announced_several")
        return self._unless_invoiced(line, fitting, rule="announcement")

    def _by_payer(self, line: Movement) -> Outcome:
        """Rule 3: a payer that is known for one buyer, and an amount that fits in one way only."""
        if is_treasury(line.name) or {line.name, line.account} & self._index.shared:
            return self._by_amount_alone(line, reason="treasury_without_remark")
        buyers = (line.account and self._index.buyers_by_account.get(line.account)) or self._index.buyers_by_name.get(
            line.name, frozenset()
        )
        if len(buyers) != 1:
            return self._by_amount_alone(line, reason="payer_of_several" if buyers else "payer_unknown")
        theirs = [
            order
            for key in self._by_buyer.get(next(iter(buyers)), ())
            if self._open[key] > 0 and line.payee_id in (None, (order := self._index.orders[key]).producer_id)
        ]
        single = [order for order in theirs if self._open[order.id] == line.amount_fen]
        sets = self._due_sets(theirs, line.amount_fen)
        ways = [[order] for order in single] or sets
        if len(ways) == 1:
            return self._unless_invoiced(line, ways[0], rule="payer")
        if ways:
            return self._suggest(
                [order for way in ways for order in way], line, rule="payer", reason="amount_matches_several"
            )
        if theirs:
            return self._suggest(theirs, line, rule="payer", reason="no_code_no_amount", state="unmatched")
        return Outcome(state="unmatched", reason="nothing_open")

    def _due_sets(self, theirs: Sequence[OpenOrder], amount_fen: int) -> list[list[OpenOrder]]:
        """Return, for each producer, all due orders of the buyer there if together they are the amount."""
        by_payee: dict[int, list[OpenOrder]] = {}
        for order in theirs:
            if order.is_due:
                by_payee.setdefault(order.producer_id, []).append(order)
        return [
            orders
            for orders in by_payee.values()
            if len(orders) > 1 and sum(self._open[order.id] for order in orders) == amount_fen
        ]

    def _by_amount_alone(self, line: Movement, *, reason: str) -> Outcome:
        """Match nothing, for there is no payer; show a person what the amount fits, whoever is to be paid."""
        keys = self._by_amount.get((line.payee_id, line.amount_fen), ())
        fitting = [self._index.orders[key] for key in keys if self._open[key] == line.amount_fen]
        if not fitting:
            return Outcome(state="unmatched", reason=reason)
        return self._suggest(fitting, line, rule="amount", reason=reason)

    def _by_invoices(self, line: Movement) -> Outcome | None:
        """Rule 4: invoice numbers in the remark."""
        named = self._invoiced(line)
        return self._for(line, named, rule="invoice") if named else None

    def _invoiced(self, line: Movement) -> list[OpenOrder]:
        keys = [key for number in invoices_in(line.remark) for key in self._index.by_invoice.get(number, ())]
        return [self._index.orders[key] for key in dict.fromkeys(keys) if key in self._index.orders]

    def _unless_invoiced(self, line: Movement, orders: Sequence[OpenOrder], *, rule: str) -> Outcome:
        """Match, unless the remark names an invoice of other orders."""
        invoiced = self._invoiced(line)
        if invoiced and not {order.id for order in orders} <= {order.id for order in invoiced}:
            return self._suggest([*orders, *invoiced], line, rule=rule, reason="rules_disagree")
        return self._matched(line, orders, rule=rule)

    def _suggest(
        self, orders: Sequence[OpenOrder], line: Movement, *, rule: str, reason: str, state: str = "suggested"
    ) -> Outcome:
        shown = {order.id: min(self._open[order.id], line.amount_fen) for order in orders[:MOST_CANDIDATES]}
        return Outcome(state=state, rule=rule, reason=reason, orders=tuple(shown.items()))

    def _match_outgoing(self, line: Movement) -> Outcome:
        """Find the refund that money went out for: recorded with this serial, else asked for with this amount and payer."""
        if line.amount_fen < 0:
            return Outcome(state="unmatched", reason="below_zero")
        mine = [
            one
            for one in self._index.refunds
            if one.amount_fen == line.amount_fen
            and line.payee_id in (None, one.payee_id)
            and (one.is_credit, one.id) not in self._used_refunds
        ]
        recorded = [one for one in mine if one.serial == line.serial and one.clearing == self._index.clearing]
        if len(recorded) == 1:
            return self._refunded(line, recorded[0])
        same = [one for one in mine if line.name in one.names or (line.account != "" and line.account in one.accounts)]
        wrong = [
            key
            for key, fen, name, account in self._index.wrong
            if fen == line.amount_fen and (line.name == name or (account != "" and line.account == account))
        ]
        if same or wrong:
            found = _named(same, rule="refund_payer", reason="refund_likely")
            return replace(found, lines=tuple(wrong))
        return Outcome(state="unmatched", reason="outgoing_unknown")

    def _refunded(self, line: Movement, one: OpenRefund) -> Outcome:
        """Match the refund that was recorded with a line's serial, if the money went to who had paid."""
        if not is_payers(line.name, line.account, one.names, one.accounts):
            return _named([one], rule="refund_serial", reason="refund_elsewhere")
        self._used_refunds.add((one.is_credit, one.id))
        keys = (None, one.id) if one.is_credit else (one.id, None)
        return Outcome(state="matched", rule="refund_serial", refund_id=keys[0], credit_refund_id=keys[1])


def _named(refunds: Sequence[OpenRefund], *, rule: str, reason: str) -> Outcome:
    """Suggest refunds."""
    shown = refunds[:MOST_CANDIDATES]
    return Outcome(
        state="suggested", rule=rule, reason=reason, refunds=tuple(one.id for one in shown if not one.is_credit),
        credits=tuple(one.id for one in shown if one.is_credit),
    )  # fmt: skip
