"""Idempotency keys: a request sent again answers what it answered first, also when both come at once."""

from __future__ import annotations

import threading

import pytest
from sqlalchemy import text

from shop.app import create_app
from shop.db import db, transaction
from tests.conftest import count, make_settings
from tests.kernel.conftest import SOMEBODY
from tests.kernel.sample import views

BODY = {"title": "枸杞", "price": {"amount": "12.30", "currency": "CNY"}, "quantity": {"value": "1.5", "unit": "kg"}}


@pytest.fixture(autouse=True)
def no_runs():
    views.runs.clear()


def post(client, body=BODY, key="k1"):
    return client.post("/api/v1/samples", json=body, headers={"Idempotency-Key": key} if key else {})


def test_a_repeat_replays_the_answer_and_does_nothing(acting):
    first, second = post(acting), post(acting)

    assert (first.status_code, second.status_code) == (201, 201)
    assert second.data == first.data
    assert ("Idempotency-Replayed" in first.headers, second.headers["Idempotency-Replayed"]) == (False, "true")
    assert (views.runs, count("outbox_events")) == (["枸杞"], 1)


@pytest.mark.parametrize("key", ["", " ", "a" * 256, "a b"])
def test_the_api_needs_a_key(acting, key):
    answer = post(acting, key=key)

    assert (answer.status_code, answer.json["type"]) == (400, "/problems/idempotency-key-missing")
    assert count("outbox_events") == 0


def test_the_key_of_another_body_is_refused(acting):
    post(acting)

    answer = post(acting, {**BODY, "title": "羊肉"})

    assert (answer.status_code, answer.json["type"]) == (422, "/problems/idempotency-key-reused")
    assert views.runs == ["枸杞"]


def test_a_refusal_leaves_the_key_free(acting):
    refused = post(acting, {**BODY, "title": "busy"})

    assert (refused.status_code, count("idempotency_keys"), count("outbox_events")) == (409, 0, 0)
    assert post(acting).status_code == 201


def test_a_malformed_body_leaves_the_key_free(acting):
    assert post(acting, {}).status_code == 422
    assert count("idempotency_keys") == 0


def test_another_persons_key_is_another_key(app, acting):
    post(acting)
    app.extensions["load_actor"] = lambda: type(SOMEBODY)(**{**SOMEBODY.__dict__, "user_id": 2})

    assert post(acting, {**BODY, "title": "羊肉"}).status_code == 201
    assert views.runs == ["枸杞", "羊肉"]


def test_after_48_hours_the_key_is_new(acting):
    post(acting)
    with transaction():
        db.session.execute(text("UPDATE idempotency_keys SET created_at = created_at - interval '49 hours'"))

    assert post(acting, {**BODY, "title": "羊肉"}).status_code == 201
    assert views.runs == ["枸杞", "羊肉"]


@pytest.mark.committed
def test_ten_repeats_at_once_run_the_view_once(throwaway_url, tmp_path):
    app = create_app(make_settings(throwaway_url, DATA_DIR=tmp_path), features=("tests.kernel.sample",))
    app.extensions["load_actor"] = lambda: SOMEBODY
    start = threading.Barrier(10)
    answers = []

    def send():
        client = app.test_client()
        start.wait()
        answers.append(post(client))

    threads = [threading.Thread(target=send) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    with app.app_context():
        events = count("outbox_events")
        db.session.remove()
        db.engine.dispose()
    assert [answer.status_code for answer in answers] == [201] * 10
    assert len({answer.data for answer in answers}) == 1
    assert (views.runs, events) == (["枸杞"], 1)
    assert sum("Idempotency-Replayed" in answer.headers for answer in answers) == 9
