"""Whatever happens to orders, no fen is lost and everything can be told from the documents."""

from contextlib import suppress
from decimal import Decimal
from itertools import count as counter

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from orders.payments import charges, checks, credit, holds, receipts, refund_sending, refunds
from orders.payments.models import Charge, Refund
from orders.payments.refund_paths import Allowance
from orders.purchase import counting
from shop.db import db, transaction
from shop.errors import DomainError
from shop.identity.models import Organisation
from tests.conftest import NOON, examples, undone
from tests.counting.build import accept, cancel_rest, lines_of, make_actor, make_order, make_trade
from tests.payments.card import charge, differences
from tests.payments.help import facts, slip, two_persons

pytestmark = pytest.mark.usefixtures("session")
_disputes = counter(1)

quantities = st.integers(1000, 30_000).map(lambda n: str(Decimal(n) / 1000))
lines = st.lists(st.tuples(st.integers(1, 99_999), quantities), min_size=1, max_size=5)
thousandths = st.integers(0, 1000)
steps = st.lists(
    st.one_of(
        st.tuples(st.just("accept"), st.integers(0, 1), thousandths, thousandths),
        st.tuples(st.just("pay"), st.integers(0, 1), st.integers(1, 1500), st.sampled_from(("direct", "supervised"))),
        st.tuples(
            st.just("refund"), st.integers(0, 1), thousandths, st.sampled_from(("ask", "record", "done", "refuse"))
        ),
        st.tuples(st.just("credit"), st.integers(0, 1), st.integers(1, 1000), st.none()),
        st.tuples(st.just("cancel"), st.integers(0, 1), st.none(), st.none()),
        st.tuples(st.just("too_much"), st.integers(0, 1), st.none(), st.none()),
        st.tuples(st.just("charge"), st.integers(0, 1), st.integers(1, 1500), st.none()),
        st.tuples(st.just("card"), st.integers(0, 1), st.sampled_from(("send", "done", "fail")), st.none()),
        st.tuples(st.just("allow"), st.integers(0, 1), thousandths, st.none()),
        st.tuples(st.just("dispute"), st.integers(0, 1), thousandths, st.sampled_from(("held", "won", "lost"))),
    ),
    min_size=1,
    max_size=12,
)


@settings(max_examples=examples(20), phases=[Phase.generate], suppress_health_check=list(HealthCheck))
@given(st.tuples(lines, lines), st.integers(0, 5000), steps, st.booleans(), st.sampled_from((0, 60, 333)))
def test_books_columns_and_documents_agree_after_anything(goods, freight, happening, counts, fee_bp):
    with undone():
        with transaction():
            trade = make_trade()
            orders = [make_order(trade, each, freight_fen=freight, counts=counts) for each in goods]
            for order in orders:
                order.fee_bp = fee_bp

        for step in happening:
            with suppress(DomainError), transaction():
                happen(trade, orders, *step)

        assert differences() == []
        for order in orders:
            db.session.refresh(order)
            net = order.received_fen - order.refunded_fen - order.held_fen
            goal = counting.current_targets(order)
            assert sum(line.paid for line in goal.lines) + goal.freight_paid + goal.credit == net
            for line in lines_of(order):
                assert 0 <= line.counted_fen <= min(line.accepted_fen, line.paid_fen)
        assert sums_of_sides("stats") == 0


