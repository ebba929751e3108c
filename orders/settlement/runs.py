"""Runs: everything that is due on a day, a producer at a time, each in a transaction of its own."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import select, text

from orders.settlement import dues, preparing, reversals
from orders.settlement.models import PAYOUT_RAILS, Payout, PayoutRun
from orders.settlement.standing import producers_with_open
from shop import audit, clock
from shop.auth import Actor
from shop.db import db
from shop.errors import NotFound
from shop.i18n import _
from shop.identity.models import Organisation
from shop.outbox.services import publish

#: Orders whose due day is set anew before one run; more wait for the next.
_MOST_UNKNOWN = 1000
_DONE = text("""
    UPDATE payout_runs SET done = done + 1, finished_at = CASE WHEN done + 1 >= producers THEN :at END
    WHERE id = ANY(:runs)""")


def start(actor: Actor | None, at: datetime) -> list[PayoutRun]:
    """Start a run of each way over all that is due; each producer's part follows by an event of its own.

    :return: the runs; none if nobody has anything to get.
    :raises NotFound: for anybody but the operator.
    """
    if actor is not None and actor.organisation_kind != "operator":
        raise NotFound(_("没有这个页面。"))
    for order_id in dues.list_unknown(_MOST_UNKNOWN):
        dues.follow_acceptance(order_id)
    reversals.ask_back_all(at)
    on = clock.business_day(at)
    producers = producers_with_open(on)
    if not producers:
        return []
    runs = [
        PayoutRun(
            rail=rail, on=on, started_by=actor.user_id if actor else None, started_at=at, producers=len(producers)
        )
        for rail in PAYOUT_RAILS
    ]
    db.session.add_all(runs)
    db.session.flush()  # the events name them
    ids = {run.rail: str(run.public_id) for run in runs}
    starter = {"user": actor.user_id, "organisation": actor.organisation_id} if actor else None
    for public_id in db.session.scalars(
        select(Organisation.public_id).where(Organisation.id.in_(producers)).order_by(Organisation.id)
    ):
        publish("orders.payout_run_started", producer_id=str(public_id), runs=ids, starter=starter)
    audit.record(actor, "settlement.run_started", "payout_run", runs[0].id, producers=[None, len(producers)])
    return runs


def take_producer(producer_id: UUID, run_ids: Mapping[str, str], actor: Actor | None, at: datetime) -> list[Payout]:
    """Prepare a producer's payouts for the runs, once: a repeat finds nothing open.

    :param actor: who started the runs, ``None`` for the schedule.
    """
    runs = {
        run.rail: run
        for run in db.session.scalars(
            select(PayoutRun).where(PayoutRun.public_id.in_([UUID(each) for each in run_ids.values()]))
        )
    }
    key = db.session.scalars(select(Organisation.id).where(Organisation.public_id == producer_id)).one()
    made = preparing.prepare_producer(key, runs, on=runs["bank"].on, actor=actor, at=at)
    db.session.execute(_DONE, {"runs": [run.id for run in runs.values()], "at": at})
    return made


def is_due(on: date) -> bool:
    """Say whether a scheduled run of the day is still to be made."""
    query = select(PayoutRun.id).where(PayoutRun.on == on, PayoutRun.started_by.is_(None))
    return db.session.scalar(query.limit(1)) is None
