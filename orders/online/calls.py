"""Calls to the provider, written down before they are made: how they are asked for, claimed and settled.

The contract, for every kind of call:

* ``enqueue(kind, subject, params)`` is called by a service, inside the transaction in which our row comes to be or
  changes. It stores the call with its idempotency key; the same kind, subject and attempt again is the same call.
* A feature says with ``handles(kind, Handler(...))``, at import of a module that its ``TASKS`` name, how such a call is made:

  - ``make(call)`` speaks to the provider, outside any transaction, with ``call.key`` and ``call.params`` alone;
  - ``store(call, answer, at)`` takes the answer in, inside a transaction, under the locks that it needs (procurement,
    order …); it returns the provider's name of the object. It may run twice, and after an event that told the same;
  - ``refuse(call, refusal, at)`` takes a final refusal in, in the same way;
  - ``find(call)`` looks whether an earlier try has done it (by the metadata that ``metadata_of(call)`` gives), for calls
    that must not be done twice: asked before a repeat once the provider may have forgotten the key, or broke down.

* :func:`orders.online.performing.perform` makes one call: claim, commit, network, commit. The task ``online.calls`` does
  so with all that wait; a view may do so at once, after its own commit. A crash anywhere leaves the call pending, and a
  later try with the same key does what is left: nothing is done twice, nothing is lost.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Protocol
from uuid import UUID

from sqlalchemy import RowMapping, Select, func, select, text, update
from sqlalchemy.dialects.postgresql import insert

from orders.online.errors import ProviderRefused
from orders.online.models import ProviderCall
from orders.online.snapshots import CALL, SUBJECT
from shop import clock
from shop.db import db, in_transaction

#: Nobody else makes a claimed call: longer than the slowest answer of several requests.
CLAIM = timedelta(minutes=3)
#: The pause after a failure doubles from the first to the last of these.
FIRST_PAUSE, LAST_PAUSE = timedelta(seconds=5), timedelta(minutes=15)
#: Stripe forgets keys after 24 hours (version 1); from here on a repeat is looked up first.
KEY_IS_SAFE_FOR = timedelta(hours=20)
#: What an error begins with after which the call may be done although no answer came.
UNSURE = "unsure: "
#: And after which the provider has nothing else to say under its key: it keeps its breakdown for a day.
KEPT = UNSURE + "kept: "


class Subject(Protocol):
    """A row of ours that a call is for."""

    id: Any
    public_id: Any


@dataclass(frozen=True, kw_only=True)
class Call:
    """A call as it was written down."""

    id: int
    kind: str
    subject_id: int
    attempt: int
    #: What it is called in the metadata of what it makes.
    name: str
    params: Mapping[str, Any]
    tries: int
    created_at: datetime
    error: str = ""
    renewals: int = 0

    @property
    def key(self) -> str:
        """The idempotency key to send."""
        return f"{self.name}+{self.renewals}" if self.renewals else self.name

    def must_be_looked_up(self, now: datetime) -> bool:
        """Say whether a repeat must first look whether it was done: its key may be forgotten, or its answer an error."""
        return self.tries > 1 and (now - self.created_at > KEY_IS_SAFE_FOR or self.error.startswith(UNSURE))


@dataclass(frozen=True, kw_only=True)
class Handler:
    """How calls of one kind are made and what becomes of their answers; see the module's contract."""

    make: Callable[[Call], Any]
    store: Callable[[Call, Any, datetime], str]
    refuse: Callable[[Call, ProviderRefused, datetime], None]
    find: Callable[[Call], Any] | None = None


_handlers: dict[str, Handler] = {}


def handles(kind: str, handler: Handler) -> None:
    """Say how calls of a kind are made."""
    _handlers[kind] = handler


def handler_of(kind: str) -> Handler:
    """Return how calls of a kind are made.

    :raises KeyError: if no feature has said so.
    """
    return _handlers[kind]


def enqueue(kind: str, subject: Subject, params: Mapping[str, Any], *, attempt: int = 1) -> int:
    """Write a call down; return its key, that of the existing one if it was asked for before.

    :param params: JSON values, enough to make the call without looking anything up.
    :param attempt: a new one after a final refusal, when a person wants it tried again.
    """
    if not in_transaction():
        message = "enqueue() needs an open transaction."
        raise RuntimeError(message)
    key = f"duikou-{kind}-{subject.public_id}-{attempt}"
    made = db.session.scalar(
        insert(ProviderCall)
        .values(
            kind=kind, subject_id=subject.id, attempt=attempt, idempotency_key=key, params=dict(params),
            created_at=clock.real_now(),
        )
        .on_conflict_do_nothing(index_elements=["kind", "subject_id", "attempt"])
        .returning(ProviderCall.id)
    )  # fmt: skip
    return db.session.scalars(_same(kind, subject, attempt)).one() if made is None else made


