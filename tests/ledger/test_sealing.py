"""Seals: gapless, in the order of commits, the same leaf for anyone who computes it."""

from __future__ import annotations

import hashlib
import random
import threading
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import rfc8785
from sqlalchemy import text

from orders.ledger import books, lines, questions, sealing, totals
from orders.ledger.questions import Question
from orders.ledger.reporting import sealed_snapshot
from shop import clock
from shop.db import db, transaction
from tests.conftest import NOON, count
from tests.ledger.world import JINGYUAN, dimension, make_world, post


def _rows(statement: str, **values: object) -> Any:
    return db.session.execute(text(statement), values).all()


@pytest.fixture
def world(session):
    make_world()
    db.session.commit()


def test_a_seal_numbers_entries_without_gaps_and_a_second_finds_nothing(world):
    first, second = post(100), post(200)
    assert sealing.has_news()
    assert sealing.seal(NOON) == sealing.Sealed(2, 2, more=False)
    assert _rows("SELECT seq, entry_id FROM ledger_seals ORDER BY seq") == [(1, first), (2, second)]
    assert not sealing.has_news()
    assert sealing.seal(NOON) == sealing.Sealed(0, 2, more=False)
    post(300)
    assert sealing.seal(NOON).seq == 3


def test_a_server_that_has_not_come_as_far_as_the_seals_leaves_nothing_out_in_silence(world):
    post(100)
    sealing.seal(NOON)
    db.session.execute(text("UPDATE ledger_seal_marks SET xid = cast('1000000000000' AS xid8)"))  # as a dump brings it
    post(200)

    for ask in (sealing.has_news, lambda: sealing.seal(NOON)):
        with pytest.raises(sealing.LedgerOrderLost):
            ask()
    assert sealing.last_seq() == 1
    assert count("ledger_seals") == 1


def test_a_backlog_is_sealed_in_batches(world):
    for _ in range(5):
        post(1)
    done = [sealing.seal(NOON, batch=2) for _ in range(3)]
    assert [(s.count, s.seq, s.more) for s in done] == [(2, 2, True), (2, 4, True), (1, 5, False)]
    assert _rows("SELECT amount_fen FROM ledger_rollups WHERE grain = 'county.year'") == [(5,)]


def test_a_leaf_is_the_hash_of_the_entry_s_canonical_json(world):
    facts = dimension()
    (dimension_id,) = books.add_dimensions([facts])
    at = datetime(2026, 7, 1, 4, 0, 0, 123456, tzinfo=UTC)
    day = date(2026, 7, 1)
    books.record_entry(
        'order:"1"\\地', "order_placed", occurred_at=at, order_id=1,
        stats=[books.StatsPosting("ordered", dimension_id, JINGYUAN, "org:21", -5, day)],
        money=[books.MoneyPosting(books.Account("fees", "platform"), books.Account("fx", "platform"), 7, day)],
    )  # fmt: skip
    sealing.seal(NOON)
    canonical = rfc8785.dumps(
        {
            "key": 'order:"1"\\地', "fact": "order_placed", "order": 1, "filing": None, "user": None, "organisation": None,
            "occurred_at": "2026-07-01T04:00:00.123456Z", "recorded_at": "2026-07-15T04:00:00.000000Z",
            "postings": [
                {"book": "stats", "measure": "ordered", "debit": "buyer/org:21", "credit": "county/county:620421",
                 "amount_fen": -5, "dimension": dimension_id, "business_on": "2026-07-01", "origin_on": "2026-07-01"},
                {"book": "money", "measure": None, "debit": "fees/platform", "credit": "fx/platform", "amount_fen": 7,
                 "dimension": None, "business_on": "2026-07-01", "origin_on": "2026-07-01"},
            ],
        }
    )  # fmt: skip
    assert _rows("SELECT leaf FROM ledger_seals") == [(hashlib.sha256(b"\x00" + canonical).digest(),)]


def test_seals_never_go_back_in_time(world):
    post(1)
    sealing.seal(NOON)
    post(2)
    sealing.seal(NOON - timedelta(days=400))
    assert _rows("SELECT sealed_at FROM ledger_seals ORDER BY seq") == [(NOON,), (NOON,)]


def test_cells_and_balances_hold_what_was_sealed(world):
    post(100, on=date(2026, 6, 30))
    post(-30, on=date(2026, 7, 1))
    post(999, measure="paid")
    sealing.seal(NOON)
    post(5)
    cells = _rows(
        "SELECT bucket_on, k1, amount_fen FROM ledger_rollups WHERE grain = 'county.month' AND measure = 'counted'"
    )
    assert sorted(cells) == [(date(2026, 6, 1), JINGYUAN, 100), (date(2026, 7, 1), JINGYUAN, -30)]
    balances = _rows("""SELECT a.kind, b.measure, b.debit_fen, b.credit_fen FROM ledger_balances b
                        JOIN ledger_accounts a ON a.id = b.account_id ORDER BY 1, 2""")
    assert balances == [("buyer", "counted", 70, 0), ("buyer", "paid", 999, 0), ("county", "counted", 0, 70),
                        ("county", "paid", 0, 999)]  # fmt: skip


@pytest.mark.parametrize("statement", ["UPDATE ledger_seals SET seq = 9", "DELETE FROM ledger_seals"])
def test_seals_cannot_be_changed(world, statement):
    post(1)
    sealing.seal(NOON)
    with pytest.raises(Exception, match="append-only"), db.session.begin_nested():
        db.session.execute(text(statement))


