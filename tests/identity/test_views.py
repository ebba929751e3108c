"""Identity over the API: each route once, each refusal, and nothing of others."""

from datetime import date
from typing import Any, ClassVar
from uuid import uuid4

import pytest

from shop import clock
from shop.auth import Actor, Scope
from shop.db import db, transaction
from shop.identity import invitations, queries, tokens
from shop.identity import permissions as table
from shop.identity.models import ApiToken, Membership, Organisation, UserSession
from shop.identity.roles import ROLES
from shop.identity.words import PERMISSION_WORDS
from tests.conftest import count
from tests.factories import make_credit_code, make_member, make_organisation

API = "/api/v1"
Call = Any


@pytest.fixture
def call(client: Any, bearer: Any) -> Call:
    """Call the API as an actor: ``call(actor, "POST", "/organisation/units", {...})``."""
    headers: dict[int, dict[str, str]] = {}

    def send(actor: Actor, method: str, path: str, body: Any = None, *, match: int | None = None) -> Any:
        if actor.membership_id not in headers:
            headers[actor.membership_id] = bearer(actor)
        header = headers[actor.membership_id]
        extra = {"Idempotency-Key": uuid4().hex} | ({"If-Match": f'"{match}"'} if match is not None else {})
        return client.open(f"{API}{path}", method=method, json=body, headers={**header, **extra})

    return send


def test_me_says_who_i_am_and_what_i_may(call):
    actor = make_member("institution", "institution_receiver")

    me = call(actor, "GET", "/me").json

    assert me["organisation"]["name"] == actor.organisation_name
    of_all = ["files:read", "files:store", "notices:read", "organisation:read"]
    assert me["permissions"] == sorted(["goods:accept", "orders:read", "trace:capture", "trace:read", *of_all])
    assert me["roles"] == ["institution_receiver"]
    assert me["scope"]["kind"] == "own"


def test_nobody_gets_in_without_a_token(client, session):
    for path in ("/me", "/tokens", "/organisation", "/organisation/members", "/organisations", "/roles"):
        assert client.get(f"{API}{path}").status_code == 401


def test_a_member_without_the_right_is_refused(call):
    actor = make_member("institution", "institution_requester")

    for method, path, body in (
        ("GET", "/organisation/members", None),
        ("GET", "/organisations", None),
        ("GET", "/tokens", None),
        ("PATCH", "/organisation", {"address": "x"}),
        ("PUT", "/roles/institution_requester/permissions", {"permissions": []}),
        ("POST", "/organisation/bank-accounts", {"holder": "a", "bank": "b", "number": "12345678"}),
    ):
        assert call(actor, method, path, body).status_code == 403
    assert call(actor, "GET", "/organisation").json["address"] == ""


