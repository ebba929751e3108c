"""Two at once, on real connections: one payment asked for, one charge taken."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from sqlalchemy import select

from orders.online import events, intents, paying, performing
from orders.online.intents import Wish
from orders.online.models import ProviderEvent
from shop import clock
from shop.db import db, transaction
from tests.conftest import NOON, count
from tests.online.conftest import settings_for
from tests.online.help import ask, differing, make_purchase, settle

pytestmark = pytest.mark.committed


@pytest.fixture
def live(committed_app, stripe_double):
    committed_app.config.update(settings_for(stripe_double))
    return committed_app


def at_once(app, *acts):
    """Run every act in a thread of its own with its own connection, all at the same moment."""
    gate = Barrier(len(acts))

    def run(act):
        with app.app_context(), clock.stopped_at(NOON):
            gate.wait()
            try:
                return act()
            finally:
                db.session.remove()

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))


def test_of_four_who_ask_at_once_there_is_one_payment(live, stripe_double, deliver):
    purchase = make_purchase()
    key, buyer = purchase.procurement.public_id, purchase.buyer

    def one():
        with transaction():
            return intents.ask(key, Wish(mode="element"), buyer, NOON).id

    asked = at_once(live, *[one] * 4)
    settle(deliver)

    assert len(set(asked)) == 1
    assert (count("payment_intents"), len(stripe_double.client().v1.payment_intents.list().data)) == (1, 1)


def test_of_four_workers_one_makes_a_call(live, stripe_double):
    purchase = make_purchase()
    with transaction():
        intents.ask(purchase.procurement.public_id, Wish(mode="element"), purchase.buyer, NOON)

    outcomes = at_once(live, *[performing.perform] * 4)

    assert sorted(outcomes) == ["", "", "", "done"]


def test_events_applied_by_several_while_the_payer_comes_back_are_one_charge(live, stripe_double, deliver):
    purchase = make_purchase()
    intent = ask(purchase)
    stripe_double.pay(intent.intent_ref)
    told = [event for event in stripe_double.told("platform") if "succeeded" in event["type"]]
    with transaction():
        for raw in told:
            events.receive(raw, "v1", NOON)
        keys = list(db.session.scalars(select(ProviderEvent.public_id)))
    key, buyer = intent.public_id, purchase.buyer

    def applied(event_id):
        def run():
            with transaction():
                events.apply(event_id, NOON)

        return run

    at_once(live, *[applied(each) for each in keys], lambda: paying.refresh(key, buyer))
    settle(deliver)

    assert purchase.sums() == [(10000, 0, 0, 0), (6000, 0, 0, 0)]
    assert (count("charges"), count("payments")) == (1, 2)
    assert differing() == []
