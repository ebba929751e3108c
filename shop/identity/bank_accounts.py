"""An organisation's registered bank accounts: a contract names the payee's."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import select, update

from shop import audit
from shop.auth import Actor
from shop.constraints import refusing
from shop.db import db
from shop.errors import Conflict, Invalid, NotFound
from shop.i18n import _
from shop.identity import codes
from shop.identity.models import BankAccount

_NUMBER = re.compile(r"[0-9]{8,32}", re.ASCII)


class BadAccountNumber(Invalid):
    """Not an account number: 8 to 32 digits."""

    code = "bad-account-number"


class AccountTaken(Conflict):
    """The organisation has registered this number already."""

    code = "account-taken"


def list_accounts(organisation_id: int) -> Sequence[BankAccount]:
    """Return the open accounts of an organisation, the default one first."""
    return db.session.scalars(
        select(BankAccount)
        .where(BankAccount.organisation_id == organisation_id, BankAccount.closed_at.is_(None))
        .order_by(BankAccount.is_default.desc(), BankAccount.id)
    ).all()


def add_account(actor: Actor, holder: str, bank: str, number: str, *, is_default: bool) -> BankAccount:
    """Register an account; the first one is the default.

    :raises BadAccountNumber: if the number is none.
    :raises AccountTaken: if it is registered already, open or closed.
    """
    digits = re.sub(r"[\s-]", "", unicodedata.normalize("NFKC", number))
    if not _NUMBER.fullmatch(digits):
        raise BadAccountNumber(_("账号应为8至32位数字。"))
    is_first = not list_accounts(actor.organisation_id)
    account = BankAccount(
        organisation_id=actor.organisation_id,
        holder=codes.read_name(holder),
        bank=codes.read_name(bank),
        number=digits,
        is_default=False,
    )
    with refusing(uq_bank_accounts_organisation_id_number=AccountTaken(_("此账号已登记。"))):
        db.session.add(account)
    if is_default or is_first:
        _make_default(account)
    audit.record(actor, "identity.bank_account_added", "bank_account", account.id)
    return account


def _make_default(account: BankAccount) -> None:
    db.session.execute(
        update(BankAccount)
        .where(BankAccount.organisation_id == account.organisation_id, BankAccount.is_default)
        .values(is_default=False)
    )
    account.is_default = True
    db.session.flush()  # lets the database refuse a second default now


def get_account(actor: Actor, public_id: UUID) -> BankAccount:
    """Return an open account of the actor's organisation.

    :raises NotFound: if there is none.
    """
    found = db.session.scalars(select(BankAccount).where(BankAccount.public_id == public_id)).one_or_none()
    if found is None or found.organisation_id != actor.organisation_id or found.closed_at is not None:
        raise NotFound(_("没有这个账户。"))
    return found


def make_default(actor: Actor, public_id: UUID) -> BankAccount:
    """Let contracts name this account from now on.

    :raises NotFound: if there is none.
    """
    account = get_account(actor, public_id)
    _make_default(account)
    audit.record(actor, "identity.bank_account_made_default", "bank_account", account.id)
    return account


def close_account(actor: Actor, public_id: UUID, at: datetime) -> BankAccount:
    """Take an account out of use; documents that name it stay as they are.

    :raises NotFound: if there is none.
    """
    account = get_account(actor, public_id)
    account.closed_at, account.is_default = at, False
    audit.record(actor, "identity.bank_account_closed", "bank_account", account.id)
    return account
