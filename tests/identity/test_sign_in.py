"""Signing in, the second factor, passwords and links, as people meet them."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyotp
import pytest

from shop import clock, ratelimit, returning
from shop.db import db, transaction
from shop.errors import NotFound
from shop.identity import loader, passwords, recovery, second_factor, sessions, sign_in
from shop.identity.devices import device_name
from shop.identity.models import Membership, Organisation, User, UserSession
from tests.conftest import count
from tests.factories import make_member, make_organisation, make_user

PASSWORD = "correct horse 9"
HASH = passwords.hash_new(PASSWORD)


@pytest.fixture
def real_time(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Real time that a test may move."""
    at = [datetime(2026, 7, 15, 4, 0, tzinfo=UTC)]
    monkeypatch.setattr(clock, "real_now", lambda: at[0])
    return at


@pytest.fixture
def person(session: object) -> User:
    with transaction():
        user = make_user(phone="13800138000", email="li@example.com")
        user.password_hash = HASH
        make_member("institution", user=user)
    return user


def give(client: Any, contact: str = "13800138000", password: str = PASSWORD, **kwargs: Any) -> Any:
    return client.post("/sign-in", data={"contact": contact, "password": password}, **kwargs)


@pytest.mark.parametrize("contact", ["13800138000", "+86 138 0013 8000", "LI@example.com"])
def test_number_or_address_and_password_open_a_session(client, person, contact):
    answer = give(client, contact)

    assert (answer.status_code, answer.location) == (302, "/arrive")
    cookie = client.get_cookie(loader.COOKIE)
    assert (cookie.http_only, cookie.same_site) == (True, "Lax")
    assert client.get("/arrive").location == "/desk"
    row = db.session.query(UserSession).one()
    assert cookie.value.encode() not in row.token_hash
    assert row.expires_at - row.created_at == timedelta(days=14)


@pytest.mark.parametrize(
    ("contact", "password"), [("13800138000", "wrong"), ("13900139000", PASSWORD), ("nobody", PASSWORD), ("x@y.cn", "")]
)
def test_wrong_credentials_say_the_same_for_known_and_unknown(client, person, contact, password):
    answer = give(client, contact, password or "x")

    assert answer.status_code == 422
    assert "账号或密码不正确。" in answer.text
    assert client.get_cookie(loader.COOKIE) is None
    assert count("user_sessions") == 0


def test_a_disabled_account_or_one_without_membership_does_not_get_in(client, person):
    with transaction():
        person.disabled_at = clock.now()
    assert give(client).status_code == 422

    with transaction():
        person.disabled_at = None
        db.session.query(Membership).one().valid_to = clock.today() - timedelta(days=1)
    assert give(client).status_code == 422
    assert count("user_sessions") == 0


def test_too_many_tries_are_refused_until_the_window_ends(client, person, real_time):
    for _ in range(sign_in.ACCOUNT_TRIES):
        assert give(client, password="wrong").status_code == 422

    refused = give(client)
    elsewhere = give(client, "13900139000", "wrong")
    real_time[0] += sign_in.WINDOW
    later = give(client)

    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "601")
    assert elsewhere.status_code == 422
    assert later.status_code == 302


def test_a_refused_sign_in_is_in_the_trail_of_the_account(client, person):
    give(client, password="wrong")
    give(client, "13900139000", "wrong")

    trail = db.text(
        "SELECT subject_id, user_id FROM audit_entries WHERE action = 'identity.sign_in_refused' ORDER BY id"
    )
    assert [tuple(row) for row in db.session.execute(trail)] == [(person.id, None), (None, None)]


def test_strangers_do_not_keep_the_owner_out(client, person, real_time):
    for _ in range(sign_in.ACCOUNT_TRIES):
        give(client, password="wrong", environ_base={"REMOTE_ADDR": "127.0.0.9"})

    assert give(client, environ_base={"REMOTE_ADDR": "127.0.0.9"}).status_code == 429
    assert give(client, environ_base={"REMOTE_ADDR": "127.0.0.2"}).status_code == 302


def test_many_strangers_do_not_keep_out_the_browser_that_one_knows(app, client, person, real_time):
    mine = {"REMOTE_ADDR": "127.0.0.2"}
    assert give(client, environ_base=mine).status_code == 302
    for n in range(sign_in.STRANGERS_TRIES):
        with transaction():
            sign_in.count_try("13800138000", f"10.0.0.{n}", real_time[0])

    assert give(app.test_client(), environ_base={"REMOTE_ADDR": "127.0.0.3"}).status_code == 429
    assert give(client, environ_base=mine).status_code == 302
    client.set_cookie("duikou_known", "forged", path="/sign-in")
    assert give(client, environ_base=mine).status_code == 429


