"""One payment by card, told of in any order, twice, by several at once, while the payer comes back to the page."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from random import Random

from flask import Flask
from sqlalchemy import text

from orders.online import paying, performing, reconciling
from shop import clock
from shop.db import db, transaction
from shop.outbox import services as outbox
from tests.money.outside import of_kind, rows
from tests.online.help import Purchase, ask, differing, make_purchase, newest, settle
from tests.stripe_double.double import Double, through
from tests.stripe_double.world import Thing

_FREE = text("UPDATE provider_calls SET claimed_until = NULL WHERE status = 'pending'")


def pay_in_disorder(app: Flask, double: Double, random: Random, deliver: Callable[..., int]) -> None:
    """Let a payment and what becomes of it be told in disorder by two at once; the outcome is that of the provider."""
    double.clock.set(clock.real_now())
    purchase = make_purchase()
    before = len(double.events)
    charge = _happen(purchase, double, random)
    events = [event for event in double.events[before:] if event["object"] == "event"]
    public_id = newest(purchase.procurement.id).public_id

    def tell(order: list[Thing]) -> None:
        assert set(double.deliver(through(app.test_client(), "/stripe/webhooks"), order)) <= {200}

    def come_back(_times: int) -> None:
        with app.app_context():
            paying.refresh(public_id, purchase.buyer)

    def work(_times: int) -> None:
        with app.app_context():
            _work()

    db.session.rollback()
    told = [_shuffled(events, random), _shuffled([*events, *random.choices(events, k=3)], random)]
    with ThreadPoolExecutor(5) as pool:
        tasks = [pool.submit(tell, each) for each in told]
        tasks += [pool.submit(come_back, n) for n in range(2)] + [pool.submit(work, n) for n in range(2)]
        random.shuffle(tasks)
        for each in tasks:
            each.result()
    _settle(deliver)
    _assert_as_the_provider_says(purchase, double, charge)


def _shuffled(events: list[Thing], random: Random) -> list[Thing]:
    return random.sample(events, len(events))


def _happen(purchase: Purchase, double: Double, random: Random) -> str:
    """Let the payer try, pay, and at times dispute; return the charge."""
    mode = random.choice(("element", "element", "checkout", "invoice"))
    intent = ask(purchase, mode)
    method = random.choice(("card", "alipay"))
    if mode == "checkout" and random.random() < 0.5:
        double.pay(double.complete_slowly(intent.session_ref or ""), method)
    elif mode == "checkout":
        double.complete(intent.session_ref or "", method)
    elif mode == "invoice":
        double.pay_invoice(intent.invoice_ref or "", method)
    else:
        for _ in range(random.randint(0, 2)):
            double.fail(intent.intent_ref or "")
        if random.random() < 0.3:
            double.process(intent.intent_ref or "", method)
        double.pay(intent.intent_ref or "", method)
    (charge,) = [one for one in _charges(double, purchase) if one["status"] == "succeeded"]
    if random.random() < 0.4:
        dispute = double.dispute(charge["id"], random.choice((None, 1, 4321)))
        end = random.choice((double.win, double.lose, None))
        if end is not None:
            end(dispute)
    return str(charge["id"])


def _charges(double: Double, purchase: Purchase) -> list[Thing]:
    group = purchase.procurement.number
    return [one for one in of_kind(double, "charge") if one["transfer_group"] == group or _is_of(double, one, group)]


def _is_of(double: Double, charge: Thing, group: str) -> bool:
    """Say whether a charge is of a procurement whose payment names it in its metadata only (an invoice's)."""
    amounts = rows(f"""SELECT i.intent_ref, i.invoice_ref FROM payment_intents i JOIN procurements p ON p.id = i.procurement_id
                       WHERE p.number = '{group}'""")
    if charge["payment_intent"] in {row.intent_ref for row in amounts}:
        return True
    return any(double.side(row.invoice_ref)["intent"] == charge["payment_intent"] for row in amounts if row.invoice_ref)


def _work() -> None:
    """Do a job's round: deliveries, then calls."""
    with transaction():
        claimed = outbox.claim_deliveries(clock.real_now())
    for event_id, subscriber in claimed:
        with transaction():
            outbox.run_delivery(event_id, subscriber, clock.real_now())
    performing.perform_all(20)


def _settle(deliver: Callable[..., int]) -> None:
    with transaction():
        db.session.execute(_FREE)
        db.session.execute(text("UPDATE outbox_deliveries SET claimed_until = now() WHERE done_at IS NULL"))
    settle(deliver)
    # What came before the charge that it is about was of something unknown: the job that looks takes it in.
    reconciling.look(reconciling.HOURS)
    settle(deliver)


def _assert_as_the_provider_says(purchase: Purchase, double: Double, charge: str) -> None:
    taken = double.get(charge)["amount"]
    disputes = [one for one in of_kind(double, "dispute") if one["charge"] == charge]
    held = sum(one["amount"] for one in disputes if one["status"] not in ("won", "lost"))
    lost = sum(one["amount"] for one in disputes if one["status"] == "lost")
    sums = purchase.sums()

    assert taken == 16000
    assert [received for received, *_rest in sums] == [10000, 6000]
    assert [sum(column) for column in zip(*sums, strict=True)] == [taken, lost, 0, held], (sums, disputes)
    assert newest(purchase.procurement.id).charge_ref == charge
    assert rows(f"SELECT count(*) FROM payments WHERE bank_serial = '{charge}'")[0][0] == 2
    assert differing() == []
