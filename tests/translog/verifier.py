"""A verifier that knows none of our code: RFC 9162's algorithms as they are written, and a reader of tiles.

It is written from docs/transparency.md and the RFC alone, as a third person would.
"""

from __future__ import annotations

import hashlib
from base64 import b64decode
from collections.abc import Callable, Sequence

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

Fetch = Callable[[str], bytes]


def leaf(entry: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + entry).digest()


def node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def tree_hash(leaves: Sequence[bytes]) -> bytes:
    """MTH of 2.1.1, over hashes of leaves."""
    if not leaves:
        return hashlib.sha256().digest()
    if len(leaves) == 1:
        return leaves[0]
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return node(tree_hash(leaves[:k]), tree_hash(leaves[k:]))


def inclusion_holds(hash_: bytes, leaf_index: int, tree_size: int, path: Sequence[bytes], root_hash: bytes) -> bool:
    """2.1.3.2, step by step."""
    if leaf_index >= tree_size:
        return False
    fn, sn = leaf_index, tree_size - 1
    r = hash_
    for p in path:
        if sn == 0:
            return False
        if fn & 1 == 1 or fn == sn:
            r = node(p, r)
            if fn & 1 == 0:
                while True:
                    fn >>= 1
                    sn >>= 1
                    if fn & 1 == 1 or fn == 0:
                        break
        else:
            r = node(r, p)
        fn >>= 1
        sn >>= 1
    return sn == 0 and r == root_hash


def consistency_holds(first: int, second: int, first_hash: bytes, second_hash: bytes, given: Sequence[bytes]) -> bool:
    """2.1.4.2, step by step."""
    if first == second:
        return not given and first_hash == second_hash
    path = list(given)
    if not path:
        return False
    if first & (first - 1) == 0:
        path = [first_hash, *path]
    fn, sn = first - 1, second - 1
    while fn & 1 == 1:
        fn >>= 1
        sn >>= 1
    fr = sr = path[0]
    for c in path[1:]:
        if sn == 0:
            return False
        if fn & 1 == 1 or fn == sn:
            fr = node(c, fr)
            sr = node(c, sr)
            if fn & 1 == 0:
                while True:
                    fn >>= 1
                    sn >>= 1
                    if fn & 1 == 1 or fn == 0:
                        break
        else:
            sr = node(sr, c)
        fn >>= 1
        sn >>= 1
    return fr == first_hash and sr == second_hash and sn == 0


def read_checkpoint(note: str, key: str) -> tuple[str, int, bytes]:
    """Check a checkpoint's signature by a key and return origin, size and root."""
    name, key_id, encoded = key.strip().split("+", 2)
    public = b64decode(encoded)
    assert public[:1] == b"\x01"
    assert hashlib.sha256(name.encode() + b"\n" + public).digest()[:4].hex() == key_id
    text, signatures = note.split("\n\n")
    line = next(each for each in signatures.splitlines() if each.startswith(f"— {name} "))
    signature = b64decode(line.split(" ")[2])
    assert signature[:4].hex() == key_id
    Ed25519PublicKey.from_public_bytes(public[1:]).verify(signature[4:], (text + "\n").encode())
    origin, size, root = text.split("\n")
    return origin, int(size), b64decode(root)


def tile_path(number: int) -> str:
    parts = [f"{number % 1000:03}"]
    while number := number // 1000:
        parts.insert(0, f"x{number % 1000:03}")
    return "/".join(parts)


def _paths(size: int) -> list[str]:
    full, rest = divmod(size, 256)
    return [tile_path(number) for number in range(full)] + ([f"{tile_path(full)}.p/{rest}"] if rest else [])


def all_entries(fetch: Fetch, size: int) -> list[bytes]:
    """Read all entries of a log of a size from its bundles."""
    entries = []
    for path in _paths(size):
        data = fetch(f"tile/entries/{path}")
        while data:
            length = int.from_bytes(data[:2], "big")
            entries.append(data[2 : 2 + length])
            data = data[2 + length :]
    return entries


def all_hashes(fetch: Fetch, size: int, level: int) -> list[bytes]:
    """Read all hashes of a level of a log of a size from its tiles."""
    data = b"".join(fetch(f"tile/{level}/{path}") for path in _paths(size >> (8 * level)))
    return [data[at : at + 32] for at in range(0, len(data), 32)]
