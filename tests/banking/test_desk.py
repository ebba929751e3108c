"""What people do with lines: confirm all, choose orders, claim, give back, tie to refunds, say that it is no goods money."""

import io
import zipfile
from datetime import date

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from orders.banking import acts, aliases, claims, confirming, giving_back, queries, slips, tasks
from orders.banking.claims import ClaimDecided, ClaimFacts, LineUnknown
from orders.banking.closing import importing
from orders.banking.closing import services as closing
from orders.banking.models import BankStatementLine, PayerAlias, StatementConfirmation, TransferClaim
from orders.payments import announcements, checks, credit_refunds, receipts, refunds
from orders.payments.models import Payment, Refund
from orders.payments.receipts import OtherParties, SamePerson, Share, TooMuchAllocated
from orders.payments.refund_origins import OtherPayer
from orders.payments.refunds import TransferBack
from orders.purchase.models import Order
from shop.db import db, transaction
from shop.errors import Forbidden, NotFound
from shop.files import services as files
from shop.identity.models import Unit, UnitPlacement
from tests.banking.help import (
    PAYER,
    PAYER_ACCOUNT,
    bring,
    bring_rows,
    operators,
    own_account,
    receipts_of,
    row,
    supervised,
    told,
)
from tests.banking.sheets import plain
from tests.conftest import NOON, count
from tests.counting.build import make_order, make_trade
from tests.factories import make_member
from tests.payments.help import pay

pytestmark = pytest.mark.usefixtures("session")
TODAY = date(2026, 7, 15)
DAYS_TO_PAY = date(2026, 12, 25), date(2026, 12, 26), date(2027, 1, 4)
PDF = b"%PDF-1.7\n%%EOF\n"


@pytest.fixture
def scene():
    with transaction():
        trade = make_trade(members=True)
        return trade, own_account(trade)


def order_of(trade, fen=10000, **changes):
    with transaction():
        return make_order(trade, ((fen, "1"),), **changes)


def fresh(model, key):
    return db.session.get_one(model, key, populate_existing=True)


def receive(scene, *args, **changes):
    trade, account = scene
    return bring_rows(account, trade.clerk, row(*args, **changes))[0]


def share(order, fen):
    return Share(order=order.public_id, amount_fen=fen)


# --- confirming all receipts of a statement


def test_another_person_confirms_all_of_a_statement_and_what_fails_is_listed(scene):
    trade, account = scene
    orders = [order_of(trade) for _ in range(3)]
    statement = bring(account, trade.clerk, plain(*(row("100.00", order.reference_code) for order in orders)))
    with transaction():
        touched = db.session.scalars(select(Payment).order_by(Payment.id).limit(1)).one()
        db.session.execute(
            text("UPDATE payment_allocations SET allocated_by = :who WHERE payment_id = :key"),
            {"who": trade.checker.user_id, "key": touched.id},
        )
        job = confirming.start(statement.public_id, trade.checker, NOON)
        key = job.id

    assert tasks.confirm_statements() == 3
    assert tasks.confirm_statements() == 0

    done = fresh(StatementConfirmation, key)
    assert (done.status, done.total, done.confirmed, done.failed) == ("done", 3, 2, 1)
    assert [(one.payment, one.code) for one in confirming.failures_of(key)] == [(touched.public_id, "same-person")]
    assert [fresh(Order, order.id).received_fen for order in orders] == [0, 10000, 10000]
    assert checks.differing_sums() + checks.differing_payments() + checks.differing_balances() == []


def test_who_imported_a_statement_does_not_confirm_it(scene):
    trade, account = scene
    statement = bring(account, trade.clerk, plain(row("100.00", order_of(trade).reference_code)))

    with pytest.raises(SamePerson), transaction():
        confirming.start(statement.public_id, trade.clerk, NOON)

    assert (count("statement_confirmations"), db.session.scalars(select(Payment.status)).all()) == (0, ["recorded"])


def test_one_job_at_a_time_and_none_for_nothing(scene):
    trade, account = scene
    statement = bring(account, trade.clerk, plain(row("100.00", order_of(trade).reference_code)))
    with transaction():
        confirming.start(statement.public_id, trade.checker, NOON)

    with pytest.raises(confirming.ConfirmationRunning), transaction():
        confirming.start(statement.public_id, trade.checker, NOON)
    tasks.confirm_statements()
    with pytest.raises(confirming.NothingToConfirm), transaction():
        confirming.start(statement.public_id, trade.checker, NOON)


