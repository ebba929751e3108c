"""What the pure computation of an order's targets must hold for any order."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from orders.purchase.targets import LineFacts, OrderFacts, compute
from shop.money import line_fen


def facts(received=0, refunded=0, refunding=0, held=0, *, freight=0, direct=None):
    net = received - refunded
    return OrderFacts(freight, received, refunded, refunding, held, net if direct is None else direct)


def line(price=1000, quantity="10", accepted="0", rejected="0", cancelled="0", *, counts=True):
    return LineFacts(price, Decimal(quantity), Decimal(accepted), Decimal(rejected), Decimal(cancelled), counts)


def test_a_part_payment_is_spread_by_largest_remainder_with_freight_last():
    targets = compute(facts(100, freight=1), [line(1, "1"), line(1, "1"), line(1, "1")])

    assert [each.paid for each in targets.lines] == [1, 1, 1]
    assert targets.freight_paid == 1
    assert targets.credit == 96


def test_ties_go_to_the_lower_line():
    targets = compute(facts(2), [line(1, "1"), line(1, "1"), line(1, "1")])

    assert [each.paid for each in targets.lines] == [1, 1, 0]


def test_counted_is_the_smaller_of_accepted_and_paid():
    targets = compute(facts(6000), [line(1000, "10", accepted="4")])

    assert (targets.lines[0].accepted, targets.lines[0].paid, targets.lines[0].counted) == (4000, 6000, 4000)


def test_a_line_that_does_not_count_is_accepted_and_paid_but_never_counted():
    targets = compute(facts(10000), [line(1000, "10", accepted="10", counts=False)])

    assert (targets.lines[0].accepted, targets.lines[0].paid, targets.lines[0].counted) == (10000, 10000, 0)


def test_rejected_goods_are_ordered_and_not_payable():
    targets = compute(facts(10000), [line(1000, "10", accepted="7", rejected="3")])

    assert (targets.lines[0].ordered, targets.lines[0].payable, targets.lines[0].paid) == (10000, 7000, 7000)
    assert targets.credit == 3000


def test_freight_is_not_owed_when_nothing_is_left_to_pay_for():
    targets = compute(facts(freight=500), [line(1000, "10", cancelled="10")])

    assert (targets.due, targets.lines[0].ordered, targets.earned) == (0, 0, 0)


def test_freight_is_earned_with_the_first_accepted_goods():
    before = compute(facts(10500, freight=500), [line(1000, "10")])
    after = compute(facts(10500, freight=500), [line(1000, "10", accepted="1", rejected="1")])

    assert (before.earned, before.applied) == (0, 0)
    assert (after.earned, after.applied, after.applied_direct) == (1500, 1500, 1500)


def test_a_refund_asked_for_is_set_aside_before_the_rest_is_applied():
    targets = compute(facts(10000, refunding=4000), [line(1000, "10", accepted="10")])

    assert (targets.applied, targets.refunds) == (6000, 4000)
    assert targets.lines[0].paid == 10000


def test_money_through_the_supervised_account_is_not_taken_as_paid_out():
    targets = compute(facts(10000, direct=2500), [line(1000, "10", accepted="10")])

    assert (targets.applied, targets.applied_direct) == (10000, 2500)


quantities = st.integers(0, 4000).map(lambda n: Decimal(n) / 1000)


@st.composite
def lines_of_orders(draw):
    accepted, rejected, cancelled, rest = (draw(quantities) for _ in range(4))
    quantity = accepted + rejected + cancelled + rest + Decimal("0.001")
    return LineFacts(draw(st.integers(1, 99999)), quantity, accepted, rejected, cancelled, draw(st.booleans()))


@st.composite
def orders_with_lines(draw):
    lines = draw(st.lists(lines_of_orders(), min_size=1, max_size=7))
    received = draw(st.integers(0, 1_000_000))
    refunded = draw(st.integers(0, received))
    refunding = draw(st.integers(0, received - refunded))
    held = draw(st.integers(0, received - refunded - refunding))
    direct = draw(st.integers(0, received - refunded))
    return OrderFacts(draw(st.integers(0, 5000)), received, refunded, refunding, held, direct), lines


@given(orders_with_lines())
def test_no_fen_is_lost_whatever_happened(case):
    order, lines = case
    targets = compute(order, lines)
    net = order.received_fen - order.refunded_fen - order.held_fen

    assert sum(each.paid for each in targets.lines) + targets.freight_paid + targets.credit == net
    assert (
        sum(each.payable for each in targets.lines)
        + (order.freight_fen if any(each.payable for each in targets.lines) else 0)
        == targets.due
    )
    assert 0 <= targets.applied_direct <= targets.applied <= targets.earned <= targets.due
    for each, facts_ in zip(targets.lines, lines, strict=True):
        assert 0 <= each.paid <= each.payable <= each.ordered
        assert 0 <= each.counted <= min(each.accepted, each.paid)
        assert each.accepted == line_fen(facts_.unit_price_fen, facts_.accepted)
        assert each.accepted <= each.payable
