"""The monitor: what its owner changes in the database, with triggers off, is found and named."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from shop.db import db, transaction
from shop.translog.registry import Record
from shop.translog.sealing import keys_folder, seal_log
from tests.ledger.world import make_world, post

pytestmark = pytest.mark.usefixtures("session")


@pytest.fixture
def counted():
    """A log of three counted entries, among others."""
    with transaction():
        make_world()
    with transaction():
        for amount in (100, 200, 300):
            post(amount, key=f"order:7:fact:{amount}")
            post(amount, measure="ordered")
    seal_log("counted")


def test_an_untouched_log_agrees(counted, run):
    code, out, _err = run("log", "monitor", "counted")

    assert code == 0
    assert out.startswith("counted: 3 leaves, 0 tiles, 1 checkpoints, root ")
    assert out.endswith(": all agrees\n")


@pytest.mark.parametrize(
    ("table", "statement", "words"),
    [
        ("postings", "UPDATE postings SET amount_fen = 201 WHERE amount_fen = 200 AND measure = 'counted'",
         "leaf 1: order:7:fact:200 posting 3 is not what was logged (commitment differs)"),
        ("journal_entries", "UPDATE journal_entries SET occurred_at = now() WHERE key = 'order:7:fact:300'",
         "leaf 2: order:7:fact:300 posting 5 is not what was logged (commitment differs)"),
        ("ledger_dimensions", "UPDATE ledger_dimensions SET county_code = '621102', prefecture_code = '621100'",
         "leaf 0: order:7:fact:100 posting 1 is not what was logged (commitment differs)"),
        ("postings", "DELETE FROM postings WHERE amount_fen = 300 AND measure = 'counted'",
         "leaf 2: order:7:fact:300 posting 5 was logged and is gone"),
        ("ledger_seals", "DELETE FROM ledger_seals WHERE seq = (SELECT max(seq) FROM ledger_seals) - 1",
         "leaf 2: order:7:fact:300 posting 5 was logged and is gone"),
        ("ledger_seals", "UPDATE ledger_seals SET sealed_at = now() WHERE seq = 1",
         "leaf 0: order:7:fact:100 posting 1 is not what was logged (sealed_at differs)"),
        ("log_leaves", "UPDATE log_leaves SET entry = 'x' WHERE leaf_index = 1", "leaf 1: its hash is not that of its entry"),
        ("log_leaves", "DELETE FROM log_leaves WHERE leaf_index = 0", "leaf 1 stands where leaf 0 should"),
        ("log_leaves", "DELETE FROM log_leaves WHERE leaf_index = 2", "checkpoint 1 of size 3: the log has only 2 leaves"),
        ("log_checkpoints", "UPDATE log_checkpoints SET size = 2", "checkpoint 1 of size 2: its row and its note differ"),
        ("log_checkpoints", "UPDATE log_checkpoints SET note = replace(note, chr(10) || '3' || chr(10), chr(10) || '4' || chr(10))", "is not on this text"),
        ("log_keys", "UPDATE log_keys SET name = 'x'", ": only the database has it, no file here and no --key"),
    ],
)  # fmt: skip
def test_what_was_changed_is_named(counted, run, disabled, table, statement, words):
    first = int(db.session.execute(text("SELECT min(id) - 1 FROM postings")).scalar_one())
    checkpoint = db.session.execute(text("SELECT id FROM log_checkpoints")).scalar_one()
    for number in (1, 3, 5):
        words = words.replace(f"posting {number} ", f"posting {first + number} ")
    words = words.replace("checkpoint 1 ", f"checkpoint {checkpoint} ")
    disabled(table, statement)

    code, out, err = run("log", "monitor", "counted")

    assert code == 1
    assert words in err
    assert "differences" in out


def test_what_was_slipped_in_is_named(records, run):
    records.put(3)
    seal_log("test")
    records.insert(2, Record(2, "slipped in", {}))

    code, _out, err = run("log", "monitor", "test")

    assert (code, "slipped in was never logged, though later ones were" in err) == (1, True)


def test_another_order_is_named(records, run):
    records.put(2)
    seal_log("test")
    records[:] = [Record(1, "record 2", {"number": 2}), Record(1, "record 1", {"number": 1}), Record(2, "record 3", {})]

    code, _out, err = run("log", "monitor", "test")

    assert (code, "the records have another order now" in err) == (1, True)


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("UPDATE log_tiles SET hashes = overlay(hashes placing '\\x00' from 9) WHERE number = 1", "tile 0/1 differs"),
        ("UPDATE log_tiles SET root = decode(repeat('00', 32), 'hex') WHERE number = 0", "tile 0/0 differs"),
        ("DELETE FROM log_tiles WHERE number = 1", "tile 0/1 is missing"),
        ("UPDATE log_tiles SET level = 1 WHERE number = 1", "1 tiles too many"),
    ],
)
def test_a_changed_tile_is_named(records, run, disabled, statement, words):
    records.put(600)
    seal_log("test")
    disabled("log_tiles", statement)

    code, _out, err = run("log", "monitor", "test")

    assert (code, words in err) == (1, True)


def test_a_log_that_was_made_anew_by_who_also_holds_the_folder_is_found_by_a_checkpoint_kept_elsewhere(
    records, run, client, disabled, tmp_path
):
    records.put(5)
    seal_log("test")
    kept = tmp_path / "checkpoint"
    kept.write_bytes(client.get("/log/test/checkpoint").data)
    records.put(2)
    seal_log("test")
    assert run("log", "monitor", "test", "--checkpoint", str(kept))[0] == 0

    for table in ("log_leaves", "log_checkpoints"):
        disabled(table, f"DELETE FROM {table}")
    db.session.execute(text("UPDATE log_marks SET place = 0"))
    db.session.commit()
    records[2] = Record(3, "record 3", {"number": 4})
    next(keys_folder().glob("*_test.checkpoint")).unlink()
    assert run("log", "adopt", "test")[0] == 0

    assert run("log", "monitor", "test")[0] == 0
    code, _out, err = run("log", "monitor", "test", "--checkpoint", str(kept))
    assert (code, err) == (1, "test: kept checkpoint 1 of size 5: its root is not that of the leaves\n")


def test_a_kept_checkpoint_of_another_log_or_key_is_refused(records, run, counted, client, tmp_path):
    records.put(1)
    seal_log("test")
    kept = tmp_path / "checkpoint"
    kept.write_bytes(client.get("/log/counted/checkpoint").data)

    assert run("log", "monitor", "test", "--checkpoint", str(kept))[0] == 1
    assert run("log", "monitor", "--checkpoint", str(kept))[0] == 2
    assert run("log", "monitor", "unknown")[0] == 2


def test_a_log_that_no_longer_leads_to_its_checkpoint_signs_nothing_more(records, run, disabled):
    records.put(5)
    seal_log("test")
    disabled("log_leaves", "UPDATE log_leaves SET hash = decode(repeat('00', 32), 'hex') WHERE leaf_index = 2")
    records.put(1)

    code, _out, err = run("log", "seal", "test")

    assert (code, "duikou log monitor" in err) == (3, True)
    assert db.session.execute(text("SELECT size FROM log_checkpoints")).all() == [(5,)]


def test_a_log_without_leaves_is_said_to_be_so(records, run):
    assert run("log", "monitor", "test")[:2] == (0, "test: nothing was logged yet\n")