# --- by hand


def test_a_person_chooses_the_orders_and_another_confirms(scene):
    trade, _ = scene
    one, two = order_of(trade), order_of(trade, 5000)
    line = receive(scene, "160.00")

    with transaction():
        acts.match_by_hand(line.public_id, [share(one, 10000), share(two, 5000)], trade.clerk, NOON)

    assert told(line) == ("matched", "hand", "")
    [(payment, shares)] = receipts_of(line)
    assert (payment.status, payment.amount_fen, payment.allocated_fen) == ("recorded", 16000, 15000)
    assert shares == {one.id: 10000, two.id: 5000}
    with pytest.raises(acts.LineNotOpen), transaction():
        acts.match_by_hand(line.public_id, [share(one, 1)], trade.clerk, NOON)


def test_orders_of_others_and_more_than_there_is_are_refused(scene):
    trade, _ = scene
    with transaction():
        other = make_trade()
    order, theirs = order_of(trade), order_of(other)
    line = receive(scene, "50.00")

    for shares, refusal in (([share(theirs, 1)], NotFound), ([share(order, 5001)], TooMuchAllocated)):
        with pytest.raises(refusal), transaction():
            acts.match_by_hand(line.public_id, shares, trade.clerk, NOON)
    with pytest.raises(NotFound), transaction():
        acts.match_by_hand(line.public_id, [share(theirs, 1)], other.clerk, NOON)
    assert (told(line), count("payments")) == (("unmatched", "", "payer_unknown"), 0)


def test_an_operators_line_is_shared_over_producers_exactly():
    with transaction():
        one, two = operators()
        account = supervised(one, two)
        trades = [make_trade() for _ in range(2)]
        first, second = (make_order(trade) for trade in trades)
        second.buyer_id = first.buyer_id
    [line] = bring_rows(account, one, row("150.00"))

    with pytest.raises(TooMuchAllocated), transaction():
        acts.match_by_hand(line.public_id, [share(first, 10000), share(second, 4999)], one, NOON)
    with transaction():
        acts.match_by_hand(line.public_id, [share(first, 10000), share(second, 5000)], one, NOON)

    assert [(payment.payee_id, payment.amount_fen) for payment, _ in receipts_of(line)] == [
        (first.producer_id, 10000), (second.producer_id, 5000),
    ]  # fmt: skip


def test_a_refused_receipt_opens_its_line_again(scene, deliver):
    trade, _ = scene
    line = receive(scene, "100.00", order_of(trade).reference_code)
    [(payment, _)] = receipts_of(line)

    with transaction():
        receipts.refuse(payment.public_id, "不是本单的款", trade.checker, NOON)
    deliver(times=2)

    db.session.refresh(line)
    assert told(line) == ("unmatched", "code", "receipt_refused")
    with transaction():
        acts.match_again(line.public_id, trade.clerk, NOON)
    db.session.refresh(line)
    assert told(line) == ("matched", "code", "")
    assert [payment.status for payment, _ in receipts_of(line)] == ["refused", "recorded"]


def test_an_order_that_can_be_paid_now_is_matched_again(scene):
    trade, _ = scene
    order = order_of(trade, status="awaiting_confirmation")
    line = receive(scene, "100.00", order.reference_code)
    with transaction():
        order.status = "confirmed"

    with transaction():
        assert acts.match_again(line.public_id, trade.clerk, NOON) == 1

    db.session.refresh(line)
    assert told(line) == ("matched", "code", "")


# --- no goods money


def test_two_persons_say_that_a_line_is_no_goods_money(scene):
    trade, _ = scene
    line = receive(scene, "3.20", "利息")

    with pytest.raises(acts.LineNotOpen), transaction():
        acts.agree_ignored(line.public_id, trade.checker, NOON)
    with transaction():
        acts.note_ignored(line.public_id, "存款利息", trade.clerk, NOON)
    with pytest.raises(SamePerson), transaction():
        acts.agree_ignored(line.public_id, trade.clerk, NOON)
    with transaction():
        acts.agree_ignored(line.public_id, trade.checker, NOON)

    assert (told(line), line.note) == (("ignored", "", ""), "存款利息")
    with pytest.raises(IntegrityError, match="two_persons"), transaction():
        db.session.execute(text("UPDATE bank_statement_lines SET decided_by = noted_by"))


