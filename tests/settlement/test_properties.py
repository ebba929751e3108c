"""Whatever happens to producers' money, every figure can be told from the documents and no fen is lost."""

from contextlib import suppress
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, text

from orders.online.models import Dispute, DisputeHold
from orders.payments import holds, refund_sending, refunds
from orders.payments.models import Charge, Refund
from orders.purchase import party
from orders.purchase.models import Order
from orders.settlement import dues, holding, reversals
from orders.settlement.models import Payout
from orders.settlement.standing import lock_standings
from shop import clock
from shop.db import db, transaction
from shop.errors import DomainError
from tests.conftest import NOON, examples, undone
from tests.counting.build import accept, lines_of, make_order, make_trade
from tests.payments.help import pay, slip
from tests.settlement.help import (
    answer_reversals,
    answer_transfers,
    charge,
    confirm,
    connect,
    differences,
    dispute,
    fail,
    give_account,
    make_operators,
    run,
    send,
)  # fmt: skip

pytestmark = pytest.mark.usefixtures("session")

order_numbers = st.integers(0, 2)
parts = st.integers(1, 1000)
steps = st.lists(
    st.one_of(
        st.tuples(st.just("accept"), order_numbers, st.integers(1, 10)),
        st.tuples(st.just("direct"), order_numbers, parts),
        st.tuples(st.just("supervised"), order_numbers, parts),
        st.tuples(st.just("card"), order_numbers, parts),
        st.tuples(st.just("refund"), order_numbers, parts),
        st.tuples(st.just("refund"), order_numbers, parts),
        st.tuples(st.just("refund"), order_numbers, parts),
        st.tuples(st.just("ask_refund"), order_numbers, parts),
        st.tuples(st.just("hold"), order_numbers, parts),
        st.tuples(st.just("dispute"), order_numbers, parts),
        st.tuples(st.just("end_dispute"), order_numbers, parts),
        st.tuples(st.just("run"), order_numbers, parts),
        st.tuples(st.just("run"), order_numbers, parts),
        st.tuples(st.just("bank_answers"), order_numbers, parts),
        st.tuples(st.just("provider_answers"), order_numbers, parts),
        st.tuples(st.just("provider_answers"), order_numbers, parts),
        st.tuples(st.just("account"), order_numbers, parts),
    ),
    min_size=4,
    max_size=14,
)


#: How each order begins: accepted in part or whole, and paid in part by one way.
starts = st.tuples(
    *(
        st.tuples(st.integers(3, 10), st.sampled_from(["card", "card", "card", "supervised", "direct"]), parts)
        for _ in range(3)
    )
)


@settings(max_examples=examples(12), phases=[Phase.generate], suppress_health_check=list(HealthCheck))
@given(
    st.lists(st.integers(100, 99_999), min_size=3, max_size=3),
    st.sampled_from([0, 60, 333]),
    st.sampled_from([True, True, True, False]),
    starts,
    steps,
)
def test_settlement_agrees_with_its_documents_after_every_step(prices, fee_bp, connected, begun, happening):
    with undone():
        world = World(prices, fee_bp, connected=connected)

        start = [step for n, (kept, way, part) in enumerate(begun) for step in (("accept", n, kept), (way, n, part))]
        for n, (what, which, part) in enumerate([*start, *ENDING, *happening, *ENDING]):
            with suppress(DomainError), transaction():
                getattr(world, what)(which, part)
            world.at += timedelta(days=3)
            assert differences() == [], (n, what)

        assert conserved(world) == 0


#: In the end everything that waits is answered and paid, as far as it may be.
ENDING = (
    ("bank_answers", 0, 1), ("provider_answers", 0, 1), ("let_go", 0, 1), ("run", 0, 1), ("provider_answers", 0, 1),
    ("bank_answers", 0, 1), ("run", 0, 1), ("provider_answers", 0, 1), ("bank_answers", 0, 1),
)  # fmt: skip