class TestOrganisation:
    def test_editing_needs_the_version_that_was_read(self, call):
        actor = make_member("producer")
        version = call(actor, "GET", "/organisation").headers["ETag"]
        assert version == '"1"'

        edited = call(actor, "PATCH", "/organisation", {"address": " 乌兰镇  1号 "}, match=1)

        assert (edited.status_code, edited.json["address"], edited.headers["ETag"]) == (200, "乌兰镇 1号", '"2"')
        assert call(actor, "PATCH", "/organisation", {"address": "x"}, match=1).status_code == 412
        assert call(actor, "PATCH", "/organisation", {"address": "x"}).status_code == 428

    @pytest.mark.parametrize("change", [{"name": "别的名字"}, {"credit_code": "91350100M000100Y43"}])
    def test_a_verified_name_or_code_is_fixed(self, call, change):
        actor = make_member("producer")

        refused = call(actor, "PATCH", "/organisation", change, match=1)

        assert (refused.status_code, refused.json["type"]) == (409, "/problems/credit-code-fixed")
        assert call(actor, "GET", "/organisation").json["version"] == 1

    def test_a_new_name_is_the_root_units_too(self, call):
        with transaction():
            actor = make_member(organisation=make_organisation(is_verified=False))

        assert call(actor, "PATCH", "/organisation", {"name": "和平区二小"}, match=1).status_code == 200

        assert [u["name"] for u in call(actor, "GET", "/organisation/units").json["items"]] == ["和平区二小"]

    def test_a_code_belongs_to_one_organisation(self, call):
        with transaction():
            taken = make_organisation("producer")
            actor = make_member("producer", organisation=make_organisation("producer", is_verified=False))

        refused = call(actor, "PATCH", "/organisation", {"credit_code": taken.credit_code}, match=1)
        wrong = call(actor, "PATCH", "/organisation", {"credit_code": "91350100M000100Y44"}, match=1)

        assert (refused.status_code, refused.json["type"]) == (409, "/problems/credit-code-taken")
        assert (wrong.status_code, wrong.json["type"]) == (422, "/problems/bad-credit-code")

    def test_bank_accounts_have_one_default(self, call):
        actor = make_member("producer")
        account = {"holder": "靖远合作社", "bank": "农业银行", "number": "6228 4800 0000 0001"}

        first = call(actor, "POST", "/organisation/bank-accounts", account).json
        again = call(actor, "POST", "/organisation/bank-accounts", account)
        second = call(actor, "POST", "/organisation/bank-accounts", {**account, "number": "6228480000000002"}).json
        asked = call(actor, "POST", f"/organisation/bank-accounts/{second['id']}/default")
        own = call(actor, "POST", f"/bank-account-changes/{asked.json['id']}/confirm")
        with transaction():
            other = make_member("producer", organisation=db.session.get_one(Organisation, actor.organisation_id))
        agreed = call(other, "POST", f"/bank-account-changes/{asked.json['id']}/confirm")

        assert (asked.status_code, asked.json["status"]) == (201, "asked")
        assert (own.status_code, own.json["type"]) == (409, "/problems/own-change")
        assert (agreed.status_code, agreed.json["status"], agreed.json["previous_number"]) == (
            200, "confirmed", "6228480000000001",
        )  # fmt: skip
        assert (first["number"], first["is_default"], second["is_default"]) == ("6228480000000001", True, False)
        assert (again.status_code, again.json["type"]) == (409, "/problems/account-taken")
        listed = call(actor, "GET", "/organisation/bank-accounts").json["items"]
        assert [(a["id"], a["is_default"]) for a in listed] == [(second["id"], True), (first["id"], False)]
        third = call(actor, "POST", "/organisation/bank-accounts", {**account, "number": "6228480000000003"}).json["id"]
        for used in (first["id"], second["id"]):  # paid to now, and paid to in three days
            refused = call(actor, "DELETE", f"/organisation/bank-accounts/{used}")
            assert (refused.status_code, refused.json["type"]) == (409, "/problems/account-in-use")
        assert call(actor, "DELETE", f"/organisation/bank-accounts/{third}").status_code == 204
        assert call(actor, "DELETE", f"/organisation/bank-accounts/{third}").status_code == 404
        back = call(actor, "POST", f"/organisation/bank-accounts/{third}/reopen")
        assert (back.status_code, back.json["is_default"]) == (200, False)
        assert len(call(actor, "GET", "/organisation/bank-accounts").json["items"]) == 3


def unverified() -> Actor:
    """Return the administrator of an institution that still says itself where its units stand."""
    with transaction():
        organisation = make_organisation("institution", is_verified=False)
    return make_member("institution", organisation=organisation)