# --- given back


def test_a_wrong_receipt_is_given_back_by_the_outgoing_line_that_is_suggested(scene):
    trade, _ = scene
    with transaction():
        theirs = make_order(make_trade())
    wrong = receive(scene, "100.00", theirs.reference_code)
    out = receive(scene, "", out="100.00")

    assert (told(out), out.candidates) == (("suggested", "refund_payer", "refund_likely"), {"lines": [wrong.id]})
    with pytest.raises(giving_back.NotMarkedWrong), transaction():
        giving_back.tie_return(out.public_id, wrong.public_id, trade.checker, NOON)
    with transaction():
        giving_back.mark(wrong.public_id, trade.clerk, NOON)
    with pytest.raises(SamePerson), transaction():
        giving_back.tie_return(out.public_id, wrong.public_id, trade.clerk, NOON)
    assert (told(fresh(BankStatementLine, wrong.id))[0], told(fresh(BankStatementLine, out.id))[0]) == (
        "unmatched", "suggested",
    )  # fmt: skip
    with transaction():
        giving_back.tie_return(out.public_id, wrong.public_id, trade.checker, NOON)

    assert (told(wrong)[0], told(out)[0], out.returns_id) == ("returned", "returned", wrong.id)
    assert (wrong.wrong_by, wrong.returned_by, count("payments")) == (trade.clerk.user_id, trade.checker.user_id, 0)
    with pytest.raises(IntegrityError, match="two persons"), transaction():
        db.session.execute(text("UPDATE bank_statement_lines SET returned_by = wrong_by WHERE wrong_by IS NOT NULL"))


def test_money_that_went_to_somebody_else_gives_no_receipt_back(scene):
    trade, _ = scene
    waiting = receive(scene, "100.00")
    out = receive(scene, "", out="100.00", name="某物流公司", account="9")
    with transaction():
        giving_back.mark(waiting.public_id, trade.clerk, NOON)

    with pytest.raises(OtherPayer), transaction():
        giving_back.tie_return(out.public_id, waiting.public_id, trade.checker, NOON)

    assert [told(fresh(BankStatementLine, each.id))[0] for each in (waiting, out)] == ["unmatched", "unmatched"]


@pytest.mark.parametrize("what", ["refund", "credit"])
def test_a_refused_refund_lets_its_line_go_and_the_right_one_takes_it(scene, deliver, what):
    trade, _ = scene
    with transaction():
        order = make_order(trade, ((20000, "1"),))
        paid = pay(trade, (order, 20000), amount=30000, payer_name=PAYER, payer_account=PAYER_ACCOUNT)
        wrong, right = (
            [refunds.request(order.public_id, 3000, why, actor=trade.buyer, at=NOON) for why in "甲乙"]
            if what == "refund"
            else [credit_refunds.request(paid.public_id, 3000, why, trade.buyer, NOON) for why in "甲乙"]
        )
    out = receive(scene, "", out="30.00", day="2026-07-15", serial="TK1")
    tie, refuse, confirm = (
        (acts.tie_refund, refunds.refuse, refunds.confirm)
        if what == "refund"
        else (giving_back.tie_credit, credit_refunds.refuse, credit_refunds.confirm)
    )
    with transaction():
        tie(out.public_id, wrong.public_id, trade.clerk, NOON)
    with transaction():
        refuse(wrong.public_id, "对错了", trade.checker, NOON)
    deliver(times=2)

    line = fresh(BankStatementLine, out.id)
    assert (told(line)[::2], line.refund_id, line.credit_refund_id) == (("unmatched", "refund_refused"), None, None)
    with transaction():
        tie(out.public_id, right.public_id, trade.clerk, NOON)
        confirm(right.public_id, trade.checker, NOON)
    assert (told(fresh(BankStatementLine, out.id))[0], right.status, checks.differing_balances()) == (
        "matched", "confirmed", [],
    )  # fmt: skip


