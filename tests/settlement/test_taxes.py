"""What a seller has sold and given back in a quarter, held against the documents."""

from __future__ import annotations

from datetime import date

import pytest

from orders.payments import refund_sending, refunds
from orders.payments.refund_paths import Allowance
from orders.settlement import taxes
from shop.db import transaction
from tests.conftest import NOON
from tests.counting.build import accept, lines_of, make_order, make_trade
from tests.payments.card import charge
from tests.settlement.help import make_operators

pytestmark = pytest.mark.usefixtures("session")


def test_a_refund_by_card_that_comes_back_is_no_sale_and_no_return():
    with transaction():
        operator, _other = make_operators()
        trade = make_trade()
        order = make_order(trade)
        accept(order, ("10", "0"))
        charge((order, 10000))
        allowed = [Allowance(line=lines_of(order)[0].public_id, amount_fen=2000)]
        made = refunds.request(order.public_id, 2000, "短斤少两", actor=trade.buyer, at=NOON, lines=allowed)
    told = []

    for n in (1, 2):
        with transaction():
            refund_sending.send(made.public_id, trade.clerk, NOON)
            refund_sending.confirm(made.id, f"re_{n}", date(2026, 7, 15), NOON)
            told.append(taxes.make_sheet(date(2026, 7, 1), operator).rows[0])
        if n == 1:
            with transaction():
                refund_sending.fail(made.id, "lost_or_stolen_card", NOON)
                told.append(taxes.make_sheet(date(2026, 7, 1), operator).rows[0])

    assert [(row.gross_fen, row.returns_fen, row.net_fen) for row in told] == [
        (10000, 2000, 8000), (10000, 0, 10000), (10000, 2000, 8000),
    ]  # fmt: skip
