"""Fixtures of all tests: the application, a session that is undone, clients, actors and deliveries."""

from __future__ import annotations

import gc
import os
import shutil
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import settings as hypothesis_settings
from sqlalchemy import create_engine, text

from shop import clock
from shop.app import create_app
from shop.auth import Actor
from shop.config import Settings
from shop.connections import connect_so
from shop.db import db, transaction
from shop.identity import loader, services, sessions
from shop.outbox import services as outbox
from shop.translog.sealing import keys_folder
from tests.database import cluster, database_url, throwaway_url

__all__ = ["cluster", "database_url", "throwaway_url"]

# As in every server process (`wsgi.py`): hardly anything is garbage before a test's end, and looking for it every
# seven hundred objects took a tenth of the tests' time.
gc.set_threshold(50_000, 20, 50)

# The same examples each time, unless a number of them is asked for: then new ones are drawn.
hypothesis_settings.register_profile(
    "duikou",
    deadline=None,
    max_examples=int(os.environ.get("EXAMPLES", "50")),
    derandomize="EXAMPLES" not in os.environ,
)
hypothesis_settings.load_profile("duikou")


def examples(usual: int) -> int:
    """Return how many examples a slow property takes: ``usual``, unless a number of them is asked for."""
    return int(os.environ.get("EXAMPLES", usual))


#: Noon in Shanghai on a Wednesday: the instant at which every test's clock stands.
NOON = datetime(2026, 7, 15, 4, 0, tzinfo=UTC)

_connect = socket.socket.connect


def _loopback_only(self: socket.socket, address: object) -> None:
    host = address[0] if isinstance(address, tuple) else "local"
    if isinstance(address, tuple) and host not in ("127.0.0.1", "::1", "localhost"):
        message = f"Tests reach loopback only, not {host}."
        raise RuntimeError(message)
    _connect(self, address)  # type: ignore[arg-type]


socket.socket.connect = _loopback_only  # type: ignore[method-assign,assignment]


def make_settings(url: str, **changes: object) -> Settings:
    values: dict[str, object] = {
        "DATABASE_URL": url.replace("postgresql://", "postgresql+psycopg://"),
        "BROKER_URL": "memory://",
        "SECRET_KEY": "a test's secret key, long enough for everyone",
        "TESTING": True,
        "PAGE_CACHE": False,
        "HOT_READS": False,
    }
    return Settings(**{**values, **changes})  # type: ignore[arg-type]


@pytest.fixture(scope="session")
def app(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    app = create_app(make_settings(database_url, DATA_DIR=tmp_path_factory.mktemp("data")))
    app.config.update(WTF_CSRF_ENABLED=False)
    gc.collect()
    gc.freeze()  # what all tests share stays as long as they run
    yield app
    with app.app_context():
        db.engine.dispose()


@pytest.fixture(autouse=True)
def stopped_clock() -> Iterator[None]:
    """Every test runs at :data:`NOON`."""
    with clock.stopped_at(NOON):
        yield


@contextmanager
def undone() -> Iterator[None]:
    """Undo what is done inside, though it was committed: each example of a property begins with the same tables."""
    held = db.engines[None]
    with held.engine.connect() as connection:
        outer = connection.begin()
        db.session.remove()
        db.engines[None] = connection  # type: ignore[index]
        try:
            yield
        finally:
            db.session.remove()
            outer.rollback()
            db.engines[None] = held  # type: ignore[index]
            shutil.rmtree(keys_folder(), ignore_errors=True)  # what keys signed inside was never so


def _call_tasks_of(app: Flask) -> None:
    """Let tasks that are called run in this application: one that a test before has made left its own."""
    app.extensions["celery"].set_default()
    app.extensions["celery"].set_current()


@pytest.fixture
def session(app: Flask) -> Iterator[object]:
    """A session inside an outer transaction that is undone, so the code under test may commit."""
    with app.app_context():
        _call_tasks_of(app)
        db.session.configure(join_transaction_mode="create_savepoint")
        with undone():
            yield db.session


@pytest.fixture
def client(app: Flask, session: object) -> FlaskClient:
    return app.test_client()


@pytest.fixture(scope="session")
def _wandering_app(database_url: str) -> Flask:
    """The application of all tests that commit: making one takes longer than most of them."""
    app = create_app(make_settings(database_url))
    app.config.update(WTF_CSRF_ENABLED=False)
    return app


@pytest.fixture
def committed_app(_wandering_app: Flask, throwaway_url: str, tmp_path: Path) -> Iterator[Flask]:
    """An application on a throwaway database, for tests that commit (``@pytest.mark.committed``)."""
    app, settings = _wandering_app, make_settings(throwaway_url, DATA_DIR=tmp_path / "data")
    before = dict(app.config)
    app.config.update({**asdict(settings), "SETTINGS": settings, "SQLALCHEMY_DATABASE_URI": settings.DATABASE_URL})
    engine = create_engine(settings.DATABASE_URL, **app.config["SQLALCHEMY_ENGINE_OPTIONS"])
    connect_so(engine)
    with app.app_context():
        _call_tasks_of(app)
        held, db.engines[None] = db.engine, engine  # type: ignore[index]
        yield app
        db.session.remove()
        engine.dispose()
        db.engines[None] = held  # type: ignore[index]
    app.config.clear()
    app.config.update(before)


@pytest.fixture
def deliver() -> Callable[..., int]:
    """Run the open deliveries in process until none is left; ``times=2`` runs each twice."""

    def run(times: int = 1) -> int:
        done = 0
        while True:
            with transaction():
                claimed = outbox.claim_deliveries(clock.real_now())
            if not claimed:
                return done
            for event_id, subscriber in claimed:
                for _ in range(times):
                    with transaction():
                        done += outbox.run_delivery(event_id, subscriber, clock.real_now())

    return run


def count(table: str) -> int:
    """Return the number of rows of a table, for asserting that a refusal changed nothing."""
    return int(db.session.execute(text(f"SELECT count(*) FROM {table}")).scalar_one())


@pytest.fixture
def login(client: FlaskClient) -> Callable[[Actor], FlaskClient]:
    """Sign the client in as an actor, by a session row as pages have it: ``login(actor).get("/desk")``."""

    def sign_in(actor: Actor) -> FlaskClient:
        now = clock.real_now()
        with transaction():
            secret = sessions.open_session(
                actor.user_id, at=now, days=1, membership_id=actor.membership_id, second_factor_at=now
            )
        client.set_cookie(loader.COOKIE, secret)
        return client

    return sign_in


@pytest.fixture
def page_client() -> Callable[[Flask, Actor], FlaskClient]:
    """Return a client signed in as an actor on an application of its own (``committed_app``)."""

    def sign_in(app: Flask, actor: Actor) -> FlaskClient:
        now = clock.real_now()
        with transaction():
            secret = sessions.open_session(
                actor.user_id, at=now, days=1, membership_id=actor.membership_id, second_factor_at=now
            )
        client = app.test_client()
        client.set_cookie(loader.COOKIE, secret)
        return client

    return sign_in


@pytest.fixture
def bearer(session: object) -> Callable[..., dict[str, str]]:
    """Make an API token of an actor and return its header; without scopes all that the member holds."""

    def issue(actor: Actor, *scopes: str) -> dict[str, str]:
        with transaction():
            issued = services.issue_token(actor.membership_id, "test", scopes or ("*",), at=clock.real_now())
        return {"Authorization": f"Bearer {issued.secret}"}

    return issue
