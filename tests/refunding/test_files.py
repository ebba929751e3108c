"""Refunds in files for the bank: two persons before money leaves, the file, the statement's word, and what was not made."""

import csv
import io
from datetime import timedelta

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from orders.payments import credit_refunds, refunds, withdrawing
from orders.purchase.machine import WrongState
from orders.refunding import gathering, lines, transfers
from orders.refunding.gathering import NotToBeGathered
from orders.refunding.models import RefundRun, RefundTransfer
from orders.refunding.transfers import RefundPaid, TransferSerialTaken
from orders.settlement.bank import BadValueDay, NothingToSend
from shop.db import db, transaction
from shop.errors import Forbidden, NotFound
from shop.files import services as files
from shop.files.models import StoredFile
from tests.banking.help import bring, row
from tests.banking.sheets import plain
from tests.conftest import NOON, count
from tests.payments.help import pay, slip
from tests.refunding.help import PAYER, gathered, make_scene, sent, supervised_account
from tests.settlement.help import balance, differences

pytestmark = pytest.mark.usefixtures("session")


@pytest.fixture
def scene(session):
    with transaction():
        return make_scene()


def states(scene):
    db.session.expire_all()
    return scene.goods.status, scene.credit.status


def test_refunds_leave_in_one_file_by_two_persons_and_the_statement_confirms_them(scene):
    with transaction():
        made = sent(scene)
    run = db.session.get_one(RefundRun, made[0].run_id)
    rows = list(
        csv.reader(io.StringIO(files.read_bytes(db.session.get_one(StoredFile, run.file_id)).decode("utf-8-sig")))
    )

    assert [each[1:7] + each[8:] for each in rows[1:]] == [
        [
            "62000000000000001",
            "平台监管户",
            "12001618400052500001",
            "和平区财政局",
            "",
            amount,
            f"退款 {one.number}",
            one.number,
        ]
        for amount, one in zip(("40.00", "30.00"), made, strict=True)
    ]
    assert (states(scene), scene.order.refunding_fen, differences()) == (("in_file", "in_file"), 4_000, [])

    brought = bring(
        supervised_account(),
        scene.a,
        plain(
            row("", f"退款 {made[0].number}", day="2026-07-15", serial="W1", out="40.00"),
            row("", "", day="2026-07-15", serial="W2", out="30.00", account=PAYER["payer_account"]),
        ),
    )
    with transaction():
        assert (lines.match(NOON), lines.match(NOON)) == (2, 0)

    assert states(scene) == ("confirmed", "confirmed")
    assert (scene.order.refunded_fen, scene.order.refunding_fen) == (4_000, 0)
    assert (scene.goods.bank_serial, scene.goods.recorded_by, scene.goods.decided_by) == (
        "W1",
        scene.a.user_id,
        scene.b.user_id,
    )
    assert [(each.status, each.bank_serial) for each in made] == [("paid", "W1"), ("paid", "W2")]
    assert balance("bank_supervised", f"org:{scene.trade.clerk.organisation_id}") == 6_000
    found = db.session.execute(
        text("SELECT state, rule, refund_id, credit_refund_id FROM bank_statement_lines ORDER BY id")
    )
    assert [tuple(each) for each in found] == [
        ("matched", "refund_file", scene.goods.id, None),
        ("matched", "refund_file", None, scene.credit.id),
    ]
    assert (brought.added, differences()) == (2, [])


def test_one_person_prepares_and_another_releases_also_for_the_database(scene):
    with transaction():
        one, _two = gathered(scene)
        both = type(scene.a)(**{**scene.a.__dict__, "permissions": scene.a.permissions | {"refunds:confirm"}})
        for actor, refusal in ((both, WrongState), (scene.a, Forbidden), (scene.trade.checker, NotFound)):
            with pytest.raises(refusal):
                transfers.release([one.public_id], actor, NOON)
        with pytest.raises(NothingToSend):
            transfers.send(db.session.get_one(RefundRun, one.run_id).public_id, "csv", scene.a, NOON)
        with pytest.raises(IntegrityError, match="two_persons"), db.session.begin_nested():
            db.session.execute(text("UPDATE refund_transfers SET released_by = prepared_by"))
        with pytest.raises(IntegrityError, match="released"), db.session.begin_nested():
            db.session.execute(text("UPDATE refund_transfers SET status = 'sent'"))

    assert db.session.scalars(select(RefundTransfer.status)).all() == ["prepared", "prepared"]


