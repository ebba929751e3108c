"""The audit trail: written with the act, never changed, read by auditors."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from shop import audit, clock
from shop.db import db, transaction
from shop.trail.queries import subject_tables
from tests import factories
from tests.conftest import NOON


@pytest.fixture
def auditor(app, session):
    member = factories.make_member("operator", "operator_auditor")
    app.extensions["load_actor"] = lambda: member
    with transaction():
        db.session.execute(text("SELECT 1"))
    return member


@pytest.fixture
def acts(auditor):
    other = factories.make_member("institution")
    with transaction():
        audit.record(other, "identity.organisation_edited", "organisation", other.organisation_id, name=["甲", "乙"])
        audit.record(None, "orders.order_lapsed", "order", 77)
        with clock.stopped_at(NOON + timedelta(days=1)):
            audit.record(other, "identity_x.odd", "outbox_event", None, event="e")
    return other


def test_the_trail_is_listed_with_public_identifiers(acts, client):
    items = client.get("/api/v1/audit?limit=3").json["items"]

    assert [item["action"] for item in items] == [
        "identity_x.odd",
        "orders.order_lapsed",
        "identity.organisation_edited",
    ]
    assert items[2] == {
        "at": "2026-07-15T12:00:00+08:00",
        "action": "identity.organisation_edited",
        "user_id": str(acts.user_public_id),
        "user_name": acts.user_name,
        "organisation_id": str(acts.organisation_public_id),
        "organisation_name": acts.organisation_name,
        "subject_type": "organisation",
        "subject_id": str(acts.organisation_public_id),
        "changes": {"name": ["甲", "乙"]},
        "request_id": items[2]["request_id"],
    }
    assert (items[1]["user_id"], items[1]["subject_id"]) == (None, None)


def test_filters_choose(acts, client):
    def actions(query):
        return [item["action"] for item in client.get(f"/api/v1/audit?{query}").json["items"]]

    subject = f"subject_type=organisation&subject={acts.organisation_public_id}&action=identity.organisation_edited"
    assert actions(subject) == ["identity.organisation_edited"]
    assert actions("action=orders") == ["orders.order_lapsed"]
    assert actions("since=2026-07-16T00:00:00%2B08:00") == ["identity_x.odd"]
    assert actions(f"user={acts.user_public_id}&subject_type=outbox_event") == ["identity_x.odd"]
    assert actions("subject_type=nothing&subject=019c5a1e-7b3c-7d2e-8f10-2a6b9c4d5e6f") == []


def test_pages_of_the_trail_join_without_gap_or_repeat(acts, client):
    whole = client.get("/api/v1/audit?limit=100").json["items"]
    pieces, cursor = [], ""
    while cursor is not None:
        answer = client.get(f"/api/v1/audit?limit=2&cursor={cursor}").json
        pieces += answer["items"]
        cursor = answer["next"]

    assert pieces == whole


def test_the_page_shows_the_change_and_says_which_filter_it_cannot_read(acts, client):
    page = client.get("/operator/audit?action=identity.organisation_edited").text

    assert "name：甲 → 乙" in page
    assert "无法识别" not in page
    assert client.get("/operator/audit?since=0001-01-01&until=9999-12-31").status_code == 200
    assert "筛选条件 yesterday 无法识别" in client.get("/operator/audit?since=yesterday").text


def test_only_auditors_read_it(acting):
    assert acting.get("/api/v1/audit").status_code == 403
    assert acting.get("/operator/audit").status_code == 403


@pytest.mark.parametrize(
    "act", ["UPDATE audit_entries SET action = 'x'", "DELETE FROM audit_entries", "TRUNCATE audit_entries"]
)
def test_the_trail_cannot_be_changed(acts, act):
    with pytest.raises(DBAPIError, match="append-only"):
        db.session.execute(text(act))


def test_things_with_public_identifiers_are_known_to_the_trail(app):
    assert {"organisation", "webhook_endpoint", "api_token"} <= subject_tables().keys()
