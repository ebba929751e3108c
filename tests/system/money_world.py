"""A served world in which money moves by card: the demo's story, a second producer, and a Stripe of the test's own."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from uuid import UUID

from flask import Flask
from sqlalchemy import select, text
from werkzeug.serving import make_server

from admin.demo import loader, shelf
from admin.demo.accounts import PASSWORD
from catalog.producers import services as producers
from catalog.products.offers import Tier
from orders.banking import tasks as banking
from orders.online import performing
from orders.purchase.models import Order, Procurement
from orders.purchase.pricing import Wanted
from orders.reconciliation import tasks as reconciliation
from shop import clock, reference
from shop.app import create_app
from shop.auth import Actor
from shop.db import db, transaction
from shop.identity import services as identity
from shop.identity.models import Membership, Organisation, Unit, User
from shop.identity.queries import actor_of
from shop.outbox import services as outbox
from tests import factories
from tests.conftest import make_settings
from tests.money import purchase
from tests.money.purchase import Buyer, Seller
from tests.online.conftest import settings_for
from tests.settlement.help import give_account
from tests.stripe_double.double import Double
from tests.stripe_double.world import Clock
from tests.system.test_up import free_port

#: Who takes part: an institution, the producer with an account at Stripe, and one without, whose person is new.
BUYER, SELLER, OTHER_SELLER = "19900000105", "19900000203", "19900000911"
_ROUNDS = 40


@dataclass(frozen=True)
class Bought:
    """An order of the walk: its number, what is written on a transfer for it, and its address below a desk."""

    number: str
    code: str
    path: str


@dataclass(frozen=True)
class MoneyWorld:
    """The served application, its Stripe, and whose money it is."""

    base: str
    app: Flask
    double: Double

    def work(self) -> None:
        """Do what the jobs do, until nothing is left to do."""
        with self.app.app_context(), clock.stopped_at(clock.real_now()):
            for _n in range(_ROUNDS):
                self.double.courier.wait()
                if not _deliver() + performing.perform_all() + banking.confirm_statements():
                    break
            db.session.remove()

    def fetch(self) -> None:
        """Fetch what the provider tells of its balance."""
        with self.app.app_context(), clock.stopped_at(clock.real_now()):
            reconciliation.fetch()
            db.session.remove()

    def buy(self) -> tuple[Bought, Bought, str]:
        """Let the institution buy goods for 1,000.00 and for 600.00; return both orders, and the procurement's address."""
        with self.app.app_context(), clock.stopped_at(clock.real_now()), transaction():
            first, second = self._sellers()
            wanted = [
                Wanted(first.listings[0].public_id, Decimal(100)), Wanted(second.listings[0].public_id, Decimal(60)),
            ]  # fmt: skip
            orders = purchase.buy(wanted, self._buyer(), [first, second], clock.now())
            orders.sort(key=lambda order: order.producer_id != first.id)
            one, two = (_bought(order) for order in orders)
            procurement = db.session.get_one(Procurement, orders[0].procurement_id).public_id
        return one, two, f"/desk/procurements/{procurement}"

    def _buyer(self) -> Buyer:
        actor = _actor(BUYER)
        query = select(Unit.public_id).where(Unit.organisation_id == actor.organisation_id, Unit.is_root)
        return Buyer(actor, db.session.scalars(query).one())

    def _sellers(self) -> tuple[Seller, Seller]:
        one, two = (
            Seller(actor, actor, [factories.make_listing(actor, stock="1000", tiers=(Tier(Decimal(1), 1000),))], 0)
            for actor in (_actor(SELLER), _actor(OTHER_SELLER))
        )
        return one, two


def _bought(order: Order) -> Bought:
    return Bought(order.number, order.reference_code, f"/orders/{order.public_id}")


def _actor(phone: str) -> Actor:
    user = db.session.scalars(select(User).where(User.phone == f"+86{phone}")).one()
    organisation_id = db.session.scalars(
        select(Membership.organisation_id).where(Membership.user_id == user.id).order_by(Membership.id).limit(1)
    ).one()
    return actor_of(user.id, organisation_id, clock.today())


def _deliver() -> int:
    with transaction():
        claimed: list[tuple[UUID, str]] = outbox.claim_deliveries(clock.real_now())
    for event_id, subscriber in claimed:
        with transaction():
            outbox.run_delivery(event_id, subscriber, clock.real_now())
    return len(claimed)


def _add_people() -> None:
    """Give the first seller and the operator bank accounts, and let a second producer in."""
    seller = db.session.scalars(select(Organisation).where(Organisation.name.startswith("靖远甲号"))).one()
    operator = db.session.scalars(select(Organisation).where(Organisation.kind == "operator")).one()
    other = factories.make_organisation("producer", name="靖远县乙号滩羊合作社")
    producers.register_producer(other.id, producers.ProducerFacts("cooperative", factories.JINGYUAN), None)
    person = factories.make_user(name="何秀兰", phone=f"+86{OTHER_SELLER}", password=PASSWORD)
    identity.add_member(person.id, other.id, since=factories.LONG_AGO.date(), roles=("producer_admin",))
    for organisation in (seller, other, operator):
        db.session.execute(text("DELETE FROM bank_accounts WHERE organisation_id = :id"), {"id": organisation.id})
        give_account(organisation.id, organisation.name)


def _tell_story() -> None:
    with transaction():
        reference.load_all()
    samples = [sample for sample in shelf.read_samples() if sample.row["county_code"] == "620421"]
    with clock.stopped_at(datetime(2020, 8, 1, tzinfo=UTC)):
        loader.tell_story(lambda _what: None, lambda *_progress: None, samples=samples, most=2)
    with transaction():
        _add_people()
    db.session.remove()


@contextmanager
def serving(url: str, data: Path) -> Iterator[MoneyWorld]:
    """Serve the world for the block; what Stripe tells reaches the application by itself."""
    port = free_port()
    base = f"http://127.0.0.1:{port}"
    events = f"{base}/stripe/webhooks"
    hooks = {"platform": events, "connect": events, "thin": f"{base}/stripe/events"}
    with Double(clock=Clock(None), webhooks_to=hooks) as double:
        card = {**settings_for(double), "STRIPE_JS_URL": f"{double.url}/v3/"}
        app = create_app(make_settings(url, DATA_DIR=data, BASE_URL=base, **card))
        with app.app_context():
            _tell_story()
            server = make_server("127.0.0.1", port, app, threaded=True)
            thread = threading.Thread(target=server.serve_forever, daemon=True)
            thread.start()
            yield MoneyWorld(base, app, double)
            double.courier.wait()
            server.shutdown()
            server.server_close()
            thread.join()
            db.session.remove()
            db.engine.dispose()
        assert double.violations == []
