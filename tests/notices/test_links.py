"""Where notices lead: an existing page, which everyone who is told may open."""

from __future__ import annotations

import re
from typing import Any

from flask import Flask
from sqlalchemy import select, update
from uuid6 import uuid7

from catalog.lots import recalls
from catalog.producers.models import AgentMandate
from catalog.products.numbers import own_number
from orders.fulfilment.models import ShipmentItem
from orders.ledger.filings.models import Filing
from shop import clock
from shop.auth import Actor
from shop.db import db, transaction
from shop.identity.models import AuthorityScope, Organisation
from shop.identity.roles import ROLES
from shop.notices.models import Notice
from shop.notices.rules import NoticeRule
from shop.webhooks import services as webhooks
from tests import factories
from tests.conftest import NOON
from tests.everything import make_everything
from tests.purchase.world import World
from tests.test_docs import DOCS
from traceability.complaints import services as complaints
from traceability.complaints.services import NewComplaint
from traceability.journey.models import TraceConsignment
from traceability.resolver.queries import find_goods

_NAMES = re.compile(r"{(\w+)}")


def all_rules(app: Flask) -> list[NoticeRule]:
    return [rule for rules in app.extensions["notice_rules"].values() for rule in rules]


def test_every_link_is_filled_from_what_its_event_tells(app):
    told = dict(re.findall(r"^\| `([^`]+)` \| (.*) \|$", (DOCS / "events.md").read_text(), re.MULTILINE))

    missing = [
        (rule.topic, name)
        for rule in all_rules(app)
        for name in _NAMES.findall(rule.link)
        if f"`{name}`" not in told[rule.topic]
    ]

    assert missing == []


def test_everyone_who_is_told_may_open_where_the_notice_leads(app, session, login):
    world, ids = make_everything()
    agent = db.session.scalars(select(AgentMandate.agent_id)).one()
    places = {
        "institution": db.session.get_one(Organisation, world.buyer.organisation_id),
        "producer": db.session.get_one(Organisation, world.producer.organisation_id),
        "agent": db.session.get_one(Organisation, agent),
    }
    with transaction():
        places |= {kind: factories.make_organisation(kind) for kind in ("authority", "operator")}
        scope = {"kind": "division", "division_code": "620000", "valid_from": factories.LONG_AGO.date()}
        db.session.add(AuthorityScope(organisation_id=places["authority"].id, **scope))
        db.session.execute(update(Filing).values(producer_id=places["producer"].id))
    ids["complaint_id"] = _complain(world.listings[0].sku_id)
    ids |= {"recall_id": _call_back(world), "days": "7"}
    people = {
        str(role): factories.make_member(str(kind), str(role), organisation=places[str(kind)])
        for role, kind, *_ in ROLES
    }

    asked, shut = 0, []
    for rule in all_rules(app):
        for role, kind, _zh, _en, permissions in ROLES:
            if kind not in rule.audience or rule.permission not in permissions:
                continue
            path = rule.link.format_map({**ids, **_own_things(rule, people[str(role)])})
            answer = login(people[str(role)]).get(path, follow_redirects=kind == "operator")
            asked += 1
            if answer.status_code != 200:
                shut.append((rule.kind, role, path, answer.status_code))

    assert shut == []
    assert asked >= len(all_rules(app))


def _complain(sku_id: int) -> str:
    goods = find_goods(own_number(sku_id), None, None)
    assert goods is not None
    with transaction():
        new = NewComplaint("quality", "有异味", "")
        made = complaints.receive(new, goods, address="198.51.100.7", at=NOON, now=clock.real_now())
        return str(made.public_id)


def _call_back(world: World) -> str:
    """Call back a lot of which the institution got some."""
    item = db.session.scalars(select(ShipmentItem)).first()
    assert item is not None
    shipped = {
        "movement_id": item.movement_id, "lot_id": item.lot_id, "consignor_id": world.producer.organisation_id,
        "consignee_id": world.buyer.organisation_id, "order_ref": uuid7(), "order_number": "DK", "shipment_ref": uuid7(),
        "shipment_number": "FH", "quantity": item.quantity, "unit": "bag", "shipped_at": NOON,
    }  # fmt: skip
    with transaction():
        db.session.add(TraceConsignment(**shipped))
        recalls.recall([item.lot_id], reason="农残", actor=world.producer, at=NOON)
        return str(recalls.find_recall(item.lot_id, world.producer.organisation_id))


def _own_things(rule: NoticeRule, actor: Actor) -> dict[str, str]:
    """Return the identifiers of things that each organisation has for itself."""
    if "{endpoint_id}" not in rule.link:
        return {}
    with transaction():
        endpoint = webhooks.create_endpoint("https://example.com/", ["*"], actor, known=(), at=NOON)
    return {"endpoint_id": str(endpoint.public_id)}


def test_a_notice_of_another_organisation_of_one_s_own_says_where_to_switch(session, login):
    with transaction():
        user = factories.make_user()
        here, there = (factories.make_organisation(name=name) for name in ("甲学校", "乙学校"))
    actor = factories.make_member(organisation=here, user=user)
    factories.make_member(organisation=there, user=user)
    notice = _notice(actor, there)

    answer = login(actor).get(f"/account/notices/{notice.public_id}")

    assert answer.location == "/account"
    assert "这条通知属于乙学校，请先切换到该单位再打开。" in login(actor).get("/account").text
    assert db.session.get_one(Notice, notice.id, populate_existing=True).read_at is None


def _notice(actor: Actor, organisation: Any) -> Notice:
    with transaction():
        notice = Notice(
            user_id=actor.user_id, organisation_id=organisation.id, kind="order_placed", values={}, link="/desk",
            created_at=NOON, dedupe="x",
        )  # fmt: skip
        db.session.add(notice)
    return notice