def happen(trade, orders, what, which, one, two):
    order = orders[which]
    if what == "accept":
        accept(order, *(_share(line, one, two) for line in lines_of(order)))
    elif what == "pay":
        fen = max(order.due_fen * one // 1000, 1)
        first, second = two_persons(trade, two)
        made = receipts.record(facts((order, fen), amount=fen + one, clearing=two), first, NOON)
        receipts.confirm(made.public_id, second, NOON)
    elif what == "refund":
        refund_to(trade, order, max(order.received_fen * one // 1000, 1), two)
    elif what == "credit":
        credit.use_credit(order.public_id, one, trade.clerk, NOON)
    elif what == "charge":
        charge((order, max(order.due_fen * one // 1000, 1)))
    elif what == "card":
        go_back_by_card(order, one)
    elif what == "allow":
        allow(trade, order, one)
    elif what == "dispute":
        dispute(order, one, two)
    elif what == "cancel":
        for line in lines_of(order):
            line.shipped = line.accepted + line.rejected
        cancel_rest(order)
    else:
        refunds.request_what_is_too_much(order.public_id, NOON)


def go_back_by_card(order, end):
    query = db.session.query(Refund).filter_by(order_id=order.id, clearing="stripe").order_by(Refund.id)
    waiting = query.filter(Refund.status.in_(("requested", "sent"))).first()
    if waiting is None:
        return
    if waiting.status == "requested":
        refund_sending.send(waiting.public_id, _operator(order), NOON)
    if end == "done":
        refund_sending.confirm(waiting.id, f"re_{waiting.id}_{waiting.attempts}", NOON.date(), NOON)
    elif end == "fail":
        refund_sending.fail(waiting.id, "declined", NOON)


def _operator(order):
    producer = db.session.get_one(Organisation, order.producer_id)
    return make_actor(producer, "refunds:record")


def allow(trade, order, share):
    line = lines_of(order)[0]
    fen = max(line.accepted_fen * share // 1000, 1)
    shares = [Allowance(line=line.public_id, amount_fen=fen)]
    made = refunds.request(order.public_id, fen, "短斤少两", actor=trade.buyer, at=NOON, lines=shares)
    if made.clearing is None and order.direct_fen >= made.amount_fen:
        refunds.record(made.public_id, slip(clearing="direct"), trade.clerk, NOON)
        refunds.confirm(made.public_id, trade.checker, NOON)


def dispute(order, share, end):
    key, before = f"dispute:{next(_disputes)}:order:{order.id}", order.held_fen
    taken = [db.session.get_one(Charge, each) for each in charges.charges_of_order(order.id)]
    if not taken:
        return
    fen = min(taken[0].amount_fen - taken[0].refunded_fen - taken[0].disputed_fen, order.stripe_fen * share // 1000)
    held = holds.hold(order, min(fen, charges.shares_of_charge(taken[0].id).get(order.id, 0)), key=key, at=NOON)
    assert order.held_fen == before + held
    if held and end == "won":
        holds.release(order, held, key=key, at=NOON)
    elif held and end == "lost":
        taken[0].disputed_fen += held
        holds.lose(order, held, taken[0].id, dispute_ref=key, key=key, at=NOON)


def refund_to(trade, order, fen, end):
    made = refunds.request(order.public_id, fen, "协商", actor=trade.buyer, at=NOON)
    clearing = "direct" if order.direct_fen >= made.amount_fen else "supervised"
    one, two = two_persons(trade, clearing)
    if end in ("record", "done"):
        refunds.record(made.public_id, slip(clearing=clearing), one, NOON)
    if end == "done":
        refunds.confirm(made.public_id, two, NOON)
    if end == "refuse":
        refunds.refuse(made.public_id, "不同意", trade.clerk, NOON)


def _share(line, accepted, rejected):
    """Accept and reject so many thousandths of what is undecided of a line."""
    left = line.shipped - line.accepted - line.rejected
    first = (left * accepted / 1000).quantize(Decimal("0.001"))
    second = ((left - first) * rejected / 1000).quantize(Decimal("0.001"), "ROUND_DOWN")
    return str(first), str(second)


def sums_of_sides(book):
    """Return what counties hold less what buyers hold; postings balance by construction, this reads it back."""
    query = text("""
        SELECT coalesce(sum(CASE WHEN d.kind = 'buyer' AND c.kind = 'county' THEN 0 ELSE abs(p.amount_fen) END), 0)
        FROM postings p JOIN ledger_accounts d ON d.id = p.debit_id JOIN ledger_accounts c ON c.id = p.credit_id
        WHERE p.book = :book""")
    return db.session.execute(query, {"book": book}).scalar_one()


def test_a_changed_column_is_named():
    with transaction():
        trade = make_trade()
        order = make_order(trade)
        accept(order, ("10", "0"))
        db.session.execute(text("UPDATE order_lines SET counted_fen = 7 WHERE order_id = :id"), {"id": order.id})
        db.session.execute(text("UPDATE orders SET received_fen = 5 WHERE id = :id"), {"id": order.id})

    assert checks.Difference("lines", f"{order.number} / 1", "counted", 7, 5) in checks.differing_lines(order.id)
    assert checks.differing_sums(order.id) == [
        checks.Difference("orders", order.number, "received", 5, 0),
        checks.Difference("orders", order.number, "applied", 0, 5),
    ]
    assert str(checks.differing_sums(order.id)[0]) == f"{order.number}: received is 0.05, its documents say 0.00"
