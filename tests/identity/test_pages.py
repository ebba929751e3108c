"""Identity's pages: each can be opened by whom it is for, and does what its button says."""

from __future__ import annotations

import re
from typing import Any

import pyotp
import pytest

from shop import clock
from shop.db import db, transaction
from shop.identity import loader, passwords
from shop.identity.models import ApiToken, BankAccount, Membership, Organisation, Unit, User, UserSession
from tests.conftest import count
from tests.factories import make_credit_code, make_member, make_organisation

PASSWORD = "correct horse 9"
HASH = passwords.hash_new(PASSWORD)


def post(client: Any, path: str, **data: Any) -> Any:
    return client.post(path, data=data, follow_redirects=True)


@pytest.mark.parametrize(
    "path",
    [
        "/account", "/account/password", "/account/security", "/account/second-factor", "/account/second-factor/remove",
        "/account/tokens", "/organisation", "/organisation/units", "/organisation/units/new", "/organisation/members",
        "/organisation/members/invite", "/organisation/bank-accounts",
    ],
)  # fmt: skip
def test_a_page_opens_for_an_administrator_and_asks_others_to_sign_in(client, login, path):
    assert client.get(path).location.startswith("/sign-in?next=")

    page = login(make_member("institution")).get(path)

    assert page.status_code == 200
    assert page.text.count("<h1>") == 1


@pytest.mark.parametrize("path", ["/sign-in", "/password-reset", "/password-reset/x", "/invitations/x"])
def test_a_page_for_everybody_has_one_heading(client, session, path):
    page = client.get(path)

    assert page.status_code == (422 if path.endswith("/x") else 200)
    assert page.text.count("<h1>") == 1


@pytest.mark.parametrize("path", ["/organisation/members", "/organisation/units/new", "/account/tokens"])
def test_a_page_without_the_right_is_refused(login, path):
    assert login(make_member("institution", "institution_receiver")).get(path).status_code == 403


@pytest.mark.parametrize("path", ["/operator/organisations", "/operator/organisations/new", "/operator/permissions"])
def test_the_operators_pages_are_the_operators(login, path):
    assert login(make_member("operator")).get(path).status_code == 200
    assert login(make_member("producer")).get(path).status_code == 403


def test_name_and_language_are_edited(login):
    client = login(make_member("institution"))

    page = post(client, "/account", name=" 李 雷 ", locale="en")

    user = db.session.query(User).one()
    assert (page.status_code, user.name, user.locale) == (200, "李 雷", "en")
    assert client.get_cookie("lang").value == "en"
    assert post(client, "/account", name="", locale="en").status_code == 422


def test_a_changed_password_ends_the_other_sessions(login, client):
    actor = make_member("institution")
    login(actor)
    with transaction():
        db.session.get_one(User, actor.user_id).password_hash = HASH
    other = client.get_cookie(loader.COOKIE).value
    login(actor)
    new = {"password": "another horse 8", "again": "another horse 8"}

    assert post(client, "/account/password", old="wrong", **new).status_code == 422
    assert post(client, "/account/password", old=PASSWORD, **(new | {"again": "x"})).status_code == 422
    assert post(client, "/account/password", old=PASSWORD, **new).status_code == 200
    assert client.get("/account").status_code == 200
    client.set_cookie(loader.COOKIE, other)
    assert client.get("/account").status_code == 302


def test_the_present_password_cannot_be_guessed(login):
    client = login(make_member("institution"))
    new = {"password": "another horse 8", "again": "another horse 8"}
    for _ in range(8):
        assert post(client, "/account/password", old="wrong", **new).status_code == 422

    assert post(client, "/account/password", old="wrong", **new).status_code == 429


def test_signing_out_everywhere_ends_all_sessions(login, client):
    actor, other = make_member("institution"), make_member("producer")
    login(other)
    login(actor)
    login(actor)
    foreign = db.session.query(UserSession).filter_by(user_id=other.user_id).one().id

    assert client.post(f"/account/sessions/{foreign}/close").status_code == 404
    client.post("/account/sessions/close-all")

    assert client.get("/account").status_code == 302
    assert db.session.query(UserSession).filter_by(revoked_at=None).one().id == foreign


def test_a_second_factor_is_set_up_and_given_up(login):
    actor = make_member("institution")
    client = login(actor)
    with transaction():
        db.session.get_one(User, actor.user_id).password_hash = HASH
    page = client.get("/account/second-factor").text
    secret = re.findall(r"<code>([A-Z2-7]{32})</code>", page)[0]

    assert "<svg" in page
    assert post(client, "/account/second-factor", code="12").status_code == 422
    code = pyotp.TOTP(secret).at(clock.real_now())
    assert post(client, "/account/second-factor", code=code).status_code == 200
    assert db.session.query(User).one().totp_confirmed_at is not None
    assert post(client, "/account/second-factor/remove", password="wrong").status_code == 422
    assert post(client, "/account/second-factor/remove", password=PASSWORD).status_code == 200
    assert db.session.query(User).one().totp_secret is None