def test_money_that_a_person_calls_wrong_needs_the_same_amount_back(scene):
    trade, _ = scene
    wrong = receive(scene, "100.00")
    out = receive(scene, "", out="99.00")
    with transaction():
        giving_back.mark(wrong.public_id, trade.clerk, NOON)

    with pytest.raises(acts.AmountsDiffer), transaction():
        giving_back.tie_return(out.public_id, wrong.public_id, trade.clerk, NOON)
    with pytest.raises(acts.WrongDirection), transaction():
        giving_back.tie_return(wrong.public_id, out.public_id, trade.clerk, NOON)
    assert told(wrong) == ("unmatched", "", "wrong_payee")


def test_what_a_person_calls_wrong_is_not_forgotten_by_later_imports_and_not_booked(scene):
    trade, _account = scene
    order_of(trade, 7000)
    known = claim_of(trade, order_of(trade), payer_name=PAYER)
    line = receive(scene, "100.00")
    with transaction():
        claims.confirm(known.public_id, trade.checker, NOON, line.public_id)
    mistaken = receive(scene, "55.00")
    assert told(mistaken) == ("unmatched", "payer", "no_code_no_amount")
    with transaction():
        giving_back.mark(mistaken.public_id, trade.clerk, NOON)

    late = order_of(trade, 5500)
    receive(scene, "1.00")
    with transaction():
        acts.match_again(mistaken.public_id, trade.clerk, NOON)
    with pytest.raises(acts.LineNotOpen), transaction():
        acts.match_by_hand(mistaken.public_id, [share(late, 5500)], trade.clerk, NOON)
    with pytest.raises(IntegrityError, match="wrong_booked"), transaction():
        db.session.execute(text("UPDATE bank_statement_lines SET state = 'matched', reason = '' WHERE wrong_by > 0"))
    mistaken = fresh(BankStatementLine, mistaken.id)
    assert told(mistaken) == ("unmatched", "payer", "wrong_payee")
    out = receive(scene, "", out="55.00")
    assert (told(out)[2], out.candidates) == ("refund_likely", {"lines": [mistaken.id]})

    with transaction():
        giving_back.unmark(mistaken.public_id, trade.clerk, NOON)
        acts.match_again(mistaken.public_id, trade.clerk, NOON)
    assert told(fresh(BankStatementLine, mistaken.id)) == ("matched", "payer", "")
    with pytest.raises(acts.LineNotOpen), transaction():
        giving_back.unmark(mistaken.public_id, trade.clerk, NOON)


def test_an_outgoing_line_records_the_refund_that_was_asked_for(scene):
    trade, _ = scene
    order = order_of(trade)
    with transaction():
        pay(trade, (order, 10000), payer_account=PAYER_ACCOUNT)
        refund = refunds.request(order.public_id, 3000, "协商", actor=trade.buyer, at=NOON)
    # The order stands from noon of the 15th on.
    out = receive(scene, "", out="30.00", day="2026-07-15", serial="TK1")
    assert queries.get_line(out.id, trade.clerk, date(2026, 7, 15)).refunds[0].id == refund.public_id

    with transaction():
        acts.tie_refund(out.public_id, refund.public_id, trade.clerk, NOON)
    with transaction():
        refunds.confirm(refund.public_id, trade.checker, NOON)

    refund = fresh(Refund, refund.id)
    assert (told(out), out.refund_id) == (("matched", "refund", ""), refund.id)
    assert (refund.status, refund.bank_serial, refund.clearing, refund.value_on) == (
        "confirmed",
        "TK1",
        "direct",
        date(2026, 7, 15),
    )


