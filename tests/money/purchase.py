"""Real purchases for stories of money: placed, confirmed, signed and shipped through the services, accepted in parts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from random import Random
from uuid import UUID

from sqlalchemy import select, text

from catalog.products.models import Listing
from catalog.products.offers import Tier
from orders.contracts import services as contracts
from orders.fulfilment import accepting, shipping
from orders.fulfilment.accepting import AcceptanceDraft, ItemDecision
from orders.fulfilment.models import Shipment, ShipmentItem
from orders.fulfilment.shipping import ItemToShip, ShipmentDraft
from orders.purchase import checkout
from orders.purchase.changes import Confirmation
from orders.purchase.models import FeeRule, Order, OrderLine
from orders.purchase.pricing import Wanted
from orders.purchase.procurements import ProcurementHead
from shop import clock
from shop.auth import Actor
from shop.db import db
from shop.identity.models import Organisation, Unit
from tests import factories
from tests.settlement.help import give_account


@dataclass(frozen=True)
class Seller:
    """A producer: two persons, what it sells, and what the platform charges it."""

    clerk: Actor
    checker: Actor
    listings: Sequence[Listing]
    fee_bp: int

    @property
    def id(self) -> int:
        return self.clerk.organisation_id


@dataclass(frozen=True)
class Buyer:
    """An institution, by its administrator."""

    actor: Actor
    unit_id: UUID


def make_fee_rule(basis_points: int, producer_id: int | None, user_id: int) -> None:
    """Charge so much from last year on: one producer, or all that have no rule of their own."""
    db.session.add(
        FeeRule(
            producer_id=producer_id, basis_points=basis_points, valid_from=date(2025, 1, 1), created_by=user_id,
            created_at=factories.LONG_AGO,
        )
    )  # fmt: skip
    db.session.flush()  # placing reads it in plain SQL


def make_buyer() -> Buyer:
    db.session.execute(
        text(
            "INSERT INTO counting_rules (version, description, valid_from) VALUES (1, '', '2016-01-01') ON CONFLICT DO NOTHING"
        )
    )
    organisation = factories.make_organisation()
    actor = factories.make_member(organisation=organisation)
    query = select(Unit.public_id).where(Unit.organisation_id == organisation.id, Unit.is_root)
    return Buyer(actor, db.session.scalars(query).one())


def make_seller(random: Random, general_bp: int) -> Seller:
    """Return a producer with one to three offers at random prices, at times with a fee rule of its own."""
    clerk = factories.make_producer()
    organisation = db.session.get_one(Organisation, clerk.organisation_id)
    checker = factories.make_member("producer", organisation=organisation)
    give_account(organisation.id)
    listings = [
        factories.make_listing(
            clerk, stock="1000", tiers=(Tier(Decimal(1), random.randint(1, 99_999)),), step_quantity=Decimal("0.001")
        )
        for _ in range(random.randint(1, 3))
    ]
    own_bp = random.choice((None, None, 0, 125))
    if own_bp is not None:
        make_fee_rule(own_bp, organisation.id, clerk.user_id)
    return Seller(clerk, checker, listings, general_bp if own_bp is None else own_bp)


def wish(random: Random, sellers: Sequence[Seller]) -> list[Wanted]:
    """Return a wish for a random quantity of everything that these sell."""
    return [
        Wanted(listing.public_id, Decimal(random.randint(1000, 30_000)) / 1000)
        for seller in sellers
        for listing in seller.listings
    ]


def buy(
    wanted: Sequence[Wanted], buyer: Buyer, sellers: Sequence[Seller], at: datetime,
    freight: Callable[[], int] = lambda: 0,
) -> list[Order]:  # fmt: skip
    """Place one procurement at these producers, who confirm with freight; both sign, and all is shipped at once."""
    head = ProcurementHead(
        unit_id=buyer.unit_id, fund_source="union", consignee="陈静", consignee_phone="13800138000",
        delivery_address="天津市和平区大沽北路 1 号",
    )  # fmt: skip
    placed = checkout.create_and_place(head, wanted, actor=buyer.actor, at=at)
    by_producer = {seller.id: seller for seller in sellers}
    found = []
    for one in placed.orders:
        order = db.session.scalars(select(Order).where(Order.public_id == one.public_id)).one()
        _deliver(order, buyer, by_producer[order.producer_id], at, freight_fen=freight())
        found.append(order)
    return found


def _deliver(order: Order, buyer: Buyer, seller: Seller, at: datetime, *, freight_fen: int) -> None:
    promised = clock.business_day(at) + timedelta(days=5)
    offer = contracts.Offer(Confirmation(freight_fen, promised, {}), payment_days=30, sign=True)
    contracts.confirm_order(order.public_id, offer, actor=seller.clerk, at=at)
    contract = contracts.find_contract(order.id)
    assert contract is not None
    contracts.sign_contract(contract.public_id, actor=buyer.actor, at=at)
    items = [ItemToShip(line.public_id, line.quantity) for line in lines_of(order)]
    shipping.ship_order(order.public_id, ShipmentDraft(items), actor=seller.clerk, at=at)


def lines_of(order: Order) -> list[OrderLine]:
    query = select(OrderLine).where(OrderLine.order_id == order.id).order_by(OrderLine.id)
    return list(db.session.scalars(query.execution_options(populate_existing=True)))


def accept(order: Order, parts: Sequence[tuple[Decimal, Decimal]], buyer: Buyer, at: datetime) -> None:
    """Accept and reject so much of each line."""
    decisions = []
    for line, (accepted, rejected) in zip(lines_of(order), parts, strict=True):
        item = db.session.scalars(
            select(ShipmentItem)
            .join(Shipment, Shipment.id == ShipmentItem.shipment_id)
            .where(ShipmentItem.line_id == line.id)
        ).one()
        if accepted or rejected:
            decisions.append(ItemDecision(item.public_id, accepted, rejected, "破损" if rejected else ""))
    accepting.accept_goods(order.public_id, AcceptanceDraft(decisions), actor=buyer.actor, at=at)
