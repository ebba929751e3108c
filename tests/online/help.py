"""A purchase of two producers that is to be paid by card, in few lines."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select, text

from orders.ledger import verify
from orders.online import events, intents, paying, performing
from orders.online.intents import Wish
from orders.online.models import PaymentIntent, ProviderEvent
from orders.purchase.models import Order, Procurement
from shop import clock
from shop.auth import Actor
from shop.db import db, transaction
from shop.identity.models import Organisation
from tests.counting.build import PERMISSIONS, Trade, make_actor, make_order, make_trade
from tests.stripe_double.double import Double


@dataclass(frozen=True)
class Purchase:
    """One procurement, two producers, an order of 100.00 and one of 60.00."""

    procurement: Procurement
    buyer: Actor
    trades: tuple[Trade, Trade]
    orders: tuple[Order, Order]

    def sums(self) -> list[tuple[int, int, int, int]]:
        """Received, refunded, on its way back and held, by order, as the database has them."""
        with transaction():
            for order in self.orders:
                db.session.refresh(order)
            return [(o.received_fen, o.refunded_fen, o.refunding_fen, o.held_fen) for o in self.orders]


def make_purchase(*, status: str = "shipped", members: bool = False) -> Purchase:
    with transaction():
        one = make_trade(members=members)
        from_ = db.session.get_one(Organisation, one.buyer.organisation_id)
        two = make_trade(from_, members=members)
        first = make_order(one, ((1000, "10"),), status=status)
        second = make_order(two, ((600, "10"),), status=status)
        second.procurement_id = first.procurement_id
        procurement = db.session.get_one(Procurement, first.procurement_id)
        buyer = one.buyer if members else _paying(one.buyer)
    return Purchase(procurement, buyer, (one, two), (first, second))


def _paying(actor: Actor) -> Actor:
    organisation = db.session.get_one(Organisation, actor.organisation_id)
    return make_actor(organisation, *PERMISSIONS, "payments:pay")


def ask(purchase: Purchase, mode: str = "element", amount_fen: int | None = None) -> PaymentIntent:
    """Ask for a payment and let the provider know of it."""
    with transaction():
        key = purchase.procurement.id
        intents.ask(purchase.procurement.public_id, Wish(mode=mode, amount_fen=amount_fen), purchase.buyer, clock.now())
    paying.finish(key)
    return newest(key)


def newest(procurement_id: int) -> PaymentIntent:
    query = select(PaymentIntent).where(PaymentIntent.procurement_id == procurement_id)
    with transaction():
        return db.session.scalars(
            query.order_by(PaymentIntent.id.desc()).limit(1).execution_options(populate_existing=True)
        ).one()


def settle(deliver: Callable[..., int]) -> None:
    """Deliver and make calls until nothing waits; pauses are over at once."""
    for _round in range(12):
        with transaction():
            db.session.execute(text("UPDATE provider_calls SET claimed_until = NULL WHERE status = 'pending'"))
        if not deliver() + performing.perform_all():
            break
    with transaction():
        waiting = db.session.execute(text("SELECT kind, error FROM provider_calls WHERE status = 'pending'")).all()
    assert waiting == []


def tell(double: Double, told: Iterable[dict[str, Any]] | None = None) -> None:
    """Take events in as if they had been posted, past the signature."""
    for raw in double.told("platform") if told is None else told:
        with transaction():
            events.receive(raw, "v1", clock.now())


def outcomes() -> dict[str, str]:
    with transaction():
        return {event.event_ref: event.outcome for event in db.session.scalars(select(ProviderEvent))}


#: What these purchases, built row by row, can be checked for: all but shipments and stock.
CHECKED = (
    "orders' sums = documents", "lines = quantities = postings", "receipts = allocations and refunds of credit",
    "charges = receipts and refunds", "money accounts = documents", "card payments = charges",
    "disputes = holds and refunds", "charges' disputed = disputes",
)  # fmt: skip


def differing() -> list[str]:
    """What ``duikou verify`` finds."""
    with transaction():
        found = dict(verify.run())
    assert [name for name in CHECKED if name not in found] == []
    return [f"{name}: {one}" for name in CHECKED for one in found[name].named]
