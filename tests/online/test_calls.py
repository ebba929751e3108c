"""The queue of calls: nothing is done twice, nothing is lost, wherever it breaks."""

from datetime import timedelta

import pytest
from sqlalchemy import select, text, update

from orders.online import calls, gateway_listing, gateway_stripe, performing
from orders.online.calls import Handler, handles, metadata_of
from orders.online.errors import NoCardPayment, ProviderRefused
from orders.online.gateway_stripe import PaymentRequest
from orders.online.models import ProviderCall
from shop import clock
from shop.db import db, transaction
from tests.counting.build import make_organisation

pytestmark = pytest.mark.usefixtures("session")
NOW = "UPDATE provider_calls SET claimed_until = NULL WHERE status = 'pending'"


class Ledger:
    """What a feature stores of its calls."""

    def __init__(self):
        self.stored, self.refused, self.breaks = [], [], 0

    def store(self, call, answer, _at):
        if self.breaks:
            self.breaks -= 1
            raise RuntimeError
        self.stored.append(answer.ref)
        return answer.ref

    def refuse(self, call, refusal, _at):
        self.refused.append(refusal.provider_code)


@pytest.fixture
def ledger():
    made = Ledger()
    handles("try", Handler(make=make, store=made.store, refuse=made.refuse, find=find))
    return made


def make(call):
    request = PaymentRequest(
        amount_fen=call.params["amount_fen"], group="DK1", description="订单", metadata=metadata_of(call)
    )
    return gateway_stripe.create_intent(request, call.key)


def find(call):
    return gateway_listing.find_made_by(call.name, gateway_listing.list_intents(call.created_at))


def ask(amount_fen=100):
    with transaction():
        return calls.enqueue("try", make_organisation(), {"amount_fen": amount_fen})


def now(call_id):
    """Let the pause of a call be over."""
    with transaction():
        db.session.execute(text(NOW))
    return performing.perform(call_id)


def row(call_id):
    with transaction():
        found = db.session.scalars(select(ProviderCall).where(ProviderCall.id == call_id)).one()
        return found.status, found.tries


def intents(double):
    return double.client().v1.payment_intents.list().data


@pytest.mark.usefixtures("card")
def test_a_call_is_made_once_and_its_answer_kept(ledger, card):
    call = ask()

    assert [performing.perform(), performing.perform()] == ["done", ""]

    assert ledger.stored == [intent.id for intent in intents(card)]
    assert row(call) == ("done", 1)


def test_the_same_call_asked_for_twice_is_one(ledger, card):
    with transaction():
        subject = make_organisation()
        first = calls.enqueue("try", subject, {"amount_fen": 100})
        second = calls.enqueue("try", subject, {"amount_fen": 200})
        third = calls.enqueue("try", subject, {"amount_fen": 300}, attempt=2)

    assert (first == second, first == third) == (True, False)
    assert performing.perform_all() == 2
    assert sorted(intent.amount for intent in intents(card)) == [100, 300]


@pytest.mark.parametrize("fault", ["lose_answer", "fail_before", "rate_limit"])
def test_what_the_network_loses_is_repeated_with_the_same_key(ledger, card, fault):
    getattr(card.faults, fault)("post", "/v1/payment_intents")
    call = ask()

    assert [performing.perform(), performing.perform(), now(call)] == ["pending", "", "done"]

    assert (len(intents(card)), len(ledger.stored), row(call)) == (1, 1, ("done", 2))


def test_an_answer_that_could_not_be_stored_is_asked_for_again(ledger, card):
    ledger.breaks = 2
    call = ask()

    assert [performing.perform(), now(call), now(call)] == ["pending", "pending", "done"]

    assert ledger.stored == [intent.id for intent in intents(card)]


def test_after_it_broke_down_it_is_asked_whether_it_was_done(ledger, card):
    card.clock.set(clock.real_now())
    card.faults.fail_after("post", "/v1/payment_intents")
    call = ask()

    assert [performing.perform(), now(call)] == ["pending", "done"]

    assert ledger.stored == [intent.id for intent in intents(card)]


def test_a_breakdown_kept_under_the_key_is_looked_into_and_then_asked_under_another(ledger, card):
    card.clock.set(clock.real_now())
    card.faults.fail_after("post", "/v1/payment_intents")
    call = ask(100_000_000)  # nothing will have been done: too much is refused, and the refusal got lost

    assert [performing.perform(), now(call), now(call), now(call)] == ["pending", "pending", "failed", ""]

    assert (ledger.refused, ledger.stored, row(call)) == (["amount_too_large"], [], ("failed", 3))


def test_once_the_key_may_be_forgotten_it_is_asked_first(ledger, card):
    ledger.breaks = 1
    card.clock.set(clock.real_now() - timedelta(hours=30))
    call = ask()
    with transaction():
        db.session.execute(update(ProviderCall).values(created_at=clock.real_now() - timedelta(hours=30)))
    performing.perform()
    card.clock.advance(days=2)

    assert now(call) == "done"

    assert ledger.stored == [intent.id for intent in intents(card)]


def test_a_final_refusal_is_told_once_and_not_repeated(ledger, card):
    call = ask(100_000_000)

    assert [performing.perform(), now(call)] == ["failed", ""]

    assert (ledger.refused, ledger.stored, row(call)) == (["amount_too_large"], [], ("failed", 1))


def test_a_claimed_call_is_nobody_elses_until_the_claim_is_over(ledger, card):
    call = ask()
    with transaction():
        calls.claim(clock.real_now())

    assert performing.perform(call) == ""
    assert now(call) == "done"


def test_without_a_key_nothing_is_called(session):
    with pytest.raises(NoCardPayment):
        gateway_stripe.fetch_intent("pi_1")


def test_the_network_is_not_used_inside_a_transaction(card):
    with transaction(), pytest.raises(RuntimeError):
        gateway_stripe.fetch_intent("pi_1")


def test_what_is_not_there_is_refused(card):
    with pytest.raises(ProviderRefused) as refusal:
        gateway_stripe.fetch_intent("pi_1")

    assert refusal.value.provider_code == "resource_missing"
