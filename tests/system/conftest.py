"""What the tests in Chromium share: a served story and a browser."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, date, datetime

import pytest
from playwright.sync_api import Browser
from sqlalchemy import select
from werkzeug.serving import make_server

from admin.demo import loader, shelf
from admin.demo.accounts import PASSWORD
from catalog.producers import services as producers
from shop import clock, reference
from shop.app import create_app
from shop.db import db, transaction
from shop.identity import services as identity
from shop.identity.models import Organisation, User
from shop.identity.queries import actor_of
from tests import factories
from tests.conftest import make_settings
from tests.system import browser as chrome

#: The agent of the seller that most walks buy from; the demo's story has none.
AGENT = "19900000901"


def _add_agent() -> None:
    """Give the first seller of the case an agent with one person."""
    seller = db.session.scalars(select(Organisation).where(Organisation.name.startswith("靖远甲号"))).one()
    owner = db.session.scalars(select(User).where(User.phone == "+8619900000203")).one()
    agent = factories.make_organisation("agent", name="靖远县供销合作社")
    person = factories.make_user(name="丁一", phone=f"+86{AGENT}", password=PASSWORD)
    identity.add_member(person.id, agent.id, since=factories.LONG_AGO.date(), roles=("agent_admin",))
    actor = actor_of(owner.id, seller.id, clock.today())
    producers.give_mandate(seller.id, agent.id, actor, valid_from=date(2020, 1, 1))


@pytest.fixture(scope="package")
def served(cluster, tmp_path_factory) -> Iterator[str]:
    """Serve Jingyuan's first half of 2020, published case and all, and yield its address."""
    with cluster.database() as url:
        app = create_app(make_settings(url, DATA_DIR=tmp_path_factory.mktemp("data")))
        with app.app_context():
            with transaction():
                reference.load_all()
            samples = [sample for sample in shelf.read_samples() if sample.row["county_code"] == "620421"]
            with clock.stopped_at(datetime(2020, 8, 1, tzinfo=UTC)):
                loader.tell_story(lambda _what: None, lambda *_progress: None, samples=samples, most=4)
            with transaction():
                _add_agent()
            db.session.remove()
            server = make_server("127.0.0.1", 0, app, threaded=True)
            thread = threading.Thread(target=server.serve_forever, daemon=True)
            thread.start()
            yield f"http://127.0.0.1:{server.server_port}"
            server.shutdown()
            server.server_close()
            thread.join()
            db.engine.dispose()


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    with chrome.chromium() as browser:
        yield browser