def test_where_it_is_required_nothing_works_before_the_second_factor_is_set(app, login, client, monkeypatch):
    monkeypatch.setitem(app.config, "REQUIRE_SECOND_FACTOR", True)
    login(make_member("operator"))
    with transaction():
        db.session.query(UserSession).one().second_factor_at = None

    assert client.get("/operator/organisations").status_code == 403
    assert client.get("/account/second-factor").status_code == 200
    login(make_member("institution"))
    assert client.get("/organisation/members").status_code == 200


def test_a_token_is_shown_once(login):
    actor = make_member("producer")
    client = login(actor)
    with transaction():
        db.session.get_one(User, actor.user_id).password_hash = HASH
    refused = post(client, "/account/tokens", name="对接", scopes="orders:read", password="wrong")
    assert (refused.status_code, count("api_tokens")) == (422, 0)

    made = post(client, "/account/tokens", name="对接", scopes="orders:read", password=PASSWORD)

    secret = re.findall(r"dk_[\w-]{43}", made.text)[0]
    assert secret not in client.get("/account/tokens").text
    token = db.session.query(ApiToken).one()
    assert token.scopes == ["orders:read"]
    assert post(client, f"/account/tokens/{token.public_id}/revoke").status_code == 200
    assert post(client, "/account/tokens", name="对接", scopes="permissions:edit", password=PASSWORD).status_code == 422
    assert count("api_tokens") == 1


@pytest.mark.parametrize("day", ["9999-12-31", "0001-01-01"])
def test_a_day_that_cannot_be_counted_with_is_shown_again(login, day):
    client = login(make_member("producer"))

    assert (
        client.post("/account/tokens", data={"name": "x", "scopes": "orders:read", "expires_on": day}).status_code
        == 422
    )
    assert client.post("/account/sessions/99999999999999999999/close").status_code in (404, 422)
    assert count("api_tokens") == 0


def test_an_organisations_profile_is_edited_once_for_each_version(login):
    with transaction():
        actor = make_member(organisation=make_organisation("producer", is_verified=False))
    client = login(actor)
    form = {
        "name": "靖远合作社", "credit_code": make_credit_code(), "division_code": "620421", "address": "", "contact_name": "",
        "contact_phone": "",
    }  # fmt: skip

    assert post(client, "/organisation", version="1", **form).status_code == 200
    assert db.session.get_one(Organisation, actor.organisation_id).name == "靖远合作社"
    assert post(client, "/organisation", version="1", **form).status_code == 412
    assert post(client, "/organisation", version="2", **(form | {"credit_code": "x"})).status_code == 422


def test_a_member_may_read_but_not_edit_the_profile(login):
    client = login(make_member("institution", "institution_receiver"))

    assert client.get("/organisation").status_code == 200
    form = {"name": "x", "division_code": "120101", "version": "1"}
    assert client.post("/organisation", data=form).status_code == 403


def test_a_unit_is_added_moved_and_closed(login):
    with transaction():
        organisation = make_organisation("institution", is_verified=False)
    client = login(make_member("institution", organisation=organisation))
    place = {
        "since": "2026-07-15",
        "division_code": "120101",
        "finance_division_code": "120000",
        "budget_level": "city",
    }
    root = db.session.query(Unit).one().public_id

    assert post(client, "/organisation/units/new", name="食堂", parent=str(root), **place).status_code == 200
    unit = db.session.query(Unit).filter_by(name="食堂").one().public_id
    again = post(client, "/organisation/units/new", name="食堂", parent=str(root), **place)
    assert (again.status_code, "已有同名的部门。" in again.text) == (409, True)
    moved = post(client, f"/organisation/units/{unit}", parent=str(root), **(place | {"since": "2026-10-01"}))
    assert "2026-09-30" in moved.text
    past = post(client, f"/organisation/units/{unit}", parent=str(root), **(place | {"since": "2026-01-01"}))
    assert past.status_code == 422
    assert post(client, f"/organisation/units/{unit}/close").status_code == 200
    assert db.session.query(Unit).filter_by(name="食堂").one().closed_at == clock.now()


def test_a_member_is_invited_given_a_role_and_taken_out(login):
    client = login(make_member("institution"))
    invited = {"name": "新人", "contact": "138 1111 2222", "roles": ["institution_receiver"]}

    assert post(client, "/organisation/members/invite", **invited).status_code == 200
    member = db.session.query(Membership).order_by(Membership.id.desc()).limit(1).one()
    assert post(client, "/organisation/members/invite", **invited).status_code == 409
    path = f"/organisation/members/{member.public_id}"
    assert post(client, path, role="institution_finance", since="2026-07-15").status_code == 200
    post(client, f"{path}/roles/end", role="institution_finance")
    assert count("membership_roles") == 2
    assert "成员已移出" in post(client, f"{path}/end").text


