"""An application with the sample feature, and somebody to act in it."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient

from shop.app import create_app
from shop.auth import Actor
from shop.db import db
from tests.conftest import make_settings

SOMEBODY = Actor(
    user_id=1,
    user_public_id=UUID(int=1),
    user_name="somebody",
    organisation_id=7,
    organisation_public_id=UUID(int=7),
    organisation_name="an organisation",
    organisation_kind="operator",
    membership_id=1,
    permissions=frozenset({"samples:edit"}),
)


@pytest.fixture(scope="session")
def app(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    app = create_app(
        make_settings(database_url, DATA_DIR=tmp_path_factory.mktemp("data")), features=("tests.kernel.sample",)
    )
    yield app
    with app.app_context():
        db.engine.dispose()


@pytest.fixture(autouse=True)
def nobody(app: Flask) -> Iterator[None]:
    """Restore who is signed in after each test."""
    before = app.extensions.get("load_actor")
    app.extensions["load_actor"] = lambda: None
    yield
    app.extensions["load_actor"] = before


@pytest.fixture
def acting(app: Flask, client: FlaskClient) -> FlaskClient:
    """A client that acts as somebody who may edit samples."""
    app.extensions["load_actor"] = lambda: SOMEBODY
    return client
