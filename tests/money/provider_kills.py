"""Orders whose money moves through Stripe's double while the process that moves it is killed, over and over."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

from flask import Flask
from sqlalchemy import select, text

from catalog.products.offers import Tier
from orders.ledger import verify
from orders.online import intents
from orders.online.intents import Wish
from orders.online.models import PaymentIntent
from orders.payments import refund_sending, refunds
from orders.payments.refund_paths import Allowance
from orders.purchase.models import Order, Procurement
from orders.settlement import dues, runs
from shop import clock
from shop.db import db, snapshot, transaction
from tests import factories
from tests.money import purchase
from tests.money.outside import of_kind, rows
from tests.online.conftest import settings_for
from tests.settlement.help import make_operators
from tests.stripe_double.double import Double
from tests.stripe_double.world import Clock

ROOT = Path(__file__).resolve().parents[2]
#: The steps of an order's money, and the request that each leads to.
PATHS = {
    "pay": "/v1/payment_intents", "pass_on": "/v1/transfers", "give_back": "/v1/refunds",
    "take_back": "/v1/transfers/{id}/reversals",
}  # fmt: skip
#: Time goes by: what the killed process had claimed is free again.
_FREE = (
    text("UPDATE provider_calls SET claimed_until = NULL WHERE status = 'pending'"),
    text("UPDATE outbox_deliveries SET claimed_until = now(), tries = 0 WHERE done_at IS NULL"),
)
_PRICE, _GIVEN = 10_000, 3_000


class Worker:
    """The process that forks the children that are killed."""

    def __init__(self, url: str, settings: dict[str, Any]) -> None:
        command = [sys.executable, "-m", "tests.money.provider_worker", json.dumps({"url": url, **settings})]
        self._process = subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )

    def start(self, what: str = "work") -> int:
        """Start a child and return its process id."""
        assert self._process.stdin
        self._process.stdin.write(f"{what}\n")
        self._process.stdin.flush()
        return self._read()

    def end(self) -> int:
        """Wait for the child's end and return its code; -9 if it was killed."""
        return self._read()

    def _read(self) -> int:
        assert self._process.stdout
        while True:
            line = self._process.stdout.readline()
            assert line, "the worker is gone"
            if line.strip().lstrip("-").isdigit():
                return int(line)

    def stop(self) -> None:
        self._process.communicate(timeout=30)


@contextmanager
def working(url: str, settings: dict[str, Any]) -> Iterator[Worker]:
    worker = Worker(url, settings)
    try:
        yield worker
    finally:
        worker.stop()