def test_a_refund_that_went_to_somebody_else_is_not_taken_for_one(scene):
    trade, _ = scene
    order = order_of(trade)
    with transaction():
        pay(trade, (order, 6000), payer_name="和平区第一小学食堂", payer_account="6001")
        pay(trade, (order, 4000), payer_name="和平区第一小学工会", payer_account="4001")
        union = refunds.request(order.public_id, 4000, "协商", actor=trade.buyer, at=NOON)
        canteen = refunds.request(order.public_id, 6000, "协商", actor=trade.buyer, at=NOON)
    lines = [
        receive(scene, "", out=fen, day="2026-07-15", serial=serial, name="和平区第一小学工会", account="4001")
        for fen, serial in (("60.00", "TK1"), ("40.00", "TK2"))
    ]
    assert [(told(line)[2], line.candidates) for line in lines] == [
        ("outgoing_unknown", {}), ("refund_likely", {"refunds": [union.id]}),
    ]  # fmt: skip

    with pytest.raises(OtherPayer), transaction():
        acts.tie_refund(lines[0].public_id, canteen.public_id, trade.clerk, NOON)
    with transaction():
        acts.tie_refund(lines[1].public_id, union.public_id, trade.clerk, NOON)
        refunds.record(canteen.public_id, TransferBack(bank_serial="TK1", value_on=TODAY), trade.clerk, NOON)
        acts.match_again(lines[0].public_id, trade.clerk, NOON)

    again = fresh(BankStatementLine, lines[0].id)
    assert (told(again), again.candidates, again.refund_id) == (
        ("suggested", "refund_serial", "refund_elsewhere"), {"refunds": [canteen.id]}, None,
    )  # fmt: skip
    assert (fresh(Refund, union.id).status, fresh(Refund, canteen.id).status) == ("recorded", "recorded")


def test_an_outgoing_line_records_the_credit_that_goes_back(scene):
    trade, _ = scene
    with transaction():
        payment = pay(trade, (make_order(trade, ((10000, "1"),)), 10000), amount=13000, payer_account=PAYER_ACCOUNT)
        back = credit_refunds.request(payment.public_id, 3000, "多付", trade.buyer, NOON)
    other = receive(scene, "", out="30.00", name="别人", account="1", serial="T0")
    out = receive(scene, "", out="30.00", serial="T1")
    assert (told(out)[2], out.candidates, other.candidates) == ("refund_likely", {"credits": [back.id]}, {})
    with pytest.raises(OtherPayer), transaction():
        giving_back.tie_credit(other.public_id, back.public_id, trade.clerk, NOON)

    with transaction():
        giving_back.tie_credit(out.public_id, back.public_id, trade.clerk, NOON)
        credit_refunds.confirm(back.public_id, trade.checker, NOON)

    assert (told(out), out.credit_refund_id) == (("matched", "refund", ""), back.id)
    assert (back.status, back.bank_serial, back.value_on) == ("confirmed", "T1", date(2026, 7, 14))
    assert checks.differing_balances() == []


# --- claims


def claim_of(trade, order, fen=10000, actor=None, **changes):
    actor = actor or trade.buyer
    with transaction():
        file = files.store(PDF, "回单.pdf", actor).public_id
        values = {
            "shares": [share(order, fen)], "amount_fen": fen, "paid_on": date(2026, 7, 13), "payer_name": PAYER, "file": file,
        } | changes  # fmt: skip
        return claims.claim(ClaimFacts(**values), actor, NOON)


def test_an_institution_claims_a_transfer_and_the_payee_confirms_it(scene):
    trade, account = scene
    order = order_of(trade)
    line = receive(scene, "100.00")
    made = claim_of(trade, order)
    db.session.refresh(line)
    assert (told(line), made.line_id) == (("claimed", "amount", ""), line.id)

    with pytest.raises(NotFound), transaction():
        claims.confirm(made.public_id, trade.buyer2, NOON)
    with transaction():
        claims.confirm(made.public_id, trade.checker, NOON)

    [(payment, shares)] = receipts_of(line)
    assert (payment.status, payment.recorded_by, payment.decided_by) == (
        "confirmed", trade.buyer.user_id, trade.checker.user_id,
    )  # fmt: skip
    assert (shares, fresh(Order, order.id).received_fen, payment.evidence_file_id) == (
        {order.id: 10000},
        10000,
        made.file_id,
    )
    alias = db.session.scalars(select(PayerAlias)).one()
    assert (alias.buyer_id, alias.account, alias.is_shared) == (order.buyer_id, PAYER_ACCOUNT, False)
    with pytest.raises(ClaimDecided), transaction():
        claims.refuse(made.public_id, "晚了", trade.checker, NOON)

    order_of(trade, 7000)
    assert told(receive((trade, account), "70.00")) == ("matched", "payer", "")


def test_a_treasurys_alias_is_learned_as_shared(scene):
    trade, _ = scene
    order = order_of(trade)
    receive(scene, "100.00", name="和平区财政局")
    made = claim_of(trade, order)

    with transaction():
        claims.confirm(made.public_id, trade.checker, NOON)

    assert db.session.scalars(select(PayerAlias.is_shared)).all() == [True]


