"""Who a request comes from."""

from datetime import timedelta

import pytest
from flask import Flask

from shop import clock
from shop.auth import find_actor
from shop.db import db, transaction
from shop.identity import loader
from shop.identity.models import ApiToken, Membership, Organisation, User
from tests.factories import make_member


def who(app: Flask, path: str, headers: dict[str, str] | None = None):
    with app.test_request_context(path, headers=headers):
        return find_actor()


def test_a_session_is_somebody_on_pages_and_nobody_on_the_api(app, login):
    actor = make_member("producer")
    client = login(actor)
    cookie = {"Cookie": f"{loader.COOKIE}={client.get_cookie(loader.COOKIE).value}"}

    assert who(app, "/producer", cookie).membership_id == actor.membership_id
    assert who(app, "/api/v1/me", cookie) is None
    assert who(app, "/epcis/events", cookie) is None


def test_a_token_is_somebody_on_the_api_and_nobody_on_pages(app, bearer):
    actor = make_member("producer")
    header = bearer(actor)

    assert who(app, "/api/v1/me", header).permissions == actor.permissions
    assert who(app, "/producer", header) is None
    assert db.session.query(ApiToken).one().last_used_on == clock.today()


def test_a_token_has_its_scopes_and_no_more_than_the_roles(app, bearer):
    header = bearer(make_member("institution", "institution_receiver"), "goods:accept", "members:manage")

    assert who(app, "/api/v1/me", header).permissions == {"goods:accept"}


@pytest.mark.parametrize("change", ["revoked", "expired", "disabled", "ended"])
def test_a_token_that_has_ended_is_nobody(app, bearer, change):
    actor = make_member("producer")
    header = bearer(actor)
    now = clock.real_now()
    with transaction():
        token = db.session.query(ApiToken).one()
        if change == "revoked":
            token.revoked_at = now
        elif change == "expired":
            token.expires_at = now - timedelta(seconds=1)
        elif change == "disabled":
            db.session.get_one(User, actor.user_id).disabled_at = now
        else:
            db.session.get_one(Membership, actor.membership_id).valid_to = clock.today() - timedelta(days=1)

    assert who(app, "/api/v1/me", header) is None


def test_a_suspended_organisation_may_look_and_change_nothing(app, bearer):
    actor = make_member("producer")
    header = bearer(actor)
    with transaction():
        db.session.get_one(Organisation, actor.organisation_id).suspended_at = clock.now()

    left = who(app, "/api/v1/me", header).permissions
    assert left == {name for name in actor.permissions if name.endswith((":read", ":inspect"))}
    assert len(left) < len(actor.permissions)


def test_a_wrong_secret_is_nobody(app, session):
    for header in ("Bearer dk_wrong", "Bearer", "Basic dk_x", "dk_x", "Bearer dk_" + "x" * 5000):
        assert who(app, "/api/v1/me", {"Authorization": header}) is None
