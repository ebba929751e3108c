"""An organisation's registered bank accounts: a contract names the payee's."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import exists, select

from shop import audit, clock
from shop.auth import Actor
from shop.constraints import refusing
from shop.db import db
from shop.errors import Conflict, Invalid, NotFound
from shop.i18n import _
from shop.identity import account_changes, codes
from shop.identity.account_change_models import BankAccountChange
from shop.identity.models import BankAccount
from shop.outbox.services import publish
from shop.typed import fold

_NUMBER = re.compile(r"[0-9]{8,32}", re.ASCII)


class BadAccountNumber(Invalid):
    """Not an account number: 8 to 32 digits."""

    code = "bad-account-number"


class AccountTaken(Conflict):
    """The organisation has registered this number already."""

    code = "account-taken"


class AccountInUse(Conflict):
    """The organisation is paid to this account, or about to be: another one takes its place before it is closed."""

    code = "account-in-use"


def list_accounts(organisation_id: int) -> Sequence[BankAccount]:
    """Return the open accounts of an organisation, the default one first."""
    return db.session.scalars(
        select(BankAccount)
        .where(BankAccount.organisation_id == organisation_id, BankAccount.closed_at.is_(None))
        .order_by(BankAccount.is_default.desc(), BankAccount.id)
    ).all()


def list_closed(organisation_id: int) -> Sequence[BankAccount]:
    """Return the accounts of an organisation that were taken out of use, the latest first."""
    return db.session.scalars(
        select(BankAccount)
        .where(BankAccount.organisation_id == organisation_id, BankAccount.closed_at.is_not(None))
        .order_by(BankAccount.closed_at.desc(), BankAccount.id.desc())
    ).all()


def account_in_use(organisation_id: int, on: date) -> BankAccount | None:
    """Return the account that an organisation is paid to on a day; none while there is no open one.

    A change that another person has agreed to is used from its day on; until then the account before it is.
    """
    return accounts_in_use([organisation_id], on).get(organisation_id)


def accounts_in_use(organisation_ids: Collection[int], on: date) -> dict[int, BankAccount]:
    """Return the accounts of many organisations as :func:`account_in_use` does, in two statements."""
    changes = db.session.scalars(
        select(BankAccountChange)
        .where(BankAccountChange.organisation_id.in_(organisation_ids), BankAccountChange.status == "confirmed")
        .order_by(BankAccountChange.id)
    ).all()
    named: dict[int, int | None] = {}
    for each in changes:
        named.setdefault(each.organisation_id, each.previous_id)
    used = [each for each in changes if each.used_from is not None and each.used_from <= on]
    named |= {each.organisation_id: each.account_id for each in sorted(used, key=_used_from)}
    accounts = db.session.scalars(
        select(BankAccount).where(
            BankAccount.organisation_id.in_(organisation_ids), BankAccount.closed_at.is_(None)
        )
    )  # fmt: skip
    return {
        each.organisation_id: each
        for each in accounts
        if (each.id == named[each.organisation_id] if each.organisation_id in named else each.is_default)
    }


def _used_from(change: BankAccountChange) -> tuple[date | None, int]:
    return change.used_from, change.id


def add_account(
    actor: Actor, holder: str, bank: str, number: str, *, is_default: bool, at: datetime
) -> BankAccount:  # fmt: skip
    """Register an account; the first one ever is the default, a later one once another person has agreed.

    :raises BadAccountNumber: if the number is none.
    :raises AccountTaken: if it is registered already, open or closed.
    :raises ChangeWaits: if it is to be the default and another change waits.
    """
    digits = re.sub(r"[\s-]", "", fold(number))
    if not _NUMBER.fullmatch(digits):
        raise BadAccountNumber(_("账号应为8至32位数字。"))
    is_first = not db.session.scalar(select(exists().where(BankAccount.organisation_id == actor.organisation_id)))
    account = BankAccount(
        organisation_id=actor.organisation_id,
        holder=codes.read_name(holder),
        bank=codes.read_name(bank),
        number=digits,
        is_default=is_first,
    )
    with refusing(uq_bank_accounts_organisation_id_number=AccountTaken(_("此账号已登记。"))):
        db.session.add(account)
    audit.record(actor, "identity.bank_account_added", "bank_account", account.id)
    if is_default and not is_first:
        account_changes.ask(account, actor, at)
    return account


def get_account(actor: Actor, public_id: UUID) -> BankAccount:
    """Return an open account of the actor's organisation.

    :raises NotFound: if there is none.
    """
    found = db.session.scalars(select(BankAccount).where(BankAccount.public_id == public_id)).one_or_none()
    if found is None or found.organisation_id != actor.organisation_id or found.closed_at is not None:
        raise NotFound(_("没有这个账户。"))
    return found


def make_default(actor: Actor, public_id: UUID, at: datetime) -> BankAccountChange:
    """Ask that contracts name this account and payouts go to it; another person has to agree.

    :raises NotFound: if there is none.
    :raises AlreadyDefault, ChangeWaits: as :func:`account_changes.ask`.
    """
    return account_changes.ask(get_account(actor, public_id), actor, at)


def close_account(actor: Actor, public_id: UUID, at: datetime) -> BankAccount:
    """Take an account out of use; documents that name it stay as they are, and all members are told.

    :raises NotFound: if there is none.
    :raises AccountInUse: for the one that the organisation is paid to, will be, or is asked to be.
    """
    account = _lock(actor, public_id)
    if account.closed_at is not None:
        raise NotFound(_("没有这个账户。"))
    used = account_in_use(actor.organisation_id, clock.business_day(at))
    if account.is_default or (used is not None and used.id == account.id):
        raise AccountInUse(_("这是现用或即将启用的收款账户。请先改用另一个账户，启用后再停用。"))
    waits = exists().where(BankAccountChange.account_id == account.id, BankAccountChange.status == "asked")
    if db.session.scalar(select(waits)):
        raise AccountInUse(_("这个账户的收款账户变更正待确认，请先撤回或退回变更。"))
    account.closed_at = at
    audit.record(actor, "identity.bank_account_closed", "bank_account", account.id)
    _tell("identity.bank_account_closed", account)
    return account


def reopen_account(actor: Actor, public_id: UUID) -> BankAccount:
    """Take an account into use again, not as the one that is paid to; again, it stays so. All members are told.

    :raises NotFound: if there is none.
    """
    account = _lock(actor, public_id)
    if account.closed_at is not None:
        account.closed_at = None
        audit.record(actor, "identity.bank_account_reopened", "bank_account", account.id)
        _tell("identity.bank_account_reopened", account)
    return account


def _lock(actor: Actor, public_id: UUID) -> BankAccount:
    """Return an account of the actor's organisation, open or closed, and hold it."""
    found = db.session.scalars(
        select(BankAccount)
        .where(BankAccount.public_id == public_id, BankAccount.organisation_id == actor.organisation_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()
    if found is None:
        raise NotFound(_("没有这个账户。"))
    return found


def _tell(topic: str, account: BankAccount) -> None:
    publish(topic, organisations=[account.organisation_id], account_id=str(account.public_id), tail=account.number[-4:])
