"""What could not be put right before: how a person is reached, whose account is closed."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from flask import current_app
from sqlalchemy import text

from shop import clock
from shop.db import db, transaction
from shop.identity import accounts, contacts, passwords
from shop.identity.contacts import WrongContactCode
from shop.identity.models import User
from shop.identity.services import ContactTaken, create_user, issue_token
from tests.conftest import NOON
from tests.factories import make_member

PASSWORD = "correct horse 9"


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
