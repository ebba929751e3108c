"""The operator's first screen."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import text

from admin.operator.queries import queues
from admin.operator.waiting import WAITING
from shop.db import db, transaction
from tests.conftest import count
from tests.everything import make_everything
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


def rows(page: str, caption: str = "") -> int:
    """Return how many rows a page's lists have, or the one with that caption; heads and sums left out."""
    tables = [table for table in page.split("<table")[1:] if f"<caption>{caption}" in table]
    lists = [re.sub(r'<tr class="total">.*?</tr>', "", table, flags=re.DOTALL) for table in tables]
    return sum(len(re.findall(r'<tr[^>]*>\s*(?:<td class="pick">.*?</td>\s*)?<th scope="row"', each)) for each in lists)


#: Lists beside which their page has others.
CAPTIONS = {"/operator/payments": "到账", "/operator/credit-refunds": "退回余额", "/operator/repayments": "还款记录"}


@pytest.mark.parametrize("n", range(len(WAITING)))
def test_a_count_is_that_of_the_rows_behind_its_link(session, login, n):
    make_everything()
    with transaction():
        operator = make_member(
            "operator",
            "operator_confirmer",
            "operator_reviewer",
            "operator_finance",
            organisation=make_organisation("operator"),
        )
    counted = {queue.address: queue.count for queue in queues(operator)}
    address = WAITING[n].address

    page = login(operator).get(address)

    assert page.status_code == 200
    assert counted.keys() == {each.address for each in WAITING}
    if address not in MORE_THAN_THE_QUEUE:
        assert rows(page.text, CAPTIONS.get(address.partition("?")[0], "")) == counted[address], address


#: Pages that show, beside what is counted, calls that still run and what the provider told.
MORE_THAN_THE_QUEUE = ("/operator/stripe",)


def test_direct_money_is_not_the_operator_s_to_confirm(session, login):
    make_everything()
    with transaction():
        operator = make_member("operator", "operator_confirmer")
        db.session.execute(text("UPDATE payments SET clearing = 'direct' WHERE status = 'recorded'"))

    found = {queue.address.partition("?")[0]: queue.count for queue in queues(operator)}

    assert found["/operator/payments"] == 0
    assert rows(login(operator).get("/operator/payments?status=recorded").text, "到账") == count(
        "payments WHERE status = 'recorded'"
    )
    assert "/operator/papers" in {queue.address.partition("?")[0] for queue in queues(operator)}


def test_a_reviewer_finds_the_papers_and_nothing_of_money(session):
    with transaction():
        reviewer = make_member("operator", "operator_reviewer")

    found = [queue.address for queue in queues(reviewer)]

    assert "/operator/papers?kind=eligibility" in found
    assert [address for address in found if "payments" in address or "refunds" in address or "payouts" in address] == []
