"""What stands behind an order's lines in a drill-down."""

from __future__ import annotations

from dataclasses import replace

import pytest

from orders import evidence
from orders.ledger.evidence import Document, Source
from shop.db import transaction
from shop.errors import NotFound
from shop.files import services as files
from tests.counting.build import make_order, make_trade
from tests.payments.help import pay


def test_a_receipts_paper_is_for_who_reads_payments(session):
    with transaction():
        trade = make_trade()
        payment = pay(trade, (make_order(trade), 1_00))
        file = files.store(b"%PDF-1.7\n", "a.pdf", trade.clerk)
        payment.evidence_file_id = file.id
    reader = replace(trade.buyer, permissions=frozenset({"payments:read"}))
    requester = replace(trade.buyer, permissions=frozenset({"orders:read"}))

    assert files.get_readable(file.public_id, reader).id == file.id
    with pytest.raises(NotFound):
        files.get_readable(file.public_id, requester)


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
