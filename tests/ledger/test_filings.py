"""Filings: entered by one, confirmed by another, counted once, undone by two."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from sqlalchemy import text

from catalog.producers.models import Producer
from orders.ledger import questions, sealing, totals
from orders.ledger.filings import decisions, services
from orders.ledger.filings.drafts import BadFiling, DocumentDraft, KeyDraft, LineDraft, read_key
from orders.ledger.filings.numbers import AlreadyFiled
from orders.ledger.questions import Question
from shop.db import db, transaction
from shop.errors import Conflict, Forbidden, NotFound
from shop.etag import VersionChanged
from shop.identity.models import Organisation
from tests.conftest import NOON, count
from tests.factories import make_eligibility, make_member, make_organisation, make_product
from tests.ledger.filers import another, confirmed, draft, officials, stated, submitted
from tests.ledger.world import ANDING, HEPING, JINGYUAN, make_world


@pytest.fixture(autouse=True)
def world(session):
    make_world()
    db.session.commit()


def _total(by: tuple[str, ...], measure: str = "counted", **changes: Any) -> list[tuple[Any, ...]]:
    sealing.seal(NOON)
    question = Question(
        measure, date(2026, 1, 1), date(2026, 12, 31), by, as_of=questions.resolve_as_of(None), **changes
    )
    return [(*row.keys, row.amount_fen) for row in totals.breakdown(question)]


def test_a_confirmed_filing_counts_each_line_in_every_measure_on_its_last_day():
    filing = confirmed(*officials())
    assert (filing.status, filing.amount_fen, filing.number[:11]) == ("confirmed", 1_234_56, "SB20260715-")
    for measure in decisions.MEASURES:
        assert _total(("county", "category", "day"), measure) == [
            (JINGYUAN, "lamb", "2026-06-20", 234_56),
            (JINGYUAN, "wolfberry", "2026-06-20", 1_000_00),
        ]
    assert _total((), "contracted") == []
    pairing = db.session.execute(
        text("SELECT id FROM pairings WHERE (east_code, west_code) = (:east, :west)"),
        {"east": HEPING, "west": JINGYUAN},
    ).scalar_one()
    assert _total(("channel", "mode", "partner", "pairing")) == [("filing", "direct", "own", str(pairing), 1_234_56)]
    buyer = db.session.execute(text("SELECT owner FROM ledger_accounts WHERE kind = 'buyer'")).scalar_one()
    assert buyer.startswith("name:")


def test_parties_that_are_registered_are_recognised_by_their_credit_code():
    first, second = officials()
    with transaction():
        seller, buyer = make_organisation("producer"), make_organisation("institution")
        codes = {"seller_credit_code": seller.credit_code, "buyer_credit_code": str(buyer.credit_code).lower()}
        ids = (str(seller.id), str(buyer.id))
    filing = confirmed(first, second, buyer_name="写错的名字", **codes)
    assert (filing.seller_name, filing.buyer_name) == (
        db.session.get_one(Organisation, int(ids[0])).name,
        db.session.get_one(Organisation, int(ids[1])).name,
    )
    assert _total(("producer", "institution")) == [(*ids, 1_234_56)]


def test_who_entered_it_does_not_confirm_it_and_another_county_may_not_know_of_it():
    first, _second = officials()
    filing = submitted(first)
    third = make_member(
        "authority", "authority_confirmer", organisation=db.session.get(Organisation, first.organisation_id)
    )
    stranger = officials(ANDING)[1]
    for actor, kind in ((first, decisions.SecondPersonNeeded), (stranger, NotFound)):
        with pytest.raises(kind), transaction():
            decisions.confirm_filing(filing.public_id, actor, at=NOON)
    assert (count("postings"), count("ledger_dimensions"), filing.status) == (0, 0, "submitted")
    with transaction():
        decisions.confirm_filing(filing.public_id, third, at=NOON)
    with pytest.raises(services.WrongFilingState) as refusal, transaction():
        decisions.confirm_filing(filing.public_id, third, at=NOON)
    assert refusal.value.members["moves"] == ["ask_withdrawal", "deny_withdrawal", "grant_withdrawal"]
    assert count("journal_entries") == 1


def test_a_number_is_filed_once_until_its_filing_is_taken_back():
    first, _second = officials()
    filing = submitted(first)
    with pytest.raises(AlreadyFiled) as refusal, transaction():
        services.create_filing(draft(keys=(KeyDraft("contract", "ht2026-001"),)), first, at=NOON)
    assert refusal.value.members == {"kind": "contract", "number": "HT2026001", "filing": filing.number}
    assert count("filings") == 1
    other = officials(ANDING)[0]
    with pytest.raises(AlreadyFiled) as refusal, transaction():
        services.create_filing(draft(county_code=ANDING), other, at=NOON)
    assert "filing" not in refusal.value.members
    with transaction():
        services.withdraw_filing(filing.public_id, first, reason="重复", at=NOON)
    assert submitted(first).status == "submitted"


@pytest.mark.parametrize(
    ("number", "key"),
    [
        ("2444 2000 0000 1234 5678".replace(" ", ""), "24442000000012345678"),
        ("144031900110 12345678", "144031900110-12345678"),
        ("1440319001-12345678", "1440319001-12345678"),
    ],
)
def test_an_invoice_s_number_has_one_form(number, key):
    assert read_key("invoice", number) == key


def test_a_draft_that_makes_no_sense_is_refused_member_by_member():
    first, _second = officials()
    wrong = draft(
        mode="helped", sold_from=date(2026, 7, 16), sold_to=date(2026, 7, 16),
        lines=(LineDraft("fruit", "水果", 1), LineDraft("lamb", " ", 0)), keys=(KeyDraft("invoice", "123"),),
    )  # fmt: skip
    with pytest.raises(BadFiling) as refusal, transaction():
        services.create_filing(wrong, first, at=NOON)
    assert [error["pointer"] for error in refusal.value.members["errors"]] == [
        "#/sold_to", "#/helper_name", "#/lines/0/category", "#/lines/1/product_name", "#/lines/1/amount",
        "#/keys/0/number",
    ]  # fmt: skip
    assert count("filings") == 0


def test_without_a_paper_or_with_another_s_paper_nothing_is_submitted():
    first, _second = officials()
    with transaction():
        filing = services.create_filing(draft(), first, at=NOON)
    with pytest.raises(BadFiling), transaction():
        services.submit_filing(filing.public_id, first, at=NOON)
    other = submitted(officials(ANDING)[0], county_code=ANDING, keys=another())
    paper = db.session.execute(
        text("SELECT f.public_id FROM stored_files f WHERE organisation_id = :org"), {"org": other.organisation_id}
    ).scalar_one()
    with pytest.raises(NotFound), transaction():
        services.create_filing(draft(keys=(), documents=(DocumentDraft(paper, "other"),)), first, at=NOON)
    assert db.session.scalar(text("SELECT status FROM filings WHERE id = :id"), {"id": filing.id}) == "draft"


def test_a_refused_filing_is_changed_and_submitted_again():
    first, second = officials()
    filing = submitted(first)
    with pytest.raises(decisions.ReasonMissing), transaction():
        decisions.refuse_filing(filing.public_id, second, reason=" ", at=NOON)
    with transaction():
        decisions.refuse_filing(filing.public_id, second, reason="金额不符", at=NOON)
    paper = DocumentDraft(db.session.execute(text("SELECT public_id FROM stored_files")).scalar_one(), "contract")
    changed = draft(documents=(paper,), lines=(stated("lamb", "羊羔肉", 99),))
    with pytest.raises(VersionChanged), transaction():
        services.edit_filing(filing.public_id, changed, first, version=filing.version - 1, at=NOON)
    with transaction():
        services.edit_filing(filing.public_id, changed, first, version=filing.version, at=NOON)
        services.submit_filing(filing.public_id, first, at=NOON)
        decisions.confirm_filing(filing.public_id, second, at=NOON)
    assert _total(("county",)) == [(JINGYUAN, 99)]


def test_a_confirmed_filing_is_undone_by_two_persons_and_old_answers_stay():
    first, second = officials()
    third = make_member("authority", organisation=db.session.get_one(Organisation, second.organisation_id))
    filing = confirmed(first, second)
    before = _total(())
    seq = questions.resolve_as_of(None)
    with transaction():
        decisions.ask_withdrawal(filing.public_id, second, reason="退货", at=NOON)
    with pytest.raises(Conflict), transaction():
        decisions.ask_withdrawal(filing.public_id, first, reason="退货", at=NOON)
    with pytest.raises(decisions.SecondPersonNeeded), transaction():
        decisions.decide_withdrawal(filing.public_id, second, is_granted=True, at=NOON)
    assert _total(()) == before == [(1_234_56,)]
    with transaction():
        decisions.decide_withdrawal(filing.public_id, third, is_granted=True, at=NOON)
    assert (_total(()), filing.status, count("filing_keys")) == ([], "withdrawn", 0)
    moved = db.session.execute(text("SELECT event, user_id FROM moves WHERE machine = 'filing' ORDER BY id")).all()
    assert [event for event, _user in moved] == ["enter", "submit", "confirm", "ask_withdrawal", "grant_withdrawal"]
    assert moved[-1].user_id == third.user_id
    old = Question("counted", date(2026, 1, 1), date(2026, 12, 31), as_of=seq)
    assert [row.amount_fen for row in totals.breakdown(old)] == [1_234_56]


def test_a_producer_files_its_own_sales_of_its_own_county():
    _first, second = officials()
    with transaction():
        maker = make_organisation("producer")
        db.session.add(Producer(organisation_id=maker.id, county_code=JINGYUAN, form="company"))
    clerk = make_member("producer", "producer_clerk", organisation=db.session.get(Organisation, maker.id))
    with transaction():
        make_eligibility(make_product(clerk, is_eligible=False), number="R-1")
    lines = (LineDraft("lamb", "羊羔肉", 100, "", "county_recommendation", "R-1"),)
    filing = confirmed(clerk, second, seller_name="别人", lines=lines)
    assert (filing.producer_id, filing.seller_name) == (clerk.organisation_id, clerk.organisation_name)
    with pytest.raises(Forbidden), transaction():
        services.create_filing(draft(county_code=ANDING, keys=()), clerk, at=NOON)
