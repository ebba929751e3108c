"""Which line a claimed transfer is: a later statement brings it, a person chooses among several, or there is none."""

import io
from datetime import date
from typing import Any

import pytest
from sqlalchemy import select

from orders.banking import acts, claim_queries, claims, giving_back
from orders.banking.claims import ClaimDecided, ClaimFacts, LineUnknown
from orders.banking.models import BankStatementLine, TransferClaim
from orders.payments.receipts import SamePerson, Share, TooMuchAllocated
from orders.purchase.machine import WrongState
from orders.purchase.models import Order
from shop.db import db, transaction
from shop.errors import Forbidden, NotFound
from shop.files import services as files
from shop.identity.models import Organisation
from tests.banking.help import bring_rows, operators, own_account, receipts_of, row, supervised, told
from tests.conftest import NOON, count
from tests.counting.build import make_order, make_trade

pytestmark = pytest.mark.usefixtures("session")
PDF = b"%PDF-1.7\n%%EOF\n"
TODAY = date(2026, 7, 15)
SAID: dict[str, Any] = {"paid_on": date(2026, 7, 13), "payer_name": "甲"}


@pytest.fixture
def scene():
    with transaction():
        trade = make_trade(members=True)
        return trade, own_account(trade), make_order(trade, ((10000, "1"),)), make_order(trade, ((10000, "1"),))


def claim_of(trade, order, **changes):
    with transaction():
        values: dict[str, Any] = {
            "shares": [Share(order=order.public_id, amount_fen=10000)], "amount_fen": 10000, "paid_on": date(2026, 7, 13),
            "payer_name": "甲", "file": files.store(PDF, "回单.pdf", trade.buyer).public_id,
        } | changes  # fmt: skip
        return claims.claim(ClaimFacts(**values), trade.buyer, NOON)


def receive(scene, *amounts, **changes):
    trade, account, *_ = scene
    return bring_rows(account, trade.clerk, *(row(amount, **changes) for amount in amounts))


def test_a_later_statement_brings_the_line_of_an_open_claim(scene):
    trade, _account, order, _other = scene
    made = claim_of(trade, order)
    assert made.line_id is None

    [line, other] = receive(scene, "100.00", "99.00")

    db.session.refresh(made)
    assert (made.line_id, told(line)[0], told(other)[0]) == (line.id, "claimed", "unmatched")
    with transaction():
        claims.confirm(made.public_id, trade.checker, NOON)
    assert db.session.get_one(Order, order.id, populate_existing=True).received_fen == 10000


def test_the_operator_does_not_confirm_a_claim_whose_line_is_on_the_producers_own_account(scene):
    _trade, _account, order, _other = scene
    made = claim_of(scene[0], order)
    [line] = receive(scene, "100.00")
    with transaction():
        _one, two = operators()

    with pytest.raises(WrongState), transaction():
        claims.confirm(made.public_id, two, NOON)

    db.session.refresh(made)
    assert (made.status, told(line)[0], count("payments")) == ("claimed", "claimed", 0)
    assert db.session.get_one(Order, order.id, populate_existing=True).received_fen == 0


@pytest.mark.parametrize(
    ("amounts", "day"), [(("100.00", "100.00"), "2026-07-14"), (("100.00",), "2026-07-05"), (("99.99",), "2026-07-14")]
)
def test_what_fits_several_ways_or_lies_far_off_is_left_to_a_person(scene, amounts, day):
    trade, _account, order, _other = scene
    made = claim_of(trade, order)

    lines = receive(scene, *amounts, day=day)

    db.session.refresh(made)
    assert made.line_id is None
    assert {told(line)[0] for line in lines} <= {"unmatched", "suggested"}
    with pytest.raises(LineUnknown), transaction():
        claims.confirm(made.public_id, trade.checker, NOON)


@pytest.mark.parametrize("said", ["ABC-12/1", "ABC121", "ａｂｃ－12／1"])
def test_a_serial_told_points_to_its_line_however_it_is_written(scene, said):
    trade, account, order, _other = scene
    [line, near] = bring_rows(account, trade.clerk, row("100.00", serial="abc-12/1"), row("100.00", serial="X9"))

    made = claim_of(trade, order, bank_serial=said)

    assert (made.line_id, told(near)[0]) == (line.id, "suggested")


def test_the_payers_banks_serial_does_not_hide_the_line(scene):
    trade, _account, order, _other = scene
    made = claim_of(trade, order, bank_serial="PAYERS-1")

    [line] = receive(scene, "100.00", serial="PAYEES-1")

    db.session.refresh(made)
    assert (made.line_id, told(line)[0]) == (line.id, "claimed")


