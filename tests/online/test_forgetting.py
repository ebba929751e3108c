"""What the provider told is emptied after months, and known as told all the same."""

import pytest
from sqlalchemy import select, text

from orders.online import events, tasks
from orders.online.models import ProviderEvent
from orders.payments.models import MoneyException
from shop import clock
from shop.db import db, transaction
from tests.conftest import NOON, count
from tests.online.help import outcomes, settle

pytestmark = pytest.mark.usefixtures("session", "card")


def told(ref="evt_1", kind="climate.order.created", thing=None):
    return {"id": ref, "type": kind, "created": int(NOON.timestamp()), "data": {"object": thing or {"id": "thing_1"}}}


def receive(*raws):
    made = []
    for raw in raws:
        with transaction():
            made.append(events.receive(raw, "v1", clock.now()))
    return made


def test_old_applied_bodies_are_emptied_and_a_late_repeat_is_still_one(deliver):
    receive(told("evt_old"))
    deliver()
    receive(told("evt_waiting"))
    with transaction():
        db.session.execute(text("UPDATE provider_events SET received_at = received_at - interval '181 days'"))
    receive(told("evt_new"))

    assert (tasks.forget(), tasks.forget()) == (1, 0)

    with transaction():
        bodies = {row.event_ref: bool(row.body) for row in db.session.scalars(select(ProviderEvent))}
    assert bodies == {"evt_old": False, "evt_waiting": True, "evt_new": True}
    assert receive(told("evt_old")) == [False]
    assert count("provider_events") == 3


def test_a_transfer_that_nobody_called_for_is_an_exception_at_once(deliver):
    thing = {
        "id": "tr_9", "amount": 5000, "amount_reversed": 0, "currency": "cny", "destination": "acct_9",
        "created": int(NOON.timestamp()),
    }  # fmt: skip
    receive(told("evt_1", "transfer.created", thing), told("evt_2", "transfer.updated", thing))
    settle(deliver)

    with transaction():
        rows = db.session.execute(select(MoneyException.kind, MoneyException.subject, MoneyException.amount_fen)).all()
    assert [tuple(row) for row in rows] == [("unknown_transfer", "tr_9", -5000)]
    assert set(outcomes().values()) == {"applied"}


def test_a_payout_to_the_bank_that_fails_is_told_with_its_lines_at_once(card, deliver):
    card.top_up(9700)
    card.make_available()
    payout = card.pay_out()
    card.fail_payout(payout)
    receive(*(each for each in card.told("platform") if each["type"].startswith("payout.")))

    settle(deliver)

    with transaction():
        row = db.session.scalars(select(MoneyException).where(MoneyException.kind == "provider_payout_failed")).one()
        assert (row.subject, row.amount_fen) == (payout, 9700)
        lines = db.session.execute(text("SELECT type, amount, status FROM balance_transactions ORDER BY amount")).all()
    assert [tuple(line) for line in lines] == [("payout", -9700, "posted"), ("payout_failure", 9700, "posted")]
