"""Signed notes: known keys and signatures of others are accepted, anything changed is not."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from shop.translog import notes
from shop.translog.notes import BadNote, Checkpoint, Signer, VerifierKey

#: From the documentation of Go's package of signed notes.
PETER = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
NOTE = (
    "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n\n"
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)
ROOT = bytes(range(32))


@pytest.fixture
def signers():
    return [Signer("example.com/log", Ed25519PrivateKey.generate()), Signer("other", Ed25519PrivateKey.generate())]


def test_a_note_of_go_s_package_is_opened_by_its_key():
    text, signed = notes.open_note(NOTE, [VerifierKey.parse(PETER)])

    assert text.endswith("your problem is.\n")
    assert [str(key) for key in signed] == [PETER]


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("answer", "Answer", "not on this text"),
        ("x08go", "y08go", "No signature by a known key"),
        ("PeterNeumann", "Peter", "No signature by a known key"),
        ("AM=\n", "AM=", "Not a signed note"),
        ("\n\n— ", "\n— ", "Not a signed note"),
        ("— ", "- ", "Not a signature line"),
        ("AM=\n", "AM\n", "Not a signature line"),
    ],
)
def test_a_note_that_was_changed_is_refused(old, new, words):
    with pytest.raises(BadNote, match=words):
        notes.open_note(NOTE.replace(old, new), [VerifierKey.parse(PETER)])


@pytest.mark.parametrize("key", ["", "x", PETER[:-4], PETER.replace("c74f", "c74e"), PETER.replace("+AR", "+BR"),
                                 PETER.replace("Peter", "Peter "), "a+b+c"])  # fmt: skip
def test_a_key_that_is_none_is_refused(key):
    with pytest.raises(BadNote, match="Not a verifier key"):
        VerifierKey.parse(key)


def test_a_checkpoint_of_two_keys_is_opened_by_either(signers):
    note = notes.sign(Checkpoint("example.com/log", 7, ROOT), signers)

    for signer in signers:
        text, signed = notes.open_note(note, [signer.verifier])
        assert (notes.read_checkpoint(text), signed) == (Checkpoint("example.com/log", 7, ROOT), [signer.verifier])
    assert note.startswith("example.com/log\n7\nAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n\n— example.com/log ")


@pytest.mark.parametrize("text", ["", "a\n", "a\n7\n", "a\n07\nAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n", "a\n7\nAAEC\n",
                                  "\n7\nAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n"])  # fmt: skip
def test_what_is_no_checkpoint_is_refused(text):
    with pytest.raises(BadNote, match="Not a checkpoint"):
        notes.read_checkpoint(text)
