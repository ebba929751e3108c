"""Twenty documents of ten thousand events, the worker of each killed in the middle."""

from __future__ import annotations

import pytest

from tests.traceability import killing
from tests.traceability.test_kills import capture

__all__ = ["capture"]
pytestmark = [pytest.mark.committed, pytest.mark.soak]
EVENTS = 10_000


def test_each_document_is_stored_whole_however_often_its_worker_is_killed(capture, throwaway_url, tmp_path):
    killed = 0

    for number in range(20):
        look = capture(killing.large_document(number, EVENTS))
        stage = killing.STAGES[number % len(killing.STAGES)]
        killed += killing.kill_in_the_middle(throwaway_url, tmp_path, stage)
        stored, state = killing.is_whole(EVENTS)
        assert (stored, state) in ((number * EVENTS, "open"), ((number + 1) * EVENTS, "done"))
        killing.go_on()
        job = look()
        assert (job["running"], job["success"], job["stored"]) == (False, True, EVENTS)

    assert killing.is_whole(EVENTS) == (20 * EVENTS, "done")
    assert killed == 20
