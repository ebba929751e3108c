"""Receipts: C2SP tlog-proof files that prove, with the log's public key alone, what was logged and where.

The extra data is JSON with ``entry``, the leaf as text, and where the entry only commits to its facts also
``facts`` and ``salt``: the entry's ``commitment`` is the SHA-256 of the salt's bytes and the facts' text.
"""

from __future__ import annotations

import hashlib
import json
import re
from base64 import b64decode, b64encode
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from shop.translog import notes, tree
from shop.translog.notes import BadNote, VerifierKey

_HEAD = "c2sp.org/tlog-proof@v1"
_INDEX = re.compile(r"index (0|[1-9][0-9]{0,18})\Z")
MEDIA_TYPE = "text/plain; charset=utf-8"
#: Larger files are no receipts.
MAX_SIZE = 1 << 20


class BadReceipt(ValueError):
    """The file is no receipt, or it proves nothing."""


@dataclass(frozen=True)
class Opened:
    """What a receipt proves: this entry, with these facts, is a leaf of the log that has this root."""

    checkpoint: notes.Checkpoint
    index: int
    entry: str
    facts: str | None
    signed_by: tuple[VerifierKey, ...]


def commitment(salt: bytes, facts: bytes) -> str:
    """Return what an entry says of facts that it does not tell."""
    return hashlib.sha256(salt + facts).hexdigest()


def write(
    *,
    index: int,
    proof: Iterable[bytes],
    note: str,
    entry: bytes,
    facts: bytes | None = None,
    salt: bytes | None = None,
) -> str:
    """Return a receipt.

    :param proof: the hashes of the inclusion proof, the sibling's first.
    :param note: the signed checkpoint that the proof leads to.
    """
    extra: dict[str, str] = {"entry": entry.decode()}
    if facts is not None and salt is not None:
        extra |= {"facts": facts.decode(), "salt": salt.hex()}
    told = b64encode(json.dumps(extra, ensure_ascii=False).encode()).decode()
    lines = [_HEAD, f"extra {told}", f"index {index}", *(b64encode(each).decode() for each in proof)]
    return "\n".join(lines) + "\n\n" + note


def open_receipt(text: str, keys: Sequence[VerifierKey]) -> Opened:
    """Check a receipt with public keys and return what it proves.

    :raises BadReceipt: in one sentence, why it proves nothing.
    """
    head, _, note = text.partition("\n\n")
    try:
        signed_text, signed_by = notes.open_note(note, keys)
        checkpoint = notes.read_checkpoint(signed_text)
    except BadNote as error:
        raise BadReceipt(str(error)) from error
    lines = head.split("\n")
    if len(lines) < 3 or lines[0] != _HEAD or not lines[1].startswith("extra ") or not _INDEX.match(lines[2]):  # noqa: PLR2004
        message = "Not a receipt of this kind."
        raise BadReceipt(message)
    extra, proof = _read_extra(lines[1][6:]), _read_proof(lines[3:])
    index = int(lines[2][6:])
    leaf = tree.leaf_hash(extra["entry"].encode())
    if not tree.is_included(leaf, index, checkpoint.size, proof, checkpoint.root):
        message = "The proof does not lead from the entry to the signed root."
        raise BadReceipt(message)
    _check_facts(extra)
    return Opened(checkpoint, index, extra["entry"], extra.get("facts"), tuple(signed_by))


def _read_extra(encoded: str) -> dict[str, str]:
    try:
        extra: Any = json.loads(b64decode(encoded, validate=True))
    except ValueError as error:
        message = "The extra data cannot be read."
        raise BadReceipt(message) from error
    is_text = isinstance(extra, dict) and all(isinstance(value, str) for value in extra.values())
    if not is_text or "entry" not in extra or ("facts" in extra) != ("salt" in extra):
        message = "The extra data holds no entry."
        raise BadReceipt(message)
    return dict(extra)


def _read_proof(lines: Sequence[str]) -> list[bytes]:
    try:
        return [b64decode(line, validate=True) for line in lines]
    except ValueError as error:
        message = "A hash of the proof cannot be read."
        raise BadReceipt(message) from error


def _check_facts(extra: dict[str, str]) -> None:
    if "facts" not in extra:
        return
    try:
        told = json.loads(extra["entry"])["commitment"]
        made = commitment(bytes.fromhex(extra["salt"]), extra["facts"].encode())
    except (ValueError, KeyError, TypeError) as error:
        message = "The entry commits to no facts."
        raise BadReceipt(message) from error
    if told != made:
        message = "The facts are not those that the entry commits to."
        raise BadReceipt(message)
