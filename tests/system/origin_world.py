"""A served world of one cooperative and the institutions that buy from it; labels lead to the address it is served at."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from uuid import UUID

from flask import Flask
from sqlalchemy import select, text
from werkzeug.serving import make_server

from catalog.lots.batches import packing
from catalog.lots.batches.models import Batch
from catalog.lots.batches.places import NewPlace, add_place
from catalog.lots.models import Lot
from catalog.lots.records import commitments
from orders.contracts import services as contracts
from orders.fulfilment import accepting, shipping
from orders.fulfilment.models import ShipmentItem
from orders.purchase import checkout
from orders.purchase.changes import Confirmation
from orders.purchase.models import Order, OrderLine
from orders.purchase.pricing import Wanted
from orders.purchase.procurements import ProcurementHead
from shop import clock
from shop.app import create_app
from shop.auth import Actor
from shop.db import db, transaction
from shop.identity import services as identity
from shop.identity.models import AuthorityScope, Unit
from shop.outbox import services as outbox
from shop.translog.sealing import seal_log
from tests import factories as make
from tests.conftest import make_settings
from tests.system.test_up import free_port
from tests.system.visitor import PASSWORD
from traceability.proofs.source import LOG

#: Who takes part: the cooperative's clerk, and an official of its county.
CLERK, OFFICIAL = "19900000711", "19900000713"
#: Jingning, of apples.
_COUNTY = "620826"


@dataclass(frozen=True)
class OriginWorld:
    """The served application, and who acts where no page is opened."""

    base: str
    app: Flask
    seller: Actor
    listing: UUID
    box: UUID
    buyers: tuple[Actor, ...]

    def pack_another(self, code: str) -> None:
        """Pack 20 boxes of the batch there is into a second lot, with its certificate."""
        with self._acting():
            batch = db.session.scalars(select(Batch).where(Batch.on_hand_kg >= 100)).one()
            until = clock.today() + timedelta(days=150)
            new = packing.Packing(batch.public_id, self.box, code, Decimal(20), clock.now(), until)
            lot = packing.pack(new, self.seller, at=clock.now())
            own = commitments.NewCommitment(["own_promise"], "0943-6123456", lot=lot.public_id)
            commitments.issue(own, self.seller, at=clock.now())
        self.work()

    def order(self, buyer: int, quantity: int) -> tuple[str, str]:
        """Let an institution order boxes, both sides sign; return the order's number and its page."""
        with self._acting():
            actor, at = self.buyers[buyer], clock.now()
            unit = select(Unit.public_id).where(Unit.organisation_id == actor.organisation_id, Unit.is_root)
            head = ProcurementHead(unit_id=db.session.scalars(unit).one(), fund_source="union")
            wanted = [Wanted(self.listing, Decimal(quantity))]
            (placed,) = checkout.create_and_place(head, wanted, actor=actor, at=at).orders
            confirmation = Confirmation(0, clock.business_day(at) + timedelta(days=5), {})
            offer = contracts.Offer(confirmation, payment_days=30, sign=True)
            order = contracts.confirm_order(placed.public_id, offer, actor=self.seller, at=at)
            contract = contracts.find_contract(order.id)
            assert contract is not None
            contracts.sign_contract(contract.public_id, actor=actor, at=at)
            told = order.number, f"/producer/orders/{order.public_id}"
        self.work()
        return told

    def ship(self, number: str, lot: UUID) -> None:
        """Send an order whole, out of one lot."""
        with self._acting():
            order = _order(number)
            line = db.session.scalars(select(OrderLine).where(OrderLine.order_id == order.id)).one()
            item = shipping.ItemToShip(line.public_id, line.quantity, lot_ids=(lot,))
            shipping.ship_order(order.public_id, shipping.ShipmentDraft([item]), actor=self.seller, at=clock.now())
        self.work()

    def accept(self, buyer: int, number: str, accepted: int, rejected: int) -> None:
        """Take so many boxes of an order in, and send the others back."""
        with self._acting():
            order = _order(number)
            line = select(OrderLine.id).where(OrderLine.order_id == order.id)
            item = db.session.scalars(select(ShipmentItem).where(ShipmentItem.line_id.in_(line))).one()
            one = accepting.ItemDecision(item.public_id, Decimal(accepted), Decimal(rejected), "箱体破损")
            draft = accepting.AcceptanceDraft([one])
            accepting.accept_goods(order.public_id, draft, actor=self.buyers[buyer], at=clock.now())
        self.work()

    def lot(self, code: str) -> UUID:
        """Return the key of a lot."""
        with self.app.app_context():
            return db.session.scalars(select(Lot.public_id).where(Lot.code == code)).one()

    def work(self) -> None:
        """Do what the jobs do, until nothing is left to do."""
        with self.app.app_context(), clock.stopped_at(clock.real_now()):
            while claimed := _claim():
                for event_id, subscriber in claimed:
                    with transaction():
                        outbox.run_delivery(event_id, subscriber, clock.real_now())
            seal_log(LOG)
            db.session.remove()

    @contextmanager
    def _acting(self) -> Iterator[None]:
        with self.app.app_context(), clock.stopped_at(clock.real_now()), transaction():
            yield


