"""Processes that die in the middle of a call, and answers that are lost: nothing is done twice, nothing is lost."""

import random
from contextlib import contextmanager

import pytest
from sqlalchemy import Engine, event, text

from orders.online import intents, performing, reconciling
from orders.online.intents import Wish
from orders.payments import refund_sending, refunds
from shop import clock
from shop.db import db, transaction
from tests.conftest import NOON
from tests.counting.build import accept
from tests.online.help import differing, make_purchase, newest, settle, tell

#: The longest call runs about so many statements.
MOST_STATEMENTS = 45


class Killed(Exception):
    """The process is gone: from here on no statement runs, not even one that notes the error."""


@contextmanager
def killed_after(statements):
    """Let the process die at its n-th statement."""
    left = [statements]

    def count(_connection, _cursor, statement, *_):
        if statement.startswith(("SAVEPOINT", "ROLLBACK", "RELEASE")):  # what undoes it, as losing the connection would
            return
        left[0] -= 1
        if left[0] < 0:
            raise Killed

    event.listen(Engine, "before_cursor_execute", count)
    try:
        yield
    except Killed:
        pass
    finally:
        event.remove(Engine, "before_cursor_execute", count)
        db.session.rollback()


def stumble(double, chance):
    """Make calls in processes that die and over a network that loses answers, a few times."""
    for _ in range(chance.randrange(1, 5)):
        lost = chance.choice([None, None, "lose_answer", "fail_after", "rate_limit"])
        if lost:
            getattr(double.faults, lost)("post", chance.choice(["/v1/payment_intents", "/v1/refunds"]))
        with killed_after(chance.randrange(MOST_STATEMENTS)):
            performing.perform()
        double.faults.clear()
        with transaction():
            db.session.execute(text("UPDATE provider_calls SET claimed_until = NULL WHERE status = 'pending'"))


def die_and_heal(double, deliver, seed):
    chance = random.Random(seed)  # noqa: S311  the same in every run
    double.clock.set(clock.real_now())
    purchase = make_purchase()
    with transaction():
        for order in purchase.orders:
            accept(order, ("10", "0"))
        intents.ask(purchase.procurement.public_id, Wish(mode="element"), purchase.buyer, NOON)
    stumble(double, chance)
    settle(deliver)
    intent = newest(purchase.procurement.id)
    assert (intent.status, len(double.client().v1.payment_intents.list().data)) == ("open", 1)
    double.pay(intent.intent_ref)
    if chance.random() < 1 / 2:
        tell(double)
    stumble(double, chance)
    # Nobody may have told: the job looks.
    reconciling.look(reconciling.HOURS)
    settle(deliver)
    with transaction():
        made = refunds.request(purchase.orders[0].public_id, 4000, "质量问题", actor=purchase.buyer, at=NOON)
        refund_sending.send(made.public_id, purchase.trades[0].clerk, NOON)
    deliver()
    stumble(double, chance)
    settle(deliver)

    assert [one.amount for one in double.client().v1.refunds.list().data] == [4000]
    assert [one.amount for one in double.client().v1.charges.list().data] == [16000]
    assert purchase.sums() == [(10000, 4000, 0, 0), (6000, 0, 0, 0)]
    assert newest(purchase.procurement.id).status == "succeeded"
    assert differing() == []


@pytest.mark.usefixtures("session")
@pytest.mark.parametrize("seed", range(8))
def test_a_process_that_dies_in_a_call_leaves_nothing_twice_and_nothing_out(card, deliver, seed):
    die_and_heal(card, deliver, seed)


@pytest.mark.soak
@pytest.mark.usefixtures("session")
@pytest.mark.parametrize("seed", range(8, 108))
def test_a_hundred_deaths_leave_nothing_twice_and_nothing_out(card, deliver, seed):
    die_and_heal(card, deliver, seed)
