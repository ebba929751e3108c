"""Goods on their way: they arrive at a place, are stored there, leave it. Nothing of their quantity changes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import select
from uuid6 import uuid7

from catalog.lots.batches import places
from catalog.lots.batches.models import Place
from catalog.lots.batches.rules import check_quantity, check_time
from catalog.lots.models import Lot
from catalog.lots.records.models import PASSAGE_KINDS, Passage
from catalog.lots.records.reports import subject_values
from catalog.lots.records.subjects import Subject, bad, find_any_lot, find_subject, hold
from catalog.producers.queries import producers_of
from catalog.products.models import Product, Sku
from shop import audit
from shop.auth import Actor
from shop.clock import business_day
from shop.db import db
from shop.i18n import _
from shop.identity.models import Organisation
from shop.outbox.services import publish

#: Colder or warmer is no temperature that goods are carried at.
MOST_CELSIUS = Decimal(90)


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
    #: What was measured there.
    celsius: Decimal | None = None


def find_passing(batch: UUID | None, lot: UUID | None, place: UUID, actor: Actor, on: date) -> Subject:
    """Return the batch or lot that passes at a place: the actor's own, or a lot at a place of the actor's side.

    :raises NoSuchSubject: if it is neither.
    """
    own = select(Place.id).where(Place.public_id == place, Place.producer_id.in_(producers_of(actor, on)))
    if lot is None or batch is not None or not actor.may("goods:pass") or db.session.scalar(own) is None:
        return find_subject(batch, lot, actor, on)
    subject = find_any_lot(lot)
    places.find_usable(place, subject.producer_key, on)
    return subject


def list_stations(actor: Actor, on: date) -> Sequence[Place]:
    """Return the places of the actor's side where goods of others pass: those that the county shares."""
    return [
        each
        for each in places.list_places(actor, on, limit=300)
        if each.is_shared and each.producer_id in producers_of(actor, on)
    ]


def list_kept(actor: Actor, on: date, *, limit: int) -> Sequence[Any]:
    """Return what the actor's side recorded last of goods of others, the newest first."""
    return db.session.execute(
        select(Passage, Place, Lot.code, Lot.public_id.label("lot_id"), Product.name.label("product"), Sku.unit)
        .join(Place, Place.id == Passage.place_id)
        .join(Lot, Lot.id == Passage.lot_id)
        .join(Sku, Sku.id == Lot.sku_id)
        .join(Product, Product.id == Sku.product_id)
        .where(Passage.keeper_id.in_(producers_of(actor, on)), Passage.withdrawn_at.is_(None))
        .order_by(Passage.id.desc())
        .limit(limit)
    ).all()


def record_passage(new: NewPassage, actor: Actor, *, at: datetime) -> Passage:
    """Record that goods arrived at a place, were stored there or left it.

    Goods of others are recorded by those whose place it is, if their producer may use the place: a collection point
    that its county shares.

    :raises NoSuchSubject: if the batch or lot is neither the actor's nor passes at a place of its own.
    :raises NoSuchPlace: if its producer cannot use the place.
    :raises BadRecord, BadBatch: pointing at what makes no sense: more than there ever was, a time to come.
    """
    subject = hold(find_passing(new.batch, new.lot, new.place, actor, business_day(at)))
    if new.kind not in PASSAGE_KINDS:
        raise bad("kind", _("请选择到达、存放或离开。"))
    check_quantity(new.quantity)
    check_time(new.occurred_at, at)
    if new.celsius is not None and not -MOST_CELSIUS <= new.celsius <= MOST_CELSIUS:
        raise bad("celsius", _("请填写 -90 至 90 之间的温度。"))
    if new.quantity > subject.quantity:
        raise bad("quantity", _("这个批次总共只有 %(all)s。", all=f"{subject.quantity.normalize():f}"))
    place = places.find_usable(new.place, subject.producer_key, business_day(new.occurred_at))
    keeper = None if subject.producer_key in producers_of(actor, business_day(at)) else place.producer_id
    passage = Passage(
        public_id=uuid7(), **subject.keys, kind=new.kind, place_id=place.id, quantity=new.quantity,
        celsius=new.celsius, keeper_id=keeper,
        occurred_at=new.occurred_at, recorded_by=actor.user_id, recorded_at=at,
    )  # fmt: skip
    db.session.add(passage)
    db.session.flush()  # obtains the key
    audit.record(actor, "catalog.goods_passed", "passage", passage.id)
    _tell(passage, subject, place)
    return passage


def _tell(passage: Passage, subject: Subject, place: Place) -> None:
    publish(
        "catalog.goods_passed",
        organisations=sorted({subject.producer_key, passage.keeper_id or subject.producer_key}),
        passage_id=str(passage.public_id),
        kind=passage.kind,
        place=places.as_values(place),
        quantity=f"{passage.quantity:.3f}",
        unit=subject.unit,
        celsius=None if passage.celsius is None else f"{passage.celsius:f}",
        keeper_id=str(_public_id(passage.keeper_id)) if passage.keeper_id else None,
        occurred_at=passage.occurred_at.isoformat(),
        recorded_at=passage.recorded_at.isoformat(),
        **subject_values(subject),
    )


def _public_id(organisation_id: int) -> UUID:
    return db.session.scalars(select(Organisation.public_id).where(Organisation.id == organisation_id)).one()
