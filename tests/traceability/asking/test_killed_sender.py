"""A worker that is killed while it sends to a subscriber, and the next one."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator

import pytest

from shop.db import db, transaction
from tests.traceability.asking.questions import capture
from tests.traceability.asking.test_telling import app, client, due, member, session
from tests.traceability.events import observed, sgtin
from tests.traceability.killing import ROOT
from traceability.asking import subscription_tasks

__all__ = ["app", "client", "member", "session"]
pytestmark = [pytest.mark.committed, pytest.mark.system]
_WORKER = "from wsgi import app, celery; app.app_context().push(); celery.tasks['traceability.subscriptions'].run()"
PATIENCE_S = 300


@pytest.fixture
def silent() -> Iterator[socket.socket]:
    """A server that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(PATIENCE_S)
        yield server


def request_taken(server: socket.socket) -> tuple[str, bytes]:
    """Read one request; returns its message's id and its body."""
    connection, _address = server.accept()
    with connection, connection.makefile("rb") as stream:
        stream.readline()
        lines = iter(stream.readline, b"\r\n")
        told = dict(line.decode().rstrip().lower().split(": ", 1) for line in lines)
        return told["webhook-id"], stream.read(int(told["content-length"]))


def test_what_a_killed_worker_was_sending_is_sent_again_the_same(
    client, headers, subscribe, receiver, silent, throwaway_url, tmp_path
):
    capture(client, headers, observed(sgtin(1)), observed(sgtin(2)))
    subscribe(initialRecordTime="2020-01-01T00:00:00Z", dest=f"http://127.0.0.1:{silent.getsockname()[1]}/")
    environment = {
        **os.environ, "DATABASE_URL": throwaway_url, "BROKER_URL": "memory://", "SECRET_KEY": "x" * 20,
        "DUIKOU_DATA": str(tmp_path), "WEBHOOK_ALLOW_PRIVATE": "1",
    }  # fmt: skip

    worker = subprocess.Popen([sys.executable, "-c", _WORKER], cwd=ROOT, env=environment)
    try:
        sent = request_taken(silent)
    finally:
        worker.send_signal(signal.SIGKILL)
        worker.wait()
    with transaction():
        db.session.execute(db.text("UPDATE trace_subscriptions SET dest = :dest"), {"dest": receiver.url})
    assert subscription_tasks.send() == 0
    due(claimed_until="'2020-01-01'")
    assert subscription_tasks.send() == 1
    assert subscription_tasks.send() == 0

    [(told, body)] = receiver.got
    assert (told["webhook-id"], body) == sent
