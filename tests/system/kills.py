"""Whole purchases over HTTP while processes are killed and the broker is away; afterwards every fact is there once."""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
import sys
import threading
import urllib.error
import urllib.request
import uuid
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import psutil
import redis
from sqlalchemy import text

from admin.demo import cast, loader, shelf
from catalog.lots import services as lots
from catalog.lots.records import commitments
from shop import clock
from shop.app import create_app
from shop.auth import Actor
from shop.config import Settings
from shop.db import db, transaction
from shop.identity import services as identity
from shop.runtime.services import ensure_services
from tests.system.test_up import listening, running

BUYERS = 8
#: How often a request is sent again: a busy machine takes long to bring a killed process back.
_PATIENCE = 4000


class Shop:
    """A running installation with a small world, and what clients need to buy and sell there."""

    def __init__(self, data: Path, port: int) -> None:
        self.address = f"http://127.0.0.1:{port}/api/v1"
        environment = {**os.environ, "DUIKOU_DATA": str(data)}
        self.environment = {**environment, **ensure_services(environment)}
        self.app = create_app(Settings.from_env(self.environment))
        with self.app.app_context():
            samples = [sample for sample in shelf.read_samples() if sample.row["county_code"] == "620421"]
            with clock.stopped_at(datetime(2020, 1, 2, tzinfo=UTC)):
                loader.tell_story(lambda _what: None, lambda *_progress: None, samples=samples, most=0)
            people = self._stock()
            #: Who sells and confirms receipts, and who records them.
            self.seller, self.cashier = self._tokens([each.membership_id for each in people])
            self.buyers = self._tokens(self._companies())
            self.listing = str(self._one("SELECT public_id FROM listings ORDER BY id LIMIT 1"))
            db.session.remove()

    def _stock(self) -> list[Actor]:
        """Put enough in stock, and return the people of its producer."""
        now = clock.now()
        with transaction():
            sku = int(self._one("SELECT sku_id FROM listings ORDER BY id LIMIT 1"))
            seller = int(self._one("SELECT producer_id FROM listings ORDER BY id LIMIT 1"))
            everybody = cast.assemble(cast.roles({}))
            key = next(key for key, body in everybody.organisations.items() if body.id == seller)
            day = clock.business_day(now)
            new = lots.NewLot(sku, "KILL", Decimal(1_000_000), day, day + timedelta(days=300))
            lot = lots.create_lot(new, everybody.first(key), at=now)
            promise = commitments.NewCommitment(["own_promise"], "0943-6123456", lot=lot.public_id)
            commitments.issue(promise, everybody.first(key), at=now)
            return everybody.people[key][:2]

    def _companies(self) -> list[int]:
        """Return members of the case's buyers: companies, which need no budget unit."""
        rows = db.session.execute(
            text("""SELECT m.id FROM memberships m JOIN organisations o ON o.id = m.organisation_id
                    WHERE o.kind = 'institution' AND o.institution_type = 'company' AND o.name LIKE '天津和平%'
                    ORDER BY m.id LIMIT :n"""),
            {"n": BUYERS},
        )
        return [int(key) for key in rows.scalars()]

    def _tokens(self, members: Iterable[int]) -> list[str]:
        with transaction():
            return [identity.issue_token(key, "kills", ["*"], at=clock.real_now()).secret for key in members]

    def _one(self, sql: str) -> Any:
        return db.session.execute(text(sql)).scalar_one()

    def figure(self, sql: str) -> int:
        """Return one number from the database, read afresh."""
        with self.app.app_context():
            found = int(db.session.execute(text(sql)).scalar_one())
            db.session.remove()
            return found

    def ask(self, token: str, path: str, body: dict[str, object] | None = None) -> Any:
        """Return the answer to a request; whatever breaks on the way, it is sent again with the same key.

        :raises AssertionError: if it is refused, or there is no answer after all.
        """
        headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": str(uuid.uuid4())}
        data = None if body is None else json.dumps(body).encode()
        headers |= {} if body is None else {"Content-Type": "application/json"}
        trouble = ""
        for _ in range(_PATIENCE):
            try:
                with urllib.request.urlopen(
                    urllib.request.Request(f"{self.address}{path}", data, headers), timeout=30
                ) as answer:
                    return json.load(answer)
            except urllib.error.HTTPError as error:
                trouble = error.read().decode()
                if error.code < 500:
                    raise AssertionError(trouble) from error
            except (OSError, http.client.HTTPException) as error:
                trouble = repr(error)
            threading.Event().wait(0.05)
        message = f"{path} had no answer but {trouble}"
        raise AssertionError(message)

    def verify(self) -> str:
        """Run ``duikou verify`` and return what it printed.

        :raises AssertionError: if it found a difference.
        """
        command = [sys.executable, "-m", "shop", "verify"]
        ran = subprocess.run(command, env=self.environment, capture_output=True, text=True, check=False)
        assert ran.returncode == 0, ran.stdout + ran.stderr
        return ran.stdout


