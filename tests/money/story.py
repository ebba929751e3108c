"""A procurement of up to five producers, at times a second one, and all that can become of their money, from a seed."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random
from uuid import UUID

from flask import Flask
from sqlalchemy import select, text

from orders.online import gateway_connect, intents, performing
from orders.online.gateway_connect import AccountRequest
from orders.online.intents import Wish
from orders.online.models import ConnectedAccount, Dispute, PaymentIntent
from orders.payments import refund_sending, refunds
from orders.payments.models import Refund
from orders.payments.refund_paths import Allowance
from orders.purchase import due
from orders.purchase.models import Order, Procurement
from orders.settlement import bank, runs
from orders.settlement.models import Payout, PayoutRun
from shop import clock
from shop.db import db, transaction
from shop.errors import DomainError
from shop.files import services as files
from shop.files.models import StoredFile
from tests.money import model, purchase
from tests.money.outside import Outside, of_kind
from tests.money.purchase import Seller
from tests.payments.help import pay, slip, two_persons
from tests.settlement.help import confirm, fail, make_operators
from tests.stripe_double.double import Double, through
from tests.stripe_double.world import Thing

#: What happens, and how often beside the others.
STEPS = {
    "accept": 5, "pay_by_bank": 3, "pay_by_card": 4, "ask_back": 3, "give_back_by_bank": 2, "fail_a_refund": 1,
    "dispute": 2, "end_dispute": 1, "pay_producers": 3, "empty_an_account": 1, "restrict_an_account": 1,
}  # fmt: skip
#: Requests whose answers go astray.
ASTRAY = (
    "/v1/payment_intents", "/v1/checkout/sessions", "/v1/refunds", "/v1/transfers",
    "/v1/transfers/{id}/reversals",
)  # fmt: skip
_PAUSES = text("UPDATE provider_calls SET claimed_until = NULL WHERE status = 'pending'")
_ROUNDS = 12


class Story:
    """What is bought, its parties, and the model beside it."""

    def __init__(self, seed: int, app: Flask, double: Double, deliver: Callable[..., int]) -> None:
        self.random, self.double, self.deliver = Random(seed), double, deliver  # noqa: S311  the same story in every run
        self.send = through(app.test_client(), "/stripe/webhooks")
        self.at: datetime = clock.real_now().replace(microsecond=0)
        double.clock.set(self.at)
        self.told = len(double.events)
        self.withheld: list[Thing] = []
        self.done: Counter[str] = Counter()
        with transaction():
            self.a, self.b = make_operators()
            self.buyer = purchase.make_buyer()
            general_bp = self.random.choice((0, 60, 333))
            purchase.make_fee_rule(general_bp, None, self.a.user_id)
            self.sellers = [purchase.make_seller(self.random, general_bp) for _ in range(self.random.randint(1, 5))]
            self.orders = self._buy(self.sellers)
            if self.random.random() < 0.3:
                again = self.random.sample(self.sellers, self.random.randint(1, len(self.sellers)))
                self.orders += self._buy(again)
            self.money = Outside(double, *self._model())
        for seller in self.sellers:
            if self.random.random() < 0.6:
                self._connect(seller)

    def _buy(self, sellers: list[Seller]) -> list[Order]:
        wanted = purchase.wish(self.random, sellers)
        return purchase.buy(wanted, self.buyer, sellers, self.at, lambda: self.random.choice((0, 0, 1234, 5000)))

    def _model(self) -> tuple[dict[int, model.Order], dict[int, int]]:
        orders: dict[int, model.Order] = {}
        places: dict[int, int] = {}
        for order in self.orders:
            lines = purchase.lines_of(order)
            goods = [model.Line(each.unit_price_fen, each.quantity) for each in lines]
            fee_bp = self._seller_of(order).fee_bp
            orders[order.id] = model.Order(order.producer_id, goods, order.freight_fen, fee_bp)
            places |= {each.id: n for n, each in enumerate(lines)}
        return orders, places

    def _connect(self, seller: Seller) -> None:
        """Give a producer an account at Stripe to which money can go."""
        request = AccountRequest(name="合作社", email="coop@example.org", country="cn", metadata={})
        ref = gateway_connect.create_account(request, f"account-{seller.id}").ref
        self.double.activate(ref)
        with transaction():
            db.session.add(
                ConnectedAccount(
                    organisation_id=seller.id, account_ref=ref, status="active", requirements=[],
                    created_by=seller.clerk.user_id, created_at=self.at,
                )
            )  # fmt: skip

    # the course of things

    def tell(self, steps: int) -> None:
        """Let so much happen, then let everything that waits come to its end."""
        names, weights = list(STEPS), list(STEPS.values())
        opening = ("pay_by_card", "pay_by_bank", *("accept" for _ in self.orders), "pay_by_card", "pay_producers")
        for name in (*opening, *self.random.choices(names, weights, k=steps)):
            self.happen(name)
        for name in ("end_dispute", "give_back_by_bank", "accept", "pay_producers", "pay_producers"):
            self.happen(name)
        self.settle_down(everything=True)
        self.happen("give_back_by_bank")
        self.settle_down(everything=True)
        while any(one["status"] == "pending" for one in of_kind(self.double, "refund")):
            self.happen("give_back_by_bank")  # what was sent last is done too
            self.settle_down(everything=True)

    def happen(self, name: str) -> None:
        """Let one thing happen, and everything that follows from it by itself."""
        self.at += timedelta(hours=self.random.randint(1, 30))
        self.double.clock.set(self.at)
        if self.random.random() < 0.3:
            fault = self.random.choice(("lose_answer", "fail_before", "fail_after", "rate_limit"))
            getattr(self.double.faults, fault)("post", self.random.choice(ASTRAY))
        with clock.stopped_at(self.at):
            with suppress(DomainError, LookupError):
                getattr(self, name)()
                self.done[name] += 1
            self.settle_down()

    def settle_down(self, *, everything: bool = False) -> None:
        """Make calls, deliver events late, twice and in disorder, run what follows, until nothing does."""
        with clock.stopped_at(self.at):
            for _ in range(_ROUNDS):
                if not (self._calls() + self._events(everything=everything) + self.deliver()):
                    break
            else:
                message = "It does not come to rest."
                raise AssertionError(message)
        with transaction():
            self.money.note_refunds()

    def _calls(self) -> int:
        with transaction():
            db.session.execute(_PAUSES)
        return performing.perform_all()

    def _events(self, *, everything: bool) -> int:
        new = self.double.events[self.told :]
        self.told += len(new)
        late = [] if everything else [event for event in new if self.random.random() < 0.1]
        now = [event for event in new if event not in late]
        if everything:
            now += self.withheld
            self.withheld = []
        self.withheld += late
        now += [event for event in now if self.random.random() < 0.2]
        self.random.shuffle(now)
        assert set(self.double.deliver(self.send, [e for e in now if e["object"] == "event"])) <= {200}
        return len(now)

    def _some(self) -> tuple[Seller, Order, model.Order]:
        """Pick one of the orders, as it is now, with its producer and the model of it."""
        key = self.random.choice(self.orders).id
        order = db.session.get_one(Order, key, populate_existing=True)
        return self._seller_of(order), order, self.money.orders[key]

    def _seller_of(self, order: Order) -> Seller:
        return next(seller for seller in self.sellers if seller.id == order.producer_id)

    # what can happen

    def accept(self) -> None:
        """Take goods in, and reject some; what was paid for those is asked back by itself."""
        self.settle_down(everything=True)
        with transaction():
            _seller, order, there = self._some()
            parts = []
            for line in there.lines:
                taken = _part(line.undecided, self.random.choice((1.0, 0.9, 0.5)))
                rejected = _part(line.undecided - taken, self.random.choice((0.0, 0.0, 1.0)))
                parts.append((taken, rejected))
            purchase.accept(order, parts, self.buyer, self.at)
        for line, (taken, rejected) in zip(there.lines, parts, strict=True):
            line.accepted += taken
            line.rejected += rejected
        self.settle_down(everything=True)
        with transaction():
            self.money.read()
            assert there.falls_away() == 0

    def pay_by_bank(self) -> None:
        with transaction():
            seller, order, there = self._some()
            fen = max(due.unpaid_fen(order) * self.random.choice((1, 1, 3, 7)) // self.random.choice((1, 2, 10)), 1)
            way = self.random.choice(("direct", "supervised"))
            today = clock.business_day(self.at)
            pay(seller, (order, fen), clearing=way, value_on=today)
            there.came[way] += fen

    def pay_by_card(self) -> None:
        """Ask for all or a part of what is owed, and let the payer pay, try in vain, or leave."""
        mode = self.random.choice(("element", "element", "checkout", "invoice"))
        with transaction():
            part = self.random.choice((None, None, self.random.randint(1, 50_000)))
            key = self.random.choice(self.orders).procurement_id
            procurement = db.session.get_one(Procurement, key)
            wish = Wish(mode=mode, amount_fen=part)
            intents.ask(procurement.public_id, wish, self.buyer.actor, self.at)
        self.settle_down()
        with transaction():
            query = select(PaymentIntent).where(PaymentIntent.procurement_id == key)
            wanted = db.session.scalars(query.order_by(PaymentIntent.id.desc())).first()
            assert wanted is not None
            refs = wanted.status, wanted.intent_ref, wanted.session_ref, wanted.invoice_ref, wanted.mode
        self._let_pay(*refs)

    def _let_pay(self, status: str, intent: str | None, session: str | None, invoice: str | None, mode: str) -> None:
        method = self.random.choice(("card", "card", "alipay"))
        if status != "open" or self.random.random() < 0.1:
            return
        if mode == "checkout" and session:
            self.double.complete(session, method)
        elif mode == "invoice" and invoice:
            self.double.pay_invoice(invoice, method)
        elif intent:
            if self.random.random() < 0.3:
                self.double.fail(intent)
            self.double.pay(intent, method)

    def ask_back(self) -> None:
        """Agree on a refund, of a line's accepted goods or of the order; by card it is sent by the operator."""
        with transaction():
            _seller, order, there = self._some()
            n = self.random.randrange(len(there.lines))
            given = sum(b.amount_fen for b in there.back.values() if b.line == n and not b.refused and not b.gone)
            room = there.lines[n].earned_fen - given if self.random.random() < 0.7 else 0
            most = order.received_fen - order.refunded_fen - order.refunding_fen - order.held_fen
            fen = max(min(room or most, most) * self.random.randint(1, 10) // 10, 1)
            line = purchase.lines_of(order)[n].public_id
            shares = [Allowance(line=line, amount_fen=fen)] if room > 0 else []
            before = there.refunding
            refunds.request(order.public_id, fen, "短斤少两", actor=self.buyer.actor, at=self.at, lines=shares)
            self.money.note_refunds()
            assert there.refunding - before == fen
        self._send_back()

    def _send_back(self) -> None:
        with transaction():
            query = select(Refund.public_id).where(Refund.clearing == "stripe", Refund.status == "requested")
            for key in db.session.scalars(query).all():
                refund_sending.send(key, self._seller_to_refund(key).clerk, self.at)

    def _seller_to_refund(self, refund: UUID) -> Seller:
        query = select(Order).join(Refund, Refund.order_id == Order.id).where(Refund.public_id == refund)
        return self._seller_of(db.session.scalars(query).one())

    def give_back_by_bank(self) -> None:
        """Send back what waits for the bank, and let Stripe finish or try again what it has not done yet."""
        self._send_back()
        for one in of_kind(self.double, "refund"):
            if one["status"] == "pending":
                self.double.settle_refund(one["id"])
        with transaction():
            query = select(Refund).where(Refund.clearing.is_(None), Refund.status == "requested").order_by(Refund.id)
            for refund in db.session.scalars(query).all():
                self._give_back(refund)

    def _give_back(self, refund: Refund) -> None:
        there, seller = self.money.orders[refund.order_id], self._seller_to_refund(refund.public_id)
        gone = {way: sum(b.amount_fen for b in there.back.values() if b.gone and b.way == way) for way in there.came}
        left = {way: there.came[way] - gone[way] for way in ("direct", "supervised")}
        way = next((way for way, fen in left.items() if fen >= refund.amount_fen), "")
        back = there.back[str(refund.public_id)]
        if not way:
            refunds.refuse(refund.public_id, "两条渠道都不够", seller.checker, self.at)
            back.refused = True
            return
        one, two = two_persons(seller, way)
        refunds.record(refund.public_id, slip(clearing=way, value_on=clock.business_day(self.at)), one, self.at)
        refunds.confirm(refund.public_id, two, self.at)
        back.way, back.gone = way, True

    def fail_a_refund(self) -> None:
        found = [one for one in of_kind(self.double, "refund") if one["status"] in ("pending", "succeeded")]
        if found:
            self.double.fail_refund(self.random.choice(found)["id"])

    def dispute(self) -> None:
        found = [one for one in of_kind(self.double, "charge") if one["status"] == "succeeded" and not one["disputed"]]
        charge = self.random.choice(found) if found else None
        if charge and (left := charge["amount"] - charge["amount_refunded"]):
            self.double.dispute(charge["id"], self.random.choice((None, max(left // 3, 1))))

    def end_dispute(self) -> None:
        with transaction():
            open_ = list(db.session.scalars(select(Dispute.dispute_ref).where(Dispute.status == "open")))
        over = {one["id"] for one in of_kind(self.double, "dispute") if one["status"] in ("won", "lost")}
        for ref in open_:
            if ref in over:  # we have not been told yet
                continue
            self.random.choice((self.double.win, self.double.lose))(ref)

    def pay_producers(self) -> None:
        """Run over all that is due; the bank pays most of it, Stripe what it takes."""
        self.at += timedelta(days=8)
        self.double.clock.set(self.at)
        with clock.stopped_at(self.at):
            self._events(everything=False)
            with transaction():
                runs.start(self.a, self.at)
            self.settle_down()
            for sheet in self._released():
                self._bank_reads(sheet)

    def _released(self) -> list[StoredFile]:
        """Let two persons release what was prepared, and make the bank's files."""
        with transaction():
            query = select(Payout).where(Payout.rail == "bank", Payout.status == "prepared").order_by(Payout.id)
            waiting = list(db.session.scalars(query))
            keys = [each.public_id for each in waiting]
            bank.check(keys, self.a)
            bank.release(keys, self.b, self.at)
            run_ids = sorted({each.run_id for each in waiting})
            return [bank.send(db.session.get_one(PayoutRun, key).public_id, "csv", self.a, self.at) for key in run_ids]

    def _bank_reads(self, stored: StoredFile) -> None:
        """Let the bank pay what its file says, or return it."""
        with transaction():
            for row in csv.DictReader(io.StringIO(files.read_bytes(stored).decode("utf-8-sig"))):
                if row["业务参考号"].startswith("FW"):  # the platform's fee goes to its own account with the payouts
                    continue
                query = select(Payout).where(Payout.number == row["业务参考号"])
                payout = db.session.scalars(query).one()
                if self.random.random() < 0.2:
                    fail(payout, "账号户名不符", self.a, self.b, self.at)
                else:
                    confirm([payout], self.b, self.at)
                    self.money.bank[payout.number] = int(Decimal(row["金额"]) * 100)

    def empty_an_account(self) -> None:
        """A producer draws its money out of Stripe, so that nothing can be taken back from there."""
        accounts = self._accounts()
        if accounts:
            self.double.make_available()
            self.double.clock.set(self.at)
            self.double.pay_out(self.random.choice(accounts))

    def restrict_an_account(self) -> None:
        """Stripe wants more papers from a producer, or has them all."""
        accounts = self._accounts()
        if accounts:
            self.random.choice((self.double.restrict, self.double.activate))(self.random.choice(accounts))

    def _accounts(self) -> list[str]:
        with transaction():
            return list(db.session.scalars(select(ConnectedAccount.account_ref)))


def _part(quantity: Decimal, share: float) -> Decimal:
    return (quantity * Decimal(str(share))).quantize(Decimal("0.001"))
