"""Threads of the story: what is to happen next in each, kept in the database so that a stopped loader goes on."""

from __future__ import annotations

import heapq
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, select, text

from admin.demo.models import DemoStep
from shop.db import db

_WRITE = text("""
    INSERT INTO demo_steps (thread, step, next_at, memory)
    SELECT thread, step, next_at, memory
    FROM json_to_recordset(cast(:rows AS json)) AS r(thread text, step text, next_at timestamptz, memory jsonb)
    ON CONFLICT (thread) DO UPDATE SET step = excluded.step, next_at = excluded.next_at, memory = excluded.memory""")


@dataclass(order=True)
class Step:
    """One thing to do: when, in which thread, and what the thread remembers."""

    at: datetime
    thread: str
    name: str = field(compare=False)
    memory: dict[str, Any] = field(compare=False, default_factory=dict)


class Story:
    """All open steps in time order."""

    def __init__(self, steps: Iterable[Step]) -> None:
        self._heap = list(steps)
        heapq.heapify(self._heap)

    def __len__(self) -> int:
        return len(self._heap)

    def goes_on_before(self, end: datetime) -> bool:
        """Say whether a step lies before ``end``."""
        return bool(self._heap) and self._heap[0].at < end

    def next_before(self, end: datetime) -> Step | None:
        """Take the earliest step, if it lies before ``end``."""
        if self.goes_on_before(end):
            return heapq.heappop(self._heap)
        return None

    def follow(self, steps: Iterable[Step]) -> None:
        """Add what follows, once the transaction that wrote it has committed."""
        for step in steps:
            heapq.heappush(self._heap, step)


def write_following(done: Step, following: Iterable[Step]) -> None:
    """In the transaction of a step: end its thread's row or move it on, and begin new threads."""
    rows = [_row(step) for step in following]
    if all(row["thread"] != done.thread for row in rows):
        rows.append({"thread": done.thread, "step": "end", "next_at": None, "memory": {}})
    _write(rows)


def begin(steps: Iterable[Step]) -> None:
    """Write the threads' first steps; call once, at the beginning."""
    _write([_row(step) for step in steps])


def open_steps() -> list[Step]:
    """Return every open step."""
    rows = db.session.scalars(select(DemoStep).where(DemoStep.next_at.is_not(None)))
    return [Step(row.next_at, row.thread, row.step, dict(row.memory)) for row in rows if row.next_at is not None]


def is_begun() -> bool:
    """Say whether the story has been begun."""
    return bool(db.session.scalar(select(func.count()).select_from(DemoStep)))


def forget() -> None:
    """Take away the notes of a story that has ended."""
    db.session.execute(delete(DemoStep))


def _row(step: Step) -> dict[str, Any]:
    return {"thread": step.thread, "step": step.name, "next_at": step.at, "memory": step.memory}


def _write(rows: list[dict[str, Any]]) -> None:
    db.session.execute(_WRITE, {"rows": json.dumps(rows, default=str)})
