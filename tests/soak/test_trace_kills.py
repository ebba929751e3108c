"""Twenty documents of ten thousand events, the worker of each killed in the middle."""

from __future__ import annotations

import pytest

from tests.traceability import killing
from tests.traceability.test_kills import capture, check_reported

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


def test_of_each_document_that_goes_on_exactly_those_reported_are_stored_however_often_its_worker_is_killed(
    capture, throwaway_url, tmp_path
):
    killed = 0

    for number in range(20):
        body, good, wrong = killing.mixed_document(number, EVENTS)
        look = capture(body, "proceed")
        stage = ("trace_events", "trace_epcs", "trace_event_epcs", "trace_event_attributes")[number % 4]
        killed += killing.kill_in_the_middle(throwaway_url, tmp_path, stage, after=500 * (number % 15))
        check_reported(look, good, wrong)
        killing.go_on()
        job = check_reported(look, good, wrong)
        assert (job["running"], job["stored"], len(job["errors"])) == (False, len(good), len(wrong))

    assert killed == 20
