"""Queues that wait for somebody, with their length, the age of the oldest and the first deadline."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text

from admin.operator.waiting import WAITING
from shop.auth import Actor
from shop.db import db


@dataclass(frozen=True)
class Queue:
    """Something that waits: what it is, where it is dealt with, how much of it and since when."""

    label: object
    address: str
    count: int
    oldest_at: datetime | None
    #: The actor recorded some of it, so that another person must confirm these.
    own: int
    #: Until when the first of it must be dealt with, where that is known.
    due_at: datetime | None


def queues(actor: Actor) -> list[Queue]:
    """Return the queues that are the actor's work, the oldest first; empty ones last."""
    found = []
    for each in WAITING:
        if not any(actor.may(permission) for permission in each.permissions):
            continue
        row = db.session.execute(
            text(f"""SELECT count(*) AS n, min(q.at) AS oldest, count(*) FILTER (WHERE q.by = :user) AS own, min(q.due) AS due
                     FROM ({each.sql}) q(at, by, due)"""),
            {"user": actor.user_id},
        ).one()
        found.append(Queue(each.label, each.address, row.n, row.oldest, row.own, row.due))
    return sorted(found, key=lambda queue: (queue.count == 0, queue.oldest_at.timestamp() if queue.oldest_at else 0))
