"""The tree of RFC 9162: known roots, and proofs that a verifier of its own accepts, and nothing else."""

from __future__ import annotations

import os
import random

import pytest
from pymerkle import InmemoryTree  # type: ignore[import-untyped]

from shop.translog import tree
from tests.translog import verifier

#: Entries and roots that the tests of Certificate Transparency's own implementations use.
ENTRIES = [bytes.fromhex(each) for each in (
    "", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f",
)]  # fmt: skip
ROOTS = (
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
)
#: Leaf, size and path of inclusion proofs over the same entries.
PATHS = [
    (0, 1, []),
    (0, 8, ["96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4"]),
    (5, 8, ["bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
            "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"]),
    (2, 3, ["fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"]),
]  # fmt: skip


class Kept:
    """Leaves in memory, and the hashes that proofs are made of."""

    def __init__(self, entries: list[bytes]) -> None:
        self.leaves = [tree.leaf_hash(entry) for entry in entries]

    def hash_of(self, at: tree.Node) -> bytes:
        level, index = at
        return verifier.tree_hash(self.leaves[index << level : (index + 1) << level])

    def hashes(self, ranges: list[tree.Range]) -> list[bytes]:
        return [tree.hash_of_range(span, self.hash_of) for span in ranges]


@pytest.mark.parametrize("size", range(9))
def test_roots_are_those_of_certificate_transparency(size):
    kept = Kept(ENTRIES[:size])

    assert tree.root_of(kept.leaves).hex() == ROOTS[size]
    assert tree.hash_of_range((0, size), kept.hash_of).hex() == ROOTS[size]


@pytest.mark.parametrize(("index", "size", "path"), PATHS)
def test_inclusion_paths_are_those_of_certificate_transparency(index, size, path):
    kept = Kept(ENTRIES)

    assert [each.hex() for each in kept.hashes(tree.inclusion_ranges(index, size))] == path


def test_every_root_is_pymerkle_s():
    theirs, ours = InmemoryTree(algorithm="sha256"), tree.Growing()
    for number in range(300):
        entry = number.to_bytes(4, "big")
        theirs.append_entry(entry)
        ours.add(tree.leaf_hash(entry))

        assert ours.root == theirs.get_root()


def test_every_proof_of_every_small_tree_holds_and_none_of_another_leaf_or_size():
    kept = Kept([bytes([number]) for number in range(20)])
    for size in range(1, 21):
        root = verifier.tree_hash(kept.leaves[:size])
        for index in range(size):
            proof = kept.hashes(tree.inclusion_ranges(index, size))
            for other in range(size):
                holds = other == index
                assert verifier.inclusion_holds(kept.leaves[other], index, size, proof, root) is holds
                assert tree.is_included(kept.leaves[other], index, size, proof, root) is holds
                assert tree.is_included(kept.leaves[index], other, size, proof, root) is holds
        for first in range(1, size + 1):
            proof = kept.hashes(tree.consistency_ranges(first, size))
            older = verifier.tree_hash(kept.leaves[:first])
            assert verifier.consistency_holds(first, size, older, root, proof)
            assert tree.begins(first, size, proof, older, root)
            assert not tree.begins(first, size, [*proof, root], older, root)
            assert not tree.begins(first, size, proof, verifier.tree_hash(kept.leaves[1 : first + 1]), root)
            assert not tree.begins(first, size, proof, older, verifier.tree_hash(kept.leaves[1 : size + 1] * 2))


def test_random_proofs_hold_and_break_with_any_hash():
    chance = random.Random(9162)  # noqa: S311  repeatable
    kept = Kept([chance.randbytes(chance.randrange(40)) for _ in range(1000)])
    for _ in range(150):
        size = chance.randrange(1, 1001)
        index, first = chance.randrange(size), chance.randrange(1, size + 1)
        root, older = verifier.tree_hash(kept.leaves[:size]), verifier.tree_hash(kept.leaves[:first])
        proof = kept.hashes(tree.inclusion_ranges(index, size))
        assert verifier.inclusion_holds(kept.leaves[index], index, size, proof, root)
        assert tree.is_included(kept.leaves[index], index, size, proof, root)
        for at in range(len(proof)):
            forged = [*proof[:at], os.urandom(32), *proof[at + 1 :]]
            assert not tree.is_included(kept.leaves[index], index, size, forged, root)
        assert not tree.is_included(kept.leaves[index], index, size, [*proof, os.urandom(32)], root)
        steps = kept.hashes(tree.consistency_ranges(first, size))
        assert verifier.consistency_holds(first, size, older, root, steps)
        assert tree.begins(first, size, steps, older, root)
        for at in range(len(steps)):
            forged = [*steps[:at], os.urandom(32), *steps[at + 1 :]]
            assert not tree.begins(first, size, forged, older, root)


def test_the_empty_tree_begins_every_other():
    assert tree.begins(0, 3, [], tree.EMPTY, b"x" * 32)
    assert not tree.begins(0, 3, [], b"y" * 32, b"x" * 32)


@pytest.mark.parametrize(("index", "size"), [(0, 0), (5, 5), (-1, 3)])
def test_there_is_no_proof_of_a_leaf_that_is_not_there(index, size):
    with pytest.raises(ValueError, match="No leaf"):
        tree.inclusion_ranges(index, size)


@pytest.mark.parametrize(("first", "second"), [(0, 5), (6, 5)])
def test_there_is_no_proof_that_an_empty_or_larger_tree_begins_another(first, second):
    with pytest.raises(ValueError, match="cannot begin"):
        tree.consistency_ranges(first, second)