def test_a_claim_without_a_line_waits_for_one_that_a_person_chooses(scene):
    trade, _ = scene
    order = order_of(trade)
    made = claim_of(trade, order)
    with pytest.raises(LineUnknown), transaction():
        claims.confirm(made.public_id, trade.checker, NOON)
    line, other = receive(scene, "100.00", day="2026-07-01"), receive(scene, "99.00")

    with pytest.raises(acts.AmountsDiffer), transaction():
        claims.confirm(made.public_id, trade.checker, NOON, other.public_id)
    with transaction():
        claims.confirm(made.public_id, trade.checker, NOON, line.public_id)

    assert fresh(TransferClaim, made.id).line_id == line.id
    assert told(line) == ("matched", "claim", "")


def test_who_claims_does_not_confirm_and_a_refused_claim_opens_the_line(scene):
    trade, _ = scene
    order = order_of(trade)
    line = receive(scene, "100.00")
    made = claim_of(trade, order, actor=trade.clerk, line=line.public_id)

    for act in (
        lambda: claims.confirm(made.public_id, trade.clerk, NOON),
        lambda: claims.refuse(made.public_id, "x", trade.clerk, NOON),
    ):
        with pytest.raises(SamePerson), transaction():
            act()
    with transaction():
        claims.refuse(made.public_id, "回单不符", trade.checker, NOON)

    db.session.refresh(line)
    assert told(line) == ("unmatched", "amount", "claim_refused")
    assert (count("payments"), count("payer_aliases")) == (0, 0)


def test_a_claim_is_of_one_buyer_and_of_ones_own_and_exact_for_several_producers(scene):
    trade, _ = scene
    with transaction():
        other = make_trade()
    order, theirs = order_of(trade), order_of(other)

    with pytest.raises(NotFound):
        claim_of(trade, theirs)
    with transaction():
        theirs.buyer_id = order.buyer_id
        anothers = make_order(trade, ((10000, "1"),))
        anothers.buyer_id = other.buyer.organisation_id
    with pytest.raises(OtherParties):
        claim_of(trade, order, actor=trade.clerk, shares=[share(order, 1), share(anothers, 1)])
    with pytest.raises(TooMuchAllocated):
        claim_of(trade, order, shares=[share(order, 1), share(theirs, 1)])
    made = claim_of(trade, order)
    with pytest.raises(NotFound):
        claims.get_claim(made.public_id, other.clerk, date(2026, 7, 15))


def test_a_line_matched_by_hand_teaches_who_paid_once_it_is_confirmed(scene, deliver):
    trade, _ = scene
    order = order_of(trade)
    line = receive(scene, "100.00", name="和平区第一小学后勤处", account="7001")
    with transaction():
        acts.match_by_hand(line.public_id, [share(order, 10000)], trade.clerk, NOON)
    deliver(times=2)
    assert count("payer_aliases") == 0

    with transaction():
        receipts.confirm(receipts_of(line)[0][0].public_id, trade.checker, NOON)
    deliver(times=2)

    alias = db.session.scalars(select(PayerAlias)).one()
    assert (alias.name, alias.account, alias.buyer_id, alias.learned_for_id, alias.learned_by) == (
        "和平区第一小学后勤处", "7001", order.buyer_id, order.producer_id, trade.checker.user_id,
    )  # fmt: skip
    order_of(trade, 7000)
    assert told(receive(scene, "70.00", name="和平区第一小学后勤处")) == ("matched", "payer", "")


