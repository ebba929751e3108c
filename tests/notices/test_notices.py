"""Who is told what, and the list in which they read it."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from shop.db import db, transaction
from shop.identity.roles import ROLES
from shop.notices.models import Notice
from shop.notices.rules import fill, fill_link, flatten
from shop.outbox.services import publish
from tests import factories
from tests.conftest import count

ORDER = "019c5a1e-7b3c-7d2e-8f10-2a6b9c4d5e6f"


@pytest.fixture
def sides(session):
    return factories.make_member("institution"), factories.make_member("producer")


def place(*actors, number="DK1"):
    with transaction():
        publish(
            "orders.procurement_placed",
            organisations=[actor.organisation_id for actor in actors],
            order_id=ORDER,
            number=number,
            total={"amount": "12.30", "currency": "CNY"},
        )


def test_the_one_who_must_act_is_told_once(sides, deliver):
    buyer, seller = sides
    place(buyer, seller)
    deliver(times=2)

    [notice] = db.session.scalars(select(Notice)).all()
    assert (notice.user_id, notice.organisation_id, notice.kind) == (
        seller.user_id,
        seller.organisation_id,
        "order_placed",
    )
    assert notice.link == f"/producer/orders/{ORDER}"


def test_members_without_the_right_are_not_told(sides, session, deliver):
    with transaction():
        organisation = factories.make_organisation("producer")
    clerk = factories.make_member("producer", "producer_clerk", organisation=organisation)
    factories.make_member("producer", "producer_finance", organisation=organisation)
    place(clerk)
    deliver()

    assert db.session.scalars(select(Notice.user_id)).all() == [clerk.user_id]


def test_the_page_shows_counts_opens_and_marks_read(sides, login, deliver):
    _, seller = sides
    place(seller)
    place(seller, number="DK2")
    deliver()
    browser = login(seller)

    page = browser.get("/account/notices").text
    assert "新订单 DK2，货款 12.30 元，请确认价格、运费和交货日期。" in page
    assert 'aria-label="2 条未读"' in page
    newest = db.session.scalars(select(Notice).order_by(Notice.public_id.desc()).limit(1)).one()
    opened = browser.get(f"/account/notices/{newest.public_id}")
    assert (opened.status_code, opened.location) == (302, f"/producer/orders/{ORDER}")
    unread = browser.get("/account/notices?unread=1").text
    assert "DK1" in unread
    assert "DK2" not in unread
    browser.post("/account/notices/read-all")
    assert "条未读" not in browser.get("/account/notices").text


def test_the_api_lists_and_marks_read(sides, client, bearer, deliver):
    _, seller = sides
    place(seller)
    deliver()
    header = {**bearer(seller), "Idempotency-Key": "k"}

    [item] = client.get("/api/v1/notices?unread=true", headers=header).json["items"]
    read = client.post(f"/api/v1/notices/{item['id']}/read", headers=header)

    assert item["text"] == "新订单 DK1，货款 12.30 元，请确认价格、运费和交货日期。"
    assert item["read_at"] is None
    assert read.json["read_at"] == "2026-07-15T12:00:00+08:00"
    assert client.get("/api/v1/notices?unread=true", headers=header).json == {"items": [], "next": None}
    assert client.post("/api/v1/notices/read-all", headers={**header, "Idempotency-Key": "k2"}).json == {"marked": 0}


def test_another_persons_notice_is_not_there(sides, client, bearer, deliver):
    buyer, seller = sides
    place(seller)
    deliver()
    notice = db.session.scalars(select(Notice)).one()

    answer = client.post(f"/api/v1/notices/{notice.public_id}/read", headers={**bearer(buyer), "Idempotency-Key": "k"})

    assert answer.status_code == 404
    db.session.refresh(notice)
    assert notice.read_at is None
    assert count("idempotency_keys") == 0


def test_every_rule_is_for_a_declared_topic_and_a_permission_that_some_role_holds(app):
    rules = [rule for rules in app.extensions["notice_rules"].values() for rule in rules]

    assert sorted({rule.topic for rule in rules} - set(app.extensions["topics"])) == []
    assert sorted({rule.permission for rule in rules} - {name for role in ROLES for name in role[4]}) == []
    assert len({rule.kind for rule in rules}) == len(rules)


def test_a_value_that_is_not_there_shows_as_a_dash():
    values = flatten({"number": "DK1", "total": {"amount": "1.00", "currency": "CNY"}, "items": [], "ok": True})

    assert values == {"number": "DK1", "total": "1.00"}
    assert fill("%(number)s %(why)s", values) == "DK1 —"
    assert (fill_link("/a/{number}", values), fill_link("/a/{order_id}", values)) == ("/a/DK1", "")