def test_one_line_for_two_claims_is_nobodys_until_a_person_chooses(scene):
    trade, _account, order, other = scene
    one, two = claim_of(trade, order), claim_of(trade, other)

    [line] = receive(scene, "100.00")

    assert set(db.session.scalars(select(TransferClaim.line_id))) == {None}
    assert [each.id for each in claim_queries.lines_for(two, trade.checker, TODAY)] == [line.public_id]
    with transaction():
        claims.confirm(two.public_id, trade.checker, NOON, line.public_id)
    assert (told(line), one.status, two.line_id) == (("matched", "claim", ""), "claimed", line.id)


def test_matching_again_by_hand_looks_for_claims_too(scene):
    trade, _account, order, _other = scene
    [line, near] = receive(scene, "100.00", "100.00")
    made = claim_of(trade, order)
    assert made.line_id is None
    with transaction():
        giving_back.mark(near.public_id, trade.clerk, NOON)
        near.state, near.reason = "returned", ""

    with transaction():
        acts.match_again(line.public_id, trade.clerk, NOON)

    db.session.refresh(made)
    assert (made.line_id, told(line)[0]) == (line.id, "claimed")


def test_choosing_another_line_opens_the_one_that_was_taken_for_the_claims(scene):
    trade, _account, order, _other = scene
    [line] = receive(scene, "100.00")
    made = claim_of(trade, order)
    assert made.line_id == line.id
    [other] = receive(scene, "100.00", day="2026-07-01")

    with transaction():
        claims.confirm(made.public_id, trade.checker, NOON, other.public_id)

    assert told(line) == ("unmatched", "amount", "claim_refused")
    assert told(other) == ("matched", "claim", "")
    assert made.line_id == other.id


def test_the_page_offers_the_lines_of_the_amount_and_takes_the_one_chosen(scene, login):
    trade, _account, order, _other = scene
    made = claim_of(trade, order)
    address = f"/producer/transfer-claims/{made.public_id}"
    browser = login(trade.checker)
    assert "导入含这笔转账的对账单后" in browser.get(address).text
    assert browser.post(f"{address}/confirm").status_code == 409
    receive(scene, "100.00", "100.00", "99.00")
    lines = db.session.scalars(select(BankStatementLine).order_by(BankStatementLine.id)).all()

    page = browser.get(address).text
    assert [str(line.public_id) in page for line in lines] == [True, True, False]
    assert "checked" not in page
    refused = browser.post(f"{address}/confirm", data={"line": "nobody"})
    assert (refused.status_code, made.status, count("payments")) == (404, "claimed", 0)
    sent = browser.post(f"{address}/confirm", data={"line": str(lines[1].public_id)})

    assert sent.status_code == 302
    assert [told(line)[0] for line in lines[:2]] == ["suggested", "matched"]
    assert login(trade.buyer).get(f"/desk/transfer-claims/{made.public_id}").status_code == 200


def test_the_payees_people_choose_the_line_when_they_claim_and_institutions_see_none(scene, login):
    trade, _account, order, _other = scene
    [line, other] = receive(scene, "100.00", "100.00")
    form = {
        "amount": "100.00", "paid_on": "2026-07-13", "payer_name": "甲", "allocations": f"{order.number} 100.00",
        "line": str(other.public_id),
    }  # fmt: skip
    assert str(line.public_id) not in login(trade.buyer).get("/desk/transfer-claims/new").text
    browser = login(trade.clerk)
    assert str(line.public_id) in browser.get("/producer/transfer-claims/new").text

    sent = browser.post("/producer/transfer-claims/new", data={**form, "evidence": (io.BytesIO(PDF), "a.pdf")})

    assert sent.status_code == 302, sent.text
    made = db.session.scalars(select(TransferClaim)).one()
    assert (made.line_id, told(line)[0], told(other)[0]) == (other.id, "suggested", "claimed")
    assert "认领的人不能自己确认" in browser.get(sent.location).text


def test_an_institution_cannot_name_a_line_of_the_payees(scene):
    trade, _account, order, _other = scene
    [line] = receive(scene, "100.00")

    with pytest.raises(NotFound):
        claim_of(trade, order, line=line.public_id)

    assert (count("transfer_claims"), told(line)[0]) == (0, "suggested")


