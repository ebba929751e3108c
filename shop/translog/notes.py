"""Signed notes and checkpoints as C2SP writes them (signed-note, tlog-checkpoint), with Ed25519."""

from __future__ import annotations

import hashlib
import re
from base64 import b64decode, b64encode
from collections.abc import Iterable
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

#: The kind of signature in key ids and key strings.
_ED25519 = b"\x01"
_DASH = "\N{EM DASH}"
_NAME = re.compile(r"[^\s+]+\Z")
_SIGNATURE = re.compile(rf"{_DASH} ([^\s+]+) ([A-Za-z0-9+/]+={{0,2}})\Z")
_SIZE = re.compile(r"(0|[1-9][0-9]{0,18})\Z")
#: What a verifier reads of a note; more is refused unread.
_MAX_NOTE, _MAX_SIGNATURES = 100_000, 100


class BadNote(ValueError):
    """The text is not a note, or no known key has signed it, or one has not signed this text."""


@dataclass(frozen=True)
class VerifierKey:
    """A name and an Ed25519 public key of 32 bytes: what a verifier has to know of a log."""

    name: str
    public_key: bytes

    @property
    def id(self) -> bytes:
        """The four bytes that stand before each signature."""
        return hashlib.sha256(self.name.encode() + b"\n" + _ED25519 + self.public_key).digest()[:4]

    def __str__(self) -> str:
        return f"{self.name}+{self.id.hex()}+{b64encode(_ED25519 + self.public_key).decode()}"

    @classmethod
    def parse(cls, text: str) -> VerifierKey:
        """Read ``name+id+key``, as Go's note package and all verifiers of such logs write it.

        :raises BadNote: if it is not such a text.
        """
        name, _, rest = text.strip().partition("+")
        key_id, _, encoded = rest.partition("+")
        try:
            data = b64decode(encoded, validate=True)
        except ValueError as error:
            raise BadNote(_NO_KEY) from error
        key = cls(name, data[1:])
        if not _NAME.match(name) or data[:1] != _ED25519 or len(data) != 33 or key.id.hex() != key_id:  # noqa: PLR2004
            raise BadNote(_NO_KEY)
        return key


_NO_KEY = "Not a verifier key: name+id+key with an Ed25519 key is expected."


@dataclass(frozen=True)
class Signer:
    """A key that can sign."""

    name: str
    private_key: Ed25519PrivateKey

    @property
    def verifier(self) -> VerifierKey:
        """What others check its signatures with."""
        return VerifierKey(self.name, self.private_key.public_key().public_bytes_raw())

    def sign(self, text: str) -> str:
        """Return the signature line under a note's text."""
        signature = self.verifier.id + self.private_key.sign(text.encode())
        return f"{_DASH} {self.name} {b64encode(signature).decode()}\n"


@dataclass(frozen=True)
class Checkpoint:
    """A log's root at a size."""

    origin: str
    size: int
    root: bytes

    def __str__(self) -> str:
        return f"{self.origin}\n{self.size}\n{b64encode(self.root).decode()}\n"


def sign(checkpoint: Checkpoint, signers: Iterable[Signer]) -> str:
    """Return the signed note of a checkpoint."""
    text = str(checkpoint)
    return text + "\n" + "".join(signer.sign(text) for signer in signers)


def open_note(note: str, keys: Iterable[VerifierKey]) -> tuple[str, list[VerifierKey]]:
    """Return a note's text and which of the keys have signed it; signatures by other keys are not looked at.

    :raises BadNote: if it is no note, no key has signed it, or a signature that claims to be by one is not.
    """
    text, blank, lines = note.rpartition("\n\n")
    signatures = lines.split("\n")
    if not blank or signatures.pop() or len(note) > _MAX_NOTE or not 0 < len(signatures) <= _MAX_SIGNATURES:
        message = "Not a signed note."
        raise BadNote(message)
    text += "\n"
    known = {(key.name, key.id): key for key in keys}
    signed = [key for line in signatures if (key := _check(line, text, known))]
    if not signed:
        message = "No signature by a known key."
        raise BadNote(message)
    return text, signed


def _check(line: str, text: str, known: dict[tuple[str, bytes], VerifierKey]) -> VerifierKey | None:
    match = _SIGNATURE.match(line)
    if not match:
        message = "Not a signature line."
        raise BadNote(message)
    try:
        data = b64decode(match[2], validate=True)
    except ValueError as error:
        message = "Not a signature line."
        raise BadNote(message) from error
    key = known.get((match[1], data[:4]))
    if key is None:
        return None
    try:
        Ed25519PublicKey.from_public_bytes(key.public_key).verify(data[4:], text.encode())
    except InvalidSignature as error:
        message = f"The signature of {key.name} is not on this text."
        raise BadNote(message) from error
    return key


def read_checkpoint(text: str) -> Checkpoint:
    """Read a checkpoint's three lines; extension lines may follow.

    :raises BadNote: if it is none.
    """
    lines = text.split("\n")
    try:
        origin, size, encoded = lines[:3]
        root = b64decode(encoded, validate=True)
    except ValueError as error:
        message = "Not a checkpoint."
        raise BadNote(message) from error
    if not origin or not _SIZE.match(size) or len(root) != 32 or "" in lines[:-1]:  # noqa: PLR2004
        message = "Not a checkpoint."
        raise BadNote(message)
    return Checkpoint(origin, int(size), root)
