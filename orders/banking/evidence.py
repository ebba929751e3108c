"""Who may open a claim's voucher: both its sides."""

from __future__ import annotations

from sqlalchemy import select

from orders.banking.models import TransferClaim
from orders.purchase.party import is_party
from shop import clock
from shop.auth import Actor
from shop.db import db


def may_read(actor: Actor, file_id: int) -> bool:
    """Say whether a file is the voucher of a claim that the actor sees."""
    if not actor.may("payments:read"):
        return False
    query = select(TransferClaim.id).where(
        TransferClaim.file_id == file_id, is_party(actor, TransferClaim.buyer_id, TransferClaim.payee_id, clock.today())
    )
    return db.session.scalar(query.limit(1)) is not None
