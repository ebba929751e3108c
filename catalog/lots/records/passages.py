"""Goods on their way: they arrive at a place, are stored there, leave it. Nothing of their quantity changes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from uuid6 import uuid7

from catalog.lots.batches import places
from catalog.lots.batches.rules import check_quantity, check_time
from catalog.lots.records.models import PASSAGE_KINDS, Passage
from catalog.lots.records.reports import subject_values
from catalog.lots.records.subjects import bad, hold_subject
from shop import audit
from shop.auth import Actor
from shop.clock import business_day
from shop.db import db
from shop.i18n import _
from shop.outbox.services import publish


@dataclass(frozen=True)
class NewPassage:
    """What happened to how much of a batch or lot at a place."""

    kind: str
    place: UUID
    #: Kilograms of a batch, packs of a lot.
    quantity: Decimal
    occurred_at: datetime
    batch: UUID | None = None
    lot: UUID | None = None


def record_passage(new: NewPassage, actor: Actor, *, at: datetime) -> Passage:
    """Record that goods arrived at a place, were stored there or left it.

    :raises NoSuchSubject: if the batch or lot is not the actor's.
    :raises NoSuchPlace: if its producer cannot use the place.
    :raises BadRecord, BadBatch: pointing at what makes no sense: more than there ever was, a time to come.
    """
    subject = hold_subject(new.batch, new.lot, actor, business_day(at))
    if new.kind not in PASSAGE_KINDS:
        raise bad("kind", _("请选择到达、存放或离开。"))
    check_quantity(new.quantity)
    check_time(new.occurred_at, at)
    if new.quantity > subject.quantity:
        raise bad("quantity", _("这个批次总共只有 %(all)s。", all=f"{subject.quantity.normalize():f}"))
    place = places.find_usable(new.place, subject.producer_key, business_day(new.occurred_at))
    passage = Passage(
        public_id=uuid7(), **subject.keys, kind=new.kind, place_id=place.id, quantity=new.quantity,
        occurred_at=new.occurred_at, recorded_by=actor.user_id, recorded_at=at,
    )  # fmt: skip
    db.session.add(passage)
    db.session.flush()  # obtains the key
    audit.record(actor, "catalog.goods_passed", "passage", passage.id)
    publish(
        "catalog.goods_passed",
        organisations=[subject.producer_key],
        passage_id=str(passage.public_id),
        kind=passage.kind,
        place=places.as_values(place),
        quantity=f"{passage.quantity:.3f}",
        unit=subject.unit,
        occurred_at=passage.occurred_at.isoformat(),
        recorded_at=at.isoformat(),
        **subject_values(subject),
    )
    return passage
