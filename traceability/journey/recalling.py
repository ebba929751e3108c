"""Calling a lot back with what its producer made of it; of what others made of it, the operator is told."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256
from uuid import UUID

from sqlalchemy import select

from catalog.lots import recall_terms, recalls
from catalog.lots.batches.queries import get_batch
from catalog.lots.recall_terms import Terms
from shop.auth import Actor
from shop.clock import business_day
from shop.db import db
from shop.identity.models import Organisation
from shop.outbox.services import publish
from traceability.journey import recipients
from traceability.journey.goods import LotOfGoods, lots_of
from traceability.journey.made_of import made_of


def recall(public_id: UUID, *, reason: str, actor: Actor, at: datetime, terms: Terms | None = None) -> recipients.Made:
    """Call back a lot and every lot made of it that is the actor's to call back; returns these and the others.

    Nobody takes another's goods off the market: of those the operator is told, who may call them all back.

    :param terms: how grave it is and by when the goods must be back.
    :raises NoSuchLot: if it is not the actor's.
    :raises NoRecallReason: without a reason.
    :raises BadRecallTerms: if the terms make no sense.
    """
    return recall_lots([public_id], reason=reason, actor=actor, at=at, terms=terms)[1][0]


def recall_lots(
    public_ids: Sequence[UUID], *, reason: str, actor: Actor, at: datetime, terms: Terms | None = None
) -> tuple[UUID, list[recipients.Made]]:
    """Do the same with several lots under one recall, which is that of the first; returns the recall too."""
    named = [recipients.get_lot(public_id, actor, at) for public_id in dict.fromkeys(public_ids)]
    made = [recipients.lots_made_of(lot, actor, at) for lot in named]
    keys = dict.fromkeys(each.id for one in made for each in one.lots)
    recalls.recall(list(keys), reason=reason, actor=actor, at=at)
    recall_id = recalls.find_recall(named[0].id, actor.organisation_id)
    if recall_id is None:  # pragma: no cover  it has just been made
        raise LookupError(named[0].code)
    if terms is not None:
        recall_terms.note(recall_id, terms, actor, at=at)
    for lot, one in zip(named, made, strict=True):
        if one.others:
            tell_operators(lot, one.others, at)
    return recall_id, made


def tell_operators(lot: LotOfGoods, others: Sequence[LotOfGoods], at: datetime) -> None:
    """Tell the operators of lots that others made of one that is called back, once of the same ones."""
    keys = sorted(str(each.public_id) for each in others)
    operators = db.session.scalars(select(Organisation.id).where(Organisation.kind == "operator")).all()
    publish(
        "traceability.recall_reaches_others", organisations=list(operators), lot_id=str(lot.public_id), code=lot.code,
        others=keys, count=len(others), occurred_at=at.isoformat(),
        reach=f"{lot.public_id}:{sha256(','.join(keys).encode()).hexdigest()[:16]}",
    )  # fmt: skip


def batch_lots(batch_id: int, actor: Actor, at: datetime) -> recipients.Made:
    """Return every lot that was made of a batch, those of others apart.

    :raises TraceTooLarge: past the bounds of a walk.
    """
    return recipients.apart(lots_of(made_of([], batch=batch_id)).values(), actor, at)


def recall_batch(
    public_id: UUID, *, reason: str, actor: Actor, at: datetime, terms: Terms | None = None
) -> tuple[UUID, recipients.Made]:
    """Stop a batch and call back every lot made of it that is the actor's; of those of others the operator is told.

    Returns the recall, and these lots.

    :raises NoSuchBatch: if it is not the actor's.
    :raises NoRecallReason: without a reason.
    """
    batch = get_batch(public_id, actor, business_day(at)).batch
    made = batch_lots(batch.id, actor, at)
    recall_id = recalls.recall_batch(batch.id, [each.id for each in made.lots], reason=reason, actor=actor, at=at)
    if terms is not None:
        recall_terms.note(recall_id, terms, actor, at=at)
    if made.others:
        tell_operators((made.lots or made.others)[0], made.others, at)
    return recall_id, made
