"""The operator's first screen."""

from __future__ import annotations

from shop.db import transaction
from tests.factories import make_member, make_organisation


def test_the_operator_sees_what_waits(login, session):
    with transaction():
        operator = make_member("operator", "operator_confirmer", "operator_reviewer")
        make_organisation("institution", is_verified=False, name="待核验的学校")
    page = login(operator).get("/operator")

    assert page.status_code == 200
    assert "待核验的单位" in page.text
    assert "没有积压" in page.text


def test_nobody_else_gets_in(login, session):
    with transaction():
        buyer = make_member("institution")

    assert login(buyer).get("/operator").status_code == 403
