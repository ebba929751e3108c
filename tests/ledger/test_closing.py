"""Closing a month: in order, chained, waited for, and nothing is posted into it afterwards."""

from __future__ import annotations

import threading
from datetime import date
from typing import Any

import pytest
from sqlalchemy import text

from orders.ledger import closing, verify
from orders.ledger.checks import check_periods
from shop import clock
from shop.db import db, transaction
from tests.conftest import NOON, count
from tests.ledger.world import make_world, post

MAY, JUNE, JULY = date(2026, 5, 9), date(2026, 6, 1), date(2026, 7, 1)


@pytest.fixture
def world(session):
    make_world()
    db.session.commit()


def _days() -> list[Any]:
    return list(db.session.execute(text("SELECT amount_fen, business_on, origin_on FROM postings ORDER BY id")))


def test_closes_chain_and_keep_a_control_total(world):
    post(100, on=date(2026, 5, 31))
    post(7, measure="paid", on=date(2026, 5, 31))
    first = closing.close_period(MAY, None, at=NOON)
    post(20, on=date(2026, 5, 30))
    second = closing.close_period(JUNE, None, at=NOON)
    assert (first.control_total_fen, first.closed_seq, first.previous_sha256) == (100, 2, None)
    assert (second.control_total_fen, second.previous_sha256) == (20, first.sha256)
    assert _days()[-1] == (20, date(2026, 6, 1), date(2026, 5, 30))
    assert check_periods(None) == verify.Result(2)


def test_months_close_in_order_and_only_when_over(world):
    post(1, on=date(2026, 5, 31))
    with pytest.raises(closing.PeriodNotNext):
        closing.close_period(JUNE, None, at=NOON)
    with pytest.raises(closing.PeriodNotOver):
        closing.close_period(JULY, None, at=NOON)
    closing.close_period(MAY, None, at=NOON)
    with pytest.raises(closing.PeriodNotNext):
        closing.close_period(MAY, None, at=NOON)
    assert count("ledger_periods") == 1


def test_a_figure_changed_after_the_close_is_found(world):
    post(100, on=date(2026, 5, 31))
    closing.close_period(MAY, None, at=NOON)
    db.session.execute(text("UPDATE ledger_periods SET control_total_fen = 99"))
    assert check_periods(None).named == ("2026-05 differs from its close",)


@pytest.mark.committed
def test_a_close_waits_for_who_is_posting_and_counts_what_they_wrote(committed_app):
    with transaction():
        make_world()
        post(1, on=date(2026, 5, 2))
    posted, go = threading.Event(), threading.Event()

    def post_slowly() -> None:
        with committed_app.app_context(), clock.stopped_at(NOON), transaction():
            post(1000, on=date(2026, 5, 31))
            posted.set()
            go.wait(20)

    closed: list[int | None] = []

    def close() -> None:
        with committed_app.app_context(), clock.stopped_at(NOON), transaction():
            closed.append(closing.close_period(MAY, None, at=NOON).control_total_fen)

    poster, closer = threading.Thread(target=post_slowly, daemon=True), threading.Thread(target=close, daemon=True)
    poster.start()
    assert posted.wait(20)
    closer.start()
    closer.join(0.3)
    assert closer.is_alive()
    go.set()
    for thread in (poster, closer):
        thread.join(20)
    assert closed == [1001]
    with transaction():
        post(5, on=date(2026, 5, 31))
    assert _days()[-1] == (5, date(2026, 6, 1), date(2026, 5, 31))