def _order(number: str) -> Order:
    return db.session.scalars(select(Order).where(Order.number == number)).one()


def _claim() -> list[tuple[UUID, str]]:
    with transaction():
        return outbox.claim_deliveries(clock.real_now())


def _person(name: str, phone: str, organisation_id: int, role: str) -> None:
    user = make.make_user(name=name, phone=f"+86{phone}", password=PASSWORD)
    identity.add_member(user.id, organisation_id, since=make.LONG_AGO.date(), roles=(role,))


def _make_seller() -> tuple[Actor, UUID, UUID]:
    """Return a cooperative of Jingning with a clerk, an orchard, and apples in boxes in the shop."""
    seller = make.make_producer(_COUNTY, name="静宁县余湾乡红六福苹果专业合作社")
    place = NewPlace("orchard", "三号果园", township="余湾乡", village="王坪村")
    add_place(seller.organisation_id, place, seller, at=make.LONG_AGO)
    apples = make.make_product(
        seller, category_code="0501", county_code=_COUNTY, name="静宁红富士苹果", is_eligible=False
    )
    make.make_eligibility(apples, issuer="静宁县农业农村局", number="静农荐〔2025〕12号")
    box = make.make_sku(apples, seller, pack_spec="5 kg/箱", unit="box", net_weight_g=5000)
    _person("马晓燕", CLERK, seller.organisation_id, "producer_clerk")
    listing = make.make_listing(seller, product=apples, sku=box, stock="0")
    return seller, listing.public_id, box.public_id


def _make_official() -> None:
    authority = make.make_organisation("authority", division_code=_COUNTY, name="静宁县农业农村局")
    scope = AuthorityScope(
        organisation_id=authority.id, kind="division", division_code=_COUNTY, valid_from=make.LONG_AGO.date()
    )
    db.session.add(scope)
    _person("赵丽", OFFICIAL, authority.id, "authority_viewer")


def _make_buyers() -> tuple[Actor, ...]:
    rule = "INSERT INTO counting_rules (version, description, valid_from) VALUES (1, '', '2016-01-01') ON CONFLICT DO NOTHING"
    db.session.execute(text(rule))
    names = ("天津市和平区第一幼儿园", "天津市和平区中心小学", "天津市和平区老年公寓")
    return tuple(
        make.make_member(
            organisation=make.make_organisation(
                name=name, address="天津市和平区大沽北路 1 号", contact_name="陈静", contact_phone="022-23456789"
            )
        )
        for name in names
    )


@contextmanager
def serving(url: str, data: Path) -> Iterator[OriginWorld]:
    """Serve the world for the block."""
    port = free_port()
    base = f"http://127.0.0.1:{port}"
    app = create_app(make_settings(url, DATA_DIR=data, BASE_URL=base))
    with app.app_context():
        with transaction():
            seller, listing, box = _make_seller()
            _make_official()
            buyers = _make_buyers()
        db.session.remove()
        server = make_server("127.0.0.1", port, app, threaded=True)
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield OriginWorld(base, app, seller, listing, box, buyers)
        server.shutdown()
        server.server_close()
        thread.join()
        db.session.remove()
        db.engine.dispose()
