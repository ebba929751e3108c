"""A receiver on loopback as the tests of webhooks have it, and subscriptions to a query."""

from __future__ import annotations

import pytest

from tests.factories import make_member
from tests.webhooks.conftest import receiver

__all__ = ["receiver"]
QUERY = "/epcis/queries/ours"
SECRET = "a word between us"


@pytest.fixture
def private(app):
    app.config["WEBHOOK_ALLOW_PRIVATE"] = True
    yield
    app.config["WEBHOOK_ALLOW_PRIVATE"] = False


@pytest.fixture
def member(session):
    return make_member("producer")


@pytest.fixture
def headers(client, bearer, member, private):
    found = bearer(member)
    body = {"name": "ours", "query": {"EQ_bizStep": ["shipping"]}}
    assert client.post("/epcis/queries", json=body, headers=found).status_code == 201
    return found


@pytest.fixture
def subscribe(client, headers, receiver):
    """Subscribe to the query; returns the address of the subscription."""

    def make(**controls):
        body = {"dest": receiver.url, "signatureToken": SECRET, "stream": True, **controls}
        answer = client.post(
            f"{QUERY}/subscriptions", json={k: v for k, v in body.items() if v is not None}, headers=headers
        )
        assert answer.status_code == 201, answer.get_data(as_text=True)
        return answer.headers["Location"].removeprefix("http://localhost")

    return make