def enqueue_again(kind: str, subject: Subject, params: Mapping[str, Any]) -> int:
    """Write down one more call of a kind that may be made any number of times (to look something up).

    One that waits and has not been begun yet will see what made us ask, so that it is enough. The caller holds a lock
    on the subject, or on what stands above it.
    """
    waits = db.session.scalar(
        select(ProviderCall.id).where(
            ProviderCall.kind == kind, ProviderCall.subject_id == subject.id, ProviderCall.status == "pending",
            ProviderCall.tries == 0,
        )
    )  # fmt: skip
    if waits is not None:
        return waits
    return enqueue(kind, subject, params, attempt=last_attempt(kind, subject.id) + 1)


def last_attempt(kind: str, subject_id: int) -> int:
    """Return how often a call of a kind has been written down for a subject."""
    last = db.session.scalar(
        select(func.max(ProviderCall.attempt)).where(ProviderCall.kind == kind, ProviderCall.subject_id == subject_id)
    )
    return last or 0


def metadata_of(call: Call, subject: UUID | str = "", **more: str) -> dict[str, str]:
    """Return the metadata that lets what a call has made be found again and known as ours."""
    return {CALL: call.name, **({SUBJECT: str(subject)} if subject else {}), **more}


def open_calls(kind: str, subject_id: int) -> list[ProviderCall]:
    """Return a subject's calls of a kind that are not settled, oldest first."""
    query = select(ProviderCall).where(
        ProviderCall.kind == kind, ProviderCall.subject_id == subject_id, ProviderCall.status == "pending"
    )
    return list(db.session.scalars(query.order_by(ProviderCall.id)))


def is_pending(kind: str, subject: UUID) -> bool:
    """Say whether a call of a kind for a row, named by its public identifier, is not settled."""
    pattern = f"duikou-{kind}-{subject}-%"
    query = select(ProviderCall.id).where(
        ProviderCall.kind == kind, ProviderCall.status == "pending", ProviderCall.idempotency_key.like(pattern)
    )
    return db.session.scalar(query.limit(1)) is not None


_CLAIM = text("""
    UPDATE provider_calls SET claimed_until = :until, tries = tries + 1
    WHERE id = (SELECT id FROM provider_calls
                WHERE status = 'pending' AND (claimed_until IS NULL OR claimed_until < :now)
                  AND (cast(:call AS bigint) IS NULL OR id = :call)
                ORDER BY claimed_until NULLS FIRST, id LIMIT 1 FOR UPDATE SKIP LOCKED)
    RETURNING id, kind, subject_id, attempt, idempotency_key AS name, params, tries, created_at, error, renewals""")


def claim(now: datetime, call_id: int | None = None) -> Call | None:
    """Take the call that has waited longest, or this one, for a while; in a transaction of its own."""
    row: RowMapping | None = (
        db.session.execute(_CLAIM, {"now": now, "until": now + CLAIM, "call": call_id}).mappings().one_or_none()
    )
    return Call(**row) if row else None


def hurry(call_id: int) -> None:
    """Let a call that waits be made at once; nothing changes if it is settled."""
    db.session.execute(
        update(ProviderCall)
        .where(ProviderCall.id == call_id, ProviderCall.status == "pending", ProviderCall.error != "")
        .values(claimed_until=None)
    )


def settle(call: Call, status: str, *, answer_ref: str = "", error: str = "") -> bool:
    """Note the outcome, after everything that it changes; ``False`` if somebody has settled the call meanwhile."""
    done = db.session.scalar(
        update(ProviderCall)
        .where(ProviderCall.id == call.id, ProviderCall.status == "pending")
        .values(status=status, answer_ref=answer_ref, error=error, done_at=clock.real_now(), claimed_until=None)
        .returning(ProviderCall.id)
    )
    return done is not None


def renew_key(call: Call) -> Call:
    """Take another key for a call of which nothing was done and nothing can be done under its own; stored before it is sent."""
    query = update(ProviderCall).where(ProviderCall.id == call.id, ProviderCall.status == "pending")
    renewals = db.session.scalar(query.values(renewals=ProviderCall.renewals + 1).returning(ProviderCall.renewals))
    return call if renewals is None else replace(call, renewals=renewals)


def put_off(call: Call, error: str, now: datetime) -> None:
    """Let a call wait after a try that failed, longer each time."""
    pause = min(FIRST_PAUSE * 2 ** min(call.tries - 1, 16), LAST_PAUSE)
    db.session.execute(
        update(ProviderCall)
        .where(ProviderCall.id == call.id, ProviderCall.status == "pending")
        .values(claimed_until=now + pause, error=error[:2000])
    )


def _same(kind: str, subject: Subject, attempt: int) -> Select[int]:
    return select(ProviderCall.id).where(
        ProviderCall.kind == kind, ProviderCall.subject_id == subject.id, ProviderCall.attempt == attempt
    )
