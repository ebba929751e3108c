"""A log as others read it: tiles, entries, checkpoints and proofs, checked by a verifier that knows none of our code."""

from __future__ import annotations

import hashlib
import json
import random
from base64 import b64decode
from pathlib import Path

import pytest
from sqlalchemy import text

from shop.db import db, transaction
from shop.translog import keys, queries, services
from shop.translog.registry import Source
from shop.translog.sealing import keys_folder, open_log, seal_log
from tests.conftest import count
from tests.translog import verifier

pytestmark = pytest.mark.usefixtures("session")


def test_what_was_put_in_is_read_back_from_tiles_and_adds_up_to_the_signed_root(records, fetch):
    records.put(600)
    assert seal_log("test") == 600

    origin, size, root = verifier.read_checkpoint(fetch("checkpoint").decode(), fetch("key").decode())
    entries = verifier.all_entries(fetch, size)
    leaves = verifier.all_hashes(fetch, size, 0)

    assert (origin, size) == ("127.0.0.1:8000/log/test", 600)
    assert entries[41] == b'{"log":"test","number":42,"v":1}'
    assert [verifier.leaf(entry) for entry in entries] == leaves
    assert verifier.tree_hash(leaves) == root
    assert verifier.all_hashes(fetch, size, 1) == [
        verifier.tree_hash(leaves[:256]),
        verifier.tree_hash(leaves[256:512]),
    ]


def test_hundreds_of_proofs_of_a_growing_log_hold(records, client, fetch):
    chance = random.Random(6962)  # noqa: S311  repeatable
    sizes = [1, 2, 255, 256, 257, 511, 700]
    for size in sizes:
        records.put(size - len(records))
        seal_log("test")
    leaves = [verifier.leaf(entry) for entry in verifier.all_entries(fetch, 700)]

    for _ in range(100):
        size = chance.choice([*sizes, chance.randrange(1, 701)])
        index, first = chance.randrange(size), chance.randrange(1, size + 1)
        told = client.get(f"/api/v1/log/test/inclusion?index={index}&size={size}").json
        path, root = [b64decode(each) for each in told["proof"]], b64decode(told["root"])
        assert root == verifier.tree_hash(leaves[:size])
        assert verifier.inclusion_holds(leaves[index], index, size, path, root)
        told = client.get(f"/api/v1/log/test/consistency?first={first}&second={size}").json
        older, newer = b64decode(told["first_root"]), b64decode(told["second_root"])
        assert (older, newer) == (verifier.tree_hash(leaves[:first]), root)
        assert verifier.consistency_holds(first, size, older, newer, [b64decode(each) for each in told["proof"]])


def test_nothing_new_leaves_the_checkpoint_as_it_is(records, fetch):
    records.put(3)
    seal_log("test")
    before = fetch("checkpoint")

    assert seal_log("test") == 0
    assert (fetch("checkpoint"), count("log_checkpoints")) == (before, 1)


def test_what_no_checkpoint_has_signed_is_not_published(records, client):
    records.put(300)
    seal_log("test")
    records.put(300)
    with transaction():
        services.append(open_log("test"), _source(records), db.session.execute(text("SELECT now()")).scalar_one())

    assert client.get("/log/test/tile/0/000").status_code == 200
    assert client.get("/log/test/tile/0/001").status_code == 404
    assert client.get("/log/test/tile/0/001.p/44").status_code == 200
    assert client.get("/log/test/tile/0/001.p/45").status_code == 404
    assert client.get("/log/test/tile/entries/001.p/45").status_code == 404
    answer = client.get("/api/v1/log/test/inclusion?index=2&size=301")
    assert (answer.status_code, answer.json["type"]) == (422, "/problems/bad-tree-size")
    assert client.get("/api/v1/log/test/inclusion?index=300&size=300").status_code == 422
    assert client.get("/api/v1/log/test/consistency?first=300&second=299").status_code == 422


def _source(records):
    return Source("test", records.read)


@pytest.mark.parametrize("path", ["tile/0/0", "tile/0/000.p/0", "tile/0/000.p/256", "tile/0/000.p/01", "tile/00/000", "tile/64/000",
                                  "tile/0/x000/000", "tile/0/x001", "tile/0/-01", "tile/1/000", "tile/x/000", "other"])  # fmt: skip
def test_there_is_one_path_for_each_tile(records, client, path):
    records.put(300)
    seal_log("test")

    assert client.get(f"/log/test/{path}").status_code == 404


def test_tiles_may_be_kept_for_ever_and_the_checkpoint_for_seconds(records, client):
    records.put(2)
    seal_log("test")

    tile, checkpoint = client.get("/log/test/tile/0/000.p/2"), client.get("/log/test/checkpoint")

    assert tile.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert (tile.content_type, len(tile.data)) == ("application/octet-stream", 64)
    assert checkpoint.headers["Cache-Control"] == "public, max-age=5"
    assert checkpoint.content_type == "text/plain; charset=utf-8"


def test_an_empty_log_has_a_checkpoint_of_size_0_once_it_was_sealed_and_none_before(records, client, fetch):
    assert client.get("/log/test/checkpoint").status_code == 404
    assert client.get("/api/v1/log/test").json["type"] == "/problems/no-such-log"

    seal_log("test")

    _origin, size, root = verifier.read_checkpoint(fetch("checkpoint").decode(), fetch("key").decode())
    assert (size, root) == (0, verifier.tree_hash([]))
    assert client.get("/api/v1/log/test/inclusion?index=0").status_code == 422