class TestUnits:
    PLACE: ClassVar = {"division_code": "120101", "finance_division_code": "120000", "budget_level": "city"}

    def add(self, call: Call, actor: Actor, name: str, **more: Any) -> Any:
        return call(actor, "POST", "/organisation/units", {"name": name, **self.PLACE, **more})

    def test_a_unit_stands_below_the_root_and_keeps_its_past(self, call):
        actor = unverified()
        made = self.add(call, actor, "食堂", since="2026-07-15").json
        moved = call(
            actor, "POST", f"/organisation/units/{made['id']}/placements",
            {**self.PLACE, "division_code": "441302", "finance_division_code": None, "budget_level": "county", "since": "2026-09-01"},
        )  # fmt: skip

        assert (moved.status_code, made["depth"]) == (201, 1)
        assert [(p["valid_from"], p["valid_to"], p["finance_division_code"]) for p in moved.json["placements"]] == [
            ("2026-09-01", None, "441302"),
            ("2026-07-15", "2026-08-31", "120000"),
        ]

    def test_the_past_cannot_be_changed(self, call):
        actor = unverified()
        made = self.add(call, actor, "食堂").json

        refused = call(
            actor, "POST", f"/organisation/units/{made['id']}/placements", {**self.PLACE, "since": "2026-07-14"}
        )

        assert (refused.status_code, refused.json["type"]) == (422, "/problems/bad-dates")
        assert call(actor, "GET", f"/organisation/units/{made['id']}").json["placements"] == made["placements"]

    def test_a_circle_is_refused_even_one_that_would_close_later(self, call):
        actor = unverified()
        a = self.add(call, actor, "甲").json["id"]
        b = self.add(call, actor, "乙").json["id"]
        path = "/organisation/units/%s/placements"
        later = {**self.PLACE, "parent_id": a, "since": "2027-01-01"}
        assert call(actor, "POST", path % b, later).status_code == 201

        now = call(actor, "POST", path % a, {**self.PLACE, "parent_id": b, "since": "2026-07-15"})
        itself = call(actor, "POST", path % a, {**self.PLACE, "parent_id": a, "since": "2026-07-15"})

        assert (now.status_code, now.json["type"]) == (422, "/problems/unit-cycle")
        assert (itself.status_code, itself.json["type"]) == (422, "/problems/unit-cycle")
        assert count("unit_placements") == 4

    def test_a_name_is_taken_once_and_a_rename_needs_the_version(self, call):
        actor = unverified()
        made = self.add(call, actor, "食堂").json
        path = f"/organisation/units/{made['id']}"

        assert self.add(call, actor, "食堂").json["type"] == "/problems/unit-name-taken"
        assert call(actor, "PATCH", path, {"name": "第一食堂"}).status_code == 428
        renamed = call(actor, "PATCH", path, {"name": "第一食堂"}, match=1)
        assert (renamed.json["name"], renamed.headers["ETag"]) == ("第一食堂", '"2"')
        assert call(actor, "PATCH", path, {"name": "第二食堂"}, match=1).status_code == 412

    def test_closing_keeps_the_root_and_whatever_has_units_below(self, call):
        actor = unverified()
        root = call(actor, "GET", "/organisation/units").json["items"][0]["id"]
        above = self.add(call, actor, "甲").json["id"]
        below = self.add(call, actor, "乙", parent_id=above).json["id"]

        assert call(actor, "POST", f"/organisation/units/{root}/close").status_code == 409
        assert call(actor, "POST", f"/organisation/units/{above}/close").status_code == 409
        closed = call(actor, "POST", f"/organisation/units/{below}/close").json
        assert closed["placements"][0]["valid_to"] == "2026-07-15"
        assert call(actor, "POST", f"/organisation/units/{below}/close").status_code == 409

    def test_another_organisations_units_are_not_there(self, call):
        owner, other = unverified(), make_member("institution")
        unit = self.add(call, owner, "食堂").json["id"]

        for method, path, body in (
            ("GET", "", None),
            ("PATCH", "", {"name": "x"}),
            ("POST", "/placements", {**self.PLACE, "since": "2026-08-01"}),
            ("POST", "/close", None),
        ):
            assert call(other, method, f"/organisation/units/{unit}{path}", body, match=1).status_code == 404
        assert self.add(call, other, "甲", parent_id=unit).status_code == 404
        assert call(owner, "GET", f"/organisation/units/{unit}").json["version"] == 1


