"""Changes of accounts as people and programs see them, with the names of who asked and who decided."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, select
from sqlalchemy.orm import aliased

from shop.auth import Actor
from shop.db import db
from shop.errors import NotFound
from shop.i18n import _
from shop.identity.account_change_models import BankAccountChange
from shop.identity.account_changes import visible
from shop.identity.models import BankAccount, Organisation, User
from shop.paging import Page, decode_cursor, make_page


@dataclass(frozen=True)
class ChangeRow:
    """A change with the account that it is about."""

    key: int
    public_id: UUID
    organisation: str
    account: BankAccount
    previous_number: str | None
    status: str
    asked_by_key: int
    asked_by: str
    asked_at: datetime
    decided_by: str | None
    decided_at: datetime | None
    used_from: date | None
    reason: str


def list_changes(
    actor: Actor, *, limit: int, cursor: str | None = None, status: str | None = None, own: bool = False
) -> Page[ChangeRow]:
    """Return a page of the changes that an actor may see, the newest first.

    :param own: only those of the actor's organisation, also for the operator.
    """
    query = _rows(actor)
    if own:
        query = query.where(BankAccountChange.organisation_id == actor.organisation_id)
    if status:
        query = query.where(BankAccountChange.status == status)
    if key := decode_cursor(cursor, int):
        query = query.where(BankAccountChange.id < key[0])
    found = db.session.execute(query.order_by(BankAccountChange.id.desc()).limit(limit + 1))
    return make_page([_row(row) for row in found], limit, lambda row: (row.key,))


def get_change(public_id: UUID, actor: Actor) -> ChangeRow:
    """Return a change that the actor may see.

    :raises NotFound: if there is none.
    """
    found = db.session.execute(_rows(actor).where(BankAccountChange.public_id == public_id)).one_or_none()
    if found is None:
        raise NotFound(_("没有这项账户变更。"))
    return _row(found)


def count_asked() -> int:
    """Return how many changes of all organisations wait for a second person."""
    query = select(func.count()).select_from(BankAccountChange).where(BankAccountChange.status == "asked")
    return db.session.scalar(query) or 0


def _rows(actor: Actor) -> Select[*tuple[Any, ...]]:
    previous, asker, decider = aliased(BankAccount), aliased(User), aliased(User)
    return (
        select(BankAccountChange, BankAccount, previous.number, Organisation.name, asker.name, decider.name)
        .join(BankAccount, BankAccount.id == BankAccountChange.account_id)
        .join(Organisation, Organisation.id == BankAccountChange.organisation_id)
        .join(asker, asker.id == BankAccountChange.asked_by)
        .outerjoin(previous, previous.id == BankAccountChange.previous_id)
        .outerjoin(decider, decider.id == BankAccountChange.decided_by)
        .where(visible(actor))
    )


def _row(found: Any) -> ChangeRow:
    change, account, previous, organisation, asked, decided = found
    return ChangeRow(
        change.id, change.public_id, organisation, account, previous, change.status, change.asked_by, asked,
        change.asked_at, decided, change.decided_at, change.used_from, change.reason,
    )  # fmt: skip