def buy(shop: Shop, number: int) -> Decimal:
    """Take one purchase from the order to the confirmed receipt, and return what it came to in yuan."""
    buyer = shop.buyers[number % len(shop.buyers)]
    today = clock.business_day(clock.real_now()).isoformat()
    placed = shop.ask(buyer, "/procurements", {
        "place": True, "payment_mode": "goods_first", "consignee": "仓库", "consignee_phone": "022-0",
        "delivery_address": "和平区", "lines": [{"listing_id": shop.listing, "quantity": {"value": "5"}}],
    })["orders"][0]  # fmt: skip
    order, line, total = placed["id"], placed["lines"][0]["id"], placed["total"]["amount"]
    none = {"amount": "0.00", "currency": "CNY"}
    shop.ask(shop.seller, f"/orders/{order}/confirm", {"freight": none, "promised_on": today, "sign": True})
    contract = shop.ask(buyer, f"/orders/{order}")["contract"]["id"]
    shop.ask(buyer, f"/contracts/{contract}/sign", {})
    goods = {"line_id": line, "quantity": {"value": "5"}}
    sent = shop.ask(shop.seller, f"/orders/{order}/shipments", {"items": [goods], "carrier": "冷链专车"})
    taken = {"shipment_item_id": sent["items"][0]["id"], "accepted": {"value": "5"}, "rejected": {"value": "0"}}
    shop.ask(buyer, f"/orders/{order}/acceptances", {"items": [taken]})
    money = {"amount": total, "currency": "CNY"}
    receipt = shop.ask(shop.cashier, "/payments", {
        "bank_serial": f"KILL-{number}", "payer_name": "天津和平", "value_on": today, "amount": money,
        "allocations": [{"order": order, "amount": money}],
    })  # fmt: skip
    shop.ask(shop.seller, f"/payments/{receipt['id']}/confirm", {})
    return Decimal(total)


@contextmanager
def paused(process: psutil.Process) -> Iterator[None]:
    """Hold a process as if it had stopped answering."""
    process.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        process.send_signal(signal.SIGCONT)


def kill_one(run: subprocess.Popen[str], words: str) -> None:
    """Kill -9 a working process of the program whose command line has ``words``."""
    for child in psutil.Process(run.pid).children():
        if any(words in part for part in child.cmdline()):
            (child.children() or [child])[0].kill()
            return


def broker_of(shop: Shop) -> psutil.Process:
    """Return the process of the installation's broker, as it names itself."""
    with redis.Redis.from_url(shop.environment["BROKER_URL"]) as client:
        info: Any = client.info("server")
    return psutil.Process(int(info["process_id"]))


def buy_under_kills(data: Path, port: int, *, purchases: int, kills: int, broker_away_s: float) -> None:
    """Buy while web and worker are killed in turn and the broker is away for a while; then everything adds up."""
    with running(data, port) as run, listening(run):
        shop = Shop(data, port)
        done = threading.Event()
        with ThreadPoolExecutor(BUYERS) as pool:
            bought = [pool.submit(buy, shop, number) for number in range(purchases)]
            for number in range(kills):
                while sum(each.done() for each in bought) < (number + 1) * purchases // (kills + 2):
                    done.wait(0.02)
                kill_one(run, "granian" if number % 2 == 0 else "celery")
            with paused(broker_of(shop)):
                done.wait(broker_away_s)
            total = sum(each.result() for each in bought)

        facts = ("orders", "contracts", "shipments", "acceptances", "payments")
        assert [shop.figure(f"SELECT count(*) FROM {table}") for table in facts] == [purchases] * len(facts)
        for measure in ("ordered", "accepted", "paid", "counted"):
            posted = f"SELECT coalesce(sum(amount_fen), 0) FROM postings WHERE measure = '{measure}'"
            assert shop.figure(posted) == total * 100, measure
        assert shop.figure("SELECT sum(reserved) FROM sku_stock") == 0
        open_deliveries = "SELECT count(*) FROM outbox_deliveries WHERE done_at IS NULL"
        for _ in range(400):
            if not shop.figure(open_deliveries):
                break
            done.wait(0.5)
        assert shop.figure(open_deliveries) == 0
        assert shop.figure("SELECT count(*) FROM outbox_deliveries WHERE dead_at IS NOT NULL") == 0
        shop.verify()
