"""What could not be put right before: who an organisation is, how a person is reached, whose account is closed."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from flask import current_app
from sqlalchemy import select, text

from shop import clock
from shop.db import db, transaction
from shop.etag import VersionChanged
from shop.identity import accounts, contacts, organisations, passwords
from shop.identity.contacts import WrongContactCode
from shop.identity.models import Organisation, UnitPlacement, User
from shop.identity.services import ContactTaken, create_user, issue_token
from shop.notices.models import Notice
from tests.conftest import NOON
from tests.factories import make_credit_code, make_listing, make_member, make_organisation, make_producer

PASSWORD = "correct horse 9"
TODAY = date(2026, 7, 15)


def messages() -> list[str]:
    folder = Path(current_app.config["DATA_DIR"]) / "outbox"
    return [path.read_text() for path in sorted(folder.iterdir())] if folder.exists() else []


@pytest.fixture
def person(session, login) -> Any:
    actor = make_member("institution")
    with transaction():
        db.session.get_one(User, actor.user_id).password_hash = passwords.hash_new(PASSWORD)
    for path in (Path(current_app.config["DATA_DIR"]) / "outbox").glob("*"):
        path.unlink()
    return actor, login(actor)


def test_a_person_takes_another_number_with_a_code_sent_there(person, deliver):
    actor, client = person
    was = db.session.get_one(User, actor.user_id).phone
    assert client.post("/account/contact", data={"contact": "13911112222", "password": "wrong"}).status_code == 422
    asked = client.post("/account/contact", data={"contact": "139 1111 2222", "password": PASSWORD})
    assert asked.location == "/account/contact/code"
    assert db.session.get_one(User, actor.user_id).phone == was
    deliver()
    [sent] = messages()
    assert sent.startswith("To: +8613911112222")
    [code] = re.findall(r"\d{6}", sent.split("\n\n")[1])

    wrong = f"{(int(code) + 1) % 10**6:06d}"
    assert client.post("/account/contact/code", data={"code": wrong}).status_code == 422
    assert client.post("/account/contact/code", data={"code": code}).status_code == 302

    assert db.session.get_one(User, actor.user_id, populate_existing=True).phone == "+8613911112222"
    assert client.post("/account/contact/code", data={"code": code}).status_code == 422
    deliver()
    assert any(one.startswith(f"To: {was}") for one in messages())
    assert client.get("/account").status_code == 200


def test_a_code_is_good_for_a_quarter_of_an_hour_and_for_nobodys_contact(person):
    actor, _client = person
    now = clock.real_now()
    with transaction():
        create_user("别人", at=NOON, email="taken@example.com")
    with pytest.raises(ContactTaken), transaction():
        contacts.ask_change(actor, "taken@example.com", PASSWORD, now)
    with transaction():
        contacts.ask_change(actor, "new@example.com", PASSWORD, now)
        key = db.session.scalar(text("SELECT max(id) FROM one_time_secrets"))
        _where, code = contacts.make_code(key) or ("", "")

    with pytest.raises(WrongContactCode), transaction():
        contacts.confirm_change(actor, code, now + contacts.LIFETIME)

    assert db.session.get_one(User, actor.user_id).email != "new@example.com"


def test_the_operator_corrects_a_verified_organisation_for_a_reason(session, bearer, client, deliver):
    operator = make_member("operator")
    with transaction():
        made = make_organisation("institution")
    admin = make_member(organisation=made)
    code = make_credit_code()
    before = (made.name, made.credit_code, made.division_code)
    path, header = f"/api/v1/organisations/{made.public_id}", bearer(operator)
    body = {"name": "和平区第一小学", "credit_code": code, "division_code": "120102", "why": "登记时写错"}

    assert client.patch(path, json=body, headers=header).status_code == 428
    assert client.patch(path, json={**body, "why": " "}, headers={**header, "If-Match": '"1"'}).status_code == 422
    assert client.patch(path, json=body, headers=bearer(admin) | {"If-Match": '"1"'}).status_code == 403
    assert (made.name, made.credit_code, made.division_code) == before
    answer = client.patch(path, json=body, headers={**header, "If-Match": '"1"'})

    assert (answer.status_code, answer.json["name"], answer.json["credit_code"]) == (200, "和平区第一小学", code)
    places = db.session.execute(
        select(UnitPlacement.division_code, UnitPlacement.valid_from, UnitPlacement.valid_to)
        .join_from(
            UnitPlacement,
            Organisation,
            text("organisations.id = (SELECT organisation_id FROM units u WHERE u.id = unit_id)"),
        )
        .where(Organisation.id == made.id)
        .order_by(UnitPlacement.valid_from)
    ).all()
    assert [(one.division_code, one.valid_to) for one in places] == [(before[2], date(2026, 7, 15)), ("120102", None)]
    kept = db.session.scalar(text("SELECT changes FROM audit_entries WHERE action = 'identity.organisation_corrected'"))
    assert kept["credit_code"] == [before[1], code]
    assert kept["why"] == [None, "登记时写错"]
    deliver()
    notice = db.session.scalars(select(Notice)).one()
    assert (notice.user_id, notice.values["why"]) == (admin.user_id, "登记时写错")
    with pytest.raises(VersionChanged), transaction():
        organisations.correct(operator, made.public_id, 1, {"name": "乙"}, why="再改", today=TODAY)


@pytest.mark.parametrize("version", ["²", "9" * 5000, "x", ""])
def test_a_version_that_is_no_number_is_one_that_was_changed(session, login, version):
    operator = make_member("operator")
    with transaction():
        made = make_organisation("institution")
    form = {
        "name": "乙",
        "credit_code": made.credit_code,
        "division_code": made.division_code,
        "why": "x",
        "version": version,
    }

    answer = login(operator).post(f"/operator/organisations/{made.public_id}/correct", data=form)

    assert answer.status_code == 412
    db.session.refresh(made)
    assert made.name != "乙"


def test_a_corrected_producers_goods_are_found_by_its_new_name(session, client, deliver):
    operator = make_member("operator")
    with transaction():
        producer = make_producer()
        make_listing(producer)
    made = db.session.get_one(Organisation, producer.organisation_id)
    with transaction():
        organisations.correct(
            operator, made.public_id, made.version, {"name": "靖远金穗合作社"}, why="更名", today=TODAY
        )
    deliver()

    found = client.get("/api/v1/listings?q=金穗").json["items"]

    assert [one["producer"]["name"] if "producer" in one else one["producer_name"] for one in found] == [
        "靖远金穗合作社"
    ]


def test_a_disabled_account_is_out_at_once_and_may_come_back(session, login, client, bearer, deliver):
    operator, actor = make_member("operator"), make_member("institution")
    with transaction():
        token = issue_token(actor.membership_id, "t", ("*",), at=clock.real_now()).secret
        user = db.session.get_one(User, actor.user_id)
        user.password_hash = passwords.hash_new(PASSWORD)
        contact, path = user.phone or user.email, f"/operator/accounts/{user.public_id}"
    desk = login(operator)
    assert "停用账号" in desk.get(path).text
    desk.post(f"{path}/disable", data={"why": ""})
    assert db.session.get_one(User, actor.user_id).disabled_at is None
    desk.post(f"{path}/disable", data={"why": "账号被盗"})

    header = {"Authorization": f"Bearer {token}"}
    assert client.get("/api/v1/me", headers=header).status_code == 401
    assert login(actor).get("/account").status_code == 302
    signing = {"contact": contact, "password": PASSWORD}
    assert client.post("/sign-in", data=signing).status_code == 422
    with pytest.raises(accounts.WrongAccountState), transaction():
        accounts.disable(operator, operator.user_public_id, why="自己", now=clock.real_now())
    member = db.session.scalar(text("SELECT public_id FROM memberships WHERE id = :id"), {"id": actor.membership_id})
    answer = client.post(
        f"/api/v1/organisations/members/{member}/enable", json={"why": "已找回"},
        headers=bearer(operator) | {"Idempotency-Key": "k1"},
    )  # fmt: skip
    assert answer.status_code == 204
    assert client.post("/sign-in", data=signing).status_code == 302
    assert client.get("/api/v1/me", headers=header).status_code == 401
