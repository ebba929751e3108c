"""Waiting until the log of events holds what a test has stored."""

from __future__ import annotations

import threading

from shop.db import db
from shop.translog.sealing import seal_log
from tests.conftest import count


def settled(at_least: int) -> None:
    """Log until so many leaves are there: transactions of other databases of the cluster hold the horizon back."""
    for _ in range(600):
        seal_log("trace")
        if count("log_leaves") >= at_least:
            db.session.rollback()
            return
        threading.Event().wait(0.05)
    raise AssertionError