class TestMembers:
    def invite(self, call: Call, actor: Actor, contact: str = "13700137000", *roles: str) -> Any:
        body = {"name": "新人", "contact": contact, "roles": list(roles or ["institution_receiver"])}
        return call(actor, "POST", "/organisation/members", body)

    def test_who_is_invited_chooses_a_password_and_signs_in(self, call, client, deliver, app, tmp_path, monkeypatch):
        monkeypatch.setitem(app.config, "DATA_DIR", tmp_path)
        actor = make_member("institution")
        made = self.invite(call, actor)
        deliver()
        message = next((tmp_path / "outbox").glob("*.sms.txt")).read_text()
        link = message[message.index("/invitations/") :].strip()

        assert (made.status_code, made.json["has_password"]) == (201, False)
        assert client.post(link, data={"password": "a fine password", "again": "a fine password"}).status_code == 302
        signed = client.post("/sign-in", data={"contact": "13700137000", "password": "a fine password"})
        assert signed.status_code == 302

    def test_nobody_is_invited_twice_or_into_a_foreign_role(self, call):
        actor = make_member("institution")
        self.invite(call, actor)
        before = count("memberships")

        assert self.invite(call, actor).json["type"] == "/problems/already-member"
        assert self.invite(call, actor, "13700137001", "operator_confirmer").json["type"] == "/problems/role-not-here"
        assert self.invite(call, actor, "none").json["type"] == "/problems/bad-contact"
        assert count("memberships") == before

    def test_roles_are_given_and_taken(self, call):
        actor = make_member("institution")
        member = self.invite(call, actor).json["id"]
        path = f"/organisation/members/{member}/roles"
        given = call(actor, "POST", path, {"role": "institution_finance", "since": "2026-08-01", "until": "2026-12-31"})

        assert given.json["roles"][1] == {
            "role": "institution_finance", "valid_from": "2026-08-01", "valid_to": "2026-12-31",
        }  # fmt: skip
        assert call(actor, "POST", path, {"role": "institution_finance", "since": "2026-12-31"}).status_code == 409
        assert call(actor, "POST", path, {"role": "institution_admin", "since": "2026-07-01"}).status_code == 422
        assert call(actor, "DELETE", f"{path}/institution_finance").json["roles"][0]["role"] == "institution_receiver"
        assert call(actor, "DELETE", f"{path}/institution_finance").status_code == 404

    def test_an_ended_member_can_do_nothing_more(self, call, client, bearer):
        admin = make_member("institution")
        organisation = db.session.get_one(Organisation, admin.organisation_id)
        actor = make_member("institution", "institution_receiver", organisation=organisation)
        header = bearer(actor)
        member = db.session.get_one(Membership, actor.membership_id).public_id

        ended = call(admin, "POST", f"/organisation/members/{member}/end")

        assert (ended.status_code, ended.json["valid_to"]) == (200, "2026-07-14")
        assert client.get(f"{API}/me", headers=header).status_code == 401
        assert db.session.query(ApiToken).filter_by(membership_id=actor.membership_id).one().revoked_at is not None
        assert call(admin, "POST", f"/organisation/members/{member}/end").status_code == 404

    def test_the_last_administrator_stays(self, call):
        admin = make_member("institution")
        member = db.session.get_one(Membership, admin.membership_id).public_id

        ended = call(admin, "POST", f"/organisation/members/{member}/end")
        taken = call(admin, "DELETE", f"/organisation/members/{member}/roles/institution_admin")

        assert (ended.status_code, ended.json["type"]) == (409, "/problems/last-administrator")
        assert taken.status_code == 409
        assert call(admin, "GET", "/me").json["roles"] == ["institution_admin"]

    def test_another_organisations_members_are_not_there(self, call):
        admin, other = make_member("institution"), make_member("institution")
        member = db.session.get_one(Membership, other.membership_id).public_id
        path = f"/organisation/members/{member}"

        for method, part, body in (
            ("GET", "", None),
            ("POST", "/roles", {"role": "institution_finance"}),
            ("DELETE", "/roles/institution_admin", None),
            ("POST", "/end", None),
            ("DELETE", "/second-factor", None),
        ):
            assert call(admin, method, path + part, body).status_code == 404
        listed = call(admin, "GET", "/organisation/members").json["items"]
        assert [m["id"] for m in listed] == [str(db.session.get_one(Membership, admin.membership_id).public_id)]

    def test_a_second_factor_of_somebody_elsewhere_too_is_the_operators_to_reset(self, call):
        admin, elsewhere = make_member("institution"), make_member("producer")
        made = call(
            admin, "POST", "/organisation/members",
            {"name": "x", "contact": db.session.execute(db.text("SELECT phone FROM users WHERE id = :i"), {"i": elsewhere.user_id}).scalar_one(),
             "roles": ["institution_receiver"]},
        ).json  # fmt: skip
        [waiting] = invitations.list_waiting(elsewhere.user_id, clock.today())
        assert call(admin, "DELETE", f"/organisation/members/{made['id']}/second-factor").status_code == 404
        with transaction():
            invitations.accept(elsewhere.user_id, waiting.id, clock.today())

        refused = call(admin, "DELETE", f"/organisation/members/{made['id']}/second-factor")

        assert (refused.status_code, refused.json["type"]) == (409, "/problems/not-yours-to-reset")


