"""A worker killed in the middle of a large document leaves all of it or nothing."""

from __future__ import annotations

import pytest

from shop import clock
from shop.db import db, transaction
from shop.identity import services as identity
from tests.factories import make_member
from tests.traceability import killing

pytestmark = [pytest.mark.committed, pytest.mark.system]


@pytest.fixture
def capture(committed_app):
    """Hand in a document; returns the answer to a look at its job."""
    member = make_member("producer")
    with transaction():
        secret = identity.issue_token(member.membership_id, "test", ("*",), at=clock.real_now()).secret
    db.session.remove()
    client, headers = committed_app.test_client(), {"Authorization": f"Bearer {secret}"}

    def hand_in(body):
        taken = client.post("/epcis/capture", json=body, headers=headers)
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
