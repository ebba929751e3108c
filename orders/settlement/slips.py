"""Banks' electronic receipts of payouts: put to one by a person, or with many others by serial or number."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from flask import Flask
from sqlalchemy import or_, select
from sqlalchemy.dialects.postgresql import insert

from orders.banking import slips
from orders.settlement import queries
from orders.settlement.models import Payout
from orders.settlement.slip_models import PayoutSlip
from shop import audit, clock
from shop.auth import Actor
from shop.db import db
from shop.errors import Forbidden
from shop.files import services as files
from shop.files.models import StoredFile
from shop.i18n import _


def attach(payout_id: UUID, file_id: UUID, actor: Actor, at: datetime) -> None:
    """Put a file to a payout; the operator's people alone do.

    :raises NotFound: for a payout or file that is not the actor's; Forbidden: for others' people.
    """
    row = queries.get_payout(payout_id, actor, clock.business_day(at))
    if actor.organisation_kind != "operator":
        raise Forbidden(_("付款的回单由平台上传。"))
    _attach(row.key, files.get_own(file_id, actor), actor, at)


def take(file: StoredFile, words: Collection[str], actor: Actor, at: datetime) -> tuple[str, UUID] | None:
    """Put a file to the one payout whose serial or number is among its words; return that, if there is one."""
    if actor.organisation_kind != "operator" or not (actor.may("payouts:prepare") or actor.may("payouts:release")):
        return None
    named = or_(Payout.bank_serial.in_(words), Payout.number.in_(words))
    found = db.session.scalars(select(Payout).where(Payout.rail == "bank", named).limit(2)).all()
    if len(found) != 1:
        return None
    _attach(found[0].id, file, actor, at)
    return "payout", found[0].public_id


def slips_of(payout_key: int) -> list[StoredFile]:
    """Return the electronic receipts of a payout."""
    query = select(StoredFile).join(PayoutSlip, PayoutSlip.file_id == StoredFile.id)
    return list(db.session.scalars(query.where(PayoutSlip.payout_id == payout_key).order_by(StoredFile.id)))


def may_read(actor: Actor, file_id: int) -> bool:
    """Say whether a file is the electronic receipt of a payout that the actor sees."""
    if not actor.may("payouts:read"):
        return False
    query = (
        select(Payout.id)
        .join(PayoutSlip, PayoutSlip.payout_id == Payout.id)
        .where(PayoutSlip.file_id == file_id, queries.scope(actor, clock.today()))
    )
    return db.session.scalar(query.limit(1)) is not None


def init_app(_app: Flask) -> None:
    """Let payouts take electronic receipts, and those be opened."""
    slips.add_taker(take)
    files.allow(may_read)


def _attach(payout_key: int, file: StoredFile, actor: Actor, at: datetime) -> None:
    db.session.execute(
        insert(PayoutSlip)
        .values(payout_id=payout_key, file_id=file.id, attached_by=actor.user_id, attached_at=at)
        .on_conflict_do_nothing()
    )
    audit.record(actor, "settlement.slip_attached", "payout", payout_key, file=[None, file.id])