class TestTokens:
    def test_a_token_is_shown_once_and_works_until_it_is_revoked(self, call, client):
        actor = make_member("producer")
        made = call(actor, "POST", "/tokens", {"name": "系统", "scopes": ["orders:read"]}).json
        header = {"Authorization": f"Bearer {made['secret']}"}

        assert client.get(f"{API}/me", headers=header).json["permissions"] == ["orders:read"]
        listed = call(actor, "GET", "/tokens")
        assert made["secret"] not in listed.text
        assert made["token"]["id"] in [t["id"] for t in listed.json["items"]]
        assert call(actor, "DELETE", f"/tokens/{made['token']['id']}").status_code == 204
        assert client.get(f"{API}/me", headers=header).status_code == 401
        assert call(actor, "DELETE", f"/tokens/{made['token']['id']}").status_code == 404

    @pytest.mark.parametrize("scopes", [["payments:confirm", "permissions:edit"], ["*"], ["nonsense"]])
    def test_a_token_never_gives_more_than_its_maker_has(self, call, scopes):
        actor = make_member("producer")
        before = count("api_tokens")
        call(actor, "GET", "/me")

        refused = call(actor, "POST", "/tokens", {"name": "x", "scopes": scopes})

        assert (refused.status_code, refused.json["type"]) == (422, "/problems/scope-not-held")
        assert count("api_tokens") == before + 1

    def test_there_is_an_end_to_tokens(self, call):
        actor = make_member("producer")
        for n in range(tokens.MAX_TOKENS - 1):
            assert call(actor, "POST", "/tokens", {"name": str(n), "scopes": ["orders:read"]}).status_code == 201

        refused = call(actor, "POST", "/tokens", {"name": "x", "scopes": ["orders:read"]})

        assert (refused.status_code, refused.json["type"]) == (409, "/problems/too-many-tokens")

    def test_another_members_token_is_not_there(self, call, bearer):
        admin, other = make_member("producer"), make_member("producer")
        bearer(other)
        token = db.session.query(ApiToken).filter_by(membership_id=other.membership_id).one().public_id

        assert call(admin, "DELETE", f"/tokens/{token}").status_code == 404


