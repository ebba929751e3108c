"""Exceptions that wait too long are told once a day, and producers and buyers read what concerns their orders."""

from datetime import date, timedelta

import pytest
from sqlalchemy import text

from orders.payments import exceptions
from orders.reconciliation import aging
from orders.settlement.waiting_models import WaitingRule
from shop import clock
from shop.db import db, transaction
from tests.conftest import NOON, count
from tests.counting.build import make_order, make_trade
from tests.reconciliation.help import make_exception, make_people

pytestmark = pytest.mark.usefixtures("session")


@pytest.fixture
def people(session):
    with transaction():
        return make_people()


def remind(days):
    with transaction():
        return aging.remind((NOON + timedelta(days=days)).date(), NOON + timedelta(days=days))


def told():
    query = "SELECT payload - 'organisations' FROM outbox_events WHERE topic = 'orders.exceptions_aging' ORDER BY id"
    return [
        {name: row[name] for name in ("on", "days", "oldest_days", "open", "proposed") if name in row}
        for row in db.session.execute(text(query)).scalars()
    ]


def test_what_waits_for_the_days_of_the_rule_is_told_once_a_day_to_whose_turn_it_is(people, deliver):
    with transaction():
        first = make_exception()
        make_exception("balance_transaction:txn_2", subject="txn_2", at=NOON + timedelta(days=2))
        exceptions.propose_note(first.public_id, "手续费", people.clerk, NOON)

    assert (remind(2), remind(3), remind(3), remind(5)) == (0, 1, 1, 2)

    assert told() == [
        {"on": "2026-07-18", "days": "3", "oldest_days": "3", "proposed": "1"},
        {"on": "2026-07-20", "days": "3", "oldest_days": "5", "open": "1", "proposed": "1"},
    ]
    deliver()
    kinds = db.session.execute(
        text("SELECT kind, count(*) FROM notices WHERE kind LIKE '%aging%' GROUP BY 1 ORDER BY 1")
    )
    assert [tuple(row) for row in kinds] == [("exceptions_aging", 1), ("exceptions_aging_proposed", 2)]


def test_a_dated_rule_says_how_old_and_the_list_is_narrowed_by_age(people, login):
    with transaction():
        db.session.add(WaitingRule(kind="aging", days=10, valid_from=date(2026, 7, 1), created_at=NOON))
        make_exception()
        make_exception("balance_transaction:txn_2", subject="txn_2", at=NOON + timedelta(days=6))

    assert (remind(9), remind(10), count("exception_reminders")) == (0, 1, 1)
    with clock.stopped_at(NOON + timedelta(days=10)):
        client = login(people.auditor)
        shown = [client.get(f"/operator/exceptions{query}").text for query in ("", "?age=7", "?age=3", "?age=x")]
    assert [("txn_1" in page, "txn_2" in page) for page in shown] == [
        (True, True),
        (True, False),
        (True, True),
        (True, True),
    ]
    assert "10 天" in shown[1]


def test_producers_and_buyers_read_their_own_in_plain_words_and_nobody_elses(people, login, client, bearer):
    with transaction():
        trade, other = make_trade(members=True), make_trade(members=True)
        order = make_order(trade)
        mine = {"producer_id": trade.clerk.organisation_id, "order_id": order.id}
        make_exception("a", kind="unknown_refund", subject="re_secret", **mine)
        make_exception("b", kind="payout_not_executed", rail="bank", subject="FK1", producer_id=mine["producer_id"])
        make_exception("c", kind="other_currency", subject="ch_1")
        done = make_exception("d", kind="refund_failed", **mine)
        exceptions.propose_note(done.public_id, "内部说明", people.clerk, NOON)
        exceptions.agree(done.public_id, people.checker, NOON)

    seller, buyer = (
        login(who).get(path).text
        for who, path in ((trade.clerk, "/producer/exceptions"), (trade.buyer, "/desk/exceptions"))
    )
    closed = login(trade.buyer).get("/desk/exceptions?status=closed").text
    strangers = [login(other.clerk).get("/producer/exceptions").text, login(other.buyer).get("/desk/exceptions").text]

    assert (
        "平台正在核对是哪张订单的退款" in seller,
        "已发送银行，还没有看到银行付出" in seller,
        "re_secret" in seller,
    ) == (True, True, False)
    assert ("退给您一笔款" in buyer, "已发送银行" in buyer, order.number in buyer) == (True, False, True)
    assert ("已查明，账目不变" in closed, "内部说明" in closed) == (True, False)
    assert [("没有核对中的款项" in page, order.number in page) for page in strangers] == [(True, False)] * 2
    answer = client.get("/api/v1/own-exceptions", headers=bearer(trade.clerk)).json
    assert [(one["status"], one["amount"]["amount"], one["number"]) for one in answer["items"]] == [
        ("open", "-5.00", None),
        ("open", "-5.00", order.number),
    ]
    assert client.get("/api/v1/own-exceptions", headers=bearer(people.auditor)).status_code in {403, 404}