def test_an_address_that_tries_many_accounts_is_refused(client, person, real_time):
    for n in range(sign_in.ADDRESS_TRIES):
        with transaction():
            sign_in.count_try(f"{13900000000 + n}", "127.0.0.1", real_time[0])

    assert give(client).status_code == 429
    assert give(client, environ_base={"REMOTE_ADDR": "127.0.0.2"}).status_code == 302


def test_a_household_of_ipv6_is_one_address():
    assert [ratelimit.network_of(each) for each in ("2001:db8:1:2::1", "2001:db8:1:2:ffff::", "2001:db8:1:3::1")] == [
        "2001:db8:1:2::/64", "2001:db8:1:2::/64", "2001:db8:1:3::/64",
    ]  # fmt: skip
    assert [ratelimit.network_of(each) for each in ("::ffff:192.0.2.1", "192.0.2.1", "fe80::1%eth0", "x", None)] == [
        "192.0.2.1", "192.0.2.1", "fe80::/64", "unknown", "unknown",
    ]  # fmt: skip


def test_success_clears_the_count(client, person, real_time):
    for _ in range(2):
        for _ in range(sign_in.ACCOUNT_TRIES - 1):
            assert give(client, password="wrong").status_code == 422
        assert give(client).status_code == 302
        client.post("/sign-out")


@pytest.mark.parametrize(
    ("target", "path"),
    [
        ("/orders?page=2", "/orders?page=2"),
        ("https://evil.example/", ""),
        ("//evil.example", ""),
        ("/\\evil.example", ""),
        ("/a\\..\\b", ""),
        ("orders", ""),
        ("/a\r\nb", ""),
        (None, ""),
    ],
)
def test_only_a_local_path_is_gone_back_to(target, path):
    assert returning.local_path(target) == path


def test_signing_in_leads_back_and_rotates_the_session(client, person):
    give(client)
    first = client.get_cookie(loader.COOKIE).value

    answer = client.post("/sign-in?next=/orders", data={"contact": "13800138000", "password": PASSWORD})

    assert answer.location == "/orders"
    assert client.get_cookie(loader.COOKIE).value != first
    assert [row.revoked_at is None for row in db.session.query(UserSession).order_by(UserSession.id)] == [False, True]


def test_signing_out_ends_the_session_for_whoever_kept_the_cookie(client, person):
    give(client)
    secret = client.get_cookie(loader.COOKIE).value

    assert client.post("/sign-out").status_code == 302
    client.set_cookie(loader.COOKIE, secret)

    assert client.get("/arrive").location == "/"


def test_a_session_ends_by_itself(client, person, real_time):
    give(client)

    real_time[0] += timedelta(days=14)

    assert client.get("/arrive").location == "/"


def enrol(user_id: int, at: datetime) -> pyotp.TOTP:
    with transaction():
        enrolment = second_factor.begin(user_id, "li")
        totp = pyotp.TOTP(enrolment.secret)
        second_factor.confirm(user_id, totp.at(at - timedelta(minutes=5)) and totp.at(at), now=at)
    assert enrolment.svg.startswith("<svg")
    return totp


def test_a_second_factor_is_asked_for_and_works_once(client, person, real_time):
    totp = enrol(person.id, real_time[0])
    real_time[0] += timedelta(minutes=1)
    code = totp.at(real_time[0])

    asked = give(client)
    assert asked.location == "/sign-in/code"
    assert client.get_cookie(loader.COOKIE) is None
    wrong = client.post("/sign-in/code", data={"code": "000000" if code != "000000" else "111111"})
    right = client.post("/sign-in/code", data={"code": f"{code[:3]} {code[3:]}"})
    give(client)
    again = client.post("/sign-in/code", data={"code": code})

    assert (wrong.status_code, right.status_code, again.status_code) == (422, 302, 422)
    assert count("user_sessions") == 1
    assert db.session.query(UserSession).one().second_factor_at == real_time[0]


def test_codes_cannot_be_guessed(client, person, real_time):
    enrol(person.id, real_time[0])
    give(client)
    for _ in range(sign_in.CODE_TRIES):
        client.post("/sign-in/code", data={"code": "12"})

    assert client.post("/sign-in/code", data={"code": "12"}).status_code == 429


def test_the_code_page_needs_a_password_first_and_soon(client, person, real_time):
    assert client.get("/sign-in/code").location == "/sign-in"
    enrol(person.id, real_time[0])
    give(client)

    real_time[0] += timedelta(minutes=11)

    assert client.get("/sign-in/code").location == "/sign-in"


def sent(app: Any) -> list[str]:
    folder = Path(app.config["DATA_DIR"]) / "outbox"
    found = [path.read_text() for path in sorted(folder.glob("*.sms.txt"))] if folder.exists() else []
    for path in folder.glob("*") if folder.exists() else ():
        path.unlink()
    return found


