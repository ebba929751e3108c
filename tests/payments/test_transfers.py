"""One bank transfer of a finance bureau for several institutions: a receipt for each, by two persons, and back the same way."""

from dataclasses import replace
from random import Random

import pytest
from sqlalchemy import select

from orders.banking import acts, aliases
from orders.payments import checks, credit, receipts, refunds, transfers
from orders.payments.announcements import AnnouncementFacts, announce
from orders.payments.models import Payment
from orders.payments.receipts import OtherParties, SamePerson, SerialAlreadyRecorded
from orders.payments.refund_origins import origins_of
from orders.payments.transfers import CreditOwnerUnknown, PayerNotAuthorised
from orders.purchase.machine import WrongState
from orders.purchase.models import Order
from orders.settlement import checks as settlement_checks
from shop.db import db, transaction
from shop.identity.models import Organisation, Unit, UnitPlacement
from tests.banking.help import bring_rows, operators, receipts_of, row, supervised
from tests.conftest import NOON, count
from tests.counting.build import accept, make_actor, make_order, make_organisation, make_trade
from tests.ledger.world import HEPING
from tests.payments.help import facts
from tests.payments.test_races import at_once

SESSION = pytest.mark.usefixtures("session")
BUREAU = "天津市和平区财政局"


def paid_by_heping(buyer_id):
    """Let the district's finance pay a buyer's budget."""
    unit = Unit(organisation_id=buyer_id, name="本级", is_root=True)
    db.session.add(unit)
    db.session.flush()
    db.session.add(
        UnitPlacement(
            unit_id=unit.id, division_code=HEPING, finance_division_code=HEPING, budget_level="county",
            valid_from=NOON.date().replace(month=1, day=1),
        )
    )  # fmt: skip


def make_scene(buyers=2):
    """A producer and an order of 100 yuan of each of some buyers that the district's finance pays."""
    trade = make_trade()
    sides = [trade, *(replace(trade, buyer=make_actor(make_organisation())) for _ in range(buyers - 1))]
    orders = [make_order(side) for side in sides]
    for order in orders:
        paid_by_heping(order.buyer_id)
    return trade, orders, sides


@pytest.fixture
def scene(session):
    with transaction():
        return make_scene()


def payments():
    query = select(Payment).order_by(Payment.part_no, Payment.id)
    return list(db.session.scalars(query.execution_options(populate_existing=True)))


def differences():
    db.session.flush()
    return [
        *checks.differing_lines(), *checks.differing_sums(), *checks.differing_payments(), *checks.differing_balances(),
        *settlement_checks.differences(),
    ]  # fmt: skip


@SESSION
def test_each_buyer_has_a_receipt_of_its_own_and_what_is_over_is_whose_it_was_agreed_for(scene):
    trade, (one, two), sides = scene
    wanted = facts((one, 10000), (two, 10000), amount=20700, payer_name=BUREAU, bank_serial="T1")

    with pytest.raises(CreditOwnerUnknown), transaction():
        receipts.record(wanted, trade.clerk, NOON)
    assert count("payments") == 0
    owner = db.session.get_one(Organisation, two.buyer_id).public_id
    with transaction():
        receipts.record(replace(wanted, buyer=owner), trade.clerk, NOON)
    made = payments()
    with transaction():
        with pytest.raises(WrongState):
            receipts.confirm(made[0].public_id, trade.clerk, NOON)
        for payment in made:
            receipts.confirm(payment.public_id, trade.checker, NOON)

    assert [(p.buyer_id, p.amount_fen, p.allocated_fen, p.transfer_fen, p.part_no) for p in made] == [
        (one.buyer_id, 10000, 10000, 20700, 1), (two.buyer_id, 10700, 10000, 20700, 2),
    ]  # fmt: skip
    assert (one.received_fen, two.received_fen, credit.available_fen(one), credit.available_fen(two)) == (
        10000, 10000, 0, 700,
    )  # fmt: skip
    with transaction():
        refund = refunds.request(two.public_id, 4000, "退货", actor=sides[1].buyer, at=NOON)
        (origin,) = origins_of([refund.id])[refund.id]
        assert (origin.payment_id, origin.payer_name) == (made[1].id, BUREAU)
        assert differences() == []


@SESSION
def test_a_payer_for_whom_nothing_speaks_is_refused_and_an_alias_or_an_announcement_speaks(scene):
    trade, (one, two), sides = scene
    wanted = facts((one, 10000), (two, 10000), payer_name="天津市河东区财政局", bank_serial="T1")
    stranger = replace(wanted, payer_name="某商贸公司")

    for each in (wanted, stranger):
        with pytest.raises(PayerNotAuthorised) as refused, transaction():
            receipts.record(each, trade.clerk, NOON)
        assert refused.value.members["orders"] == [one.number, two.number]
    with transaction():
        aliases.learn("某商贸公司", "", one.buyer_id, trade.checker.user_id, NOON)
    with pytest.raises(PayerNotAuthorised), transaction():
        receipts.record(stranger, trade.clerk, NOON)
    assert count("payments") == 0
    with transaction():
        told = AnnouncementFacts(payer_name="某商贸公司", amount_fen=10000, planned_on=NOON.date())
        announce(two.public_id, told, sides[1].buyer, NOON)
        receipts.record(stranger, trade.clerk, NOON)

    assert [(p.buyer_id, p.amount_fen) for p in payments()] == [(one.buyer_id, 10000), (two.buyer_id, 10000)]


