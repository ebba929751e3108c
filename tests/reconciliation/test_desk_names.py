"""What things on the desk are called by people."""

import pytest

from orders.reconciliation import desk_names
from orders.reconciliation.desk_names import Name
from shop.db import transaction
from tests.counting.build import make_trade
from tests.payments.help import refund
from tests.settlement.help import give_account, make_operators, pay_out, sold

pytestmark = pytest.mark.usefixtures("session")


def test_things_of_ours_go_by_their_numbers_on_the_page(session):
    assert desk_names.names_of(["ch_1", "payout:x", "payout:999999", "refund:999999"]) == {}
    with transaction():
        a, b = make_operators()
        trade = make_trade(members=True)
        give_account(trade.clerk.organisation_id)
        order = sold(trade, 10000, supervised=10000)
        [payout] = pay_out(a, b)
        back = refund(trade, order, 100, clearing="supervised")

    found = desk_names.names_of([f"payout:{payout.id}", f"refund:{back.id}"])

    assert found == {
        f"payout:{payout.id}": Name(f"付供应商 {payout.number}", "payout", payout.public_id),
        f"refund:{back.id}": Name(f"退款 {order.number}", "refund", back.public_id),
    }