class _Elsewhere(threading.Thread):
    """A transaction in another connection that posts, then waits to be told to commit."""

    def __init__(self, app: Any, amount: int) -> None:
        super().__init__(daemon=True)
        self.app, self.amount, self.error = app, amount, None
        self.posted, self.go = threading.Event(), threading.Event()
        self.start()
        assert self.posted.wait(20)

    def run(self) -> None:
        with self.app.app_context(), clock.stopped_at(NOON), transaction():
            post(self.amount)
            self.posted.set()
            self.go.wait(20)

    def commit(self) -> None:
        self.go.set()
        self.join(20)
        assert not self.is_alive()


@pytest.mark.committed
def test_a_slow_transaction_with_a_lower_id_is_sealed_later_and_old_answers_stay(committed_app):
    with transaction():
        make_world()
    with transaction():
        post(1)  # the accounts, so that the two below wait for nothing
    slow = _Elsewhere(committed_app, 1000)
    quick = _Elsewhere(committed_app, 50)
    quick.commit()
    with transaction():
        assert sealing.seal(NOON).seq == 2
    answer = "SELECT sum(p.amount_fen) FROM postings p JOIN ledger_seals s ON s.entry_id = p.entry_id WHERE s.seq <= 2"
    assert _rows(answer) == [(51,)]
    slow.commit()
    assert sealing.has_news()
    with transaction():
        assert sealing.seal(NOON).seq == 3
    assert _rows(answer) == [(51,)]
    order = _rows("SELECT p.amount_fen FROM postings p JOIN ledger_seals s ON s.entry_id = p.entry_id ORDER BY s.seq")
    assert order == [(1,), (50,), (1000,)]
    assert _rows("SELECT amount_fen FROM ledger_rollups WHERE grain = 'county.year'") == [(1051,)]


@pytest.mark.committed
def test_the_mark_passes_everything_sealed_so_that_the_next_seal_looks_at_nothing(committed_app):
    with transaction():
        make_world()
    with transaction():
        for _ in range(5):
            post(1)
    beyond = "SELECT count(*) FROM journal_entries e, ledger_seal_marks m WHERE e.xid >= m.xid"
    for _ in range(2):
        with transaction():
            sealing.seal(NOON, batch=2)
        assert _rows(beyond) == [(5,)]
    # Transactions of other databases of the cluster hold the horizon back while they last.
    for _ in range(600):
        with transaction():
            sealing.seal(NOON, batch=2)
        if _rows(beyond) == [(0,)]:
            break
        threading.Event().wait(0.05)
    assert _rows(beyond) == [(0,)]
    assert _rows("SELECT seq FROM ledger_seal_marks") == [(5,)]


def _asked(as_of: int | None) -> tuple[int, int, int]:
    """Return the place that a year's total holds as of, the total, and the sum of its lines."""
    question = Question("counted", date(2026, 1, 1), date(2026, 12, 31), as_of=questions.resolve_as_of(as_of))
    return question.as_of, totals.answer(question).total_fen, sum(line.amount_fen for line in lines.all_lines(question))


@pytest.mark.committed
def test_two_sealers_at_once_seal_everything_once_and_every_total_read_meanwhile_is_a_committed_sum(committed_app):
    with transaction():
        make_world()
    stop = threading.Event()

    def keep_sealing() -> None:
        with committed_app.app_context(), clock.stopped_at(NOON):
            while True:
                last_round = stop.is_set()
                with transaction():
                    sealing.seal(NOON, batch=7)
                if last_round and not sealing.has_news():
                    return

    def keep_posting() -> None:
        with committed_app.app_context(), clock.stopped_at(NOON):
            for _ in range(40):
                with transaction():
                    post(1)

    answers: list[tuple[int, int, int, int, int]] = []

    def keep_reading() -> None:
        chance = random.Random(threading.get_ident())  # noqa: S311  where it looks back to
        with committed_app.app_context(), clock.stopped_at(NOON):
            while not stop.is_set():
                committed = count("journal_entries")
                db.session.rollback()
                with sealed_snapshot():
                    seq, whole, listed = _asked(None)
                    back = chance.randint(0, seq)
                    answers.append((committed, seq, whole, listed, _asked(back)[1] - back))

    readers = [threading.Thread(target=keep_reading, daemon=True) for _ in range(2)]
    sealers = [threading.Thread(target=keep_sealing, daemon=True) for _ in range(2)]
    posters = [threading.Thread(target=keep_posting, daemon=True) for _ in range(3)]
    for thread in readers + sealers + posters:
        thread.start()
    for thread in posters:
        thread.join(60)
    stop.set()
    for thread in sealers + readers:
        thread.join(60)
        assert not thread.is_alive()
    # Each entry is one fen: the sum of what is sealed up to a place is the place, in the total as in its lines.
    assert answers
    for committed, seq, whole, listed, difference_back in answers:
        assert committed <= seq == whole == listed
        assert difference_back == 0
    db.session.rollback()
    assert _rows("SELECT count(*), min(seq), max(seq), count(DISTINCT entry_id) FROM ledger_seals") == [
        (120, 1, 120, 120)
    ]
    assert _rows("SELECT amount_fen FROM ledger_rollups WHERE grain = 'county.year'") == [(120,)]
    assert count("ledger_balances") == 2
