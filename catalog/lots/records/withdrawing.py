"""Taking back what was recorded by mistake: papers of meat, temperatures, passages; it stays in the records with the reason."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select

from catalog.lots.records.models import MeatPaper, Passage, TemperatureRecord
from catalog.lots.records.subjects import require_words
from catalog.producers.queries import producers_of
from shop import audit
from shop.auth import Actor
from shop.clock import business_day
from shop.db import db
from shop.errors import Conflict, NotFound
from shop.i18n import _
from shop.outbox.services import publish

_MOST = 200


class NoSuchRecord(NotFound):
    """There is no such paper, passage or temperature record, or it is another producer's."""

    code = "no-such-record"


class RecordWithdrawn(Conflict):
    """The record was taken back before."""

    code = "record-withdrawn"


def withdraw_meat_paper(public_id: UUID, why: str, actor: Actor, *, at: datetime) -> MeatPaper:
    """Take a paper of meat back; nobody is shown it any more, and what must go with the goods is missing again.

    :raises NoSuchRecord: if it is not the actor's.
    :raises RecordWithdrawn: if it was taken back before.
    """
    paper: MeatPaper = _take_back(MeatPaper, public_id, why, actor, at)
    audit.record(actor, "catalog.meat_paper_withdrawn", "meat_paper", paper.id)
    _tell("catalog.paper_withdrawn", paper, paper_id=str(paper.public_id))
    return paper


def withdraw_temperatures(public_id: UUID, why: str, actor: Actor, *, at: datetime) -> TemperatureRecord:
    """Take a logger's file back, of another lot for instance; it may be handed in again.

    :raises NoSuchRecord: if it is not the actor's.
    :raises RecordWithdrawn: if it was taken back before.
    """
    record: TemperatureRecord = _take_back(TemperatureRecord, public_id, why, actor, at)
    audit.record(actor, "catalog.temperature_withdrawn", "temperature_record", record.id)
    _tell("catalog.temperature_withdrawn", record, record_id=str(record.public_id))
    return record


def withdraw_passage(public_id: UUID, why: str, actor: Actor, *, at: datetime) -> Passage:
    """Take back that goods arrived at a place, were stored there or left it.

    :raises NoSuchRecord: if it is not the actor's.
    :raises RecordWithdrawn: if it was taken back before.
    """
    passage: Passage = _take_back(Passage, public_id, why, actor, at)
    audit.record(actor, "catalog.passage_withdrawn", "passage", passage.id)
    _tell("catalog.passage_withdrawn", passage, passage_id=str(passage.public_id))
    return passage


def _take_back(table: Any, public_id: UUID, why: str, actor: Actor, at: datetime) -> Any:
    found = db.session.scalars(
        select(table).where(table.public_id == public_id).with_for_update().execution_options(populate_existing=True)
    ).one_or_none()
    sides = {found.producer_id, getattr(found, "keeper_id", None)} if found else set()
    if found is None or not sides & producers_of(actor, business_day(at)):
        raise NoSuchRecord(_("没有找到。"))
    if found.withdrawn_at is not None:
        raise RecordWithdrawn(_("这条记录已经撤回。"))
    found.withdrawn_why = require_words("reason", why, _MOST)
    found.withdrawn_by, found.withdrawn_at = actor.user_id, at
    return found


def _tell(topic: str, found: Any, **named: str) -> None:
    publish(
        topic, organisations=[found.producer_id], **named, reason=found.withdrawn_why,
        occurred_at=found.withdrawn_at.isoformat(),
    )  # fmt: skip
