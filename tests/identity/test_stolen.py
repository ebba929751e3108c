"""An account that was taken over is its owner's again: tokens, links and codes end with what shut the thief out."""

from datetime import timedelta

import pytest

from shop import clock
from shop.db import db, transaction
from shop.identity import accounts, contacts, passwords, queries, recovery, services, tokens
from shop.identity.models import ApiToken, Membership, Organisation, User
from tests.conftest import count
from tests.factories import make_member
from tests.identity.test_races import together

PASSWORD = "correct horse 9"
NEW = "another horse 8"
API = "/api/v1"


@pytest.fixture
def owner(session):
    actor = make_member("producer")
    with transaction():
        db.session.get_one(User, actor.user_id).password_hash = passwords.hash_new(PASSWORD)
    return actor


def works(client, header) -> bool:
    return bool(client.get(f"{API}/me", headers=header).status_code == 200)


def child_of(client, header, **more):
    body = {"name": "child", "scopes": ["tokens:manage"], **more}
    return client.post(f"{API}/tokens", json=body, headers=header)


def header_of(answer):
    return {"Authorization": f"Bearer {answer.json['secret']}"}


def test_signing_out_everywhere_ends_the_tokens_too(owner, client, bearer, login):
    mine, other = bearer(owner), bearer(make_member("producer"))

    login(owner).post("/account/sessions/close-all")

    assert (works(client, mine), works(client, other)) == (False, True)


def test_a_password_set_by_a_link_ends_tokens_and_all_other_links(owner, client, bearer):
    header, now = bearer(owner), clock.real_now()
    with transaction():
        invitation = recovery.make_link_secret(owner.user_id, recovery.INVITATION, now)
        link = recovery.make_link_secret(owner.user_id, recovery.RESET, now)

    set_anew = client.post(f"/password-reset/{link}", data={"password": NEW, "again": NEW})

    assert set_anew.status_code == 302
    assert not works(client, header)
    assert client.get(f"/invitations/{invitation}").status_code == 422


def test_a_changed_password_leaves_tokens_and_ends_links(owner, client, bearer, login):
    header = bearer(owner)
    with transaction():
        link = recovery.make_link_secret(owner.user_id, recovery.RESET, clock.real_now())

    changed = login(owner).post("/account/password", data={"old": PASSWORD, "password": NEW, "again": NEW})

    assert changed.status_code == 302
    assert works(client, header)
    assert client.post(f"/password-reset/{link}", data={"password": PASSWORD, "again": PASSWORD}).status_code == 422


def test_a_changed_contact_ends_the_links_sent_to_the_one_before(owner, client, login):
    browser, now = login(owner), clock.real_now()
    with transaction():
        link = recovery.make_link_secret(owner.user_id, recovery.RESET, now)
    asked = browser.post("/account/contact", data={"contact": "13911112222", "password": PASSWORD})
    secret_id = db.session.execute(db.text("SELECT max(id) FROM one_time_secrets")).scalar_one()
    with transaction():
        _where, code = contacts.make_code(secret_id) or ("", "")

    changed = browser.post("/account/contact/code", data={"code": code})

    assert (asked.status_code, changed.status_code) == (302, 302)
    assert client.get(f"/password-reset/{link}").status_code == 422


def test_a_token_made_by_a_token_ends_with_it(owner, client, bearer):
    parent = bearer(owner)
    child = child_of(client, parent)
    grandchild = child_of(client, header_of(child))
    parent_id = db.session.query(ApiToken).filter_by(made_by_id=None).one().public_id

    revoked = client.delete(f"{API}/tokens/{parent_id}", headers=parent)

    assert revoked.status_code == 204
    assert [works(client, header_of(one)) for one in (child, grandchild)] == [False, False]


def test_a_token_made_by_a_token_expires_with_it_at_the_latest(owner, client):
    now = clock.real_now()
    with transaction():
        made = services.issue_token(
            owner.membership_id, "x", ["tokens:manage"], at=now, expires_at=now + timedelta(days=2)
        )
    parent = {"Authorization": f"Bearer {made.secret}"}

    endless = child_of(client, parent).json["token"]["expires_at"]
    longer = child_of(client, parent, expires_at="2099-01-01T00:00:00+08:00").json["token"]["expires_at"]

    ends = made.token.expires_at
    assert ends is not None
    assert {endless, longer} == {ends.astimezone(clock.SHANGHAI).isoformat()}


def test_the_person_is_told_of_a_new_token(owner, login, deliver, app, tmp_path, monkeypatch):
    monkeypatch.setitem(app.config, "DATA_DIR", tmp_path)
    data = {"name": "食堂系统", "scopes": "orders:read", "password": PASSWORD}

    login(owner).post("/account/tokens", data=data)
    deliver(times=2)

    [message] = [each.read_text() for each in (tmp_path / "outbox").glob("*.sms.txt")]
    assert "新建了访问令牌“食堂系统”" in message


@pytest.mark.committed
def test_a_token_that_is_being_revoked_leaves_none_behind(committed_app):
    actor = make_member("producer")
    with transaction():
        made = services.issue_token(actor.membership_id, "x", ["tokens:manage"], at=clock.real_now())
        key, public_id = made.token.id, made.token.public_id
    program = queries.actor_of(actor.user_id, actor.organisation_id, clock.today())
    program = program.__class__(**{**program.__dict__, "via": f"token:{key}"})

    results = together(
        committed_app,
        lambda: tokens.issue_own(program, "child", ["tokens:manage"], now=clock.real_now()),
        lambda: tokens.revoke(actor, public_id, clock.real_now()),
    )

    open_ones = db.session.query(ApiToken).filter_by(revoked_at=None).count()
    assert open_ones == 0
    assert results in (["done", "done"], ["done", "unauthenticated"])
    assert count("api_tokens") == (2 if results == ["done", "done"] else 1)


def test_disabling_an_account_ends_its_tokens_and_those_made_by_them(session):
    operator, actor = make_member("operator"), make_member("producer")
    with transaction():
        made = services.issue_token(actor.membership_id, "x", ["tokens:manage"], at=clock.real_now())
        services.issue_token(actor.membership_id, "y", ["*"], at=clock.real_now(), made_by_id=made.token.id)
    with transaction():
        accounts.disable(operator, actor.user_public_id, why="被盗", now=clock.real_now())

    assert db.session.query(ApiToken).filter_by(revoked_at=None).count() == 0


def test_an_administrator_sees_and_revokes_a_members_tokens(owner, client, bearer, login):
    admin = make_member("producer", organisation=db.session.get_one(Organisation, owner.organisation_id))
    header = bearer(owner, "orders:read")
    member = db.session.get_one(Membership, owner.membership_id).public_id
    token = db.session.query(ApiToken).filter_by(membership_id=owner.membership_id).one()
    path = f"/organisation/members/{member}"

    listed = client.get(f"{API}{path}/tokens", headers=bearer(admin)).json["items"]
    stranger = client.get(f"{API}{path}/tokens", headers=bearer(make_member("producer")))
    browser = login(admin)
    shown = browser.get(path).text
    revoked = browser.post(f"{path}/tokens/{token.public_id}/revoke")

    assert [(one["id"], one["scopes"]) for one in listed] == [(str(token.public_id), ["orders:read"])]
    assert stranger.status_code == 404
    assert f"{path}/tokens/{token.public_id}/revoke" in shown
    assert revoked.status_code == 302
    assert not works(client, header)
