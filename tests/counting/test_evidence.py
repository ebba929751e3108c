"""What stands behind an order's lines in a drill-down."""

from __future__ import annotations

from orders import evidence
from orders.ledger.evidence import Document, Source
from shop.db import transaction
from tests.counting.build import make_order, make_trade
from tests.payments.help import pay


def test_an_order_tells_its_number_and_the_receipts_that_paid_it(session):
    with transaction():
        trade = make_trade()
        order = make_order(trade)
        payment = pay(trade, (order, order.total_fen))
    assert evidence.sources([order.id]) == {
        order.id: Source(
            "order", str(order.public_id), order.number, f"/orders/{order.public_id}",
            (Document("bank_receipt", payment.bank_serial, None),),
        )
    }  # fmt: skip