def test_aliases_are_searched_shared_and_ended_by_whom_they_concern(scene):
    trade, _ = scene
    with transaction():
        order = make_order(trade)
        stranger = make_trade(members=True)
        operator = make_member("operator", "operator_finance")
        for _again in range(2):
            aliases.learn(PAYER, "", order.buyer_id, trade.checker.user_id, NOON, payee_id=order.producer_id)
        added = aliases.add("和平区教育局", "8001", trade.buyer.organisation_public_id, operator, NOON, is_shared=False)
    with pytest.raises(aliases.AliasThere), transaction():
        aliases.add("和平区教育局", "8001", trade.buyer.organisation_public_id, operator, NOON, is_shared=True)

    def seen(actor, q=""):
        return [(one.name, one.may_end) for one in aliases.list_aliases(actor, TODAY, limit=20, q=q).items]

    assert seen(operator) == [("和平区教育局", True), (PAYER, True)]
    assert seen(trade.checker) == [("和平区教育局", False), (PAYER, True)]
    assert [seen(operator, q) for q in ("8001", "教育", "没有")] == [[("和平区教育局", True)]] * 2 + [[]]
    assert (seen(stranger.checker), seen(trade.buyer)) == ([], [])
    for actor, refusal in ((trade.checker, Forbidden), (stranger.checker, NotFound), (trade.buyer, NotFound)):
        with pytest.raises(refusal), transaction():
            aliases.end(added.public_id, actor, NOON)
    with transaction():
        aliases.share(added.public_id, operator, NOON, is_shared=True)
    order_of(trade, 6000)
    assert told(receive(scene, "60.00", name="和平区教育局", account="8001"))[2] == "treasury_without_remark"

    key = db.session.scalars(select(PayerAlias.public_id).where(PayerAlias.name == PAYER)).one()
    with transaction():
        aliases.end(key, trade.checker, NOON)
    assert seen(operator) == [("和平区教育局", True)]


# --- electronic receipts


def test_a_damaged_electronic_receipt_is_kept_and_put_to_nothing(scene):
    trade = scene[0]
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as package:
        package.writestr("OFD.xml", "<ofd/>")
        package.writestr("Content.xml", b"<a/>" * 400)
    data = bytearray(out.getvalue())
    at = data.index(b"Content.xml") + len(b"Content.xml")
    data[at : at + 4] = b"\xff" * 4
    with transaction():
        key = files.store(bytes(data), "坏.ofd", trade.clerk).public_id
    with transaction():
        (told_,) = slips.attach_all([key], trade.clerk, NOON)

    assert (told_.payment, count("payment_slips")) == (None, 0)


def ofd(page):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as package:
        package.writestr("OFD.xml", "<ofd/>")
        package.writestr("Doc_0/Pages/Page_0/Content.xml", page)
    return out.getvalue()


def test_electronic_receipts_find_their_payments_by_name_or_text(scene):
    trade, account = scene
    order = order_of(trade, 100_000)
    lines = bring_rows(account, trade.clerk, *(row("1.00", order.reference_code, serial=f"EK000{n}") for n in range(3)))
    page = b"<ofd:Page xmlns:ofd='http://www.ofdspec.org/2016'><ofd:TextCode>EK0001</ofd:TextCode></ofd:Page>"
    with transaction():
        names = ((PDF, "回单_EK0000.pdf"), (ofd(page), "a.ofd"), (PDF, "b.pdf"))
        stored = [files.store(data, name, trade.clerk).public_id for data, name in names]
    with transaction():
        found = slips.attach_all(stored, trade.clerk, NOON)
        third = receipts_of(lines[2])[0][0]
        slips.attach(third.public_id, stored[2], trade.clerk, NOON)

    payments = [receipts_of(line)[0][0] for line in lines]
    assert [one.payment for one in found] == [payments[0].public_id, payments[1].public_id, None]
    assert [len(slips.slips_of([payment.id])[payment.id]) for payment in payments] == [1, 1, 1]
    assert all(payment.evidence_file_id is not None for payment in payments)


# --- closing days


def test_closing_days_are_kept_once_a_year_and_shown_to_those_they_pay(scene):
    with transaction():
        one, _ = operators()
        made = closing.add("120101", date(2026, 12, 25), one, NOON)
        key = made.public_id

    with pytest.raises(closing.ClosingDayThere), transaction():
        closing.add("120101", date(2026, 12, 20), one, NOON)
    with pytest.raises(closing.ClosingDayThere), transaction():
        closing.change(key, date(2027, 1, 5), one, NOON)
    with pytest.raises(closing.DivisionUnknown), transaction():
        closing.add("999999", date(2026, 12, 25), one, NOON)
    with transaction():
        closing.change(key, date(2026, 12, 20), one, NOON)
    assert [(day.last_on, name) for day, name in closing.list_days(2026)] == [(date(2026, 12, 20), "和平区")]
    assert closing.days_of(scene[0].clerk, date(2026, 7, 15)) == []


