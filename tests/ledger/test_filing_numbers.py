"""Numbers of filings: one sale counts once, however its number is typed, and never beside an order placed here."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from sqlalchemy import select, text

from orders.ledger import checks
from orders.ledger.filings import decisions, queries, services
from orders.ledger.filings.drafts import BadFiling, DocumentDraft, KeyDraft, read_key
from orders.ledger.filings.models import Filing, FilingKey
from orders.ledger.filings.numbers import AlreadyFiled
from orders.payments import receipts
from orders.payments.models import Payment
from shop.db import db, transaction
from shop.errors import Forbidden
from shop.files import services as files
from shop.identity.models import Organisation
from tests.conftest import NOON, count
from tests.counting.build import make_order, make_trade
from tests.factories import TODAY, make_member
from tests.ledger.filers import PDF, another, confirmed, draft, officials, submitted
from tests.ledger.world import ANDING, HEPING, make_world
from tests.payments.help import Sellers, facts, pay
from tests.payments.test_races import at_once
from tests.purchase.world import make_world as make_purchase

#: Ordinary sentences have these signs from a Chinese keyboard, an English one, or a paper.
WIDE, NARROW, PAPER = "靖采（2026）１２号", "靖采(2026)12号", "靖采〔2026〕12 号"


def key(kind: str, number: str) -> dict[str, Any]:
    return {"keys": (KeyDraft(kind, number),)}


def held() -> list[tuple[str, str]]:
    return [(row.kind, row.key) for row in db.session.scalars(select(FilingKey).order_by(FilingKey.key))]


@pytest.fixture
def world(session):
    make_world()
    db.session.commit()


def test_a_number_is_the_same_in_whatever_signs_and_width_it_is_typed():
    assert {read_key("contract", each) for each in (WIDE, NARROW, PAPER)} == {"靖采202612号"}
    assert read_key("bank_serial", "Ｂ０１－02") == "B0102"
    assert read_key("invoice", "\uff12" * 20) == "2" * 20


def test_one_contract_typed_on_two_keyboards_is_filed_once(world):
    first, _second = officials()
    submitted(first, **key("contract", WIDE))

    for number in (NARROW, PAPER):
        with pytest.raises(AlreadyFiled), transaction():
            services.create_filing(draft(**key("contract", number)), first, at=NOON)

    assert (count("filings"), held()) == (1, [("contract", "靖采202612号")])


def test_a_sale_of_an_order_is_not_filed_by_its_bank_serial_contract_or_order(session):
    with transaction():
        make_world()
    purchase = make_purchase()
    order = purchase.signed("10")
    seller = db.session.get_one(Organisation, purchase.producer.organisation_id)
    trade = Sellers(purchase.producer, make_member("producer", organisation=seller))
    with transaction():
        pay(trade, (order, 100), bank_serial="SH-2026 0715/01")
    first, _second = officials()
    contract = purchase.contract(order).number
    numbers = [("bank_serial", "SH２０２６071501"), ("contract", contract.lower()), ("contract", order.number)]

    for kind, number in numbers:
        with pytest.raises(AlreadyFiled) as refusal, transaction():
            services.create_filing(draft(**key(kind, number)), first, at=NOON)
        assert refusal.value.members["kind"] == kind

    assert (count("filings"), held()) == (0, [])
    submitted(first, **key("bank_serial", "SH2026071502"))


def test_a_receipt_that_was_filed_and_counts_pays_for_no_order(world):
    with transaction():
        trade = make_trade()
        order = make_order(trade)
        payment = receipts.record(facts((order, 100), bank_serial="SH-01 77"), trade.clerk, NOON)
    first, second = officials()
    filing = confirmed(first, second, **key("bank_serial", "sh0177"))

    with pytest.raises(AlreadyFiled), transaction():
        receipts.confirm(payment.public_id, trade.checker, NOON)

    db.session.expire_all()
    assert (payment.status, order.received_fen, filing.status) == ("recorded", 0, "confirmed")
    with transaction():
        decisions.ask_withdrawal(filing.public_id, first, reason="重复", at=NOON)
        decisions.decide_withdrawal(filing.public_id, second, is_granted=True, at=NOON)
    with transaction():
        receipts.confirm(payment.public_id, trade.checker, NOON)
    assert order.received_fen == 100


def test_without_any_number_nothing_is_submitted(world):
    first, _second = officials()

    with pytest.raises(BadFiling) as refusal:
        submitted(first, keys=())

    assert [error["pointer"] for error in refusal.value.members["errors"]] == ["#/keys"]
    assert count("filings") == 0


def test_a_draft_holds_no_number_and_a_refused_filing_frees_its_own(world):
    first, second = officials()
    with transaction():
        idle = services.create_filing(draft(), first, at=NOON)
    filing = submitted(first)
    assert queries.show_filing(idle).keys == queries.show_filing(filing).keys == [("contract", "HT2026001")]
    with pytest.raises(AlreadyFiled), transaction():
        services.edit_filing(idle.public_id, draft(), first, version=idle.version, at=NOON)

    with transaction():
        decisions.refuse_filing(filing.public_id, second, reason="x", at=NOON)

    assert held() == []
    assert queries.show_filing(filing).keys == [("contract", "HT2026001")]
    assert submitted(first).status == "submitted"
    assert held() == [("contract", "HT2026001")]


def test_colleagues_go_on_with_a_draft_and_none_of_them_confirms_it(world):
    first, third = officials()
    office = db.session.get_one(Organisation, first.organisation_id)
    second = make_member("authority", "authority_reviewer", "authority_confirmer", organisation=office)
    with transaction():
        paper = DocumentDraft(files.store(PDF, "合同.pdf", first).public_id, "contract")
        filing = services.create_filing(draft(documents=(paper,)), first, at=NOON)
    operator = make_member("operator")
    with pytest.raises(Forbidden), transaction():
        services.submit_filing(filing.public_id, operator, at=NOON)

    with transaction():
        changed = draft(documents=(paper,), note="改")
        services.edit_filing(filing.public_id, changed, second, version=filing.version, at=NOON)
        services.submit_filing(filing.public_id, second, at=NOON)

    for actor in (first, second):
        assert queries.count_waiting(actor, TODAY) == 0
        with pytest.raises(decisions.SecondPersonNeeded), transaction():
            decisions.confirm_filing(filing.public_id, actor, at=NOON)
    assert (count("postings"), queries.count_waiting(third, TODAY)) == (0, 1)
    with transaction():
        decisions.confirm_filing(filing.public_id, third, at=NOON)
    assert db.session.scalars(select(Filing.status)).one() == "confirmed"


def test_only_filings_that_one_may_decide_wait_for_one(world, login):
    submitted(officials()[0])
    eastern, other = officials(HEPING)[1], officials(ANDING)[1]

    waiting = [queries.count_waiting(actor, TODAY) for actor in (officials()[1], eastern, other)]

    assert waiting == [1, 0, 0]
    assert "待确认的线下申报" not in login(eastern).get("/official").text


def test_a_paper_that_is_in_another_filing_too_is_marked_for_the_second_person(world, login):
    first, second = officials()
    alone = submitted(first)
    assert [each.is_elsewhere for each in queries.show_filing(alone).documents] == [False]

    other = submitted(officials(ANDING)[0], county_code=ANDING, keys=another())

    for filing in (alone, other):
        assert [each.is_elsewhere for each in queries.show_filing(filing).documents] == [True]
    assert "同一文件也在另一份申报" in login(second).get(f"/official/filings/{alone.public_id}").text


def test_verification_tells_of_a_number_that_two_filings_hold(world):
    first, _second = officials()
    filing, other = submitted(first), submitted(first, keys=another())
    assert checks.check_filing_numbers(None).differing == 0
    with transaction():
        db.session.execute(
            text("UPDATE filing_keys SET key = 'HT（2026）001' WHERE filing_id = :other"), {"other": other.id}
        )

    found = checks.check_filing_numbers(None)

    assert found.named == (f"contract HT2026001: {filing.number}, {other.number}",)


@pytest.mark.committed
def test_one_number_submitted_by_several_at_once_is_held_by_one(committed_app):
    with transaction():
        make_world()
    drafts: list[Callable[[], Any]] = []
    for _ in range(4):
        first, _second = officials()
        with transaction():
            paper = DocumentDraft(files.store(PDF, "合同.pdf", first).public_id, "contract")
            made = services.create_filing(draft(documents=(paper,)), first, at=NOON)
        drafts.append(partial(services.submit_filing, made.public_id, first, at=NOON))

    outcomes = at_once(committed_app, *drafts)

    assert sorted(outcomes, key=str) == [AlreadyFiled] * 3 + [None]
    with transaction():
        assert sorted(db.session.scalars(select(Filing.status))) == ["draft"] * 3 + ["submitted"]
        assert held() == [("contract", "HT2026001")]


@pytest.mark.committed
def test_a_receipt_and_a_filing_of_one_serial_confirmed_at_once_count_once(committed_app):
    with transaction():
        trade = make_trade()
        order = make_order(trade)
        payment = receipts.record(facts((order, 100), bank_serial="S-9001"), trade.clerk, NOON)
        key_of = payment.public_id
    first, second = officials()
    filing = submitted(first, **key("bank_serial", "S9001")).public_id

    outcomes = at_once(
        committed_app,
        lambda: receipts.confirm(key_of, trade.checker, NOON) and None,
        lambda: decisions.confirm_filing(filing, second, at=NOON) and None,
    )

    assert sorted(outcomes, key=str) == [AlreadyFiled, None]
    with transaction():
        states = db.session.scalar(select(Payment.status)), db.session.scalar(select(Filing.status))
        assert states in {("confirmed", "submitted"), ("recorded", "confirmed")}
