"""Electronic receipts of refunds, and refunds that one request was split into shown together."""

import pytest

from orders.banking import slips as all_slips
from orders.payments import refund_groups, refund_queries, refunds
from orders.refunding import slips, transfers
from orders.refunding.transfers import RefundPaid
from shop.db import transaction
from shop.errors import Forbidden
from shop.files import services as files
from tests.conftest import NOON
from tests.payments.help import pay
from tests.refunding.help import make_scene, sent

pytestmark = pytest.mark.usefixtures("session")
PDF = b"%PDF-1.7\n%%EOF\n"


@pytest.fixture
def scene(session):
    with transaction():
        return make_scene()


def test_receipts_find_their_refunds_by_serial_or_number_and_all_sides_read_them(scene, login, client, bearer):
    with transaction():
        one, two = sent(scene)
        paid = [
            RefundPaid(transfer=each.public_id, bank_serial=serial, value_on=NOON.date())
            for each, serial in ((one, "WT0001"), (two, "WT0002"))
        ]
        transfers.confirm(paid, scene.b, NOON)
        given = [
            files.store(PDF + name.encode(), f"{name}.pdf", scene.a).public_id
            for name in ("回单-WT0001", two.number, "别的")
        ]
        found = all_slips.attach_all(given, scene.a, NOON)
        with pytest.raises(Forbidden):
            slips.attach("refund", scene.goods.public_id, given[2], scene.trade.buyer, NOON)

    assert [(each.refund, each.credit_refund, each.is_lost) for each in found] == [
        (scene.goods.public_id, None, False),
        (None, scene.credit.public_id, False),
        (None, None, True),
    ]
    path = f"/api/v1/refunds/{scene.goods.public_id}/slips"
    assert [each["name"] for each in client.get(path, headers=bearer(scene.trade.buyer)).json["items"]] == [
        "回单-WT0001.pdf"
    ]
    assert "回单-WT0001.pdf" in login(scene.trade.clerk).get(f"/producer/refunds/{scene.goods.public_id}").text
    assert "电子回单" in login(scene.trade.buyer).get(f"/desk/payments/{scene.order.public_id}").text
    assert login(scene.trade.buyer).get(f"/files/{given[0]}").status_code == 200
    assert f"{two.number}.pdf" in login(scene.a).get(f"/operator/credit-refunds/{scene.credit.public_id}").text


def test_a_request_that_goes_back_several_ways_is_shown_together_with_its_sum(scene, login, client, bearer):
    with transaction():
        pay(scene.trade, (scene.order, 1_000), clearing="supervised", payer_name="某公司", payer_account="6222")
        first = refunds.request(scene.order.public_id, 3_000, "多收", actor=scene.trade.buyer, at=NOON)
        (one, other) = refund_groups.together(first.id)
        page = refund_queries.list_refunds(scene.a, NOON.date(), limit=10)

    assert [(one.amount_fen, other.amount_fen), one.id == first.public_id] == [(1_000, 2_000), True]
    assert [(row.amount_fen, row.group == first.public_id, row.group_count, row.group_fen) for row in page.items] == [
        (2_000, True, 2, 3_000),
        (1_000, True, 2, 3_000),
        (4_000, False, 1, 4_000),
    ]
    shown = login(scene.a).get(f"/operator/refunds/{other.id}").text
    assert ("同一申请的退款" in shown, "30.00" in shown, f"/operator/refunds/{first.public_id}" in shown) == (
        True,
        True,
        True,
    )
    assert "同一申请共 2 笔 30.00 元" in login(scene.trade.buyer).get("/desk/refunds").text
    answer = client.get(f"/api/v1/refunds?group={first.public_id}", headers=bearer(scene.trade.buyer)).json
    assert [(each["amount"]["amount"], each["group_amount"]["amount"]) for each in answer["items"]] == [
        ("20.00", "30.00"),
        ("10.00", "30.00"),
    ]
