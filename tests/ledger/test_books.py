"""Dimensions and entries: what is written, in which order, and what is refused."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from sqlalchemy import event, text

from orders.ledger import books
from shop.db import db, transaction
from tests.conftest import count
from tests.ledger.world import ANDING, JINGYUAN, LIBO, dimension, make_world, post

AT = datetime(2026, 7, 1, 4, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def world(session):
    make_world()
    db.session.commit()


def _postings() -> Any:
    return db.session.execute(
        text("""SELECT p.book, p.measure, d.kind || '/' || d.owner AS debit, c.kind || '/' || c.owner AS credit,
                       p.amount_fen, p.business_on, p.origin_on
                FROM postings p JOIN ledger_accounts d ON d.id = p.debit_id JOIN ledger_accounts c ON c.id = p.credit_id
                ORDER BY p.id""")
    ).all()


def test_dimensions_come_back_in_the_order_given_with_the_county_s_parents():
    rows = [dimension(county_code=code) for code in (LIBO, JINGYUAN, ANDING)]
    ids = books.add_dimensions(rows)
    found = db.session.execute(
        text(
            "SELECT id, line_id, prefecture_code, province_code FROM ledger_dimensions ORDER BY array_position(:ids, id)"
        ),
        {"ids": ids},
    ).all()
    assert [(row[0], row[1]) for row in found] == [(i, r.line_id) for i, r in zip(ids, rows, strict=True)]
    assert [row[2:] for row in found] == [("522700", "520000"), ("620400", "620000"), ("621100", "620000")]


def test_a_county_that_is_not_assisted_is_refused_by_name():
    with pytest.raises(books.CountyUnknown) as refusal:
        books.add_dimensions([dimension(), dimension(county_code="120101")])
    assert refusal.value.members == {"counties": ["120101"]}


def test_an_entry_posts_statistics_from_buyer_to_county_and_money_between_accounts():
    (dimension_id,) = books.add_dimensions([dimension()])
    receivable = books.Account("buyer_receivable", books.org_owner(21))
    payable = books.Account("producer_payable", books.org_owner(11))
    books.record_entry(
        "order:1:placed", "order_placed", occurred_at=AT, order_id=1,
        stats=[
            books.StatsPosting("ordered", dimension_id, JINGYUAN, books.org_owner(21), 1230, date(2026, 7, 1)),
            books.StatsPosting("counted", dimension_id, JINGYUAN, books.org_owner(21), 0, date(2026, 7, 1)),
        ],
        money=[books.MoneyPosting(receivable, payable, 1230, date(2026, 7, 1))],
    )  # fmt: skip
    day = date(2026, 7, 1)
    assert _postings() == [
        ("stats", "ordered", "buyer/org:21", "county/county:620421", 1230, day, day),
        ("money", None, "buyer_receivable/org:21", "producer_payable/org:11", 1230, day, day),
    ]


def test_the_same_fact_is_refused_the_second_time_and_posts_nothing():
    post(100, key="order:1:placed")
    with pytest.raises(books.FactAlreadyRecorded):
        post(100, key="order:1:placed")
    assert (count("journal_entries"), count("postings")) == (1, 1)


def test_a_posting_of_a_closed_month_counts_on_the_first_open_day_and_keeps_its_origin():
    post(1, on=date(2026, 6, 30))
    db.session.execute(
        text("""INSERT INTO ledger_periods (starts_on, ends_on, closed_at, closed_seq, control_total_fen, sha256)
                VALUES ('2026-06-01', '2026-06-30', now(), 1, 1, 'x')""")
    )
    post(2, on=date(2026, 6, 30))
    post(3, on=date(2026, 7, 2))
    assert [(p.amount_fen, p.business_on, p.origin_on) for p in _postings()] == [
        (1, date(2026, 6, 30), date(2026, 6, 30)),
        (2, date(2026, 7, 1), date(2026, 6, 30)),
        (3, date(2026, 7, 2), date(2026, 7, 2)),
    ]


def test_negative_money_and_unknown_names_are_programming_errors():
    one = books.Account("fees", "platform")
    with pytest.raises(ValueError, match="positive"):
        books.record_entry("k", "f", occurred_at=AT, money=[books.MoneyPosting(one, one, -1, date(2026, 7, 1))])
    with pytest.raises(ValueError, match="no accounts"):
        books.Account("pocket", "platform")
    with pytest.raises(ValueError, match="no measure"):
        post(1, measure="hoped")


def test_a_known_pair_of_accounts_costs_two_statements_an_entry():
    with transaction():
        post(1)
    (dimension_id,) = books.add_dimensions([facts := dimension()])
    statements: list[str] = []
    bind = db.session.get_bind()
    event.listen(bind, "before_cursor_execute", lambda *args: statements.append(args[2]))
    post(5, facts=facts, dimension_id=dimension_id)
    assert len(statements) == 2


@pytest.mark.parametrize("table", ["journal_entries", "postings", "ledger_dimensions"])
def test_the_books_cannot_be_changed(table):
    post(1)
    for statement in (f"UPDATE {table} SET id = id", f"DELETE FROM {table}", f"TRUNCATE {table} CASCADE"):
        with pytest.raises(Exception, match="append-only"), db.session.begin_nested():
            db.session.execute(text(statement))
