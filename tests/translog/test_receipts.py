"""Receipts: of an order's line, checked offline with the public key alone; a changed one proves nothing."""

from __future__ import annotations

import hashlib
import json
import uuid
from base64 import b64decode, b64encode

import pytest
from sqlalchemy import text

from orders.ledger.reporting import seal_everything
from shop.db import db, transaction
from shop.translog.notes import VerifierKey
from shop.translog.receipts import BadReceipt, open_receipt
from tests.conftest import count
from tests.counting.build import accept, lines_of, make_order, make_trade
from tests.payments.card import charge
from tests.translog import verifier

pytestmark = pytest.mark.usefixtures("session")


@pytest.fixture
def trade():
    with transaction():
        return make_trade(members=True)


@pytest.fixture
def line(trade):
    """The address of a line that counted 60.00, and then 40.00 more."""
    with transaction():
        order = make_order(trade)
        accept(order, ("10", "0"))
        charge((order, 6000))
    with transaction():
        charge((order, 4000))
    return f"/api/v1/orders/{order.public_id}/lines/{lines_of(order)[0].public_id}/receipts"


@pytest.fixture
def receipt(client, line, trade, bearer, tmp_path):
    """A receipt as a file, and the log's key."""
    headers = bearer(trade.buyer)
    first = client.get(line, headers=headers).json["items"][0]
    path = tmp_path / "counted.tlog-proof"
    path.write_bytes(client.get(first["address"], headers=headers).data)
    return path, client.get("/log/counted/key").text.strip()


def test_a_line_has_a_receipt_for_each_posting_that_counts(client, line, trade, bearer):
    items = client.get(line, headers=bearer(trade.buyer)).json["items"]

    assert [(item["amount"]["amount"], item["index"]) for item in items] == [("60.00", 0), ("40.00", 1)]
    answer = client.get(items[1]["address"], headers=bearer(trade.buyer))
    assert answer.headers["Content-Disposition"] == 'attachment; filename="counted-1.tlog-proof"'
    assert answer.text.startswith("c2sp.org/tlog-proof@v1\nextra ")


def test_a_receipt_is_proved_by_the_public_key_alone(receipt, run):
    path, key = receipt

    code, out, _err = run("receipt", "verify", str(path), "--key", key)

    entry, facts, words = out.splitlines()
    assert code == 0
    assert json.loads(entry).keys() == {"v", "log", "seq", "n", "sealed_at", "commitment"}
    assert json.loads(facts)["amount_fen"] == 6000
    assert json.loads(facts)["county"] == "620421"
    assert words == "valid: leaf 0 of 2 in 127.0.0.1:8000/log/counted, signed by 127.0.0.1:8000/log/counted"


def test_a_receipt_is_proved_by_a_verifier_that_knows_none_of_our_code(receipt):
    path, key = receipt
    head, note = path.read_text().split("\n\n", 1)
    _form, extra, index, *proof = head.split("\n")

    _origin, size, root = verifier.read_checkpoint(note, key)
    told = json.loads(b64decode(extra.removeprefix("extra ")))

    leaf = verifier.leaf(told["entry"].encode())
    path_hashes = [b64decode(each) for each in proof]
    assert verifier.inclusion_holds(leaf, int(index.removeprefix("index ")), size, path_hashes, root)
    committed = hashlib.sha256(bytes.fromhex(told["salt"]) + told["facts"].encode()).hexdigest()
    assert committed == json.loads(told["entry"])["commitment"]


def test_a_receipt_is_checked_with_a_file_of_keys(receipt, run, tmp_path):
    path, key = receipt
    (tmp_path / "keys").write_text(f"# ours\n\n{key}\n")

    assert run("receipt", "verify", str(path), "--key", str(tmp_path / "keys"))[0] == 0


def _with_extra(text: str, **changes: str) -> str:
    head, extra, rest = text.split("\n", 2)
    told = json.loads(b64decode(extra.removeprefix("extra "))) | changes
    return f"{head}\nextra {b64encode(json.dumps(told).encode()).decode()}\n{rest}"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda text: text.replace("index 0", "index 1"), "does not lead"),
        (lambda text: _with_extra(text, entry="{}"), "does not lead"),
        (lambda text: _with_extra(text, facts="{}"), "not those that the entry commits to"),
        (lambda text: _with_extra(text, salt="00"), "not those that the entry commits to"),
        (lambda text: text.replace("log/counted\n2\n", "log/counted\n3\n"), "not on this text"),
        (lambda text: text.replace("tlog-proof@v1", "tlog-proof@v2"), "Not a receipt"),
        (lambda text: text[:200], "Not a signed note"),
        (lambda _text: "", "Not a signed note"),
    ],
)
def test_a_changed_receipt_proves_nothing(receipt, run, change, words):
    path, key = receipt
    path.write_text(change(path.read_text()))

    code, out, err = run("receipt", "verify", str(path), "--key", key)

    assert (code, out) == (1, "")
    assert words in err


def test_another_log_s_key_proves_nothing_and_no_key_cannot_be_read(receipt, run, records, client):
    path, _key = receipt
    assert run("log", "seal", "test")[0] == 0

    assert run("receipt", "verify", str(path), "--key", client.get("/log/test/key").text.strip())[0] == 1
    assert run("receipt", "verify", str(path), "--key", "nonsense")[0] == 2
    assert run("receipt", "verify", str(path) + "x", "--key", "nonsense")[0] == 2


def test_a_line_of_others_is_not_there(client, line, trade, bearer):
    with transaction():
        stranger = make_trade(members=True)

    assert client.get(line, headers=bearer(stranger.buyer)).status_code == 404
    assert client.get(f"{line}/0", headers=bearer(stranger.buyer)).status_code == 404
    assert client.get(line).status_code == 401
    assert client.get(f"{line}/7", headers=bearer(trade.buyer)).json["type"] == "/problems/not-logged"


def test_what_did_not_count_has_no_receipt_and_logs_nothing(client, trade, bearer):
    with transaction():
        order = make_order(trade)
    lines = f"/api/v1/orders/{order.public_id}/lines"

    assert client.get(f"{lines}/{lines_of(order)[0].public_id}/receipts", headers=bearer(trade.buyer)).json == {
        "items": []
    }
    assert client.get(f"{lines}/{uuid.uuid4()}/receipts", headers=bearer(trade.buyer)).json == {"items": []}
    assert count("log_leaves") == 0


def test_a_receipt_for_what_was_changed_since_is_refused(client, line, trade, bearer, disabled):
    assert client.get(line, headers=bearer(trade.buyer)).status_code == 200
    disabled("postings", "UPDATE postings SET amount_fen = 6001 WHERE amount_fen = 6000 AND measure = 'counted'")

    answer = client.get(line, headers=bearer(trade.buyer))

    assert (answer.status_code, answer.json["type"]) == (409, "/problems/log-record-changed")


def test_the_leaf_of_the_seal_is_among_the_facts(receipt):
    path, key = receipt
    seal_everything()
    facts = json.loads(open_receipt(path.read_text(), [VerifierKey.parse(key)]).facts or "")

    assert bytes.fromhex(facts["entry_leaf"]) == bytes(_seal_leaf(facts["seq"]))
    with pytest.raises(BadReceipt, match="No signature by a known key"):
        open_receipt(path.read_text(), [])


def _seal_leaf(seq: int) -> bytes:
    found: bytes = db.session.execute(text("SELECT leaf FROM ledger_seals WHERE seq = :seq"), {"seq": seq}).scalar_one()
    return found