class TestOperator:
    def test_an_organisation_is_registered_given_an_administrator_and_verified(self, call):
        operator = make_member("operator")
        body = {
            "kind": "institution", "institution_type": "school", "name": "和平区一小", "division_code": "120101",
            "credit_code": make_credit_code(),
        }  # fmt: skip
        made = call(operator, "POST", "/organisations", body).json
        path = f"/organisations/{made['id']}"
        invited = {"name": "校长", "contact": "head@school.cn", "roles": ["institution_admin"]}

        assert made["verified_at"] is None
        assert call(operator, "POST", f"{path}/members", invited).status_code == 201
        assert call(operator, "POST", f"{path}/verify").json["verified_at"] == "2026-07-15T12:00:00+08:00"
        assert call(operator, "POST", f"{path}/verify").status_code == 409
        found = call(operator, "GET", "/organisations?q=和平区&kind=institution&division=120000&status=verified").json
        assert [o["id"] for o in found["items"]] == [made["id"]]

    @pytest.mark.parametrize(
        ("change", "code"),
        [
            ({"institution_type": None}, "bad-organisation"),
            ({"kind": "producer"}, "bad-organisation"),
            ({"division_code": "999999"}, "unknown-division"),
            ({"credit_code": "91110108551385082R"}, "bad-credit-code"),
            ({"name": "  "}, "bad-name"),
        ],
    )
    def test_a_senseless_organisation_is_refused(self, call, change, code):
        operator = make_member("operator")
        body = {"kind": "institution", "institution_type": "school", "name": "一小", "division_code": "120101"}

        refused = call(operator, "POST", "/organisations", {**body, **change})

        assert (refused.status_code, refused.json["type"]) == (422, f"/problems/{code}")
        assert count("organisations") == 1

    def test_a_suspended_organisation_may_look_until_it_is_resumed(self, call):
        operator, actor = make_member("operator"), make_member("producer")
        path = f"/organisations/{actor.organisation_public_id}"

        assert call(operator, "POST", f"{path}/suspend", {"why": "证照过期"}).status_code == 200
        assert call(actor, "PATCH", "/organisation", {"address": "x"}, match=1).status_code == 403
        assert call(actor, "GET", "/organisation").status_code == 200
        assert call(operator, "POST", f"{path}/resume").json["suspended_at"] is None
        assert call(operator, "POST", f"{path}/resume").status_code == 409

    def test_the_operator_does_not_suspend_itself(self, call):
        operator = make_member("operator")

        refused = call(operator, "POST", f"/organisations/{operator.organisation_public_id}/suspend", {"why": "x"})

        assert refused.status_code == 409

    def test_a_reviewer_cannot_appoint_itself_colleagues(self, call):
        reviewer = make_member("operator", "operator_reviewer")
        invited = {"name": "x", "contact": "x@example.com", "roles": ["operator_confirmer"]}

        refused = call(reviewer, "POST", f"/organisations/{reviewer.organisation_public_id}/members", invited)

        assert refused.status_code == 403
        assert count("memberships") == 1

    def test_a_reviewer_cannot_appoint_itself_in_another_operator(self, call):
        reviewer = make_member("operator", "operator_reviewer")
        body = {"kind": "operator", "name": "另一平台", "division_code": "120101"}
        other = call(reviewer, "POST", "/organisations", body).json["id"]
        invited = {"name": "x", "contact": "x@example.com", "roles": ["operator_confirmer"]}

        refused = call(reviewer, "POST", f"/organisations/{other}/members", invited)

        assert refused.status_code == 403
        assert count("memberships") == 1

    def test_the_list_is_paged(self, call):
        operator = make_member("operator")
        with transaction():
            names = [make_organisation("producer").name for _ in range(5)]
        seen, cursor = [], ""
        while cursor is not None:
            page = call(operator, "GET", f"/organisations?kind=producer&limit=2&cursor={cursor}").json
            seen += [o["name"] for o in page["items"]]
            cursor = page["next"]

        assert seen == names[::-1]

    def test_an_authoritys_scope_is_dated(self, call):
        operator, official = make_member("operator"), make_member("authority")
        path = f"/organisations/{official.organisation_public_id}/scope"

        assert (
            call(operator, "PUT", path, {"rows": [{"kind": "division", "division_code": "620000"}]}).status_code == 204
        )
        assert call(official, "GET", "/me").json["scope"]["divisions"] == ["620000"]
        budget = {"kind": "budget", "division_code": "120000", "budget_level": "city"}
        assert call(operator, "PUT", path, {"rows": [budget]}).status_code == 204
        assert call(official, "GET", "/me").json["scope"] == {
            "kind": "budget", "divisions": ["120000"], "budget_level": "city",
        }  # fmt: skip

    @pytest.mark.parametrize(
        "rows",
        [
            [{"kind": "division"}],
            [{"kind": "budget"}],
            [{"kind": "division", "division_code": "620000"}, {"kind": "budget", "budget_level": "city"}],
        ],
    )
    def test_a_senseless_scope_is_refused(self, call, rows):
        operator, official = make_member("operator"), make_member("authority")

        refused = call(operator, "PUT", f"/organisations/{official.organisation_public_id}/scope", {"rows": rows})

        assert (refused.status_code, refused.json["type"]) == (422, "/problems/bad-scope")
        assert count("authority_scopes") == 0


def version_of(role: str) -> int:
    return next((row.version for row in table.list_roles() if row.code == role), 0)


