"""Sealing on real connections: two at once, one that is killed between, one that never waits for the business."""

from __future__ import annotations

import threading

import pytest
from sqlalchemy import text

from orders.ledger import sealing as ledger_sealing
from shop import clock
from shop.db import db, transaction
from shop.translog import queries, registry, services
from shop.translog.models import LogMark
from shop.translog.sealing import keys_folder, open_log, seal_log
from shop.translog.tasks import seal
from tests.conftest import NOON, count
from tests.ledger.world import make_world, post

pytestmark = pytest.mark.committed


def test_two_sealers_at_once_log_everything_once_in_the_order_of_the_seals(committed_app, records):
    with transaction():
        make_world()
    with transaction():
        post(1)  # the accounts, so that posters wait for nothing
    stop, failed = threading.Event(), []

    def keep_sealing() -> None:
        with committed_app.app_context(), clock.stopped_at(NOON):
            try:
                while True:
                    last_round = stop.is_set()
                    seal_log("counted")
                    if last_round:
                        return
            except Exception as error:  # noqa: BLE001  told by the test
                failed.append(error)

    def keep_posting() -> None:
        with committed_app.app_context(), clock.stopped_at(NOON):
            for _ in range(40):
                with transaction():
                    post(1)

    sealers = [threading.Thread(target=keep_sealing, daemon=True) for _ in range(2)]
    posters = [threading.Thread(target=keep_posting, daemon=True) for _ in range(2)]
    for thread in sealers + posters:
        thread.start()
    for thread in posters:
        thread.join(60)
    stop.set()
    for thread in sealers:
        thread.join(60)

    assert failed == []
    assert not any(thread.is_alive() for thread in sealers + posters)
    seal_log("counted")
    rows = db.session.execute(text("SELECT leaf_index, place FROM log_leaves ORDER BY leaf_index")).all()
    assert [row.leaf_index for row in rows] == list(range(81))
    assert [row.place for row in rows] == sorted(row.place for row in rows)
    assert queries.get_checkpoint(queries.get_log("counted").id).size == 81
    done = committed_app.test_cli_runner().invoke(args=["log", "monitor", "counted"])
    assert done.exit_code == 0, done.output


def test_leaves_that_a_killed_sealer_left_unsigned_are_signed_by_the_next(committed_app, records):
    records.put(3)
    seal_log("test")
    records.put(4)
    with transaction():
        services.append(open_log("test"), registry.get_source("test"), clock.now())
    log = queries.get_log("test")
    assert (queries.get_checkpoint(log.id).size, queries.size_of(log.id)) == (3, 7)

    assert seal_log("test") == 0

    assert queries.get_checkpoint(queries.get_log("test").id).size == 7


def test_a_sealer_that_ends_before_its_commit_leaves_nothing(committed_app, records):
    records.put(3)

    def append_and_end() -> None:
        with transaction():
            services.append(open_log("test"), registry.get_source("test"), clock.now())
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        append_and_end()

    assert (count("log_leaves"), count("logs")) == (0, 0)
    assert seal_log("test") == 3


def test_posting_goes_on_while_a_sealer_holds_its_lock(committed_app):
    with transaction():
        make_world()
    held, go = threading.Event(), threading.Event()

    def hold() -> None:
        with committed_app.app_context(), transaction():
            log = open_log("counted")
            services.lock(log)
            held.set()
            go.wait(60)

    holder = threading.Thread(target=hold, daemon=True)
    holder.start()
    assert held.wait(60)
    with transaction():
        db.session.execute(text("SET LOCAL lock_timeout = '5s'"))
        post(1)
        ledger_sealing.seal(NOON)
    go.set()
    holder.join(60)

    assert count("ledger_seals") == 1
    assert seal_log("counted") == 1


def test_a_backlog_is_logged_in_several_transactions_and_the_mark_passes_what_does_not_count(committed_app):
    with transaction():
        make_world()
    with transaction():
        for _ in range(5):
            post(1)
            post(1, measure="ordered")
        ledger_sealing.seal(NOON)
    source = registry.get_source("counted")
    sizes = []
    for _ in range(5):
        with transaction():
            done = services.append(open_log("counted"), source, NOON, batch=3)
            sizes.append((done.count, done.size, done.more))
    mark = db.session.get(LogMark, queries.get_log("counted").id)

    assert sizes == [(2, 2, True), (1, 3, True), (2, 5, True), (0, 5, True), (0, 5, False)]
    assert mark is not None
    assert mark.place == 10


def test_the_job_seals_all_logs_and_one_that_cannot_be_signed_keeps_no_other_back(committed_app, records):
    with transaction():
        make_world()
    seal()
    path = next(keys_folder().glob("*_log_counted.pem"))
    path.unlink()
    records.put(2)
    with transaction():
        post(1)

    seal()

    sizes = {row.name: row.size for row in db.session.execute(text(
        "SELECT l.name, max(c.size) AS size FROM logs l JOIN log_checkpoints c ON c.log_id = l.id GROUP BY 1"))}  # fmt: skip
    assert sizes == {"counted": 0, "test": 2, "trace": 0}
    assert count("log_leaves") == 3