def test_what_is_in_a_file_is_neither_recorded_nor_refused_nor_gathered_again(scene):
    with transaction():
        gathered(scene)
        before = count("moves"), count("postings")
        for act in (
            lambda: refunds.record(scene.goods.public_id, slip(clearing="supervised"), scene.a, NOON),
            lambda: refunds.refuse(scene.goods.public_id, "不退", scene.a, NOON),
            lambda: refunds.confirm(scene.goods.public_id, scene.b, NOON),
            lambda: withdrawing.withdraw_refund(scene.goods.public_id, scene.trade.buyer, NOON),
            lambda: credit_refunds.record(scene.credit.public_id, slip(clearing="supervised"), scene.a, NOON),
            lambda: gathering.gather([scene.goods.public_id], scene.a, NOON),
        ):
            with pytest.raises((WrongState, NotToBeGathered)):
                act()

    assert (before, states(scene)) == ((count("moves"), count("postings")), ("in_file", "in_file"))


def test_a_refund_whose_payers_account_is_unknown_is_named_and_nothing_is_gathered(scene):
    with transaction():
        pay(scene.trade, (scene.order, 1_000), clearing="supervised", payer_name="某公司")
        nameless = refunds.request(scene.order.public_id, 1_000, "多付", actor=scene.trade.buyer, at=NOON)
        with pytest.raises(NotToBeGathered) as refused:
            gathering.gather([scene.goods.public_id, nameless.public_id], scene.a, NOON)
        shown = [(one.payer_account, one.amount_fen) for one in gathering.list_waiting(scene.a)]

    assert refused.value.members == {"refunds": [str(nameless.public_id)]}
    assert shown == [(PAYER["payer_account"], 4_000), (PAYER["payer_account"], 3_000), ("", 1_000)]
    assert (states(scene), count("refund_runs")) == (("requested", "requested"), 0)


def test_what_the_bank_did_not_make_waits_again_once_another_person_agrees(scene):
    with transaction():
        one, two = sent(scene)
        transfers.doubt(one.public_id, "户名不符", scene.b, NOON)
        with pytest.raises(WrongState):
            transfers.fail(one.public_id, scene.b, NOON)
        transfers.trust(one.public_id, scene.a, NOON)
        assert (one.status, one.failure, states(scene)) == ("sent", "", ("in_file", "in_file"))
        transfers.doubt(one.public_id, "户名不符", scene.a, NOON)
        transfers.fail(one.public_id, scene.b, NOON)
        again = gathered(scene, scene.goods.public_id)
        with pytest.raises(WrongState):
            transfers.cancel(two.public_id, "不付了", scene.b, NOON)
        transfers.cancel(again[0].public_id, "先核对", scene.b, NOON)

    assert [(each.status, each.failure) for each in (one, two, *again)] == [
        ("failed", "户名不符"),
        ("sent", ""),
        ("cancelled", "先核对"),
    ]
    assert (states(scene), scene.order.refunding_fen, differences()) == (("requested", "in_file"), 4_000, [])
    events = db.session.execute(
        text("SELECT payload->>'why' FROM outbox_events WHERE topic = 'orders.refund_transfer_failed'")
    )
    assert events.scalars().all() == ["户名不符"]


def test_a_person_confirms_with_the_banks_serial_once_and_a_doubted_one_is_paid_when_its_line_comes(scene):
    with transaction():
        one, two = sent(scene)
        paid = [RefundPaid(transfer=one.public_id, bank_serial="W 9", value_on=NOON.date())]
        late = RefundPaid(transfer=one.public_id, bank_serial="W9", value_on=NOON.date() + timedelta(days=1))
        with pytest.raises(BadValueDay):
            transfers.confirm([late], scene.b, NOON)
        transfers.confirm(paid, scene.b, NOON)
        with pytest.raises(TransferSerialTaken), db.session.begin_nested():
            transfers.confirm(
                [RefundPaid(transfer=two.public_id, bank_serial="W9", value_on=NOON.date())], scene.b, NOON
            )
        transfers.doubt(two.public_id, "查无此户", scene.a, NOON)
    (typed, other) = [
        row("", "", day="2026-07-15", serial="W9", out="40.00"),
        row("", two.number, day="2026-07-15", serial="W10", out="30.00"),
    ]
    bring(supervised_account(), scene.a, plain(typed, other))
    with transaction():
        assert lines.match(NOON) == 1

    rules = db.session.execute(text("SELECT serial, rule FROM bank_statement_lines ORDER BY id")).all()
    assert [tuple(each) for each in rules] == [("W9", "refund_serial"), ("W10", "refund_file")]
    assert (states(scene), two.status, two.bank_serial) == (("confirmed", "confirmed"), "paid", "W10")
    assert differences() == []
