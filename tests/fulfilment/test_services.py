"""Shipping lots, accepting and rejecting, and the end of a procurement."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from sqlalchemy import select, text

from catalog.lots.models import Lot
from catalog.lots.papers_due import CertificateMissing
from catalog.lots.records import commitments, reports
from catalog.lots.services import OutOfStock
from catalog.products.models import Sku
from orders.fulfilment import accepting, shipping
from orders.fulfilment.accepting import AcceptanceDraft, BadAcceptance, ItemDecision
from orders.fulfilment.answers import acceptances_of
from orders.fulfilment.evidence import may_read
from orders.fulfilment.models import ShipmentItem
from orders.fulfilment.shipping import BadShipment, ItemToShip, ShipmentDraft
from orders.purchase.machine import WrongState
from orders.purchase.models import Procurement
from shop.db import db, transaction
from shop.errors import Forbidden
from shop.files import services as files
from tests import factories
from tests.conftest import count
from tests.purchase.world import World, make_world, on_hand, posted, reserved


@pytest.fixture
def world(session) -> World:
    return make_world()


def procurement_status(order) -> str:
    return db.session.get_one(Procurement, order.procurement_id, populate_existing=True).status


def test_goods_do_not_leave_before_both_have_signed(world):
    order = world.order(world.place("10"))
    world.confirm(order)

    with pytest.raises(WrongState):
        world.ship(order, "10")

    assert (count("shipments"), on_hand(world.listings[0]), reserved(world.listings[0])) == (0, 100, 10)


def test_shipping_consumes_lots_and_reservation_together(world):
    order = world.signed("10")

    shipment = world.ship(order, "4")

    assert world.reload(order).status == "part_shipped"
    assert (on_hand(world.listings[0]), reserved(world.listings[0])) == (96, 6)
    world.ship(order, "6")
    world.reload(order)
    assert (order.status, order.first_shipped_at) == ("shipped", world.at)
    assert (on_hand(world.listings[0]), reserved(world.listings[0])) == (90, 0)
    assert shipment.number.startswith("FH20260715-")


def test_the_lot_that_expires_first_leaves_first_unless_one_is_chosen(session):
    world = make_world(stock="0")
    sku = db.session.get_one(Sku, world.listings[0].sku_id)
    with transaction():
        late = factories.make_lot(sku, world.producer, "10", expires_on=date(2027, 1, 1))
        soon = factories.make_lot(sku, world.producer, "10", expires_on=date(2026, 8, 1))
    order = world.signed("15")

    world.ship(order, "3", lot_ids=(late.public_id,))
    world.ship(order, "12")

    taken = db.session.execute(select(ShipmentItem.lot_id, ShipmentItem.quantity).order_by(ShipmentItem.id)).all()
    assert [tuple(row) for row in taken] == [(late.id, 3), (soon.id, 10), (late.id, 2)]


def test_more_than_is_open_or_anothers_lot_is_refused_with_a_pointer(world):
    order = world.signed("10")
    strange = db.session.scalars(select(Lot).where(Lot.sku_id == make_world().listings[0].sku_id)).one()

    with pytest.raises(BadShipment) as refused:
        world.ship(order, "11", lot_ids=(strange.public_id,))

    pointers = [e["pointer"] for e in refused.value.members["errors"]]
    assert pointers == ["#/items/0/quantity", "#/items/0/lot_ids/0"]
    assert (count("shipments"), reserved(world.listings[0])) == (0, 10)


def test_expired_goods_do_not_leave(session):
    world = make_world(stock="0")
    with transaction():
        factories.make_lot(
            db.session.get_one(Sku, world.listings[0].sku_id), world.producer, "10", expires_on=date(2026, 7, 16)
        )
    order = world.signed("10")
    world.later(days=2)

    with pytest.raises(OutOfStock) as refused:
        world.ship(order, "10")

    assert [e["pointer"] for e in refused.value.members["errors"]] == ["#/items/0/quantity"]
    assert (world.reload(order).status, count("lot_movements")) == ("confirmed", 1)


def test_a_pay_first_order_ships_only_when_it_is_paid(world):
    order = world.signed("10", payment_mode="pay_first")

    with pytest.raises(WrongState):
        world.ship(order, "10")

    with transaction():
        db.session.execute(text("UPDATE orders SET received_fen = due_fen, direct_fen = 0"))
    world.ship(order, "10")
    assert world.reload(order).status == "shipped"


def test_acceptance_counts_and_sets_the_due_day(world):
    order = world.signed("10", days=45)
    shipment = world.ship(order, "10")
    world.later(days=3)

    world.accept(order, shipment, "7", "3")

    world.reload(order)
    assert (posted("accepted"), order.due_fen, order.accepted_at) == (14_000, 14_000, world.at)
    assert order.pay_due_on == date(2026, 9, 1)
    line = world.lines(order)[0]
    assert (line.accepted, line.rejected, line.last_accepted_on) == (7, 3, date(2026, 7, 18))
    assert procurement_status(order) == "completed"


def test_rejected_goods_return_into_their_lot(world):
    order = world.signed("10")
    shipment = world.ship(order, "10")

    world.accept(order, shipment, "7", "3")

    assert (on_hand(world.listings[0]), reserved(world.listings[0])) == (93, 0)


def test_what_is_undecided_stays_open(world):
    order = world.signed("10")
    shipment = world.ship(order, "10")

    world.accept(order, shipment, "6")

    world.reload(order)
    assert (order.accepted_at, procurement_status(order), posted("accepted")) == (None, "placed", 12_000)
    world.accept(order, shipment, "4")
    assert (world.reload(order).accepted_at, procurement_status(order)) == (world.at, "completed")


def test_more_than_was_shipped_or_a_rejection_without_reason_is_refused(world):
    order = world.signed("10")
    shipment = world.ship(order, "10")
    item = db.session.scalars(select(ShipmentItem).where(ShipmentItem.shipment_id == shipment.id)).one()
    draft = AcceptanceDraft([ItemDecision(item.public_id, Decimal(9), Decimal(2), " ")])

    with pytest.raises(BadAcceptance) as refused, transaction():
        accepting.accept_goods(order.public_id, draft, actor=world.buyer, at=world.at)

    assert [e["pointer"] for e in refused.value.members["errors"]] == ["#/items/0/accepted", "#/items/0/reason"]
    assert (count("acceptances"), posted("accepted"), world.lines(order)[0].accepted) == (0, 0, 0)


def test_only_the_buyer_accepts_and_only_the_producer_ships(world):
    order = world.signed("10")
    items = [ItemToShip(world.lines(order)[0].public_id, Decimal(1))]
    with pytest.raises(Forbidden), transaction():
        shipping.ship_order(order.public_id, ShipmentDraft(items), actor=world.buyer, at=world.at)
    world.ship(order, "10")

    with pytest.raises(Forbidden), transaction():
        accepting.accept_goods(order.public_id, AcceptanceDraft([]), actor=world.producer, at=world.at)


def test_what_left_is_told_with_lot_quantity_consignee_and_movement(world):
    order = world.signed("10")
    world.ship(order, "10")

    event = db.session.execute(
        text("SELECT payload, organisation_ids FROM outbox_events WHERE topic = 'orders.order_shipped'")
    ).one()
    item = db.session.scalars(select(ShipmentItem)).one()
    assert event.payload["order_id"] == str(order.public_id)
    assert event.payload["consignee"] == str(world.buyer.organisation_public_id)
    assert [(x["lot_id"], x["quantity"], x["movement"]) for x in event.payload["items"]] == [
        (item.lot_id, "10.000", item.movement_id)
    ]


def test_papers_of_a_delivery_are_kept_with_it_and_open_to_both_sides_alone(world):
    order = world.signed("10")
    shipment = world.ship(order, "10")
    item = db.session.scalars(select(ShipmentItem).where(ShipmentItem.shipment_id == shipment.id)).one()
    with transaction():
        paper = files.store(b"%PDF-1.4\n%%EOF\n", "检测报告.pdf", world.buyer)
        db.session.flush()
    items = [ItemDecision(item.public_id, Decimal(10), Decimal(0))]
    with transaction():
        draft = AcceptanceDraft(items, files=[("test", paper.public_id)])
        accepting.accept_goods(order.public_id, draft, actor=world.buyer, at=world.at)

    told = acceptances_of(order.id, world.buyer)[0].files
    assert [(one.kind, one.name) for one in told] == [("test", "检测报告.pdf")]
    stranger = make_world()
    readers = (world.buyer, world.producer, stranger.buyer, stranger.producer)
    assert [may_read(reader, paper.id) for reader in readers] == [True, True, False, False]


def test_anothers_file_is_no_paper(world):
    order = world.signed("10")
    shipment = world.ship(order, "10")
    item = db.session.scalars(select(ShipmentItem).where(ShipmentItem.shipment_id == shipment.id)).one()
    with transaction():
        paper = files.store(b"%PDF-1.4\n%%EOF\n", "别人的.pdf", make_world().buyer)
    draft = AcceptanceDraft([ItemDecision(item.public_id, Decimal(10), Decimal(0))], files=[("test", paper.public_id)])

    with pytest.raises(BadAcceptance) as refused, transaction():
        accepting.accept_goods(order.public_id, draft, actor=world.buyer, at=world.at)

    assert [e["pointer"] for e in refused.value.members["errors"]] == ["#/files/0/file_id"]
    assert count("acceptances") == 0


def test_goods_that_need_a_commitment_certificate_stay_until_it_is_issued(world):
    order = world.signed("10")
    with transaction():
        db.session.execute(text("UPDATE products SET category_code = '0501'"))
    lot = db.session.scalars(select(Lot)).one()

    with pytest.raises(CertificateMissing) as refusal:
        world.ship(order, "4")
    assert (refusal.value.members["lots"], count("shipments")) == ([lot.code], 0)
    assert (on_hand(world.listings[0]), reserved(world.listings[0])) == (100, 10)
    with transaction():
        new = commitments.NewCommitment(["own_promise"], "13800138000", lot=lot.public_id)
        commitments.issue(new, world.producer, at=world.at)

    assert world.ship(order, "4").number.startswith("FH")


def test_who_got_a_lot_opens_its_test_report(world):
    lot = db.session.scalars(select(Lot)).one()
    with transaction():
        file = files.store(b"%PDF-1.7\n%%EOF\n", "检测.pdf", world.producer)
        item = reports.Item("毒死蜱", "≤0.02", "未检出", has_passed=True)
        new = reports.NewReport("own", "室", "1", date(2026, 7, 1), has_passed=True, items=[item], lot=lot.public_id)
        reports.record_report(new, file.id, world.producer, at=world.at)
        stranger = factories.make_member("institution")
    assert not may_read(world.buyer, file.id)

    world.ship(world.signed("10"), "4")

    assert may_read(world.buyer, file.id)
    assert not may_read(stranger, file.id)
