"""Ten thousand random proofs of a log with tiles of three levels, each held against a verifier of its own."""

from __future__ import annotations

import random
from base64 import b64decode

import pytest

from shop.translog.sealing import seal_log
from tests.translog import verifier
from tests.translog.conftest import fetch, records, run

__all__ = ["fetch", "records", "run"]
pytestmark = [pytest.mark.usefixtures("session"), pytest.mark.soak]

SIZE, PROOFS = 66_000, 10_000


class Roots:
    """Roots at any size, from hashes of whole subtrees that are computed once."""

    def __init__(self, leaves: list[bytes]) -> None:
        self.levels = [leaves]
        while len(self.levels[-1]) > 1:
            below = self.levels[-1]
            pairs = zip(below[::2], below[1::2], strict=False)
            self.levels.append([verifier.node(left, right) for left, right in pairs])

    def at(self, size: int) -> bytes:
        hashes, start = [], 0
        for level in reversed(range(len(self.levels))):
            if size - start >= 1 << level:
                hashes.append(self.levels[level][start >> level])
                start += 1 << level
        root = hashes.pop()
        while hashes:
            root = verifier.node(hashes.pop(), root)
        return root


def test_ten_thousand_random_proofs_hold(records, client, fetch, run):
    chance = random.Random(10_000)  # noqa: S311  repeatable
    records.put(SIZE)
    assert seal_log("test") == SIZE
    leaves = verifier.all_hashes(fetch, SIZE, 0)
    roots = Roots(leaves)
    assert roots.at(SIZE) == verifier.read_checkpoint(fetch("checkpoint").decode(), fetch("key").decode())[2]
    assert [verifier.leaf(entry) for entry in verifier.all_entries(fetch, SIZE)] == leaves
    assert verifier.all_hashes(fetch, SIZE, 2) == [roots.levels[16][0]]

    for number in range(PROOFS):
        size = chance.randrange(1, SIZE + 1)
        index, first = chance.randrange(size), chance.randrange(1, size + 1)
        if number % 2:
            told = client.get(f"/api/v1/log/test/inclusion?index={index}&size={size}").json
            path = [b64decode(each) for each in told["proof"]]
            assert verifier.inclusion_holds(leaves[index], index, size, path, roots.at(size)), (index, size)
        else:
            told = client.get(f"/api/v1/log/test/consistency?first={first}&second={size}").json
            path = [b64decode(each) for each in told["proof"]]
            assert verifier.consistency_holds(first, size, roots.at(first), roots.at(size), path), (first, size)
    assert run("log", "monitor", "test")[0] == 0