@SESSION
def test_a_receipt_of_nobody_yet_is_given_to_orders_of_several_buyers(scene):
    trade, (one, two), _sides = scene
    with transaction():
        made = receipts.record(facts(amount=20000, payer_name=BUREAU), trade.clerk, NOON)
        shares = [receipts.Share(order=order.public_id, amount_fen=9000) for order in (one, two)]
        credit.allocate(made.public_id, shares, trade.checker, NOON)
        with pytest.raises(SamePerson):
            receipts.confirm(made.public_id, trade.checker, NOON)
    with transaction():
        third = make_actor(db.session.get_one(Organisation, trade.clerk.organisation_id))
        for payment in payments():
            receipts.confirm(payment.public_id, third, NOON)
        with pytest.raises(OtherParties):
            credit.allocate(made.public_id, [receipts.Share(order=two.public_id, amount_fen=1)], trade.clerk, NOON)

    assert [(p.buyer_id, p.amount_fen, p.allocated_fen) for p in payments()] == [
        (one.buyer_id, 11000, 9000), (two.buyer_id, 9000, 9000),
    ]  # fmt: skip
    with transaction():
        assert differences() == []


@SESSION
def test_a_line_of_the_main_account_pays_several_buyers_at_several_producers(scene):
    _trade, (one, two), _sides = scene
    with transaction():
        first, second = operators()
        account = supervised(first, second)
        other = make_order(replace(make_trade(), buyer=make_actor(db.session.get_one(Organisation, one.buyer_id))))
    codes = " ".join(order.reference_code for order in (one, two, other))
    (line,) = bring_rows(account, first, row("250.00", codes, name=BUREAU))
    assert (line.state, line.reason) == ("suggested", "several_buyers")

    with transaction():
        shares = [
            receipts.Share(order=order.public_id, amount_fen=fen)
            for order, fen in ((one, 10000), (two, 10000), (other, 5000))
        ]
        acts.match_by_hand(line.public_id, shares, first, NOON)
        for payment, _shares in receipts_of(line):
            receipts.confirm(payment.public_id, second, NOON)

    found = {(p.payee_id, p.buyer_id): (p.amount_fen, p.part_no, p.transfer_fen) for p, _ in receipts_of(line)}
    assert found == {
        (one.producer_id, one.buyer_id): (10000, 1, 20000), (two.producer_id, two.buyer_id): (10000, 2, 20000),
        (other.producer_id, other.buyer_id): (5000, 1, None),
    }  # fmt: skip
    with transaction():
        assert differences() == []


@SESSION
@pytest.mark.parametrize("seed", range(6))
def test_no_fen_is_lost_or_made_however_a_transfer_is_shared(session, seed):
    random = Random(seed)  # noqa: S311  a repeatable choice
    with transaction():
        trade, orders, _sides = make_scene(random.randint(2, 4))
        for order in orders:
            if random.random() < 0.5:
                accept(order, ("10", "0"))
        shares = [(order, random.randint(1, 10000)) for order in orders for _ in range(random.randint(1, 2))]
        beyond = random.choice((0, random.randint(1, 5000)))
        owner = db.session.get_one(Organisation, random.choice(orders).buyer_id).public_id
        total = sum(fen for _order, fen in shares) + beyond
        wanted = facts(*shares, amount=total, payer_name=BUREAU, buyer=owner if beyond else None)
        receipts.record(wanted, trade.clerk, NOON)
        made = payments()
        for payment in random.sample(made, len(made)):
            receipts.confirm(payment.public_id, trade.checker, NOON)

    assert sum(payment.amount_fen for payment in made) == total
    assert sum(payment.left_fen for payment in made) == beyond
    assert {p.buyer_id: p.allocated_fen for p in made} == {
        order.buyer_id: sum(fen for each, fen in shares if each is order) for order in orders
    }
    with transaction():
        assert differences() == []


@pytest.mark.committed
def test_a_transfer_is_recorded_once_and_a_refused_part_again_once(committed_app):
    with transaction():
        trade, orders, _sides = make_scene()
        one, two = orders
        wanted = facts((one, 6000), (two, 4000), payer_name=BUREAU, bank_serial="T1")
        alone = facts((two, 4000), payer_name=BUREAU, bank_serial="T1")

    first = at_once(committed_app, *(lambda: receipts.record(wanted, trade.clerk, NOON) for _ in range(3)))
    with transaction():
        second = payments()[1].public_id
        receipts.refuse(second, "金额不符", trade.checker, NOON)
    again = at_once(committed_app, *(lambda: receipts.record(alone, trade.clerk, NOON) for _ in range(3)))

    for outcomes in (first, again):
        assert sorted(outcomes, key=str) == [SerialAlreadyRecorded, SerialAlreadyRecorded, None]
    with transaction():
        assert [(p.part_no, p.amount_fen, p.status) for p in payments()] == [
            (1, 6000, "recorded"), (2, 4000, "refused"), (2, 4000, "recorded"),
        ]  # fmt: skip
        assert db.session.get_one(Order, two.id).received_fen == 0
        assert differences() == []
    assert transfers.place_of(one.producer_id, "T1", 1) is None