def test_a_log_is_shown_with_its_root_and_keys(records, client, fetch):
    records.put(1)
    seal_log("test")

    shown = client.get("/api/v1/log/test").json

    assert shown["size"] == 1
    assert b64decode(shown["root"]) == verifier.leaf(b'{"log":"test","number":1,"v":1}')
    assert shown["checkpoint"] == fetch("checkpoint").decode()
    assert shown["keys"] == [{"key": fetch("key").decode().strip(), "signs": True}]
    assert shown in client.get("/api/v1/log").json["items"]


def test_facts_are_committed_to_and_not_told(records, fetch):
    records.put(2, facts=True)
    seal_log("test")

    entries = [json.loads(entry) for entry in verifier.all_entries(fetch, 2)]
    salts = db.session.execute(text("SELECT salt FROM log_leaves ORDER BY leaf_index")).scalars().all()

    assert entries[0].keys() == {"v", "log", "number", "commitment"}
    assert len({bytes(salt) for salt in salts}) == 2
    assert entries[0]["commitment"] == commitment_of(bytes(salts[0]), b'{"secret":"of 1"}')


def commitment_of(salt: bytes, facts: bytes) -> str:
    """As docs/transparency.md says."""
    return hashlib.sha256(salt + facts).hexdigest()


@pytest.mark.parametrize("table", ["logs", "log_keys", "log_leaves", "log_tiles", "log_checkpoints"])
@pytest.mark.parametrize("statement", ["DELETE FROM {}", "UPDATE {} SET {}", "TRUNCATE {} CASCADE"])
def test_a_log_cannot_be_changed(records, table, statement):
    column = {"log_leaves": "place = 9", "log_tiles": "level = 9"}.get(table, "id = 9")
    records.put(256)
    seal_log("test")

    with pytest.raises(Exception, match="append-only"), db.session.begin_nested():
        db.session.execute(text(statement.format(table, column)))


def test_the_private_key_is_a_file_that_nobody_else_may_read(records):
    records.put(1)
    seal_log("test")

    path = keys.path_of(keys_folder(), "127.0.0.1:8000/log/test")

    assert path.stat().st_mode & 0o777 == 0o600
    assert b"PRIVATE KEY" in path.read_bytes()


def test_keys_are_exchanged_while_both_sign(records, fetch, run):
    records.put(1)
    seal_log("test")
    old = fetch("key").decode().strip()
    receipt_before = fetch("checkpoint").decode()

    code, out, _err = run("log", "add-key", "test")
    new = out.strip().splitlines()[-1]
    records.put(1)
    seal_log("test")

    assert (code, fetch("key").decode().split()) == (0, [old, new])
    assert new.startswith("127.0.0.1:8000/log/test/key2+")
    both = fetch("checkpoint").decode()
    assert verifier.read_checkpoint(both, old)[1] == verifier.read_checkpoint(both, new)[1] == 2

    assert run("log", "end-key", "test", old.split("+")[0])[0] == 0
    records.put(1)
    seal_log("test")

    after = fetch("checkpoint").decode()
    assert verifier.read_checkpoint(after, new)[1] == 3
    assert f"— {old.split('+')[0]} " not in after
    assert fetch("key").decode() == f"{new}\n# no longer signs\n{old}\n"
    assert verifier.read_checkpoint(receipt_before, old)[1] == 1
    assert run("log", "monitor", "test")[0] == 0


def test_the_only_key_is_not_ended_and_an_unknown_one_is_not_there(records, fetch, run):
    seal_log("test")

    assert run("log", "end-key", "test", "127.0.0.1:8000/log/test")[0] == 3
    assert run("log", "end-key", "test", "unknown")[0] == 2
    assert run("log", "add-key", "unknown")[0] == 2
    assert count("log_key_ends") == 0


def test_a_log_whose_key_file_is_lost_or_another_signs_nothing(records, run):
    records.put(1)
    seal_log("test")
    path = keys.path_of(keys_folder(), "127.0.0.1:8000/log/test")
    kept = path.read_bytes()
    records.put(1)
    try:
        path.unlink()
        assert run("log", "seal", "test")[0] == 3
        keys.make_signer(Path(path.parent), *["127.0.0.1:8000/log/test"] * 2)
        assert run("log", "seal", "test")[0] == 3
        path.write_bytes(b"nonsense")
        assert run("log", "seal", "test")[0] == 3
        assert [row.size for row in db.session.execute(text("SELECT size FROM log_checkpoints"))] == [1]
    finally:
        path.write_bytes(kept)

    assert run("log", "seal", "test")[0] == 0
    assert queries.get_checkpoint(queries.get_log("test").id).size == 2


def test_people_see_the_logs_and_how_to_check_them(records, client):
    assert "尚未公布检查点" in client.get("/log").text
    records.put(3)
    seal_log("test")

    page = client.get("/log").text

    root = client.get("/api/v1/log/test").json["root"]
    assert root in page
    assert "/log/test/checkpoint" in page
    assert "duikou receipt verify" in page
    assert 'href="/log"' in client.get("/").text
