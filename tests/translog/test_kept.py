"""What a key signed last stands beside it, in no database: a history that was made anew in the tables is never signed."""

from __future__ import annotations

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import text

from shop import clock
from shop.db import db, transaction
from shop.translog import notes, queries, registry, services
from shop.translog.notes import Checkpoint, Signer
from shop.translog.registry import Record
from shop.translog.sealing import keys_folder, open_log, seal_log
from tests.conftest import count
from tests.translog import verifier

pytestmark = pytest.mark.usefixtures("session")

NAME = "127.0.0.1:8000/log/test"


@pytest.fixture
def forget(disabled):
    """Empty the tables of all logs, as their owner could."""

    def everything() -> None:
        for table in ("log_checkpoints", "log_tiles", "log_leaves", "log_key_ends", "log_keys", "log_marks", "logs"):
            disabled(table, f"DELETE FROM {table}")

    return everything


def beside() -> Path:
    """Return the file beside the log's key."""
    return next(keys_folder().glob("*_test.checkpoint"))


def test_a_history_made_anew_in_every_table_is_not_signed(records, run, fetch, client, forget):
    records.put(5)
    seal_log("test")
    signed, key = fetch("checkpoint").decode(), fetch("key").decode()
    assert beside().read_text() == signed
    assert beside().stat().st_mode & 0o777 == 0o600

    forget()
    records[2] = Record(3, "record 3", {"number": 4})
    missing = run("log", "monitor", "test")
    refused = run("log", "seal", "test")
    named = run("log", "monitor", "test")

    assert missing[0] == 1
    assert (
        missing[2] == f"test: the checkpoint beside the key {NAME} stands for a log that the database does not have\n"
    )
    assert (refused[0], "duikou log monitor" in refused[2]) == (3, True)
    assert (count("log_checkpoints"), beside().read_text()) == (0, signed)
    assert 'duikou_log_unsigned{log="test"} 5.0' in client.get("/metrics").text
    assert verifier.read_checkpoint(signed, key)[1] == 5
    assert (
        named[0],
        f"the checkpoint beside the key {NAME} of size 5: its root is not that of the leaves" in named[2],
    ) == (1, True)
    records[2] = Record(3, "record 3", {"number": 3})
    forget()
    assert run("log", "seal", "test")[0] == 0
    assert fetch("checkpoint").decode() == signed


def test_a_shorter_history_is_not_signed(records, run, forget):
    records.put(5)
    seal_log("test")
    forget()
    del records[4:]

    assert run("log", "seal", "test")[0] == 3
    assert run("log", "adopt", "test")[0] == 3
    assert count("log_checkpoints") == 0


def test_a_tile_that_hides_the_leaves_below_it_is_not_signed(records, run, disabled):
    records.put(255)
    seal_log("test")
    records.put(1)
    with transaction():
        services.append(open_log("test"), registry.get_source("test"), clock.now())
    disabled("log_tiles", "UPDATE log_tiles SET root = decode(repeat('00', 32), 'hex')")
    log = queries.get_log("test")
    assert queries.root_at(log.id, 255) == bytes(queries.get_checkpoint(log.id).root)

    assert run("log", "seal", "test")[0] == 3
    assert queries.get_checkpoint(queries.get_log("test").id).size == 255


def test_a_key_that_only_the_database_has_is_not_believed(records, run, disabled, tmp_path):
    records.put(2)
    seal_log("test")
    own = Signer(f"{NAME}/key2", Ed25519PrivateKey.generate())
    log = queries.get_log("test")
    note = notes.sign(Checkpoint(log.origin, 2, queries.root_at(log.id, 2)), [own])
    db.session.execute(
        text("INSERT INTO log_keys (log_id, name, public_key, added_at) VALUES (:log, :name, :key, now())"),
        {"log": log.id, "name": own.name, "key": own.verifier.public_key},
    )
    db.session.execute(
        text("INSERT INTO log_checkpoints (log_id, size, root, note, signed_at) SELECT log_id, size, root, :note, now() "
             "FROM log_checkpoints"), {"note": note},
    )  # fmt: skip
    db.session.commit()

    code, _out, err = run("log", "monitor", "test")
    told = tmp_path / "keys"
    told.write_text(f"# announced\n{own.verifier}\n")

    assert code == 1
    assert f"key {own.verifier}: only the database has it" in err
    assert "No signature by a known key" in err
    assert run("log", "monitor", "test", "--key", str(told))[:1] == (0,)
    assert run("log", "monitor", "test", "--key", "nonsense")[0] == 2
    assert run("log", "seal", "test")[0] == 3


def test_a_database_moved_without_the_file_signs_on_once_a_person_says_so(records, run, fetch, tmp_path):
    records.put(3)
    seal_log("test")
    first = fetch("checkpoint").decode()
    beside().unlink()
    records.put(1)

    code, _out, err = run("log", "seal", "test")
    assert (code, "duikou log adopt" in err) == (3, True)
    assert f"no checkpoint is kept beside the key {NAME}" in run("log", "monitor", "test")[2]

    elsewhere = tmp_path / "checkpoint"
    other = notes.sign(Checkpoint(NAME, 3, b"0" * 32), [Signer(NAME, Ed25519PrivateKey.generate())])
    for refused in (other, "nonsense", first.replace("\n3\n", "\n2\n")):
        elsewhere.write_text(refused)
        assert run("log", "adopt", "test", "--checkpoint", str(elsewhere))[0] == 3
    assert run("log", "adopt", "unknown")[0] == 2
    elsewhere.write_text(first)
    code, out, _err = run("log", "adopt", "test", "--checkpoint", str(elsewhere))

    assert (code, out.startswith("test: signs on from leaf 3, root ")) == (0, True)
    assert run("log", "monitor", "test")[0] == 0
    assert "\n4\n" in beside().read_text()
    beside().write_text("nonsense")
    assert run("log", "seal", "test")[0] == 3
    assert run("log", "adopt", "test")[0] == 3


def test_a_signer_that_ends_before_its_commit_leaves_a_promise_that_the_next_keeps(records, run):
    records.put(2)
    seal_log("test")
    records.put(2)
    with transaction():
        services.append(open_log("test"), registry.get_source("test"), clock.now())

    def sign_and_end() -> None:
        with transaction():
            services.sign(open_log("test"), keys_folder(), clock.now())
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        sign_and_end()

    assert "\n4\n" in beside().read_text()
    assert queries.get_checkpoint(queries.get_log("test").id).size == 2
    records.put(1)
    assert seal_log("test") == 1
    assert run("log", "monitor", "test")[0] == 0


def test_a_key_made_later_stands_for_what_was_signed_with_it(records, run, forget):
    records.put(1)
    seal_log("test")

    assert run("log", "add-key", "test")[0] == 0

    files = sorted(keys_folder().glob("*.checkpoint"))
    assert ["\n1\n" in file.read_text() for file in files] == [True, True]
