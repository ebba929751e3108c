"""Each line of a filing names the eligibility basis that was in force over its sale; rows without one are named."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from sqlalchemy import select, text

from orders.ledger.filings import decisions, services
from orders.ledger.filings.drafts import BadFiling, DocumentDraft, LineDraft
from orders.ledger.filings.models import Filing, FilingLine
from shop.auth import Actor
from shop.db import db, transaction
from shop.files import services as files
from tests import factories
from tests.conftest import NOON, count
from tests.ledger.filers import PDF, another, draft, officials, stated, submitted
from tests.ledger.world import ANDING, make_world


@pytest.fixture(autouse=True)
def world(session):
    make_world()
    db.session.commit()


def seller(**basis: Any) -> tuple[Actor, str]:
    """Return a producer of Jingyuan with a recommended product, and the number of its basis."""
    with transaction():
        made = factories.make_producer()
        found = factories.make_eligibility(factories.make_product(made, is_eligible=False), **basis)
        return made, found.number


def line(number: str, scheme: str | None = "county_recommendation") -> LineDraft:
    return LineDraft("lamb", "羊羔肉", 100_00, eligibility_scheme=scheme, eligibility_number=number)


def hand_in(actor: Actor, *lines: LineDraft, **changes: Any) -> Filing:
    with transaction():
        paper = DocumentDraft(files.store(PDF, "合同.pdf", actor).public_id, "contract")
        filing = services.create_filing(draft(lines=lines, documents=(paper,), **changes), actor, at=NOON)
        return services.submit_filing(filing.public_id, actor, at=NOON)


def refused(actor: Actor, *lines: LineDraft, **changes: Any) -> list[tuple[str, str]]:
    with pytest.raises(BadFiling) as error:
        hand_in(actor, *lines, **changes)
    return [(each["pointer"], each["detail"]) for each in error.value.members["errors"]]


def test_a_producer_s_registered_basis_is_frozen_with_the_line_that_counts(client, bearer):
    producer, number = seller()
    second = officials()[1]

    filing = hand_in(producer, line(number))
    with transaction():
        decisions.confirm_filing(filing.public_id, second, at=NOON)

    basis, scheme = db.session.execute(text("SELECT eligibility_id, eligibility_scheme FROM ledger_dimensions")).one()
    assert (basis, scheme) == (db.session.scalars(select(FilingLine.eligibility_id)).one(), "county_recommendation")
    told = client.get(f"/api/v1/filings/{filing.public_id}", headers=bearer(second)).json["lines"][0]
    assert (told["eligibility_number"], told["is_registered"]) == (number, True)


def test_rows_without_a_basis_or_with_another_s_or_an_old_one_are_named_and_nothing_is_submitted():
    producer, number = seller(valid_to=date(2026, 6, 19))  # the sale's last day is the 20th
    _other, foreign = seller()

    found = refused(producer, line(number), line(foreign), line("", None), line("X1", "county_list"))

    assert [pointer for pointer, _detail in found] == [f"#/lines/{n}/eligibility_number" for n in range(4)]
    assert [words.split("：")[1][:8] for _pointer, words in found] == [
        f"认定依据 {number} 在"[:8], f"认定依据 {foreign} 属"[:8], "请写明认定依据和", "供应商没有登记这",
    ]  # fmt: skip
    assert (count("filings"), count("postings")) == (0, 0)


def test_officials_state_what_is_not_registered_here_if_the_scheme_was_there_in_those_days(login):
    first, second = officials()
    old = {"sold_from": date(2021, 11, 1), "sold_to": date(2021, 11, 30)}

    assert refused(first, line("G1", "national_directory"))[0][1] == "羊羔肉：销售期间没有这类认定依据。"
    assert refused(first, line("C1", "association"), **old)[0][1] == "羊羔肉：销售期间没有这类认定依据。"
    filing = hand_in(first, line("G1", "national_directory"), **old)

    page = login(second).get(f"/official/filings/{filing.public_id}").text
    assert ("全国扶贫产品目录 G1" in page, "未在平台登记，须核对凭证" in page) == (True, True)


def test_a_basis_annulled_since_and_another_county_s_count_nothing_and_old_lines_stay():
    producer, number = seller()
    second = officials()[1]
    filing = hand_in(producer, line(number))
    with transaction():
        db.session.execute(text("UPDATE eligibility_bases SET status = 'annulled'"))

    with pytest.raises(BadFiling), transaction():
        decisions.confirm_filing(filing.public_id, second, at=NOON)
    assert count("postings") == 0
    maker, elsewhere = seller(county_code=ANDING)
    assert refused(maker, line(elsewhere), keys=another())[0][0] == "#/lines/0/eligibility_number"

    old = submitted(officials()[0], keys=another(), lines=(stated("lamb", "羊羔肉", 5),))
    with transaction():  # as lines were before they stated any
        db.session.execute(
            text("UPDATE filing_lines SET eligibility_scheme = NULL, eligibility_number = '' WHERE filing_id = :id"),
            {"id": old.id},
        )
    with transaction():
        decisions.confirm_filing(old.public_id, second, at=NOON)
    assert db.session.get_one(Filing, old.id).status == "confirmed"
