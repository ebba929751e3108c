"""Subscriptions: made, shown, ended; each organisation has its own. What they are told: ``test_telling``."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tests.factories import make_member
from tests.traceability.asking.conftest import QUERY
from tests.traceability.asking.questions import problem_of
from tests.traceability.events import digest, rows
from traceability.asking import subscriptions
from traceability.asking.schedules import read_schedule

PATH = f"{QUERY}/subscriptions"


@pytest.mark.parametrize(
    ("said", "after", "expected"),
    [
        ({"second": "0", "minute": "[10-12],30"}, "2026-03-01T00:12:00Z", "2026-03-01T00:30:00Z"),
        ({"second": "0", "minute": "0", "hour": "3"}, "2026-03-01T00:00:00Z", "2026-03-01T19:00:00Z"),
        ({"second": "5", "minute": "0", "hour": "0", "dayOfWeek": "1"}, "2026-03-01T00:00:00Z", "2026-03-01T16:00:05Z"),
        ({"second": "0", "minute": "0", "hour": "0", "dayOfMonth": "29", "month": "2"}, "2026-03-01T00:00:00Z",
         "2028-02-28T16:00:00Z"),
        ({"second": 59}, "2026-03-01T00:00:59.5Z", "2026-03-01T00:01:59Z"),
    ],
)  # fmt: skip
def test_a_schedule_comes_next(said, after, expected):
    assert read_schedule(said).next_after(datetime.fromisoformat(after)) == datetime.fromisoformat(expected)


def test_a_day_that_never_comes_is_none():
    assert read_schedule({"dayOfMonth": "31", "month": "2"}).next_after(datetime(2026, 1, 1, tzinfo=UTC)) is None


@pytest.mark.parametrize(
    "changes",
    [
        {"stream": None}, {"stream": False}, {"schedule": {"second": "0"}}, {"stream": "yes"}, {"dest": None},
        {"dest": "ftp://example.com/"}, {"dest": "http://user@127.0.0.1/"}, {"reportIfEmpty": 1},
        {"initialRecordTime": "2026-07-14"}, {"signatureToken": 5}, {"more": 1},
        {"stream": None, "schedule": {}}, {"stream": None, "schedule": {"second": "60"}},
        {"stream": None, "schedule": {"hour": "[5-3]"}}, {"stream": None, "schedule": {"week": "1"}},
        {"stream": None, "schedule": {"month": "2", "dayOfMonth": "30"}},
    ],
)  # fmt: skip
def test_controls_that_cannot_be_kept_are_refused(client, headers, receiver, changes):
    body = {"dest": receiver.url, "stream": True} | changes
    answer = client.post(PATH, json={k: v for k, v in body.items() if v is not None}, headers=headers)

    assert problem_of(answer)[:2] == (400, "SubscriptionControlsException")
    assert rows("SELECT count(*) FROM trace_subscriptions") == [(0,)]


def test_internal_addresses_need_the_setting(app, client, headers, receiver):
    app.config["WEBHOOK_ALLOW_PRIVATE"] = False
    for dest in (receiver.url, "https://127.0.0.1/hook"):
        answer = client.post(PATH, json={"dest": dest, "stream": True}, headers=headers)
        assert problem_of(answer)[:2] == (400, "SubscriptionControlsException")


def test_a_subscription_ends_alone_or_with_its_query(client, headers, subscribe):
    first, second = subscribe(), subscribe()

    assert client.delete(first, headers=headers).status_code == 204
    assert problem_of(client.get(first, headers=headers))[:2] == (404, "NoSuchResourceException")
    assert problem_of(client.delete(first, headers=headers))[:2] == (404, "NoSuchResourceException")
    assert client.get(second, headers=headers).status_code == 200
    assert client.delete(QUERY, headers=headers).status_code == 204
    assert rows("SELECT count(*) FROM trace_subscriptions") == [(0,)]
    assert problem_of(client.get(PATH, headers=headers))[:2] == (404, "NoSuchNameException")


def test_an_organisation_has_so_many_subscriptions(client, headers, subscribe, receiver, monkeypatch):
    monkeypatch.setattr(subscriptions, "MOST", 1)
    subscribe()

    answer = client.post(PATH, json={"dest": receiver.url, "stream": True}, headers=headers)

    assert problem_of(answer)[:2] == (400, "SubscriptionControlsException")
    assert rows("SELECT count(*) FROM trace_subscriptions") == [(1,)]


def test_a_query_that_cuts_off_is_not_subscribed_to(client, headers, receiver):
    client.post("/epcis/queries", json={"name": "short", "query": {"maxEventCount": 5}}, headers=headers)

    answer = client.post(
        "/epcis/queries/short/subscriptions", json={"dest": receiver.url, "stream": True}, headers=headers
    )

    assert problem_of(answer)[:2] == (400, "SubscriptionControlsException")


def test_subscriptions_are_listed_in_pages(client, headers, subscribe):
    made = [subscribe().rpartition("/")[2] for _ in range(3)]

    first = client.get(f"{PATH}?perPage=2", headers=headers)
    second = client.get(first.headers["Link"].partition(";")[0].strip("<>"), headers=headers)

    assert [each["subscriptionID"] for each in first.get_json() + second.get_json()] == made
    assert "Link" not in second.headers


def test_another_organisation_has_no_such_subscription(client, headers, subscribe, bearer):
    address, stranger = subscribe(), bearer(make_member("producer"))
    client.post("/epcis/queries", json={"name": "ours", "query": {}}, headers=stranger)
    before = digest("trace_subscriptions")

    answers = [client.get(address, headers=stranger), client.delete(address, headers=stranger)]

    assert [problem_of(each)[:2] for each in answers] == [(404, "NoSuchResourceException")] * 2
    assert client.get(PATH, headers=stranger).get_json() == []
    assert digest("trace_subscriptions") == before


def test_options_tell_what_can_be_done(client, session):
    allowed = [client.options(f"{PATH}{end}").headers["Allow"] for end in ("", "/019c5a1e-0000-7000-8000-000000000001")]

    assert allowed == ["GET, POST, OPTIONS", "GET, DELETE, OPTIONS"]
