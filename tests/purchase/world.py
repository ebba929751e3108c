"""A buyer, a producer with a listing, and the steps of a purchase, for tests of everything above."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import select, text

from catalog.products.models import Listing
from orders.contracts import services as contracts
from orders.contracts.models import Contract
from orders.fulfilment import accepting, shipping
from orders.fulfilment.accepting import AcceptanceDraft, ItemDecision
from orders.fulfilment.models import Acceptance, Shipment, ShipmentItem
from orders.fulfilment.shipping import ItemToShip, ShipmentDraft
from orders.purchase import checkout
from orders.purchase.changes import Confirmation
from orders.purchase.checkout import Placed
from orders.purchase.models import Order, OrderLine
from orders.purchase.pricing import Wanted
from orders.purchase.procurements import ProcurementHead
from shop.auth import Actor
from shop.db import db, transaction
from shop.identity.models import Unit
from tests import factories
from tests.conftest import NOON


@dataclass
class World:
    """One institution in Heping (its administrator acts) and one producer in Jingyuan with listings."""

    buyer: Actor
    producer: Actor
    listings: list[Listing]
    unit_id: UUID
    at: Any = NOON
    extra: dict[str, Any] = field(default_factory=dict)

    def head(self, **changes: Any) -> ProcurementHead:
        values: dict[str, Any] = {"unit_id": self.unit_id, "fund_source": "union"} | changes
        return ProcurementHead(**values)

    def wanted(self, *quantities: str) -> list[Wanted]:
        return [
            Wanted(listing.public_id, Decimal(quantity))
            for listing, quantity in zip(self.listings, quantities, strict=False)
        ]

    def place(self, *quantities: str, **head: Any) -> Placed:
        with transaction():
            return checkout.create_and_place(
                self.head(**head), self.wanted(*(quantities or ("10",))), actor=self.buyer, at=self.at
            )

    def order(self, placed: Placed, n: int = 0) -> Order:
        return db.session.scalars(
            select(Order).where(Order.public_id == placed.orders[n].public_id).execution_options(populate_existing=True)
        ).one()

    def confirm(
        self, order: Order, *, freight_fen: int = 0, prices: dict[UUID, int] | None = None, days: int = 30
    ) -> Order:
        confirmation = Confirmation(
            freight_fen, max(date(2026, 7, 20), self.at.date() + timedelta(days=5)), prices or {}
        )
        with transaction():
            return contracts.confirm_order(
                order.public_id,
                contracts.Offer(confirmation, payment_days=days, sign=True),
                actor=self.producer,
                at=self.at,
            )

    def contract(self, order: Order) -> Contract:
        return db.session.scalars(
            select(Contract).where(Contract.order_id == order.id).execution_options(populate_existing=True)
        ).one()

    def sign(self, order: Order) -> Contract:
        with transaction():
            return contracts.sign_contract(self.contract(order).public_id, actor=self.buyer, at=self.at)

    def signed(self, *quantities: str, **changes: Any) -> Order:
        """Place, confirm and sign; the order is ready to ship."""
        head = {k: changes.pop(k) for k in ("payment_mode", "fund_source") if k in changes}
        order = self.order(self.place(*quantities, **head))
        self.confirm(order, **changes)
        self.sign(order)
        return order

    def ship(self, order: Order, *quantities: str, **changes: Any) -> Shipment:
        items = [
            ItemToShip(line.public_id, Decimal(quantity), **changes)
            for line, quantity in zip(self.lines(order), quantities, strict=False)
            if Decimal(quantity)
        ]
        with transaction():
            return shipping.ship_order(order.public_id, ShipmentDraft(items), actor=self.producer, at=self.at)

    def accept(self, order: Order, shipment: Shipment, accepted: str, rejected: str = "0", **draft: Any) -> Acceptance:
        item = db.session.scalars(select(ShipmentItem).where(ShipmentItem.shipment_id == shipment.id)).first()
        assert item is not None
        one = ItemDecision(item.public_id, Decimal(accepted), Decimal(rejected), "破损" if Decimal(rejected) else "")
        with transaction():
            return accepting.accept_goods(
                order.public_id, AcceptanceDraft([one], **draft), actor=self.buyer, at=self.at
            )

    def lines(self, order: Order) -> list[Any]:
        return list(
            db.session.scalars(
                select(OrderLine)
                .where(OrderLine.order_id == order.id)
                .order_by(OrderLine.position)
                .execution_options(populate_existing=True)
            )
        )

    def reload(self, order: Order) -> Order:
        db.session.refresh(order)
        return order

    def later(self, **delta: float) -> None:
        self.at += timedelta(**delta)


def make_world(*, listings: int = 1, stock: str = "100", **buyer: Any) -> World:
    """Return a world in an open or a new transaction; keywords change the institution."""
    if not db.session().info.get("transaction_open"):
        with transaction():
            return make_world(listings=listings, stock=stock, **buyer)
    producer = factories.make_producer()
    shelf = [factories.make_listing(producer, stock=stock) for _ in range(listings)]
    institution = factories.make_organisation(**buyer)
    actor = factories.make_member(organisation=institution)
    rule = text(
        "INSERT INTO counting_rules (version, description, valid_from) VALUES (1, '', '2016-01-01') ON CONFLICT DO NOTHING"
    )
    db.session.execute(rule)
    unit = db.session.scalars(select(Unit).where(Unit.organisation_id == institution.id, Unit.is_root)).one()
    return World(actor, producer, shelf, unit.public_id)


def reserved(listing: Listing) -> Any:
    """Return what orders have reserved of a listing's SKU."""
    return Decimal(
        db.session.scalar(text("SELECT reserved FROM sku_stock WHERE sku_id = :id"), {"id": listing.sku_id}) or 0
    )


def on_hand(listing: Listing) -> Any:
    """Return what is in stock of a listing's SKU."""
    return Decimal(
        db.session.scalar(text("SELECT on_hand FROM sku_stock WHERE sku_id = :id"), {"id": listing.sku_id}) or 0
    )


def posted(measure: str) -> int:
    """Return the sum of all postings of a measure, in fen."""
    return int(
        db.session.scalar(text("SELECT coalesce(sum(amount_fen), 0) FROM postings WHERE measure = :m"), {"m": measure})
        or 0
    )


def moves_of(machine: str, key: int) -> list[tuple[str, str]]:
    """Return the moves of a thing as (event, to)."""
    rows = db.session.execute(
        text("SELECT event, to_state FROM moves WHERE machine = :machine AND subject_id = :key ORDER BY id"),
        {"machine": machine, "key": key},
    )
    return [(row.event, row.to_state) for row in rows]
