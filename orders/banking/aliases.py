"""Names and accounts under which buyers' money comes: learned from confirmed claims, ended by a person."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.dialects.postgresql import insert
from uuid6 import uuid7

from orders.banking.matching import is_treasury
from orders.banking.models import PayerAlias
from orders.banking.reading.cells import compared_account, compared_name
from shop import audit, clock
from shop.auth import Actor
from shop.db import db
from shop.errors import NotFound
from shop.i18n import _
from shop.identity.models import Organisation


def learn(name: str, account: str, buyer_id: int, actor: Actor, at: datetime) -> None:
    """Remember under which name and account a buyer's money came; what is known already stays as it is."""
    if not compared_name(name):
        return
    db.session.execute(
        insert(PayerAlias)
        .values(
            public_id=uuid7(), name=compared_name(name), account=compared_account(account), buyer_id=buyer_id,
            is_shared=is_treasury(name), learned_by=actor.user_id, learned_at=at, valid_from=clock.business_day(at),
        )
        .on_conflict_do_nothing()
    )  # fmt: skip


def list_aliases(on: date, buyer: UUID | None = None) -> list[tuple[PayerAlias, str, UUID]]:
    """Return the aliases in force, with their buyers, the newest first."""
    query = (
        select(PayerAlias, Organisation.name, Organisation.public_id)
        .join(Organisation, Organisation.id == PayerAlias.buyer_id)
        .where(PayerAlias.valid_from <= on, or_(PayerAlias.valid_to.is_(None), PayerAlias.valid_to >= on))
        .order_by(PayerAlias.id.desc())
        .limit(500)
    )
    if buyer is not None:
        query = query.where(Organisation.public_id == buyer)
    return [(row[0], row[1], row[2]) for row in db.session.execute(query)]


def end(alias_id: UUID, actor: Actor, at: datetime) -> PayerAlias:
    """Let an alias tell nothing from today on; it was learned wrongly, or the account changed hands.

    :raises NotFound: if there is none in force.
    """
    on = clock.business_day(at)
    alias = db.session.scalars(
        select(PayerAlias)
        .where(PayerAlias.public_id == alias_id, or_(PayerAlias.valid_to.is_(None), PayerAlias.valid_to >= on))
        .with_for_update()
    ).one_or_none()
    if alias is None:
        raise NotFound(_("没有这个付款人别名。"))
    day_before = on - timedelta(days=1)
    if alias.valid_from > day_before:
        db.session.delete(alias)
    else:
        alias.valid_to = day_before
    audit.record(actor, "banking.alias_ended", "payer_alias", alias.id)
    return alias