def test_the_last_administrator_is_told_so(login):
    actor = make_member("institution")
    member = db.session.get_one(Membership, actor.membership_id).public_id

    page = post(login(actor), f"/organisation/members/{member}/end")

    assert "至少须保留一名管理员" in page.text


def test_a_bank_account_is_registered_and_closed(login):
    client = login(make_member("producer"))
    account = {"holder": "靖远合作社", "bank": "农业银行", "number": "6228480000000001"}

    assert post(client, "/organisation/bank-accounts", **account).status_code == 200
    assert post(client, "/organisation/bank-accounts", **account).status_code == 409
    used = db.session.query(BankAccount).one().public_id
    assert "现用或即将启用的收款账户" in post(client, f"/organisation/bank-accounts/{used}/close").text
    page = post(client, "/organisation/bank-accounts", **{**account, "number": "6228480000000002"}).text
    other = db.session.query(BankAccount).filter_by(number="6228480000000002").one()
    assert (f"{used}/close" in page, f"{other.public_id}/close" in page) == (False, True)
    assert "恢复使用</button>" in post(client, f"/organisation/bank-accounts/{other.public_id}/close").text
    assert count("bank_accounts WHERE closed_at IS NULL") == 1
    assert "账户已恢复使用" in post(client, f"/organisation/bank-accounts/{other.public_id}/reopen").text
    assert count("bank_accounts WHERE closed_at IS NULL") == 2


def test_another_organisations_things_are_not_there(login):
    owner = make_member("institution")
    unit, member = db.session.query(Unit).one().public_id, db.session.query(Membership).one().public_id
    client = login(make_member("institution"))

    assert owner.organisation_name not in client.get("/organisation/members").text
    for path in (f"units/{unit}", f"members/{member}"):
        assert client.get(f"/organisation/{path}").status_code == 404
    for path in (f"units/{unit}/close", f"members/{member}/end", f"members/{member}/roles/end"):
        assert client.post(f"/organisation/{path}").status_code == 404
    assert (
        client.post("/account/organisation", data={"organisation": str(owner.organisation_public_id)}).status_code
        == 404
    )
    assert client.post("/account/organisation", data={"organisation": "x"}).status_code == 404


def test_the_operator_registers_verifies_appoints_and_suspends(login):
    client = login(make_member("operator"))
    form = {
        "kind": "institution", "institution_type": "school", "name": "和平区一小", "division_code": "120101",
        "credit_code": make_credit_code(),
    }  # fmt: skip
    assert post(client, "/operator/organisations/new", **(form | {"institution_type": ""})).status_code == 422
    assert post(client, "/operator/organisations/new", **form).status_code == 200
    made = db.session.query(Organisation).filter_by(name="和平区一小").one()
    path = f"/operator/organisations/{made.public_id}"

    assert "和平区一小" in client.get("/operator/organisations?status=unverified&q=一小").text
    post(client, f"{path}/verify")
    invited = {"name": "校长", "contact": "head@school.cn", "roles": ["institution_admin"]}
    assert post(client, f"{path}/members", **invited).status_code == 200
    assert post(client, f"{path}/members", **invited).status_code == 409
    assert "请说明暂停的原因" in post(client, f"{path}/suspend", why="").text
    post(client, f"{path}/suspend", why="证照过期")
    db.session.refresh(made)
    assert (made.verified_at, made.suspended_at) == (clock.now(), clock.now())
    post(client, f"{path}/resume")
    db.session.refresh(made)
    assert made.suspended_at is None


def test_the_operator_sets_what_officials_see(login):
    client, official = login(make_member("operator")), make_member("authority")
    path = f"/operator/organisations/{official.organisation_public_id}"

    assert post(client, f"{path}/scope", kind="division", divisions="620421,620422").status_code == 200
    assert count("authority_scopes") == 2
    assert "620422" in client.get(path).text
    assert post(client, f"{path}/scope", kind="budget", divisions="").status_code == 422


def test_a_roles_permissions_are_edited(login):
    client = login(make_member("operator"))
    path = "/operator/permissions/institution_receiver"

    assert client.get("/operator/permissions/nobody").status_code == 404
    (version,) = re.findall(r'name="version" value="(\d+)"', client.get(path).text)
    assert post(client, path, permissions=["tokens:manage"], version=version).status_code == 200
    assert post(client, path, permissions=["orders:read"], version=version).status_code == 412
    held = db.session.execute(db.text("SELECT permission FROM role_permissions WHERE role = 'institution_receiver'"))
    assert held.scalars().all() == ["tokens:manage"]
    (version,) = re.findall(r'name="version" value="(\d+)"', client.get(path).text)
    assert post(client, path, permissions=["permissions:edit"], version=version).status_code == 422