class TestPermissions:
    def test_a_right_that_was_taken_away_does_not_come_back_from_an_older_page(self, call):
        operator, path = make_member("operator"), "/roles/operator_finance/permissions"
        seen = next(row for row in call(operator, "GET", "/roles").json["items"] if row["code"] == "operator_finance")
        less = [name for name in seen["permissions"] if name != "payouts:prepare"]
        assert call(operator, "PUT", path, {"permissions": less}).status_code == 428
        assert call(operator, "PUT", path, {"permissions": less}, match=seen["version"]).status_code == 200

        stale = call(
            operator, "PUT", path, {"permissions": [*seen["permissions"], "outbox:manage"]}, match=seen["version"]
        )

        assert (stale.status_code, stale.json["type"]) == (412, "/problems/version-changed")
        assert next(row.permissions for row in table.list_roles() if row.code == "operator_finance") == sorted(less)

    def test_the_table_decides_at_once(self, call):
        operator, actor = make_member("operator"), make_member("institution", "institution_receiver")
        path = "/roles/institution_receiver/permissions"

        given = call(
            operator, "PUT", path, {"permissions": ["tokens:manage"]}, match=version_of("institution_receiver")
        )
        assert given.json["permissions"] == ["tokens:manage"]
        assert given.headers["ETag"] == f'"{version_of("institution_receiver")}"'
        assert call(actor, "GET", "/me").json["permissions"] == ["tokens:manage"]

    @pytest.mark.parametrize(
        ("role", "permissions", "status", "code"),
        [
            ("institution_admin", ["permissions:edit"], 422, "operators-only"),
            ("institution_admin", ["no:such"], 422, "unknown-permission"),
            ("operator_confirmer", ["organisations:verify"], 409, "nobody-could-edit"),
            ("nobody", [], 404, "not-found"),
        ],
    )
    def test_dangerous_edits_are_refused(self, call, role, permissions, status, code):
        operator = make_member("operator")
        before = count("role_permissions")

        refused = call(
            operator, "PUT", f"/roles/{role}/permissions", {"permissions": permissions}, match=version_of(role)
        )

        assert (refused.status_code, refused.json["type"]) == (status, f"/problems/{code}")
        assert count("role_permissions") == before

    def test_each_kind_sees_its_own_roles(self, call):
        kinds = {r["kind"] for r in call(make_member("producer"), "GET", "/roles").json["items"]}
        everything = call(make_member("operator"), "GET", "/roles").json["items"]

        assert kinds == {"producer"}
        assert len(everything) == 18


def test_scope_reaches_what_lies_inside_a_division(session):
    def seen(scope: Scope, code: str) -> bool:
        condition = queries.within(db.literal(code), scope.divisions)
        return bool(db.session.execute(db.select(condition)).scalar_one())

    province, prefecture, district = (Scope("division", (code,)) for code in ("620000", "620400", "120101"))

    assert [seen(province, code) for code in ("620000", "620400", "620421", "120101")] == [True, True, True, False]
    assert [seen(prefecture, code) for code in ("620000", "620421", "620102")] == [False, True, False]
    assert [seen(district, code) for code in ("120101", "120102", "120000")] == [True, False, False]


def test_a_municipal_hospital_counts_to_the_city_and_not_to_its_district(call):
    actor = unverified()
    root = call(actor, "GET", "/organisation/units").json["items"][0]["id"]
    place = {
        "division_code": "120101", "finance_division_code": "120000", "budget_level": "city", "since": "2026-07-15",
    }  # fmt: skip
    assert call(actor, "POST", f"/organisation/units/{root}/placements", place).status_code == 201
    unit = db.session.execute(db.text("SELECT id FROM units")).scalar_one()

    def sees(scope: Scope, day: str = "2026-07-15") -> bool:
        official = Actor(0, uuid4(), "", 0, uuid4(), "", "authority", 0, frozenset(), scope=scope)
        condition = queries.scope_condition(
            official, county=db.literal("620421"), buyer_division=db.literal("441302"), unit=db.literal(unit),
            on=date.fromisoformat(day),
        )  # fmt: skip
        return bool(db.session.execute(db.select(condition)).scalar_one())

    assert sees(Scope("budget", ("120000",), "city"))
    assert not sees(Scope("budget", ("120101",), "county"))
    assert not sees(Scope("budget", ("120000",), "city"), "2026-07-14")
    assert sees(Scope("division", ("620400",)))
    assert not sees(Scope("division", ("120101",)))
    assert sees(Scope("all"))
    assert not sees(Scope("own"))
    assert db.session.query(UserSession).count() == 0


def test_every_permission_has_a_name_for_people(app):
    known = set(app.extensions["permissions"]) | {permission for role in ROLES for permission in role[4]}

    assert sorted(known - set(PERMISSION_WORDS)) == []
