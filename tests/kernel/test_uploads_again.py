"""What is sent with a file survives a lost race, and is known again by the file's content."""

import io

import pytest

from tests.conftest import count
from tests.kernel.sample import views


@pytest.fixture(autouse=True)
def nothing_has_run(app, session, monkeypatch):
    monkeypatch.setitem(app.config, "WTF_CSRF_ENABLED", False)
    views.runs.clear()


def send(client, data: bytes, key: str = "", **fields: str):
    form = {"paper": (io.BytesIO(data), "slip.pdf"), **fields}
    if key:
        form["idempotency_key"] = key
    return client.post("/samples/paper", data=form)


@pytest.mark.parametrize("key", ["", "k"])
def test_a_view_that_lost_a_race_reads_the_file_again(client, key):
    answer = send(client, b"slip A", key, loses="1")

    assert (answer.status_code, views.runs) == (302, ["slip A", "slip A"])
    assert count("outbox_events") == 1


def test_a_view_that_lost_a_race_reads_the_body_again(client):
    answer = client.post("/api/v1/samples/raw", data=b"event", content_type="text/plain")

    assert (answer.status_code, answer.json["title"], views.runs) == (200, "event", ["event", "event"])


def test_the_same_form_with_the_same_file_is_sent_once(client):
    first, second = send(client, b"slip A", "k"), send(client, b"slip A", "k")

    assert (first.status_code, second.status_code) == (302, 302)
    assert (views.runs, count("outbox_events")) == (["slip A"], 1)


def test_the_same_form_with_another_file_is_not_taken_for_sent(client):
    send(client, b"slip A", "k")

    other = send(client, b"slip B", "k")

    assert (other.status_code, "这张表单已经提交过一次，改动后的内容没有提交。" in other.text) == (422, True)
    assert (views.runs, count("outbox_events")) == (["slip A"], 1)
