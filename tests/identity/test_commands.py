"""The commands of identity."""

from shop.auth import find_actor
from shop.db import db, transaction
from shop.identity.models import User
from tests.conftest import count
from tests.factories import make_member, make_organisation, make_user


def test_a_token_of_a_member_is_the_last_line(app, session):
    with transaction():
        user = make_user(phone="13800138000")
        organisation = make_organisation("producer", name="靖远合作社")
        make_member("producer", organisation=organisation, user=user)

    result = app.test_cli_runner().invoke(
        args=["token", "--user", "138 0013 8000", "--org", "靖远合作社", "--scope", "orders:read,lots:edit"]
    )

    assert result.exit_code == 0
    header = {"Authorization": f"Bearer {result.stdout.splitlines()[-1]}"}
    with app.test_request_context("/api/v1/me", headers=header):
        actor = find_actor()
        assert actor is not None
        assert actor.permissions == {"orders:read", "lots:edit"}


def test_without_an_organisation_it_is_the_operators_administrator(app, session):
    with transaction():
        organisation = make_organisation("operator")
        make_member("operator", "operator_auditor", organisation=organisation)
        admin = make_member("operator", organisation=organisation)

    for arguments in ([], ["--org", str(organisation.public_id)]):
        result = app.test_cli_runner().invoke(args=["token", *arguments])
        with app.test_request_context(
            "/api/v1/me", headers={"Authorization": f"Bearer {result.stdout.splitlines()[-1]}"}
        ):
            actor = find_actor()
            assert actor is not None
            assert (actor.membership_id, actor.permissions) == (admin.membership_id, admin.permissions)


def test_an_unknown_member_or_organisation_is_one_line(app, session):
    make_member("operator")
    before = count("api_tokens")

    for arguments in (["--org", "nowhere"], ["--user", "13900139000"]):
        result = app.test_cli_runner().invoke(args=["token", *arguments])
        assert (result.exit_code, result.stderr.count("\n")) == (1, 1)
    assert count("api_tokens") == before


def test_a_new_installation_gets_its_operator_once(app, client):
    arguments = ["operator", "--name", "运营", "--division", "120000", "--person", "甲", "--contact", "13800138000"]

    first = app.test_cli_runner().invoke(args=arguments)
    again = app.test_cli_runner().invoke(args=arguments)

    link = first.stdout.strip().removeprefix(app.config["BASE_URL"])
    assert client.get(link).status_code == 200
    assert (again.exit_code, count("organisations")) == (1, 1)
    assert db.session.query(User).one().password_hash is None
