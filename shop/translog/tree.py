"""The Merkle tree of RFC 9162: which hashes a root or proof is made of, and how it is checked.

Pure: hashes come from a function that is asked for whole subtrees, wherever they are kept.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence

HASH_SIZE = 32
#: The root of a tree without leaves.
EMPTY = hashlib.sha256().digest()

#: A subtree without gaps: leaves ``index * 2**level`` up to the next multiple.
Node = tuple[int, int]
#: Leaves from the first up to, not including, the second.
Range = tuple[int, int]
HashOf = Callable[[Node], bytes]


def leaf_hash(entry: bytes) -> bytes:
    """Return the hash of a leaf."""
    return hashlib.sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of an inner node."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def nodes_of(span: Range) -> list[Node]:
    """Return the whole subtrees that a range falls into, largest first; it starts at a multiple of its first."""
    start, end = span
    nodes = []
    while start < end:
        level = (end - start).bit_length() - 1
        nodes.append((level, start >> level))
        start += 1 << level
    return nodes


def hash_of_range(span: Range, hash_of: HashOf) -> bytes:
    """Return the Merkle tree hash of a range of a root or proof."""
    hashes = [hash_of(node) for node in nodes_of(span)]
    return fold(hashes) if hashes else EMPTY


def fold(hashes: Sequence[bytes]) -> bytes:
    """Return the root over subtrees that stand side by side, largest first."""
    root = hashes[-1]
    for left in reversed(hashes[:-1]):
        root = node_hash(left, root)
    return root


def inclusion_ranges(index: int, size: int) -> list[Range]:
    """Return the ranges whose hashes prove a leaf, from its sibling to the root's child (RFC 9162, 2.1.3.1).

    :raises ValueError: if the tree has no such leaf.
    """
    if not 0 <= index < size:
        message = f"No leaf {index} in a tree of {size}."
        raise ValueError(message)
    path, start, end = [], 0, size
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            path.append((middle, end))
            end = middle
        else:
            path.append((start, middle))
            start = middle
    return path[::-1]


def consistency_ranges(first: int, second: int) -> list[Range]:
    """Return the ranges whose hashes prove that one tree begins the other (RFC 9162, 2.1.4.1).

    :raises ValueError: unless the first has a leaf and is not the larger.
    """
    if not 0 < first <= second:
        message = f"A tree of {first} cannot begin one of {second}."
        raise ValueError(message)
    path, start, end, is_whole = [], 0, second, True
    while first != end:
        middle = start + _split(end - start)
        if first <= middle:
            path.append((middle, end))
            end = middle
        else:
            path.append((start, middle))
            start, is_whole = middle, False
    if not is_whole:
        path.append((start, end))
    return path[::-1]


def _split(size: int) -> int:
    """Return the largest power of two below ``size``."""
    return 1 << (size - 1).bit_length() - 1


def is_included(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """Say whether a proof shows a leaf's hash at its place in a tree (RFC 9162, 2.1.3.2)."""
    if not 0 <= index < size:
        return False
    position, last, found = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            return False
        if position & 1 or position == last:
            found = node_hash(sibling, found)
            while not position & 1 and position:
                position, last = position >> 1, last >> 1
        else:
            found = node_hash(found, sibling)
        position, last = position >> 1, last >> 1
    return last == 0 and found == root


def begins(first: int, second: int, proof: Sequence[bytes], older: bytes, newer: bytes) -> bool:
    """Say whether a proof shows that the tree of one size and root begins that of another (RFC 9162, 2.1.4.2)."""
    if first in (second, 0):
        return not proof and older == (newer if first else EMPTY)
    path = [older, *proof] if first & (first - 1) == 0 else list(proof)
    position, last = first - 1, second - 1
    while position & 1:
        position, last = position >> 1, last >> 1
    old = new = path[0] if path else b""
    for each in path[1:]:
        if last == 0:
            return False
        if position & 1 or position == last:
            old, new = node_hash(each, old), node_hash(each, new)
            while not position & 1 and position:
                position, last = position >> 1, last >> 1
        else:
            new = node_hash(new, each)
        position, last = position >> 1, last >> 1
    return last == 0 and (old, new) == (older, newer)


class Growing:
    """A tree that grows leaf by leaf and remembers only what its next root needs."""

    def __init__(self) -> None:
        self.size = 0
        self._edge: list[bytes] = []

    def add(self, leaf: bytes) -> None:
        """Add a leaf's hash."""
        position, found = self.size, leaf
        while position & 1:
            found = node_hash(self._edge.pop(), found)
            position >>= 1
        self._edge.append(found)
        self.size += 1

    @property
    def root(self) -> bytes:
        """The root of what was added."""
        return fold(self._edge) if self._edge else EMPTY


def root_of(leaves: Iterable[bytes]) -> bytes:
    """Return the root over leaves' hashes."""
    tree = Growing()
    for leaf in leaves:
        tree.add(leaf)
    return tree.root


def chunks(hashes: bytes) -> Iterator[bytes]:
    """Cut a tile into its hashes."""
    return (hashes[at : at + HASH_SIZE] for at in range(0, len(hashes), HASH_SIZE))
