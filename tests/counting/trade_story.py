"""Purchases and filings at random, through the services: several buyers, producers, counties and kinds of goods."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from functools import partial
from random import Random
from typing import Any

from sqlalchemy import select, text

from orders.ledger.filings import decisions
from orders.ledger.filings.drafts import KeyDraft
from orders.purchase.models import Order
from shop import clock
from shop.auth import Actor
from shop.db import db, transaction
from shop.identity.models import Organisation
from tests import factories
from tests.counting.test_papers import Sellers
from tests.ledger.filers import confirmed, officials, stated
from tests.payments.help import pay
from tests.purchase.world import World, make_world

#: Their counties: of Jingyuan's partner, of its prefecture, and of another province.
COUNTIES = ("620421", "620422", "621102", "522722")
#: A budget unit of Heping, a company there, a hospital of Ningbo that the province pays, and one nobody has verified.
BUYERS: tuple[dict[str, Any], ...] = (
    {}, {"institution_type": "company"}, {"division_code": "330203", "institution_type": "hospital"}, {"is_verified": False},
)  # fmt: skip


class Trade:
    """What is bought from whom; ``at`` goes on with each thing that happens."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)  # noqa: S311  the same story in every run
        self.worlds: list[World] = [self._world(n) for n in range(len(BUYERS))]
        self.seconds = {
            world.producer.organisation_id: factories.make_member(
                "producer", organisation=db.session.get_one(Organisation, world.producer.organisation_id)
            )
            for world in self.worlds
        }
        self.at = self.worlds[0].at

    def _world(self, n: int) -> World:
        world = make_world(listings=2, stock="100000", **BUYERS[n])
        with transaction():
            world.producer = factories.make_producer(COUNTIES[n])
            world.listings = [
                factories.make_listing(
                    world.producer, stock="100000",
                    product=factories.make_product(world.producer, county_code=COUNTIES[n], category_code=category),
                )
                for category in ("0605", "0101")
            ]  # fmt: skip
            if n == 2:
                db.session.execute(
                    text(
                        "UPDATE unit_placements SET finance_division_code = '330000' WHERE unit_id IN (SELECT id FROM units WHERE public_id = :unit)"
                    ),
                    {"unit": world.unit_id},
                )
        return world

    def tell(self, purchases: int, filings: int) -> None:
        """Let so much be bought and filed."""
        for n in range(purchases):
            self._buy(self.worlds[n % len(self.worlds)])
        for n in range(filings):
            self._file(n)

    def _later(self, world: World) -> None:
        self.at += timedelta(hours=self.random.randint(1, 40))
        world.at = self.at

    def _buy(self, world: World) -> None:
        quantities = [str(self.random.randint(1, 300)) for _ in range(self.random.randint(1, 2))]
        self._later(world)
        with clock.stopped_at(self.at):
            order = world.signed(
                *quantities, freight_fen=self.random.choice((0, 1234)),
                fund_source=self.random.choice(("other", "union", "personal")),
            )  # fmt: skip
        steps: list[Callable[[], None]] = [
            partial(self._deliver, world, order, n, part)
            for n, quantity in enumerate(quantities) for part in self._parts(int(quantity))
        ]  # fmt: skip
        steps += [partial(self._pay, world, order)] * self.random.randint(0, 3)
        self.random.shuffle(steps)
        for step in steps:
            if self.random.random() < 0.85:
                self._later(world)
                with clock.stopped_at(self.at):
                    step()

    def _parts(self, quantity: int) -> list[int]:
        """Cut a quantity into one to three deliveries."""
        cuts = sorted(self.random.randint(0, quantity) for _ in range(self.random.randint(0, 2)))
        return [to - since for since, to in zip([0, *cuts], [*cuts, quantity], strict=True) if to > since]

    def _deliver(self, world: World, order: Order, n: int, quantity: int) -> None:
        rejected = self.random.choice((0, 0, self.random.randint(0, quantity)))
        shipment = world.ship(order, *["0"] * n, str(quantity))
        world.accept(order, shipment, str(quantity - rejected), str(rejected))

    def _pay(self, world: World, order: Order) -> None:
        now = db.session.scalars(
            select(Order).where(Order.id == order.id).execution_options(populate_existing=True)
        ).one()
        fen = max(now.due_fen * self.random.choice((1, 1, 2)) // self.random.choice((1, 2, 3)), 1)
        value_on = clock.business_day(self.at) - timedelta(days=self.random.choice((0, 0, 3, 9)))
        sellers = Sellers(world.producer, self.seconds[world.producer.organisation_id])
        with transaction():
            pay(sellers, (now, fen), value_on=value_on)

    def _file(self, n: int) -> None:
        county = self.random.choice(COUNTIES)
        first, second = officials(county)
        buyer = db.session.get_one(Organisation, self.worlds[n % len(self.worlds)].buyer.organisation_id)
        last = date(2026, 7, 1) - timedelta(days=self.random.randint(0, 400))
        code = {"buyer_credit_code": buyer.credit_code} if self.random.random() < 0.6 else {}
        lines = tuple(
            stated(category, category, self.random.randint(1, 10**6))
            for category in self.random.sample(("0605", "0101"), 2)
        )
        filing = confirmed(
            first, second, county_code=county, sold_from=last - timedelta(days=9), sold_to=last, lines=lines,
            keys=(KeyDraft("contract", f"HT{n}"),), **code,
        )  # fmt: skip
        if self.random.random() < 0.2:
            self._take_back(filing.public_id, first, second)

    def _take_back(self, filing: Any, first: Actor, second: Actor) -> None:
        with transaction():
            decisions.ask_withdrawal(filing, first, reason="重复", at=self.at)
        with transaction():
            decisions.decide_withdrawal(filing, second, is_granted=True, at=self.at)