def test_both_sides_are_told_of_a_claim_but_not_who_did_it(scene, client, bearer, deliver):
    trade, _account, order, other = scene
    receive(scene, "100.00")
    made = claim_of(trade, order)
    deliver()
    with transaction():
        claims.confirm(made.public_id, trade.checker, NOON)
    refused = claim_of(trade, other, amount_fen=10001)
    with transaction():
        claims.refuse(refused.public_id, "没有到账", trade.checker, NOON)
    deliver()

    def told_to(actor):
        found = client.get("/api/v1/notices", headers=bearer(actor)).json["items"]
        return sorted((each["kind"], each["link"]) for each in found if "claim" in each["kind"])

    desk, producer = "/desk/transfer-claims", "/producer/transfer-claims"
    claimed = [
        ("transfer_claimed", f"{producer}/{key}") for key in sorted((str(made.public_id), str(refused.public_id)))
    ]
    assert told_to(trade.checker) == claimed
    assert told_to(trade.buyer) == [
        ("transfer_claim_decided_buyer", f"{desk}/{key}")
        for key in sorted((str(made.public_id), str(refused.public_id)))
    ]


def test_a_producer_does_not_take_a_transfer_of_the_supervised_account_for_its_own(scene):
    trade, _account, order, _other = scene
    with transaction():
        one, two = operators()
        account = supervised(one, two)
    [line] = bring_rows(account, one, row("100.00", name="另一家单位"))
    made = claim_of(trade, order)
    assert made.line_id == line.id

    with pytest.raises(Forbidden), transaction():
        claims.confirm(made.public_id, trade.checker, NOON)

    db.session.expire_all()
    assert (made.status, told(line)[0], count("payments"), order.received_fen) == ("claimed", "claimed", 0, 0)
    with transaction():
        claims.confirm(made.public_id, two, NOON)
    db.session.expire_all()
    assert (made.status, order.received_fen) == ("confirmed", 10000)


def test_a_transfer_for_several_producers_is_claimed_whole_and_confirmed_by_the_operator():
    with transaction():
        one, two = operators()
        account = supervised(one, two)
        first = make_trade(members=True)
        second = make_trade(buyer=db.session.get_one(Organisation, first.buyer.organisation_id))
        orders = [make_order(trade, ((10000, "1"),)) for trade in (first, second)]
    shares = [Share(order=order.public_id, amount_fen=10000) for order in orders]
    with pytest.raises(TooMuchAllocated), transaction():
        claims.claim(ClaimFacts(shares=shares, amount_fen=20001, **SAID), first.buyer, NOON)
    made = claim_of(first, orders[0], shares=shares, amount_fen=20000)
    [line] = bring_rows(account, one, row("200.00", name="某单位"))

    made = db.session.get_one(TransferClaim, made.id, populate_existing=True)
    assert (made.payee_id, made.line_id, told(line)[0]) == (None, line.id, "claimed")
    assert claim_queries.get_claim(made.id, one, TODAY).payee == "监管账户（几个供应商）"
    with pytest.raises(NotFound), transaction():
        claims.confirm(made.public_id, first.checker, NOON)
    with transaction():
        claims.confirm(made.public_id, two, NOON)

    assert [db.session.get_one(Order, order.id, populate_existing=True).received_fen for order in orders] == [10000] * 2
    assert [payment.payee_id for payment, _ in receipts_of(line)] == [order.producer_id for order in orders]


def test_who_claimed_takes_it_back_and_its_line_is_open_again(scene, login):
    trade, _account, order, _other = scene
    [line] = receive(scene, "100.00")
    made = claim_of(trade, order)
    page = f"/desk/transfer-claims/{made.public_id}"
    assert made.line_id == line.id
    with pytest.raises(NotFound), transaction():
        claims.withdraw(made.public_id, trade.clerk, NOON)

    buyer = login(trade.buyer)
    assert "撤回认领" in buyer.get(page).text
    assert buyer.post(f"{page}/withdraw").status_code == 302
    assert "已撤回" in buyer.get(page).text

    assert told(db.session.get_one(BankStatementLine, line.id, populate_existing=True))[::2] == (
        "unmatched", "claim_withdrawn",
    )  # fmt: skip
    for act in (
        lambda: claims.withdraw(made.public_id, trade.buyer, NOON),
        lambda: claims.confirm(made.public_id, trade.checker, NOON),
    ):
        with pytest.raises(ClaimDecided), transaction():
            act()
    again = claim_of(trade, order)
    assert again.line_id == line.id


def test_who_imported_the_statement_does_not_confirm_a_claim_of_its_line(scene):
    trade, account, order, _other = scene
    made = claim_of(trade, order)
    [line] = bring_rows(account, trade.checker, row("100.00"))

    with pytest.raises(SamePerson), transaction():
        claims.confirm(made.public_id, trade.checker, NOON)

    db.session.refresh(made)
    assert (made.status, told(line)[0], count("payments")) == ("claimed", "claimed", 0)
    with transaction():
        claims.confirm(made.public_id, trade.clerk, NOON)
    assert db.session.get_one(Order, order.id, populate_existing=True).received_fen == 10000
