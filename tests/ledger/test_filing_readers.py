"""What is counted for a reader is the reader's to read: filings in totals by budget, and of the registered buyer."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from sqlalchemy import text

from orders.ledger import reporting, verify
from orders.ledger.filings import decisions
from orders.ledger.filings.models import Filing
from shop.auth import Actor
from shop.db import db, transaction
from shop.identity.models import AuthorityScope, Organisation
from tests import factories
from tests.conftest import NOON, count
from tests.ledger.filers import another, confirmed, officials, submitted
from tests.ledger.world import make_world


@pytest.fixture(autouse=True)
def world(session):
    make_world()
    db.session.commit()


def buyer(*, is_verified: bool = True) -> Actor:
    with transaction():
        organisation = factories.make_organisation(is_verified=is_verified)
        return factories.make_member("institution", "institution_finance", organisation=organisation)


def sold_to(reader: Actor, first: Actor, second: Actor, **changes: Any) -> Filing:
    code = db.session.get_one(Organisation, reader.organisation_id).credit_code
    return confirmed(first, second, buyer_credit_code=code, **changes)


def bureau_of(reader: Actor) -> Actor:
    """Return a viewer of the finance bureau that pays for a buyer's root unit."""
    level, division = db.session.execute(
        text("""SELECT p.budget_level, p.finance_division_code FROM unit_placements p JOIN units u ON u.id = p.unit_id
                WHERE u.organisation_id = :id"""),
        {"id": reader.organisation_id},
    ).one()
    with transaction():
        authority = factories.make_organisation("authority")
        db.session.add(
            AuthorityScope(
                organisation_id=authority.id, kind="budget", budget_level=level, division_code=division,
                valid_from=date(2019, 1, 1),
            )
        )  # fmt: skip
    return factories.make_member("authority", "authority_viewer", organisation=authority)


def paper_of(filing: Filing) -> str:
    return str(
        db.session.scalar(
            text("""SELECT f.public_id FROM filing_documents d JOIN stored_files f ON f.id = d.file_id
                    WHERE d.filing_id = :id"""),
            {"id": filing.id},
        )
    )


def test_the_registered_buyer_opens_what_was_filed_as_sold_to_it_from_its_own_figures(login, client, bearer):
    reader, stranger = buyer(), buyer()
    first, second = officials()
    filing = sold_to(reader, first, second)
    address = f"/desk/filings/{filing.public_id}"

    desk = login(reader)
    assert filing.number in desk.get("/desk/budget/lines?year=2026&measure=ordered").text
    assert desk.get(f"/official/filings/{filing.public_id}").location == address
    assert (desk.get(address).status_code, filing.number in desk.get("/desk/filings").text) == (200, True)
    assert desk.get(f"/files/{paper_of(filing)}").status_code == 200
    item = client.get("/api/v1/totals/lines", headers=bearer(reader)).json["items"][0]
    assert client.get(f"/api/v1/filings/{item['source']['id']}", headers=bearer(reader)).status_code == 200
    other = login(stranger)
    assert [other.get(path).status_code for path in (address, f"/files/{paper_of(filing)}")] == [404, 404]
    assert "还没有卖给本单位的线下申报" in other.get("/desk/filings").text


def test_a_finance_bureau_opens_the_filings_in_its_totals_by_budget(login):
    reader = buyer()
    first, second = officials()
    mine = sold_to(reader, first, second)
    other = confirmed(*officials(), keys=another())

    bureau = login(bureau_of(reader))
    page = bureau.get("/official/lines?measure=counted").text
    assert ("1,234.56" in page, mine.number in page, other.number in page) == (True, True, False)
    assert [bureau.get(f"/official/filings/{each.public_id}").status_code for each in (mine, other)] == [200, 404]
    assert [bureau.get(f"/files/{paper_of(each)}").status_code for each in (mine, other)] == [200, 404]


def another_confirmer(second: Actor) -> Actor:
    """Return a colleague who may decide too."""
    return factories.make_member("authority", organisation=db.session.get_one(Organisation, second.organisation_id))


def test_what_is_not_confirmed_is_in_nobody_s_totals_and_not_the_buyer_s_to_read_and_what_was_taken_back_is(login):
    reader = buyer()
    first, second = officials()
    code = db.session.get_one(Organisation, reader.organisation_id).credit_code
    waiting = submitted(first, buyer_credit_code=code, keys=another())
    filing = sold_to(reader, first, second)
    with transaction():
        decisions.ask_withdrawal(filing.public_id, second, reason="重复", at=NOON)
    with transaction():
        decisions.decide_withdrawal(filing.public_id, another_confirmer(second), is_granted=True, at=NOON)

    desk = login(reader)
    assert desk.get(f"/desk/filings/{waiting.public_id}").status_code == 404
    assert desk.get(f"/desk/filings/{filing.public_id}").status_code == 200


def sums() -> dict[str, int]:
    rows = db.session.execute(text("SELECT measure, sum(amount_fen) FROM postings GROUP BY 1"))
    return {measure: int(fen) for measure, fen in rows}


def test_a_sale_to_a_registered_buyer_that_is_not_verified_is_kept_and_never_counts(login):
    reader = buyer(is_verified=False)
    first, second = officials()
    filing = sold_to(reader, first, second)

    assert sums() == {"ordered": 1_234_56, "accepted": 1_234_56, "paid": 1_234_56}
    assert db.session.execute(text("SELECT DISTINCT counts, not_counted_reason FROM ledger_dimensions")).all() == [
        (False, "buyer_not_verified")
    ]
    page = login(second).get(f"/official/filings/{filing.public_id}").text
    assert ("不计入帮扶额" in page, "已计入" in page) == (True, False)

    with transaction():
        db.session.execute(text("UPDATE organisations SET verified_at = :at"), {"at": NOON})
        decisions.ask_withdrawal(filing.public_id, second, reason="重复", at=NOON)
    with transaction():
        decisions.decide_withdrawal(filing.public_id, another_confirmer(second), is_granted=True, at=NOON)
    assert sums() == {"ordered": 0, "accepted": 0, "paid": 0}  # what never counted is not taken back


def test_the_second_person_is_told_before_confirming_and_verify_agrees(login):
    reader = buyer(is_verified=False)
    first, second = officials()
    code = db.session.get_one(Organisation, reader.organisation_id).credit_code
    filing = submitted(first, buyer_credit_code=code)

    assert "不计入靖远县帮扶额" in login(second).get(f"/official/filings/{filing.public_id}").text
    with transaction():
        decisions.confirm_filing(filing.public_id, second, at=NOON)
    reporting.seal_everything()
    assert [name for name, found in verify.run() if found.differing] == []
    assert count("postings") == 6
