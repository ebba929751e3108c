"""A real worker on a real broker: what a request publishes is done after its commit, and survives a killed worker."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import time

import pytest
import structlog
from sqlalchemy import text

from shop.app import create_app
from shop.db import db, transaction
from shop.outbox import services as outbox
from shop.runtime.valkey import Broker
from shop.webhooks import services as webhooks
from tests import factories
from tests.conftest import NOON, make_settings
from tests.test_architecture import ROOT

pytestmark = [pytest.mark.system, pytest.mark.committed]
PATIENCE_S = 90


@pytest.fixture
def broker(tmp_path):
    broker = Broker(tmp_path / "broker", password="made-up-for-a-test")
    broker.start()
    yield broker
    broker.stop()


@pytest.fixture
def web(throwaway_url, broker, tmp_path):
    """The application as a web process has it: its commits wake the relay, its logs go to stderr."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    app = create_app(make_settings(throwaway_url, DATA_DIR=tmp_path, BROKER_URL=broker.url(), TESTING=False))
    with app.app_context():
        yield app
        outbox.on_commit_wake(None)
        db.session.remove()
        db.engine.dispose()
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


@pytest.fixture
def start_worker(throwaway_url, broker, tmp_path):
    started = []

    def start():
        environment = {**os.environ, "DATABASE_URL": throwaway_url, "BROKER_URL": broker.url(), "SECRET_KEY": "x" * 20,
                       "DUIKOU_DATA": str(tmp_path)}  # fmt: skip
        command = [sys.executable, "-m", "celery", "-A", "wsgi.celery", "worker", "--concurrency", "1", "--loglevel", "WARNING",
                   "--without-mingle", "--without-gossip"]  # fmt: skip
        with (tmp_path / "worker.log").open("ab") as log:
            worker = subprocess.Popen(
                command, cwd=ROOT, env=environment, stdout=log, stderr=log, start_new_session=True
            )
        started.append(worker)
        return worker

    yield start
    for worker in started:
        if worker.poll() is None:
            os.killpg(worker.pid, signal.SIGKILL)
            worker.wait()


def wait_for(query: str, expected: int) -> None:
    """Ask again until the count is as expected; the polling is the test's only sleep."""
    deadline = time.monotonic() + PATIENCE_S
    while True:
        found = db.session.execute(text(query)).scalar_one()
        db.session.rollback()
        if found == expected or time.monotonic() > deadline:
            assert found == expected
            return
        time.sleep(0.2)


def test_what_is_published_is_delivered_also_after_a_worker_was_killed(web, start_worker):
    owner = factories.make_member("institution")
    with transaction():
        endpoint = webhooks.create_endpoint("https://example.com/", ["*"], owner, known=(), at=NOON)
        endpoint_id = endpoint.public_id

    first = start_worker()
    with transaction():
        webhooks.ping(endpoint_id, owner)
    wait_for("SELECT count(*) FROM webhook_deliveries", 1)

    os.killpg(first.pid, signal.SIGKILL)
    first.wait()
    with transaction():
        webhooks.ping(endpoint_id, owner)
    start_worker()
    wait_for("SELECT count(*) FROM webhook_deliveries", 2)
    wait_for("SELECT count(*) FROM outbox_deliveries WHERE done_at IS NULL", 0)
    wait_for("SELECT max(tries) FROM outbox_deliveries", 1)