def test_a_finance_authority_without_a_day_of_its_own_follows_the_one_above_it(scene):
    buyer = scene[0].buyer
    with transaction():
        one, _ = operators()
        for name, code, level in (("甲", "120101", "county"), ("乙", "120102", "county"), ("丙", "620421", "none")):
            unit = Unit(organisation_id=buyer.organisation_id, name=name)
            db.session.add(unit)
            db.session.flush()
            db.session.add(
                UnitPlacement(
                    unit_id=unit.id, division_code=code, finance_division_code=code, budget_level=level,
                    valid_from=date(2026, 1, 1),
                )
            )  # fmt: skip
        for code, day in (("120000", 25), ("120101", 20), ("620000", 22)):
            closing.add(code, date(2026, 12, day), one, NOON)

    def days(on):
        return [(each.division_code, each.last_on.day, each.days_left) for each in closing.days_of(buyer, on)]

    assert days(date(2026, 12, 19)) == [("120101", 20, 1), ("120000", 25, 6)]
    # A day of its own that is over is not made longer by the one above, and is told until the year ends.
    assert days(date(2026, 12, 21)) == [("120101", 20, -1), ("120000", 25, 4)]
    assert days(date(2026, 12, 31)) == [("120101", 20, -11), ("120000", 25, -6)]
    assert days(date(2027, 1, 1)) == []


def paid_by(buyer, code):
    """Let a treasury pay a unit of the buyer's."""
    unit = Unit(organisation_id=buyer.organisation_id, name="一校")
    db.session.add(unit)
    db.session.flush()
    db.session.add(
        UnitPlacement(
            unit_id=unit.id, division_code=code, finance_division_code=code, budget_level="county",
            valid_from=date(2026, 1, 1),
        )
    )  # fmt: skip


def test_who_is_to_be_paid_sees_closing_days_that_are_near_or_over_and_late_plans_are_warned_of(scene, deliver):
    trade = scene[0]
    order = order_of(trade)
    with transaction():
        one, _ = operators()
        paid_by(trade.buyer, "120101")
        made = closing.add("120000", date(2026, 12, 25), one, NOON)
    topic = text("SELECT count(*) FROM outbox_events WHERE topic = 'orders.treasury_closing_day_set'")
    assert db.session.scalar(topic) == 1

    def seen(actor, on):
        return [(each.division_code, each.days_left, each.buyers) for each in closing.days_of_debtors(actor, on)]

    for actor in (trade.clerk, one):
        assert [seen(actor, date(2026, *day)) for day in ((7, 15), (12, 20), (12, 28))] == [
            [], [("120000", 5, 1)], [("120000", -3, 1)],
        ]  # fmt: skip
    assert seen(trade.buyer, date(2026, 12, 20)) == []
    warned = [announcements.warnings_of(order.public_id, day, trade.buyer, TODAY) for day in DAYS_TO_PAY]
    assert [len(words) for words in warned] == [0, 1, 0]
    assert "晚于天津市财政集中支付截止日 2026-12-25" in warned[1][0]
    with transaction():
        closing.remove(made.public_id, one)
    assert seen(one, date(2026, 12, 20)) == []


def test_a_sheet_of_closing_days_is_taken_in_wholly_or_not_at_all(scene):
    with transaction():
        one, _ = operators()
        closing.add("120101", date(2026, 12, 20), one, NOON)
    good = "代码,地方,截止日\n120101,和平区,2026-12-22\n120000,天津,20261225\n\n620421,靖远,2026年12月18日\n"
    bad = good + "999999,,2026-12-01\n120102,,某天\n120101,,2026-12-23\n"
    with pytest.raises(importing.BadClosingRows) as refusal, transaction():
        importing.import_days(bad.encode(), one, NOON)
    assert [row["row"] for row in refusal.value.members["rows"]] == [6, 7, 8]
    assert [day.last_on for day, _name in closing.list_days()] == [date(2026, 12, 20)]

    with transaction():
        assert importing.import_days(good.encode("gbk"), one, NOON) == importing.Imported(2, 1, 0)
    with transaction():
        assert importing.import_days(good.encode(), one, NOON) == importing.Imported(0, 0, 3)
    assert {day.division_code: day.last_on.day for day, _name in closing.list_days(2026)} == {
        "120000": 25, "120101": 22, "620421": 18,
    }  # fmt: skip
