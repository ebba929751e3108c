"""A worker killed in the middle of a large document leaves all of it or nothing."""

from __future__ import annotations

import pytest

from shop import clock
from shop.db import db, transaction
from shop.identity import services as identity
from tests.factories import make_member
from tests.traceability import killing
from tests.traceability.events import rows

pytestmark = [pytest.mark.committed, pytest.mark.system]


@pytest.fixture
def capture(committed_app):
    """Hand in a document; returns the answer to a look at its job."""
    member = make_member("producer")
    with transaction():
        secret = identity.issue_token(member.membership_id, "test", ("*",), at=clock.real_now()).secret
    db.session.remove()
    client, headers = committed_app.test_client(), {"Authorization": f"Bearer {secret}"}

    def hand_in(body, behaviour="rollback"):
        asked = {**headers, "GS1-Capture-Error-Behaviour": behaviour}
        taken = client.post("/epcis/capture", json=body, headers=asked)
        assert taken.status_code == 202
        return lambda: client.get(taken.headers["Location"], headers=headers).get_json()

    return hand_in


@pytest.mark.parametrize("stage", ["trace_event_epcs", "trace_containments"])
def test_a_killed_worker_leaves_all_or_nothing_and_another_goes_on(capture, throwaway_url, tmp_path, stage):
    look = capture(killing.large_document(1, 1500))

    killing.kill_in_the_middle(throwaway_url, tmp_path, stage)
    after_the_kill = killing.is_whole(1500)
    killing.go_on()

    assert after_the_kill in ((0, "open"), (1500, "done"))
    job = look()
    assert (job["running"], job["success"], job["stored"], job["errors"]) == (False, True, 1500, [])
    assert killing.is_whole(1500) == (1500, "done")


def check_reported(look, good, wrong):
    """What is stored is what the job says, no event more and none twice, also while it waits for another worker."""
    job = look()
    stored = [
        event_id
        for (event_id,) in rows("SELECT event_id FROM trace_events WHERE event_id = ANY (:ids) ORDER BY id", ids=good)
    ]
    assert stored == good[: job["stored"]]
    assert [error["pointer"] for error in job["errors"]] == [
        f"#/epcisBody/eventList/{place}" for place in wrong[: len(job["errors"])]
    ]
    return job


@pytest.mark.parametrize("stage", ["trace_events", "trace_event_attributes"])
def test_of_events_that_each_stand_for_themselves_exactly_those_reported_are_stored(
    capture, throwaway_url, tmp_path, stage
):
    body, good, wrong = killing.mixed_document(1, 1500)
    look = capture(body, "proceed")

    was_killed = killing.kill_in_the_middle(throwaway_url, tmp_path, stage, after=500)
    after_the_kill = check_reported(look, good, wrong)
    killing.go_on()
    job = check_reported(look, good, wrong)

    parts = [sum(place < done for place in set(range(1500)) - set(wrong)) for done in (500, 1000)]
    assert (after_the_kill["running"], after_the_kill["stored"] in parts) == (True, True) or not was_killed
    assert (job["running"], job["success"], job["stored"], len(job["errors"])) == (False, False, len(good), len(wrong))
    assert rows("SELECT count(*) FROM trace_events") == [(len(good),)]
