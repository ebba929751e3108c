"""Correcting a verified organisation: one of the operator's people proposes with a paper, another agrees, the past stays."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from shop.clock import stopped_at
from shop.corrections import queries, services
from shop.corrections.services import BadCorrection, CorrectionStale, CorrectionWaits
from shop.db import db, transaction
from shop.files import services as files
from shop.identity import organisations
from shop.identity.models import Organisation, UnitPlacement
from shop.moves.table import WrongState
from shop.notices.models import Notice
from tests.conftest import NOON
from tests.factories import make_credit_code, make_listing, make_member, make_organisation, make_producer
from tests.purchase.world import make_world


@pytest.fixture
def people(session) -> Any:
    one = make_member("operator")
    two = make_member("operator", organisation=db.session.get_one(Organisation, one.organisation_id))
    return one, two


def paper(actor: Any) -> Any:
    with transaction():
        return files.store(b"%PDF-1.4 licence", "licence.pdf", actor).public_id


def propose(made: Organisation, actor: Any, **changes: str) -> Any:
    file = paper(actor)
    with transaction():
        return services.propose(
            made.public_id, changes, actor, version=made.version, reason="更名", file=file, at=NOON
        ).public_id


def test_two_persons_correct_it_over_the_api_and_what_was_ordered_keeps_its_names(people, bearer, client, deliver):
    one, two = people
    world = make_world()
    world.place("5")
    frozen = db.session.execute(text("SELECT buyer_name, buyer_division_code FROM ledger_dimensions")).all()
    made = db.session.get_one(Organisation, world.buyer.organisation_id)
    was, code = (made.name, made.division_code, made.institution_type), make_credit_code()
    path, header = f"/api/v1/organisations/{made.public_id}/corrections", bearer(one) | {"Idempotency-Key": "c1"}
    body = {
        "name": "和平区第一小学", "credit_code": code, "division_code": "120102", "institution_type": "school",
        "reason": "登记时写错", "file": str(paper(one)),
    }  # fmt: skip
    assert client.post(path, json=body, headers=header).status_code == 428

    proposed = client.post(path, json=body, headers=header | {"If-Match": f'"{made.version}"', "Idempotency-Key": "c2"})

    assert (proposed.status_code, proposed.json["status"]) == (201, "proposed")
    db.session.refresh(made)
    assert (made.name, made.division_code, made.institution_type) == was
    act = f"/api/v1/organisation-corrections/{proposed.json['id']}"
    own = client.post(f"{act}/confirm", headers=bearer(one) | {"Idempotency-Key": "c3"})
    assert (own.status_code, own.json["type"]) == (409, "/problems/wrong-state")
    done = client.post(f"{act}/confirm", headers=bearer(two) | {"Idempotency-Key": "c4"})
    assert (done.status_code, done.json["status"], done.json["since"]) == (200, "confirmed", "2026-07-15")
    db.session.refresh(made)
    assert (made.name, made.credit_code, made.institution_type) == ("和平区第一小学", code, "school")
    assert db.session.execute(text("SELECT buyer_name, buyer_division_code FROM ledger_dimensions")).all() == frozen
    places = db.session.query(UnitPlacement.division_code, UnitPlacement.valid_to).order_by(UnitPlacement.id).all()
    assert [tuple(each) for each in places[-2:]] == [(was[1], date(2026, 7, 15)), ("120102", None)]
    mine = client.get("/api/v1/organisation-corrections", headers=bearer(world.buyer)).json["items"]
    assert [each["status"] for each in mine] == ["confirmed"]
    deliver()
    told = {each.kind for each in db.session.query(Notice).filter(Notice.user_id == two.user_id)}
    assert "correction_proposed" in told


def test_refusals_change_nothing(people):
    one, two = people
    with transaction():
        made, other = make_organisation("institution"), make_organisation("institution")
    version = made.version
    for wrong in ({"reason": " "}, {"file": None}):
        facts = {"reason": "更名", "file": paper(one)} | wrong
        with pytest.raises(BadCorrection), transaction():
            services.propose(made.public_id, {"name": "乙"}, one, version=version, at=NOON, **facts)
    first = propose(made, one, name="乙")
    with pytest.raises(CorrectionWaits):
        propose(made, two, name="丙")
    with transaction():
        organisations.lock_organisation(made.public_id).name = "改过"
    with pytest.raises(CorrectionStale), transaction():
        services.confirm(first, two, at=NOON)
    with transaction():
        services.refuse(first, one, reason="重提", at=NOON)
    with pytest.raises(WrongState), transaction():
        services.confirm(first, two, at=NOON)
    with pytest.raises(organisations.BadOrganisation):
        propose(other, one, name=other.name)
    assert db.session.scalars(text("SELECT status FROM organisation_corrections")).all() == ["withdrawn"]
    assert db.session.get_one(Organisation, made.id, populate_existing=True).name == "改过"


def test_names_are_kept_by_day_and_a_decision_is_never_changed(people):
    one, two = people
    with transaction():
        made = make_organisation("institution")
    first = made.name
    for days, name in ((0, "乙"), (10, "丙")):
        at = NOON + timedelta(days=days)
        with stopped_at(at):
            key = propose(db.session.get_one(Organisation, made.id, populate_existing=True), one, name=name)
            with transaction():
                services.confirm(key, two, at=at)

    named = queries.names_of(db.session.get_one(Organisation, made.id, populate_existing=True))

    day = date(2026, 7, 15)
    assert [(each.name, each.valid_from, each.valid_to) for each in named] == [
        (first, None, day - timedelta(days=1)), ("乙", day, day + timedelta(days=9)), ("丙", day + timedelta(days=10), None),
    ]  # fmt: skip
    for sql in ("UPDATE organisation_corrections SET reason = 'x'", "DELETE FROM organisation_corrections"):
        with pytest.raises(DBAPIError), transaction():
            db.session.execute(text(sql))


def test_pages_propose_with_a_file_agree_and_show_the_history(people, login, client, deliver):
    one, two = people
    with transaction():
        producer = make_producer()
        make_listing(producer)
    made = db.session.get_one(Organisation, producer.organisation_id)
    address = f"/operator/organisations/{made.public_id}/correct"
    form = {
        "name": "靖远金穗合作社",
        "credit_code": made.credit_code,
        "division_code": made.division_code,
        "version": "1",
    }
    desk = login(one)
    refused = desk.post(address, data={**form, "reason": "更名"})
    assert (refused.status_code, "请上传证明文件。" in refused.text) == (422, True)
    assert desk.post(address, data={**form, "reason": "更名", "version": "²"}).status_code == 412
    kept = {**form, "reason": "更名", "kept-evidence": str(paper(one))}
    assert desk.post(address, data=kept).location == "/operator/organisation-corrections"
    assert (
        "撤回更正" in desk.get("/operator/organisation-corrections").text,
        "确认更正" in desk.get("/operator/organisation-corrections").text,
    ) == (True, False)
    [key] = db.session.scalars(text("SELECT public_id FROM organisation_corrections"))

    second = login(two)
    assert "确认更正" in second.get("/operator/organisation-corrections").text
    second.post(f"/operator/organisation-corrections/{key}/confirm")

    assert "靖远金穗合作社" in second.get(f"/operator/organisations/{made.public_id}/corrections").text
    assert db.session.get_one(Organisation, made.id, populate_existing=True).name == "靖远金穗合作社"
    admin = login(make_member(organisation=made))
    assert "更名" in admin.get("/organisation/corrections").text
    deliver()
    assert len(client.get("/api/v1/listings?q=金穗").json["items"]) == 1