def test_a_forgotten_password_is_set_by_a_link_that_works_once(app, client, person, deliver):
    give(client)
    kept = client.get_cookie(loader.COOKIE).value
    known = client.post("/password-reset", data={"contact": "138 0013 8000"})
    unknown = client.post("/password-reset", data={"contact": "13900139000"})
    deliver(times=2)
    messages = sent(app)
    link = re.findall(r"/password-reset/\S+", messages[0])[0]
    new = {"password": "a new password 1", "again": "a new password 1"}

    assert known.text == unknown.text
    assert len(messages) == 1
    assert client.get(link).status_code == 200
    assert client.post(link, data=new).location == "/sign-in"
    assert client.post(link, data=new).status_code == 422
    assert give(client, password="a new password 1").status_code == 302
    client.set_cookie(loader.COOKIE, kept)
    assert client.get("/arrive").location == "/"


@pytest.mark.parametrize("new", ["short", "aaaaaaaaaaaa", "1234567890"])
def test_a_weak_password_is_refused_and_the_link_stays_good(app, client, person, new):
    with transaction():
        secret = recovery.make_link_secret(person.id, recovery.RESET, clock.real_now())

    answer = client.post(f"/password-reset/{secret}", data={"password": new, "again": new})

    assert answer.status_code == 422
    assert recovery.whose_link(secret, recovery.RESET, clock.real_now()).id == person.id
    assert give(client).status_code == 302


def test_a_link_is_good_for_its_purpose_and_time_only(client, person, real_time):
    with transaction():
        secret = recovery.make_link_secret(person.id, recovery.RESET, real_time[0])
    assert client.get(f"/invitations/{secret}").status_code == 422

    with transaction():
        newer = recovery.make_link_secret(person.id, recovery.RESET, real_time[0])
    assert client.get(f"/password-reset/{secret}").status_code == 422
    real_time[0] += timedelta(hours=1)
    assert client.get(f"/password-reset/{newer}").status_code == 422


def test_asking_for_links_is_limited(client, person, real_time):
    for _ in range(recovery.ASK_TRIES):
        assert client.post("/password-reset", data={"contact": "13800138000"}).status_code == 200

    assert client.post("/password-reset", data={"contact": "13800138000"}).status_code == 429


def test_a_member_of_two_organisations_switches_between_them_only(app, person, login):
    with transaction():
        other, foreign = make_organisation("producer"), make_organisation("producer")
        actor = make_member("producer", organisation=other, user=person)
    client = login(actor)
    assert client.get("/arrive").location == "/producer"

    with app.test_request_context("/", headers={"Cookie": f"{loader.COOKIE}={client.get_cookie(loader.COOKIE).value}"}):
        now = loader.load_actor()
        assert now is not None
        with transaction(), pytest.raises(NotFound):
            sessions.switch_organisation(now, foreign.public_id, clock.today())
        first = db.session.query(Membership).order_by(Membership.id).limit(1).one()
        with transaction():
            from_first = db.session.get_one(type(other), first.organisation_id)
            sessions.switch_organisation(now, from_first.public_id, clock.today())

    assert client.get("/arrive").location == "/desk"


def test_the_chosen_language_is_remembered(client, session):
    assert client.get("/sign-in?lang=en").status_code == 200
    assert client.get_cookie("lang").value == "en"
    client.get("/sign-in?lang=fr")
    assert client.get_cookie("lang").value == "en"
    client.get("/sign-in?lang=zh")
    assert client.get_cookie("lang").value == "zh_Hans"


def test_demo_accounts_are_shown_with_the_demo_only(app, client, person, monkeypatch):
    monkeypatch.setitem(app.extensions, "demo_accounts", [("采购", "19900000101", "demo-password")])
    assert "19900000101" not in client.get("/sign-in").text

    with transaction():
        db.session.query(Organisation).one().is_demo = True
    assert "19900000101" in client.get("/sign-in").text
    monkeypatch.setitem(app.config, "DEMO", False)
    assert "19900000101" not in client.get("/sign-in").text


@pytest.mark.parametrize(
    ("user_agent", "name"),
    [
        ("Mozilla/5.0 (Linux; Android 12) AppleWebKit Chrome/100 Safari MicroMessenger/8.0", "微信 · Android"),
        ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit Chrome/120 Safari/537 Edg/120", "Edge · Windows"),
        ("curl/8", ""),
    ],
)
def test_devices_are_named(user_agent, name):
    assert device_name(user_agent) == name


def test_signing_in_brings_the_language_one_chose(client, person):
    with transaction():
        person.locale = "en"

    give(client)

    assert client.get_cookie("lang").value == "en"
