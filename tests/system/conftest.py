"""What the tests in Chromium share: a served story and a browser."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from playwright.sync_api import Browser
from werkzeug.serving import make_server

from admin.demo import loader, shelf
from shop import clock, reference
from shop.app import create_app
from shop.db import db, transaction
from tests.conftest import make_settings
from tests.system import browser as chrome


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
