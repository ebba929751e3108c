"""Purchases over HTTP while processes are killed and the broker is away; afterwards every fact is there once."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import urllib.error
import urllib.request
import uuid
from collections.abc import Iterator
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
from shop import clock
from shop.app import create_app
from shop.config import Settings
from shop.db import db, transaction
from shop.identity import services as identity
from shop.runtime.services import ensure_services
from tests.system.test_up import listening, running

BUYERS = 8
_PATIENCE = 400


class Shop:
    """A running installation with a small world, and what a client needs to buy there."""

    def __init__(self, data: Path, port: int) -> None:
        self.address = f"http://127.0.0.1:{port}/api/v1"
        environment = {**os.environ, "DUIKOU_DATA": str(data)}
        self.environment = {**environment, **ensure_services(environment)}
        self.app = create_app(Settings.from_env(self.environment))
        with self.app.app_context():
            samples = [sample for sample in shelf.read_samples() if sample.row["county_code"] == "620421"]
            with clock.stopped_at(datetime(2020, 1, 2, tzinfo=UTC)):
                loader.tell_story(lambda _what: None, lambda *_progress: None, samples=samples, most=0)
            self._stock()
            self.tokens = self._tokens()
            self.listing = str(self._one("SELECT public_id FROM listings ORDER BY id LIMIT 1"))
            db.session.remove()

    def _stock(self) -> None:
        now = clock.now()
        with transaction():
            sku = int(self._one("SELECT sku_id FROM listings ORDER BY id LIMIT 1"))
            seller = int(self._one("SELECT producer_id FROM listings ORDER BY id LIMIT 1"))
            everybody = cast.assemble(cast.roles({}))
            key = next(key for key, body in everybody.organisations.items() if body.id == seller)
            actor = everybody.first(key)
            day = clock.business_day(now)
            new = lots.NewLot(sku, "KILL", Decimal(1_000_000), day, day + timedelta(days=300))
            lots.create_lot(new, actor, at=now)

    def _tokens(self) -> list[str]:
        """Return tokens of the case's buyers: companies, which need no budget unit."""
        rows = db.session.execute(
            text("""SELECT m.id FROM memberships m JOIN organisations o ON o.id = m.organisation_id
                    WHERE o.kind = 'institution' AND o.institution_type = 'company' AND o.name LIKE '天津和平%'
                    ORDER BY m.id LIMIT :n"""),
            {"n": BUYERS},
        ).scalars()
        with transaction():
            return [identity.issue_token(key, "kills", ["*"], at=clock.real_now()).secret for key in list(rows)]

    def _one(self, sql: str) -> Any:
        return db.session.execute(text(sql)).scalar_one()

    def figure(self, sql: str) -> int:
        """Return one number from the database, read afresh."""
        with self.app.app_context():
            found = int(db.session.execute(text(sql)).scalar_one())
            db.session.remove()
            return found

    def buy(self, number: int) -> str:
        """Place one order; whatever breaks on the way, the same key is sent again until there is an answer."""
        key = str(uuid.uuid4())
        body = {
            "place": True, "payment_mode": "goods_first", "consignee": "仓库", "consignee_phone": "022-0",
            "delivery_address": "和平区", "lines": [{"listing_id": self.listing, "quantity": {"value": "5"}}],
        }  # fmt: skip
        for _ in range(_PATIENCE):
            try:
                return self._send(self.tokens[number % len(self.tokens)], key, body)
            except urllib.error.HTTPError as error:
                if error.code < 500:
                    raise AssertionError(error.read().decode()) from error
            except OSError:
                threading.Event().wait(0.05)
        message = f"purchase {number} had no answer"
        raise AssertionError(message)

    def _send(self, token: str, key: str, body: dict[str, object]) -> str:
        headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": key, "Content-Type": "application/json"}
        asked = urllib.request.Request(f"{self.address}/procurements", json.dumps(body).encode(), headers)
        with urllib.request.urlopen(asked, timeout=30) as answer:
            return str(json.load(answer)["orders"][0]["number"])

    def verify(self) -> str:
        """Run ``duikou verify`` and return what it printed.

        :raises AssertionError: if it found a difference.
        """
        command = [sys.executable, "-m", "shop", "verify"]
        ran = subprocess.run(command, env=self.environment, capture_output=True, text=True, check=False)
        assert ran.returncode == 0, ran.stdout + ran.stderr
        return ran.stdout


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
            orders = [pool.submit(shop.buy, number) for number in range(purchases)]
            for number in range(kills):
                while sum(order.done() for order in orders) < (number + 1) * purchases // (kills + 2):
                    done.wait(0.02)
                kill_one(run, "granian" if number % 2 == 0 else "celery")
            with paused(broker_of(shop)):
                done.wait(broker_away_s)
            numbers = [order.result() for order in orders]

        assert len(set(numbers)) == purchases
        assert shop.figure("SELECT count(*) FROM orders") == purchases
        assert shop.figure("SELECT reserved FROM sku_stock ORDER BY reserved DESC LIMIT 1") == purchases * 5
        open_deliveries = "SELECT count(*) FROM outbox_deliveries WHERE done_at IS NULL"
        for _ in range(_PATIENCE):
            if not shop.figure(open_deliveries):
                break
            done.wait(0.5)
        assert shop.figure(open_deliveries) == 0
        assert shop.figure("SELECT count(*) FROM outbox_deliveries WHERE dead_at IS NOT NULL") == 0
        shop.verify()
