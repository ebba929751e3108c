"""Inviting somebody who has an account: asked first, and nothing is told of them before they agree."""

from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from shop import clock
from shop.auth import Actor
from shop.db import db, transaction
from shop.errors import NotFound
from shop.identity import invitations, queries, recovery, sign_in
from shop.identity.models import Membership, User
from tests.conftest import count
from tests.factories import make_member

API = "/api/v1"
PASSWORD = "tie guo zhu yu 2026"


@pytest.fixture
def call(client, bearer):
    keys = iter(range(1000))

    def send(actor: Actor, method: str, path: str, body: Any = None) -> Any:
        headers = {**bearer(actor), "Idempotency-Key": f"k{next(keys)}"}
        return client.open(f"{API}{path}", method=method, json=body, headers=headers)

    return send


def contact_of(actor: Actor) -> str:
    return db.session.get_one(User, actor.user_id).phone or ""


def invite(call, admin: Actor, contact: str, name: str = "张三") -> Any:
    body = {"name": name, "contact": contact, "roles": ["institution_receiver"]}
    return call(admin, "POST", "/organisation/members", body)


def is_member(person: Actor, admin: Actor) -> bool:
    try:
        queries.actor_of(person.user_id, admin.organisation_id, clock.today())
    except NotFound:
        return False
    return True


@pytest.fixture
def asked(session, call):
    """Return an administrator, a person of another organisation, and the invitation."""
    admin, person = make_member("institution"), make_member("producer")
    with transaction():
        user = db.session.get_one(User, person.user_id)
        user.email, user.password_hash, user.totp_confirmed_at = "geheim@example.cn", "x", clock.now()
    return admin, person, invite(call, admin, contact_of(person)).json["id"]


def test_the_answer_tells_of_an_account_no_more_than_of_none(session, call):
    admin, person = make_member("institution"), make_member("producer")
    with transaction():
        user = db.session.get_one(User, person.user_id)
        user.email, user.password_hash, user.totp_confirmed_at = "geheim@example.cn", "x", clock.now()

    known = invite(call, admin, contact_of(person)).json
    fresh = invite(call, admin, "13700137000").json

    told = ("name", "email", "has_password", "has_second_factor", "valid_from", "valid_to", "roles")
    assert [known[one] for one in told] == [fresh[one] for one in told]
    assert (known["name"], known["phone"]) == ("张三", contact_of(person))


def test_lists_show_what_was_typed_until_the_person_agrees(asked, login):
    admin, person, member = asked
    browser = login(admin)

    page = browser.get("/organisation/members").text + browser.get(f"/organisation/members/{member}").text

    assert ("张三" in page, person.user_name in page, "geheim@example.cn" in page) == (True, False, False)


def test_nothing_is_given_before_the_person_agrees(asked):
    admin, person, _member = asked

    assert not is_member(person, admin)


def test_the_person_accepts_on_the_profile_page(asked, login):
    admin, person, member = asked
    browser = login(person)
    assert f"{admin.organisation_name}邀请您" in browser.get("/account").text

    answered = browser.post("/account/invitations", data={"invitation": member, "answer": "accept"})

    assert answered.status_code == 302
    assert is_member(person, admin)
    assert queries.actor_of(person.user_id, admin.organisation_id, clock.today()).roles == {"institution_receiver"}


def test_the_link_that_was_sent_accepts_without_signing_in(
    asked, client: FlaskClient, deliver, app, tmp_path, monkeypatch
):
    monkeypatch.setitem(app.config, "DATA_DIR", tmp_path)
    admin, person, member = asked
    deliver()
    [message] = [each.read_text() for each in (tmp_path / "outbox").glob("*.sms.txt")]
    link = message[message.index("/invitations/join/") :].strip()

    shown = client.get(link)
    answered = client.post(link, data={"invitation": member, "answer": "accept"})

    assert (shown.status_code, f"{admin.organisation_name}邀请您" in shown.text) == (200, True)
    assert answered.status_code == 302
    assert is_member(person, admin)
    assert "没有等您答复的邀请" in client.get(link).text


def test_what_is_declined_is_gone_and_may_be_asked_again(asked, login, call):
    admin, person, member = asked
    browser = login(person)

    assert browser.post("/account/invitations", data={"invitation": member, "answer": "decline"}).status_code == 302
    assert call(admin, "GET", f"/organisation/members/{member}").status_code == 404
    assert browser.post("/account/invitations", data={"invitation": member, "answer": "accept"}).status_code == 404
    assert invite(call, admin, contact_of(person)).status_code == 201


def test_an_invitation_is_taken_back(asked, call):
    admin, person, member = asked

    ended = call(admin, "POST", f"/organisation/members/{member}/end")

    assert (ended.status_code, ended.json["is_waiting"]) == (200, True)
    assert invitations.list_waiting(person.user_id, clock.today()) == []


def test_nobody_answers_for_somebody_else(asked, login):
    _admin, person, member = asked
    stranger = make_member("producer")

    for answer in ("accept", "decline"):
        posted = login(stranger).post("/account/invitations", data={"invitation": member, "answer": answer})
        assert posted.status_code == 404
    assert len(invitations.list_waiting(person.user_id, clock.today())) == 1


def test_who_agrees_later_is_a_member_from_that_day_on(asked, session):
    _admin, person, member = asked
    with transaction():
        membership = db.session.scalars(select(Membership).where(Membership.public_id == member)).one()
        membership.valid_from = clock.today().replace(day=1)
    with transaction():
        invitations.accept(person.user_id, membership.public_id, clock.today())

    assert membership.valid_from == clock.today()


def test_walking_through_numbers_ends_after_sixty(session, call):
    admin = make_member("institution")
    for number in range(60):
        assert invite(call, admin, f"137{number:08d}").status_code == 201
    before = count("memberships")

    refused = invite(call, admin, "13899999999")

    assert (refused.status_code, refused.json["type"]) == (429, "/problems/too-many-tries")
    assert count("memberships") == before


def test_who_is_asked_while_without_a_password_agrees_after_choosing_one(session, call, client):
    admin, other = make_member("institution"), make_member("institution")
    first = invite(call, admin, "13700137000").json["id"]
    with transaction():
        member = db.session.scalars(select(Membership).where(Membership.public_id == first)).one()
        member.valid_from = member.valid_to = clock.today() - timedelta(days=1)
    second = invite(call, other, "13700137000").json["id"]
    with transaction():
        user = sign_in.find_user("13700137000")
        assert user is not None
        secret = recovery.make_link_secret(user.id, recovery.INVITATION, clock.real_now())

    chosen = client.post(f"/invitations/{secret}", data={"password": PASSWORD, "again": PASSWORD})

    assert chosen.status_code == 302
    assert f"{other.organisation_name}邀请您" in client.get(chosen.location).text
    client.post(chosen.location, data={"invitation": second, "answer": "accept"})
    assert queries.actor_of(user.id, other.organisation_id, clock.today()).user_id == user.id