class World:
    """Three orders of one producer, and everything that can become of their money."""

    def __init__(self, prices, fee_bp, *, connected):
        with transaction():
            self.a, self.b = make_operators()
            self.trade = make_trade()
            give_account(self.trade.clerk.organisation_id)
            self.connected = connect(self.trade, "active" if connected else "onboarding")
            self.orders = [make_order(self.trade, [(price, "10")]) for price in prices]
            for order in self.orders:
                order.fee_bp = fee_bp
        self.at = NOON

    def accept(self, which, part):
        (line,) = lines_of(self.orders[which])
        accept(self.orders[which], (str(min(part, line.shipped - line.accepted)), "0"), at=self.at)
        dues.set_due(self.orders[which], clock.business_day(self.at))

    def direct(self, which, part):
        self._pay(which, part, clearing="direct")

    def supervised(self, which, part):
        self._pay(which, part, clearing="supervised")

    def card(self, which, part):
        order = party.lock_order(self.orders[which].id)
        charge(order, max(order.due_fen * part // 1000, 1))

    def _pay(self, which, part, *, clearing):
        order = self.orders[which]
        with clock.stopped_at(self.at):
            pay(self.trade, (order, max(order.due_fen * part // 1000, 1)), clearing=clearing)

    def ask_refund(self, which, part):
        order = self.orders[which]
        fen = max((order.received_fen - order.refunded_fen) * part // 1000, 1)
        refunds.request(order.public_id, fen, "协商", actor=self.trade.buyer, at=self.at)

    def refund(self, which, part):
        self.ask_refund(which, part)
        order = self.orders[which]
        db.session.flush()
        for each in db.session.scalars(
            select(Refund).where(Refund.order_id == order.id, Refund.status == "requested")
        ).all():
            if each.clearing == "stripe":
                refund_sending.send(each.public_id, self.trade.clerk, self.at)
                refund_sending.confirm(each.id, f"re_{each.id}", clock.business_day(self.at), self.at)
            else:
                clearing = "direct" if order.direct_fen >= each.amount_fen else "supervised"
                refunds.record(each.public_id, slip(clearing=clearing), self.trade.clerk, self.at)
                refunds.confirm(each.public_id, self.trade.checker, self.at)
        for standing in lock_standings([order.id]).values():
            reversals.ask_back(standing, at=self.at)

    def hold(self, which, _part):
        holding.hold(self.orders[which].public_id, "核查", self.a, self.at)

    def let_go(self, _which, _part):
        for order in self.orders:
            with suppress(DomainError):
                holding.let_go(order.public_id, self.a, self.at)

    def dispute(self, which, part):
        order = self.orders[which]
        found = db.session.execute(
            text("""SELECT c.id FROM charges c JOIN payments p ON p.charge_id = c.id
                    JOIN payment_allocations a ON a.payment_id = p.id WHERE a.order_id = :id ORDER BY c.id LIMIT 1"""),
            {"id": order.id},
        ).scalar()
        open_ = db.session.scalar(select(Dispute.id).where(Dispute.status == "open"))
        if found is None or open_ is not None:
            return
        charged = db.session.get_one(Charge, found)
        room = charged.amount_fen - charged.refunded_fen - charged.disputed_fen
        if room and order.stripe_fen and order.received_fen > order.refunded_fen + order.refunding_fen + order.held_fen:
            dispute(order, charged, max(min(room, order.stripe_fen) * part // 1000, 1), self.at)

    def end_dispute(self, _which, part):
        found = db.session.scalars(select(Dispute).where(Dispute.status == "open")).one_or_none()
        if found is None:
            return
        share = db.session.scalars(select(DisputeHold).where(DisputeHold.dispute_id == found.id)).one()
        order, key = party.lock_order(share.order_id), f"dispute:{found.id}:order:{share.order_id}"
        if part % 2:
            holds.release(order, share.amount_fen, key=key, at=self.at)
            found.status = "won"
            db.session.get_one(Charge, found.charge_id).disputed_fen -= share.amount_fen
        else:
            holds.lose(order, share.amount_fen, found.charge_id, dispute_ref=found.dispute_ref, key=key, at=self.at)
            found.status = "lost"

    def run(self, _which, _part):
        run(self.a, self.at)

    def bank_answers(self, _which, part):
        waiting = db.session.scalars(select(Payout).where(Payout.rail == "bank", Payout.status == "prepared")).all()
        if not waiting:
            return
        send(waiting, self.a, self.b, self.at)
        if part % 5:
            confirm(waiting, self.b, self.at)
        else:
            for each in waiting:
                fail(each, "退回", self.a, self.b, self.at)

    def provider_answers(self, _which, part):
        answer_transfers(self.at, refuse="" if part % 4 else "no")
        answer_reversals(self.at, refuse="" if part % 3 else "insufficient")

    def account(self, _which, part):
        self.connected.status = "active" if part % 2 else "restricted"


def conserved(world):
    """What came in is at the producer, the buyer, the platform or still in the accounts, to the fen."""
    db.session.expire_all()
    orders = db.session.scalars(select(Order).where(Order.id.in_([order.id for order in world.orders]))).all()
    owner = f"org:{world.trade.clerk.organisation_id}"
    left = db.session.execute(
        text("""SELECT sum(CASE WHEN d.owner = :o AND d.kind IN ('bank_supervised','stripe_cash','stripe_disputed') THEN fen ELSE 0 END)
                     - sum(CASE WHEN c.owner = :o AND c.kind IN ('bank_supervised','stripe_cash','stripe_disputed') THEN fen ELSE 0 END)
                FROM (SELECT debit_id, credit_id, amount_fen AS fen FROM postings WHERE book = 'money') p
                JOIN ledger_accounts d ON d.id = p.debit_id JOIN ledger_accounts c ON c.id = p.credit_id"""),
        {"o": owner},
    ).scalar()
    paid, fees = db.session.execute(
        text("""SELECT coalesce(sum(s.bank_settled_fen + s.stripe_settled_fen), 0),
                       coalesce(sum(s.fee_card_fen + s.fee_bank_fen), 0)
                FROM order_settlements s WHERE s.order_id = ANY(:ids)"""),
        {"ids": [order.id for order in orders]},
    ).one()
    came = sum(order.received_fen - order.direct_fen - order.refunded_fen for order in orders)
    return came - int(left or 0) - int(paid) - int(fees)