@dataclass
class Run:
    """Orders one after the other, and the kills so far."""

    double: Double
    worker: Worker
    random: Random
    kills: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        with transaction():
            self.operator = make_operators()[0]
            self.buyer = purchase.make_buyer()
            clerk = factories.make_producer()
            listing = factories.make_listing(
                clerk, stock="100000", tiers=(Tier(Decimal(1), _PRICE),), step_quantity=Decimal("0.001")
            )
            self.seller = purchase.Seller(clerk, clerk, [listing], 0)
            self._connect()

    def _connect(self) -> None:
        client = self.double.client()
        account = client.v2.core.accounts.create(
            {
                "contact_email": "coop@example.org", "display_name": "合作社", "dashboard": "express",
                "identity": {"country": "cn", "entity_type": "company"},
                "configuration": {
                    "recipient": {"capabilities": {"stripe_balance": {"stripe_transfers": {"requested": True}}}}
                },
                "defaults": {"responsibilities": {"fees_collector": "application", "losses_collector": "application"}},
            }
        )  # fmt: skip
        self.double.activate(account.id)
        db.session.execute(
            text("""INSERT INTO connected_accounts (public_id, organisation_id, account_ref, status, created_by, created_at)
                    VALUES (gen_random_uuid(), :organisation, :ref, 'active', :user, now())"""),
            {"organisation": self.seller.id, "ref": account.id, "user": self.seller.clerk.user_id},
        )

    def carry(self, kills: int) -> None:
        """Lead orders through all steps until so many children were killed."""
        while self.kills.total() < kills:
            with transaction():
                wanted = purchase.wish(self.random, [self.seller])
                (order,) = purchase.buy(wanted, self.buyer, [self.seller], clock.now())
                whole = [(line.quantity, Decimal(0)) for line in purchase.lines_of(order)]
                purchase.accept(order, whole, self.buyer, clock.now())
                key = order.id
            self.finish()
            with transaction():
                dues.set_due(db.session.get_one(Order, key), clock.business_day(clock.now()) - timedelta(days=30))
            for name in PATHS:
                getattr(self, f"_{name}")(key)
                self._kill(name, enough=kills)
            self.finish()

    # steps

    def _pay(self, key: int) -> None:
        with transaction():
            order = db.session.get_one(Order, key)
            procurement = db.session.get_one(Procurement, order.procurement_id)
            intents.ask(procurement.public_id, Wish(mode="element"), self.buyer.actor, clock.now())

    def _pass_on(self, _key: int) -> None:
        self.finish()
        with transaction():
            waiting = list(db.session.scalars(select(PaymentIntent.intent_ref).where(PaymentIntent.status == "open")))
        for ref in waiting:
            self.double.pay(str(ref))
        self.finish("look")
        with transaction():
            runs.start(self.operator, clock.now())

    def _give_back(self, key: int) -> None:
        self.finish()
        with transaction():
            order = db.session.get_one(Order, key)
            line = purchase.lines_of(order)[0].public_id
            made = refunds.request(
                order.public_id, _GIVEN, "短斤少两", actor=self.buyer.actor, at=clock.now(),
                lines=[Allowance(line=line, amount_fen=_GIVEN)],
            )  # fmt: skip
            refund_sending.send(made.public_id, self.seller.clerk, clock.now())

    def _take_back(self, _key: int) -> None:
        """Nothing is to be done: the refund asks the producer's account by itself."""

    # killing

    def _kill(self, name: str, *, enough: int) -> None:
        """Start a child and kill it: when its request is there and not yet done, or at any time."""
        while self.kills.total() < enough:
            code = self._kill_at_its_request(name) if self.random.random() < 0.5 else self._kill_at_any_time(name)
            self._free()
            assert code in (0, -signal.SIGKILL)
            self.kills[name] += code != 0
            if self.random.random() < 0.6:
                return

    def _kill_at_its_request(self, name: str) -> int:
        """Kill while Stripe has the request; half the time Stripe does it all the same."""
        held = self.double.faults.hold("post", PATHS[name])
        child = self.worker.start()
        while not held.reached.wait(0.01) and alive(child):
            pass
        kill(child)
        code = self.worker.end()
        self.double.faults.clear()
        return code

    def _kill_at_any_time(self, name: str) -> int:
        fault = self.random.choice(("lose_answer", "fail_after", "fail_before", ""))
        if fault:
            getattr(self.double.faults, fault)("post", PATHS[name])
        child = self.worker.start()
        threading.Event().wait(self.random.uniform(0.0, 0.15))
        kill(child)
        code = self.worker.end()
        self.double.faults.clear()
        return code

    def finish(self, what: str = "work") -> None:
        """Let children do what is left, however often what they claimed must be freed."""
        for _ in range(6):
            self._free()
            self.worker.start(what)
            assert self.worker.end() == 0
            with transaction():
                if not rows("SELECT 1 FROM provider_calls WHERE status = 'pending'"):
                    return
        raise AssertionError(rows("SELECT kind, tries, error FROM provider_calls WHERE status = 'pending'"))

    def _free(self) -> None:
        with transaction():
            for statement in _FREE:
                db.session.execute(statement)


def alive(child: int) -> bool:
    """Say whether a process is still running; one that has ended stays until it is waited for."""
    try:
        state = Path(f"/proc/{child}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()[0]
    except FileNotFoundError:
        return False
    return state not in ("Z", "X")


def kill(child: int) -> None:
    """Kill a process, unless it was quicker: its code tells."""
    with suppress(ProcessLookupError):
        os.kill(child, signal.SIGKILL)


def assert_once(double: Double) -> None:
    """Hold Stripe's objects against our rows: one for each, none beside them, and everything adds up."""
    with snapshot():
        ours: dict[str, Callable[[], list[Any]]] = {
            "payment_intent": lambda: rows("SELECT intent_ref, amount_fen FROM payment_intents"),
            "charge": lambda: rows("SELECT charge_ref, amount_fen FROM charges"),
            "refund": lambda: rows("SELECT bank_serial, amount_fen FROM refunds WHERE status = 'confirmed'"),
            "transfer": lambda: rows("SELECT transfer_ref, amount_fen FROM transfers WHERE status = 'done'"),
            "transfer_reversal": lambda: rows(
                "SELECT reversal_ref, amount_fen FROM transfer_reversals WHERE status = 'done'"
            ),
        }
        for kind, find in ours.items():
            there = sorted((one["id"], one["amount"]) for one in of_kind(double, kind))
            assert there == sorted(tuple(row) for row in find()), kind
        orders = rows("SELECT count(*) FROM orders")[0][0]
        for table in ("payment_intents", "charges", "refunds", "transfers", "transfer_reversals"):
            assert rows(f"SELECT count(*) FROM {table}")[0][0] == orders, table
        assert rows("SELECT kind, status, error FROM provider_calls WHERE status <> 'done'") == []
        assert rows("SELECT key FROM money_exceptions WHERE status <> 'closed'") == []
        differing = {name: result.named for name, result in verify.run() if result.differing}
        assert not differing, differing


def kill_and_look(app: Flask, *, kills: int, seed: int) -> None:
    """Kill so often, then reconcile, and hold everything against the provider."""
    url = app.config["SQLALCHEMY_DATABASE_URI"]
    with Double(clock=Clock(None)) as double, working(url, settings_for(double)) as worker:
        with clock.stopped_at(clock.real_now()):
            run = Run(double, worker, Random(seed))  # noqa: S311  the same in every run
            run.carry(kills)
            run.finish("look")
            assert run.kills.total() == kills
            assert_once(double)
        assert double.violations == []
