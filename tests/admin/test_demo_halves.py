"""Two processes of the demo's loader: they end together."""

from __future__ import annotations

import multiprocessing
import threading

import pytest
from sqlalchemy import text

from admin.demo.halves import Pace, Stopped, side_by_side
from shop.db import db
from tests.conftest import NOON


def test_who_is_alone_stops_at_its_next_step_unless_the_other_is_done():
    pace = Pace([1, 1])
    pace.at[1] = NOON.timestamp()

    with pytest.raises(Stopped):
        pace.wait(0, NOON, lambda: False)

    pace.end(1)
    pace.wait(0, NOON, lambda: False)


@pytest.mark.committed
def test_when_one_fails_the_other_does_not_go_on_alone(committed_app):
    def work(half, _is_other_there):
        if half == 0:
            raise LookupError
        threading.Event().wait(60)

    with pytest.raises(LookupError):
        side_by_side(work)

    assert multiprocessing.active_children() == []


@pytest.mark.committed
def test_when_the_other_fails_it_is_said(committed_app):
    def work(half, _is_other_there):
        if half == 1:
            raise LookupError

    with pytest.raises(Stopped):
        side_by_side(work)

    assert db.session.execute(text("SELECT 1")).scalar_one() == 1
