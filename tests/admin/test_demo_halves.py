"""Two processes of the demo's loader: they end together."""

from __future__ import annotations

import multiprocessing
import threading

import pytest
from sqlalchemy import text

from admin.demo.halves import Stopped, side_by_side
from shop.db import db

pytestmark = pytest.mark.committed


def test_when_one_fails_the_other_does_not_go_on_alone(committed_app):
    def work(half, _is_other_there):
        if half == 0:
            raise LookupError
        threading.Event().wait(60)

    with pytest.raises(LookupError):
        side_by_side(work)

    assert multiprocessing.active_children() == []


def test_when_the_other_fails_it_is_said(committed_app):
    def work(half, _is_other_there):
        if half == 1:
            raise LookupError

    with pytest.raises(Stopped):
        side_by_side(work)

    assert db.session.execute(text("SELECT 1")).scalar_one() == 1
