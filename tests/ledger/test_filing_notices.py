"""Who is told that a filing waits, and which month a confirmation says it will count in."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import select

from orders.ledger import closing
from orders.ledger.filings import decisions, queries, services
from orders.ledger.filings.drafts import DocumentDraft
from orders.ledger.filings.models import Filing
from shop.db import db, transaction
from shop.identity import services as identity
from shop.identity.models import AuthorityScope
from shop.notices.models import Notice
from tests.conftest import NOON
from tests.factories import LONG_AGO, make_member, make_organisation
from tests.ledger.filers import confirmed, draft, officials, submitted
from tests.ledger.world import ANDING, make_world


@pytest.fixture(autouse=True)
def world(session):
    make_world()
    db.session.commit()


def told() -> list[int]:
    wanted = select(Notice.user_id).where(Notice.kind == "filing_submitted").order_by(Notice.user_id)
    return list(db.session.scalars(wanted))


def test_those_who_may_confirm_in_the_county_are_told_once(deliver):
    first, second = officials()
    gansu = officials("620000")[1]
    officials(ANDING)
    make_member("authority")
    operator = make_member("operator", "operator_confirmer")
    filing = submitted(first)
    deliver(times=2)

    assert told() == sorted((second.user_id, gansu.user_id, operator.user_id))
    notice = db.session.scalars(select(Notice).where(Notice.user_id == second.user_id)).one()
    assert notice.link == f"/official/filings/{filing.public_id}"
    assert notice.values["total"] == "1234.56"
    with transaction():
        decisions.refuse_filing(filing.public_id, second, reason="金额不符", at=NOON)
        db.session.flush()
        version = db.session.get_one(Filing, filing.id).version
        services.edit_filing(filing.public_id, draft(documents=_papers(filing)), first, version=version, at=NOON)
        services.submit_filing(filing.public_id, first, at=NOON)
    deliver()
    assert len(told()) == 3


def _papers(filing: Filing) -> tuple[DocumentDraft, ...]:
    return tuple(DocumentDraft(one.file_id, one.kind) for one in queries.show_filing(filing).documents)


def test_who_entered_it_and_who_sees_by_budget_are_not_told(deliver):
    with transaction():
        finance = make_organisation("authority")
        scope = {"kind": "budget", "budget_level": "city", "division_code": "620421", "valid_from": date(2019, 1, 1)}
        db.session.add(AuthorityScope(organisation_id=finance.id, **scope))
    make_member("authority", organisation=finance)
    first, second = officials()
    with transaction():
        identity.grant_role(first.membership_id, "authority_confirmer", since=LONG_AGO.date())

    submitted(first)
    deliver()

    assert told() == [second.user_id]


def test_the_confirmation_names_the_month_in_which_it_will_count(login):
    first, second = officials()
    filing = submitted(first)
    address = f"/official/filings/{filing.public_id}"
    assert "将计入靖远县 2026年6月 帮扶额。" in login(second).get(address).text
    with transaction():
        closing.close_period(date(2026, 6, 1), None, at=NOON)

    page = login(second).get(address).text

    assert "将计入靖远县 2026年7月 帮扶额（2026年6月已封账，计入首个未封账的月份）。" in page


def test_taking_back_names_the_month_too(login):
    first, second = officials()
    filing = confirmed(first, second)
    with transaction():
        closing.close_period(date(2026, 6, 1), None, at=NOON)
        decisions.ask_withdrawal(filing.public_id, first, reason="退货", at=NOON)

    page = login(second).get(f"/official/filings/{filing.public_id}").text

    assert "将从靖远县 2026年7月 帮扶额中冲减（2026年6月已封账，计入首个未封账的月份）。" in page
